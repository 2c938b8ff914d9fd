"""Wishes as chips with a weight, what can be added to them, and what a form made of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.datastructures import FormData

from subscribers.catalogue import catalogue
from subscribers.errors import ProfileError
from subscribers.language import gettext as _
from subscribers.profile import (
    Interest,
    Kind,
    Profile,
    make_profile,
    parse_profile,
    parse_wish,
    to_text,
    wish_text,
)
from subscribers.tables import Subscriber

MOST_CHIPS = 100
"""Of more wishes the rest are shown as text: a page must stay small."""

ADDED = ("wishes", "people", "organisations", "seeds", "muted")
GONE = "0"


@dataclass(frozen=True, slots=True)
class Chip:
    """One wish in a form. `weight`: as chosen, `GONE` for none; `title`: of an example paper."""

    id: int
    interest: Interest
    weight: str
    title: str = ""

    @property
    def name(self) -> str:
        """The name of its field."""
        return f"i{self.id}"

    @property
    def text(self) -> str:
        """What it says."""
        return self.title or self.interest.text

    @property
    def weights(self) -> tuple[tuple[str, str], ...]:
        """What can be chosen: (value, words)."""
        if self.interest.muted:
            return ((weight_of(self.interest), _("Ruled out")), (GONE, _("Remove")))
        usual = (
            ("2", _("Stronger")),
            ("1", _("Normal")),
            ("0.5", _("Weaker")),
            (GONE, _("Remove")),
        )
        if self.weight in {value for value, _words in usual}:
            return usual
        return ((self.weight, _("{weight} times").format(weight=self.weight)), *usual)


def weight_of(interest: Interest) -> str:
    """A wish's weight as a field has it."""
    return f"{interest.weight:g}"


def chips_of(subscriber: Subscriber) -> list[Chip]:
    """Somebody's wishes as they are set."""
    found = []
    for row in subscriber.interests:
        interest = Interest(Kind(row.kind), row.text, row.weight, row.muted)
        found.append(Chip(row.id, interest, weight_of(interest)))
    return found


def group_of(interest: Interest) -> str:
    """Under which heading a wish stands."""
    return "muted" if interest.muted else _GROUPS[interest.kind]


_GROUPS = {
    Kind.TOPIC: "wishes",
    Kind.PHRASE: "wishes",
    Kind.AUTHOR: "people",
    Kind.ORGANISATION: "organisations",
    Kind.CATEGORY: "categories",
    Kind.SEED: "seeds",
}


@dataclass(frozen=True, slots=True)
class Chips:
    """The wishes as a form has them: those there were, and what was typed to be added."""

    chips: tuple[Chip, ...]
    rest: str = ""
    added: Mapping[str, str] | None = None
    topics: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()

    def of(self, group: str) -> list[Chip]:
        """The chips under a heading."""
        return [chip for chip in self.chips if group_of(chip.interest) == group]

    def typed(self, name: str) -> str:
        """What was typed to be added."""
        return (self.added or {}).get(name, "")

    def profile(self) -> tuple[Profile | None, dict[str, str]]:
        """The profile that is meant; or None, and a message for each field that is wrong."""
        errors: dict[str, str] = {}
        wishes = [
            replace(chip.interest, weight=_weight(chip.weight))
            for chip in self.chips
            if chip.weight != GONE
        ]
        wishes += _attempt(errors, "rest", parse_wishes, self.rest)
        wishes += catalogue().interests(self.topics, self.categories)
        for name, parse in _PARSERS.items():
            wishes += _attempt(errors, name, parse, self.typed(name))
        try:
            # What is there comes first: adding it once more changes nothing of it.
            profile = make_profile(wishes)
        except ProfileError as error:
            errors.setdefault("wishes", str(error))
        return (None, errors) if errors else (profile, errors)


def shown(subscriber: Subscriber) -> Chips:
    """The wishes as they are set."""
    every = chips_of(subscriber)
    rest = Profile(tuple(chip.interest for chip in every[MOST_CHIPS:]))
    return Chips(tuple(every[:MOST_CHIPS]), to_text(rest))


def changed(now: Chips, was: Mapping[str, str], sent: FormData) -> Chips:
    """The wishes with what a form changed of what it had shown (`was`); other fields stay as they are."""
    chips = tuple(
        replace(chip, weight=value)
        if (value := text_in(sent, chip.name)) is not None and value != was.get(chip.name)
        else chip
        for chip in now.chips
    )
    rest = text_in(sent, "rest")
    return Chips(
        chips,
        now.rest if rest is None or rest == was.get("rest") else rest,
        {name: text_in(sent, name) or "" for name in ADDED},
        frozenset(v for v in sent.getlist("topics") if isinstance(v, str)),
        frozenset(v for v in sent.getlist("categories") if isinstance(v, str)),
    )


def text_in(sent: FormData, name: str) -> str | None:
    """A field's text; None where the form had no such field."""
    value = sent.get(name)
    return value.replace("\r\n", "\n") if isinstance(value, str) else None


def parse_wishes(text: str) -> Sequence[Interest]:
    """Wishes in free text. Raises ProfileError."""
    return parse_profile(text).interests


def _weight(text: str) -> float:
    try:
        weight = round(float(text), 3)
    except ValueError:
        return 1.0
    return weight if 0.1 <= weight <= 10 else 1.0


def _attempt(
    errors: dict[str, str], name: str, parse: Callable[[str], Sequence[Interest]], text: str
) -> Sequence[Interest]:
    try:
        return parse(text)
    except ProfileError as error:
        errors[name] = str(error)
        return ()


def _names(prefix: str) -> Callable[[str], list[Interest]]:
    def parse(text: str) -> list[Interest]:
        names = (name.strip() for line in text.splitlines() for name in line.split(";"))
        return [parse_wish(f'{prefix}:"{name.strip(chr(34))}"') for name in names if name]

    return parse


def _muted(text: str) -> list[Interest]:
    plain = (replace(each, muted=False, weight=1.0) for each in parse_profile(text).interests)
    return [parse_wish(f"-{wish_text(each)}") for each in plain]


def _seeds(text: str) -> list[Interest]:
    found = list(parse_profile(text).interests)
    for each in found:
        if each.kind is not Kind.SEED or each.muted:
            raise ProfileError(
                "seeds",
                _("“{text}” is no number of arXiv, such as 2404.06395.").format(
                    text=each.text[:60]
                ),
            )
    return found


_PARSERS: dict[str, Callable[[str], Sequence[Interest]]] = {
    "wishes": parse_wishes,
    "people": _names("author"),
    "organisations": _names("org"),
    "seeds": _seeds,
    "muted": _muted,
}
