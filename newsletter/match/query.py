"""What somebody types into the search box, read into its parts. Pure.

speculative decoding        words: all of them stand in title, abstract, keywords or names
"kv cache"                  these words side by side
author:Hinton               a name; quoted if there is a blank in it: author:"G. Hinton"
org:DeepMind                an organisation, by words of its name
cat:cs.CL   cat:cs          a category, or all of an archive
source:arxiv                where it was listed
after:2026-06   before:2026-06-15
-survey   -"case report"   -author:...   -org:...   -cat:...   -source:...
arxiv:2404.06395            that paper; its address, or a DOI, does as well
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from newsletter.match.words import tokens
from subscribers.errors import ProfileError
from subscribers.profile import LONGEST_WISH, Kind, parse_wish

LONGEST_QUERY = 500
MOST_CLUES = 24
_LONGEST_CLUE = LONGEST_WISH

_QUOTES = str.maketrans(dict.fromkeys("“”„«»\N{FULLWIDTH QUOTATION MARK}", '"'))
_DASHES = "-\N{MINUS SIGN}\N{EN DASH}\N{HYPHEN}\N{NON-BREAKING HYPHEN}"
_PIECE = re.compile(
    rf"(?P<minus>[{_DASHES}]?)(?:(?P<name>[A-Za-z]+):(?!//))?"
    r'(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s"]*))'
)
_NAMES = {
    "author": "author", "org": "org", "organisation": "org", "organization": "org",
    "cat": "cat", "category": "cat",
    "after": "after", "since": "after", "before": "before", "source": "source",
}  # fmt: skip
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_DOI = re.compile(r"(?:doi:|https?://(?:dx\.)?doi\.org/)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_OPERATORS = frozenset({"AND", "OR", "NOT"})


class ClueKind(StrEnum):
    """What a part of a search names."""

    WORD = "word"
    PHRASE = "phrase"
    AUTHOR = "author"
    ORGANISATION = "organisation"
    CATEGORY = "category"
    SOURCE = "source"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Clue:
    """One part of a search, as it was typed; a category and a paper's key in canonical form."""

    kind: ClueKind
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """A search: papers that meet all of `wanted` and none of `unwanted`, of the days from `after` on
    and before `before`.

    `text`: what was typed, on one line. `problems`: in plain words what was left out, and why.
    """

    text: str = ""
    wanted: tuple[Clue, ...] = ()
    unwanted: tuple[Clue, ...] = ()
    after: date | None = None
    before: date | None = None
    problems: tuple[str, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether there is anything to look for; ruling out alone is none."""
        return bool(self.wanted or self.after or self.before)

    def of(self, kind: ClueKind) -> tuple[str, ...]:
        """The wanted texts of one kind."""
        return tuple(clue.text for clue in self.wanted if clue.kind is kind)

    @property
    def topic(self) -> str:
        """The words and phrases as one text: what likeness is asked about; "" if there are none."""
        about = {ClueKind.WORD, ClueKind.PHRASE}
        return " ".join(clue.text for clue in self.wanted if clue.kind in about)


def parse_query(text: str) -> Query:
    """Read a search. Never fails: what cannot be taken is left out and told in `problems`."""
    line = _one_line(text)
    problems: list[str] = []
    if len(line) > LONGEST_QUERY:
        line = line[:LONGEST_QUERY].rpartition(" ")[0] or line[:LONGEST_QUERY]
        problems.append(
            f"A search has at most {LONGEST_QUERY} characters; only the beginning was used."
        )
    if line.count('"') % 2:
        before, _, after = line.rpartition('"')
        line = f"{before} {after}"
        problems.append("A quotation mark has no partner; it was ignored.")
    read = _Reading(problems)
    for piece in _PIECE.finditer(line):
        if piece[0]:
            read.take(piece)
    return read.query(line)


class _Reading:
    """The parts of a search as they are read one after the other."""

    def __init__(self, problems: list[str]) -> None:
        self._problems = problems
        self._wanted: dict[Clue, None] = {}
        self._unwanted: dict[Clue, None] = {}
        self._after: date | None = None
        self._before: date | None = None

    def take(self, piece: re.Match[str]) -> None:
        """Read one piece: a minus, a name with a colon, and what follows, each of which may be missing."""
        said = (piece["name"] or "").lower()
        quoted, value = piece["quoted"] is not None, piece["quoted"] or piece["bare"] or ""
        name, minus = _NAMES.get(said, ""), bool(piece["minus"])
        if said and not name:
            value = f"{piece['name']}:{value}"  # a title with a colon, or a paper's key
        if name in {"after", "before"}:
            self._date(name, value.strip(), piece[0], minus=minus)
        elif not any(character.isalnum() for character in value):
            if value or name or minus or quoted:
                self._problems.append(f"There is no word in “{piece[0][:60]}”; it was ignored.")
        else:
            for clue in self._clues(name, value.strip(), quoted=quoted, minus=minus):
                self._keep(clue, minus=minus)

    def query(self, line: str) -> Query:
        """All that was read."""
        said_twice = self._wanted.keys() & self._unwanted.keys()
        for clue in sorted(said_twice, key=lambda each: each.text):
            self._problems.append(
                f"“{clue.text}” is both asked for and ruled out; nothing has both."
            )
        if self._after and self._before and self._after >= self._before:
            self._problems.append("No day is both after the one date and before the other.")
        found = Query(line, tuple(self._wanted), tuple(self._unwanted), self._after, self._before)
        if not found.asks:
            self._problems.append(
                "Say what to look for, not only what to leave out."
                if found.unwanted
                else "Type a word or two, a name with author:, or a category with cat:."
            )
        return Query(
            found.text, found.wanted, found.unwanted, found.after, found.before,
            tuple(dict.fromkeys(self._problems)),
        )  # fmt: skip

    def _keep(self, clue: Clue, *, minus: bool) -> None:
        if len(self._wanted) + len(self._unwanted) >= MOST_CLUES:
            self._problems.append(f"A search has at most {MOST_CLUES} parts; the rest was ignored.")
        elif len(clue.text) > _LONGEST_CLUE:
            self._problems.append(
                f"A word, phrase or name has at most {_LONGEST_CLUE} characters; "
                f"“{clue.text[:40]}…” was ignored."
            )
        else:
            (self._unwanted if minus else self._wanted)[clue] = None

    def _clues(self, name: str, value: str, *, quoted: bool, minus: bool) -> Iterator[Clue]:
        if name == "author":
            yield Clue(ClueKind.AUTHOR, value)
        elif name == "org":
            yield Clue(ClueKind.ORGANISATION, value)
        elif name == "source":
            yield Clue(ClueKind.SOURCE, value.lower())
        elif name == "cat":
            yield from self._category(value)
        elif quoted:
            yield Clue(ClueKind.PHRASE, value)
        elif key := _key(value):
            yield Clue(ClueKind.KEY, key)
        else:
            if value in _OPERATORS:
                self._problems.append(
                    f"{value} is read as a word: all words must be there, and a minus rules one out."
                )
            if minus or tokens(value):
                yield Clue(ClueKind.WORD, value)

    def _category(self, value: str) -> Iterator[Clue]:
        try:
            yield Clue(ClueKind.CATEGORY, parse_wish(f"cat:{value}").text)
        except ProfileError as error:
            self._problems.append(f"{error} It was ignored.")

    def _date(self, name: str, value: str, piece: str, *, minus: bool) -> None:
        day = _day(value)
        if day is None or minus:
            self._problems.append(
                f"After {name}: a date is needed, such as {name}:2026-06 or {name}:2026-06-15; "
                f"“{piece[:60]}” was ignored."
            )
        elif name == "after":
            self._after = max(day, self._after or day)
        else:
            self._before = min(day, self._before or day)


def _key(value: str) -> str | None:
    """The canonical key of a paper that is named by its number or address."""
    if doi := _DOI.fullmatch(value):
        if not doi[1].lower().startswith("10.48550/"):
            return f"doi:{doi[1].lower()}"
        value = value if "://" in value else f"https://doi.org/{doi[1]}"
    elif not any(character.isdigit() for character in value):
        return None
    try:
        wish = parse_wish(value)
    except ProfileError:
        return None
    return wish.text if wish.kind is Kind.SEED else None


def _day(value: str) -> date | None:
    """The first day of a day, month or year."""
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return None


def _one_line(text: str) -> str:
    """Composed characters, no controls or lone surrogates, single blanks; the beginning of what is
    far too long.
    """
    short = unicodedata.normalize("NFC", text[: 4 * LONGEST_QUERY]).translate(_QUOTES)
    visible = (" " if unicodedata.category(c)[0] == "C" else c for c in short)
    return " ".join("".join(visible).split())
