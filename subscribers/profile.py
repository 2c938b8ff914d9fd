"""What somebody wants to read: wishes as they are typed, stored and written back. Pure.

One wish per line, or several with commas between:

    speculative decoding            a topic, in words
    "kv cache"                      these exact words
    author:Ada Lovelace             everything by a person
    org:DeepMind                    what comes from an organisation
    cat:cs.CL   cat:cs   cat:cs.*   a category of arXiv, or all of an archive
    arxiv:2404.06395                an example paper (its address on arXiv does as well)
    doi:10.1000/x                   an example paper from elsewhere, if a source brings it
    -survey                         not this, nor surveys, surveyed, surveying
    -"case report"                  not exactly this; also -author:..., -org:..., -cat:...
    mixture of experts ^2           counts double (0.1 to 10)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from subscribers.errors import ProfileError
from subscribers.language import gettext as _

LONGEST_WISH = 200
MOST_WISHES = 300
_FIELD = "wishes"
_WEIGHTS = (0.1, 10.0)

_ARXIV_ID = r"(?P<id>\d{4}\.\d{4,5}|[a-z][a-z-]*(?:\.[a-z]{2})?/\d{7})(?:v\d+)?"
_BARE_SEED = re.compile(rf"(?:arxiv:\s*)?{_ARXIV_ID}", re.IGNORECASE)
_SEED_ADDRESS = re.compile(
    r"https?://(?:(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|format)/"
    r"|(?:dx\.)?doi\.org/10\.48550/arxiv\."
    r"|huggingface\.co/papers/)" + _ARXIV_ID + r"(?:\.pdf)?/?(?:[?#].*)?",
    re.IGNORECASE,
)
_DOI_SEED = re.compile(r"doi:\s*(10\.\d{4,9}/[^\s,\"]+)", re.IGNORECASE)
_CATEGORY = re.compile(r"([a-z]+(?:-[a-z]+)?)(?:\.(?:([a-z]+(?:-[a-z]+)?)|\*))?", re.IGNORECASE)
_PREFIXED = re.compile(r"(author|org|cat|category|arxiv)\s*:\s*(.*)", re.IGNORECASE | re.DOTALL)
_BARE_CATEGORY = re.compile(
    r"(?:astro-ph|cs|econ|eess|math|nlin|q-bio|q-fin|stat)\.(?:[A-Z]{2}|\*)"
    r"|(?:cond-mat|physics)\.(?:[a-z]+(?:-[a-z]+)?|\*)",
    re.IGNORECASE,
)
_WEIGHTED = re.compile(r"(.*\S)\s+\^\s*(\d{1,3}(?:\.\d{1,6})?)")
_BULLET = re.compile(r"\A(?:[-*+]\s+|•\s*)+")
# Phones and word processors turn a minus and quotation marks into these by themselves.
_DASHES = "\N{MINUS SIGN}\N{EN DASH}\N{HYPHEN}\N{NON-BREAKING HYPHEN}"
_MINUS = re.compile(rf'\A[{_DASHES}](?=[\w"])')
_QUOTES = str.maketrans(dict.fromkeys("“”„«»\N{FULLWIDTH QUOTATION MARK}", '"'))
_STRETCH = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")
_LONGEST_STRETCH = 1_000
_PIECE = re.compile(
    rf'\s*(?:[-*+•]\s*)?[-{_DASHES}]?(?:(?:author|org|cat|category)\s*:\s*)?"[^"]*"[^,]*|[^,]+',
    re.IGNORECASE,
)


class Kind(StrEnum):
    """What a wish names."""

    TOPIC = "topic"
    PHRASE = "phrase"
    AUTHOR = "author"
    ORGANISATION = "organisation"
    CATEGORY = "category"
    SEED = "seed"


@dataclass(frozen=True, slots=True)
class Interest:
    """One wish. `text` is a topic's words, a person's or an organisation's name, `cs.CL`, or a key
    such as `arxiv:2404.06395`. `muted` asks to be spared it.
    """

    kind: Kind
    text: str
    weight: float = 1.0
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """All wishes of one person, in their order."""

    interests: tuple[Interest, ...] = ()


def parse_profile(text: str) -> Profile:
    """The wishes in free text. Raises ProfileError that quotes the one it cannot take."""
    pieces = (
        piece
        for line in text.translate(_QUOTES).splitlines()
        for piece in _PIECE.findall(_clean(line))
    )
    return make_profile(parse_wish(piece) for piece in pieces if piece.strip())


def make_profile(interests: Iterable[Interest]) -> Profile:
    """Wishes with repetitions folded into the first of each. Raises ProfileError for too many, or
    for one that is both asked for and muted.
    """
    kept: dict[tuple[Kind, str], Interest] = {}
    muted: dict[tuple[Kind, str], bool] = {}
    for interest in interests:
        key = interest.text.casefold()
        kept.setdefault((interest.kind, key), interest)
        said = [(interest.kind, key)]
        if interest.muted and interest.kind is Kind.TOPIC:
            said.append((Kind.PHRASE, key))  # muted words rule out what is quoted, too
        if any(muted.setdefault(one, interest.muted) != interest.muted for one in said):
            raise ProfileError(
                _FIELD,
                _("You both ask for “{wish}” and rule it out; please keep one.").format(
                    wish=interest.text
                ),
            )
        if len(kept) > MOST_WISHES:
            too_many = _("That is more than {most} wishes; please drop some.")
            raise ProfileError(_FIELD, too_many.format(most=MOST_WISHES))
    return Profile(tuple(kept.values()))


def parse_wish(text: str) -> Interest:
    """One wish as it is typed. Raises ProfileError."""
    wish = _MINUS.sub("-", _BULLET.sub("", _clean(text.translate(_QUOTES))))
    wish, weight = _weighed(wish)
    muted = wish.startswith("-")
    kind, named = _named(wish[1:].strip() if muted else wish)
    if muted and kind is Kind.SEED:
        said = _("An example paper cannot be ruled out: “{wish}”.")
        raise ProfileError(_FIELD, said.format(wish=text.strip()))
    if muted and kind is Kind.TOPIC:
        if '"' in named:
            raise _unpaired(wish)
        # Only quotation marks keep a comma from parting wishes when this is written back.
        kind = Kind.PHRASE if "," in named else kind
    if not any(character.isalnum() for character in named):
        raise ProfileError(
            _FIELD, _("There is no word in “{wish}”.").format(wish=text.strip()[:60])
        )
    if len(named) > LONGEST_WISH:
        said = _("A wish has at most {most} letters; this is longer: “{wish}…”.")
        raise ProfileError(_FIELD, said.format(most=LONGEST_WISH, wish=named[:40]))
    return Interest(kind, named, weight, muted)


def wish_text(interest: Interest) -> str:
    """The wish as its owner would type it; `parse_wish` gives the same interest back."""
    text = interest.text
    match interest.kind:
        case Kind.PHRASE:
            text = f'"{text}"'
        case Kind.AUTHOR | Kind.ORGANISATION:
            prefix = "author" if interest.kind is Kind.AUTHOR else "org"
            text = f'{prefix}:"{text}"' if "," in text or '"' in text else f"{prefix}:{text}"
        case Kind.CATEGORY:
            text = f"cat:{text}"
        case Kind.TOPIC | Kind.SEED:
            pass
    weight = "" if interest.weight == 1.0 else f" ^{interest.weight:.6g}"
    return f"{'-' if interest.muted else ''}{text}{weight}"


def to_text(profile: Profile) -> str:
    """The wishes, one per line; `parse_profile` gives the same profile back."""
    return "\n".join(wish_text(interest) for interest in profile.interests)


def _weighed(wish: str) -> tuple[str, float]:
    weighted = _WEIGHTED.fullmatch(wish)
    if weighted is None:
        return wish, 1.0
    rest, weight = weighted[1], round(float(weighted[2]), 3)
    if _WEIGHTED.fullmatch(rest):
        raise ProfileError(_FIELD, _("One weight is enough: “{wish}”.").format(wish=wish[:60]))
    if not _WEIGHTS[0] <= weight <= _WEIGHTS[1]:
        said = _("The weight of “{wish}” must lie between 0.1 and 10.")
        raise ProfileError(_FIELD, said.format(wish=rest[:60]))
    return rest, weight


def _named(wish: str) -> tuple[Kind, str]:
    """What a wish without its bullet, weight and minus names."""
    if wish.startswith('"'):
        if wish.count('"') != 2 or not wish.endswith('"'):
            raise _unpaired(wish)
        return Kind.PHRASE, wish.strip('"').strip()
    if seed := _BARE_SEED.fullmatch(wish) or _SEED_ADDRESS.fullmatch(wish):
        return Kind.SEED, f"arxiv:{_canonical_id(seed['id'])}"
    if doi := _DOI_SEED.fullmatch(wish):
        return Kind.SEED, f"doi:{doi[1].lower()}"
    if _BARE_CATEGORY.fullmatch(wish):
        return Kind.CATEGORY, _category(wish)
    if prefixed := _PREFIXED.fullmatch(wish):
        return _prefixed(prefixed[1].lower(), prefixed[2].strip().strip('"').strip(), wish)
    if "://" in wish:
        said = _("Of web addresses we only know papers on arXiv, not “{wish}”.")
        raise ProfileError(_FIELD, said.format(wish=wish[:80]))
    return Kind.TOPIC, wish


def _prefixed(prefix: str, value: str, wish: str) -> tuple[Kind, str]:
    if prefix == "arxiv":
        said = _("This is not a number of arXiv (2404.06395): “{wish}”.")
        raise ProfileError(_FIELD, said.format(wish=wish[:60]))
    if not value:
        raise ProfileError(_FIELD, _("Something is missing after “{wish}”.").format(wish=wish[:60]))
    if '"' in value:
        raise _unpaired(wish)
    if prefix in {"author", "org"}:
        return (Kind.AUTHOR if prefix == "author" else Kind.ORGANISATION), value
    return Kind.CATEGORY, _category(value)


def _category(value: str) -> str:
    """A category as arXiv writes it; `cs.*` is `cs`. Raises ProfileError."""
    found = _CATEGORY.fullmatch(value)
    if found is None:
        said = _("This is not a category such as cs.CL: “{wish}”.")
        raise ProfileError(_FIELD, said.format(wish=value[:40]))
    subject = found[2] or ""
    # cs.CL and math.AG are written large, physics.flu-dyn and cond-mat.mes-hall small.
    subject = subject.upper() if len(subject) == 2 else subject.lower()
    return f"{found[1].lower()}.{subject}".rstrip(".")


def _unpaired(wish: str) -> ProfileError:
    said = _("A quotation mark has no partner in: {wish}")
    return ProfileError(_FIELD, said.format(wish=wish[:60]))


def _canonical_id(found: str) -> str:
    """An arXiv id as its canonical key has it: old ids lose their subject class (math.GT/...)."""
    archive, slash, number = found.lower().partition("/")
    return f"{archive.partition('.')[0]}/{number}" if slash else archive


def _clean(text: str) -> str:
    """Composed characters, no controls or invisible ones, single blanks."""
    visible = (" " if unicodedata.category(c)[0] == "C" else c for c in _composed(text))
    return " ".join("".join(visible).split())


def _composed(text: str) -> str:
    """`text` in NFC, but for what is too long for any wish: accents in a row cost their number squared."""
    if len(text) <= _LONGEST_STRETCH:
        return unicodedata.normalize("NFC", text)
    # Nothing is composed across the beginning of an ASCII character.
    return _STRETCH.sub(
        lambda found: (
            found[0] if len(found[0]) > _LONGEST_STRETCH else unicodedata.normalize("NFC", found[0])
        ),
        text,
    )
