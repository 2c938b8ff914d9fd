"""The frozen values that the stages hand each other. No I/O, no ORM rows, no behaviour worth a mock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class ListingType(StrEnum):
    """How a source announced an entry (arXiv's terms); other sources only know `new`."""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One paper as one source showed it on one day.

    `keys`: canonical keys, the strongest first (`arxiv:2404.06395`, `doi:10.1/x`, `url:https://...`).
    Text fields are plain text: no markup, no control characters, white space folded.
    Absent stays absent: a field that the source did not give is None or empty, never invented.
    `withdrawn`: this version of the paper was taken back.
    """

    keys: tuple[str, ...]
    title: str
    day: date
    type: ListingType = ListingType.NEW
    abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    url: str = ""
    pdf_url: str | None = None
    code_url: str | None = None
    published_at: datetime | None = None
    version: int | None = None
    comment: str | None = None
    organisation: str | None = None
    tldr: str | None = None
    keywords: tuple[str, ...] = ()
    votes: int | None = None
    comments: int | None = None
    withdrawn: bool = False

    @property
    def is_news(self) -> bool:
        """Announced, not merely replaced."""
        return self.type in {ListingType.NEW, ListingType.CROSS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One stored paper, as the later stages read it."""

    id: int
    key: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    url: str
    pdf_url: str | None
    code_url: str | None
    published_at: datetime | None
    first_seen_at: datetime
    first_listed_on: date
    organisation: str | None
    tldr: str | None
    votes: int = 0
    comments: int = 0


@dataclass(frozen=True, slots=True)
class Watched:
    """A recent entry whose social attention is asked for: its canonical keys and addresses."""

    entry_id: int
    keys: tuple[str, ...]
    url: str = ""
    code_url: str | None = None


class Section(StrEnum):
    """The parts of a digest, in the order they are shown."""

    FOR_YOU = "for-you"
    FOLLOWED = "followed"
    TRENDING = "trending"
    EXPLORE = "explore"


class EvidenceKind(StrEnum):
    """Why an entry was chosen."""

    AUTHOR = "author"
    PHRASE = "phrase"
    TOPIC = "topic"
    SEED = "seed"
    LIKED = "liked"
    CATEGORY = "category"
    POPULAR = "popular"
    EXPLORE = "explore"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The cause of a match, in the reader's own words.

    `interest` is the wish as the reader typed it ("" for POPULAR and EXPLORE), the key of a LIKED paper;
    `detail` is what met it: the words found in the text, the author's name, the title of the seed or
    liked paper, for EXPLORE "popular" where it is. `place`: where in the abstract the words stand that
    met it, from the first character to the one behind the last.
    """

    kind: EvidenceKind
    interest: str = ""
    detail: str = ""
    place: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """An entry scored for one subscriber.

    `row` is its place in the day's entry list; `interests` are the places of the causes that speak for
    it, the strongest first (none where it is only popular): wishes in the subscriber's list, and behind
    them the papers they liked.
    """

    row: int
    score: float
    interests: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Pick:
    """An entry's place in a digest."""

    entry_id: int
    section: Section
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """One subscriber's composed selection for one edition."""

    picks: tuple[Pick, ...]
    considered: int
    left_out: int = 0


class SkipReason(StrEnum):
    """Why a subscriber gets no mail for an edition."""

    NOTHING_NEW = "nothing new was collected"
    NO_MATCH = "no new paper matched"
    GONE = "unsubscribed, paused or suppressed before sending"


@dataclass(frozen=True, slots=True)
class Skip:
    """The answer in place of a digest."""

    reason: SkipReason


class DeliveryState(StrEnum):
    """Where a delivery stands. `submitted`: the relay took it, which is not "delivered"."""

    PLANNED = "planned"
    SENDING = "sending"
    SUBMITTED = "submitted"
    DEFERRED = "deferred"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A mail ready for the wire: CRLF line ends, no line over 998 octets."""

    delivery_id: int
    sender: str
    to: str
    message_id: str
    data: bytes = field(repr=False)


class Outcome(StrEnum):
    """What became of one message."""

    SUBMITTED = "submitted"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the relay answered for one message; `code` is SMTP's, or None where there was no answer."""

    outcome: Outcome
    detail: str
    code: int | None = None
