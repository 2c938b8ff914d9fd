"""The frozen values that the stages hand each other. No I/O, no ORM rows, no behaviour worth a mock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from subscribers.language import ENGLISH
from subscribers.length import Length


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


class SummaryKind(StrEnum):
    """Whose words a TL;DR is in."""

    MODEL = "model"
    SOURCE = "source"
    EXTRACT = "extract"


@dataclass(frozen=True, slots=True)
class Summary:
    """A TL;DR. `by`: the model's name where a model wrote it."""

    text: str
    kind: SummaryKind
    by: str = ""


class SummaryState(StrEnum):
    """How far a model's summary of an entry is. `waiting`: to be asked for again; `refused`: never."""

    ASKING = "asking"
    WRITTEN = "written"
    WAITING = "waiting"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One stored paper, as the later stages read it.

    `tldr`: the source's; `written`: what a model wrote of its present text, if one did.
    `points` on Hacker News, and `sources`, the kinds of the sources that listed it, are read for mails.
    """

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
    points: int = 0
    sources: tuple[str, ...] = ()
    written: Summary | None = None


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
    AWAY = "away"


class EvidenceKind(StrEnum):
    """Why an entry was chosen."""

    AUTHOR = "author"
    ORGANISATION = "organisation"
    PHRASE = "phrase"
    TOPIC = "topic"
    SEED = "seed"
    LIKED = "liked"
    CATEGORY = "category"
    POPULAR = "popular"
    EXPLORE = "explore"

    # Enum's own is written in Python, and every mail looks up dozens of reasons.
    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True)
class Evidence:
    """The cause of a match, in the reader's own words.

    `interest` is the wish as the reader typed it ("" for POPULAR and EXPLORE), the key of a LIKED paper;
    `detail` is what met it: the words found in the text, the author's or organisation's name, the title
    of the seed or liked paper, for EXPLORE "popular" where it is, for POPULAR how many talked of it.
    `place`: where in the abstract the words stand that met it, from the first character to the one
    behind the last.
    """

    kind: EvidenceKind
    interest: str = ""
    detail: str = ""
    place: tuple[int, int] | None = None


class Match(NamedTuple):
    """An entry scored for one subscriber. A tuple, because there are thirty of them for each.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A paper that the reader was sent and that was revised or withdrawn since.

    `version` and `changed`, the fields that differ, are those of the revision.
    """

    title: str
    url: str
    withdrawn: bool = False
    version: int | None = None
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a reader's votes since their last digest asked for, and what came of it.

    `more`, `less`: the title of the paper voted on last, "" for none; `more_others`, `less_others`: how
    many more there were. `near`: how many of the picks are there for what was wanted more of.
    """

    more: str = ""
    more_others: int = 0
    less: str = ""
    less_others: int = 0
    near: int = 0


@dataclass(frozen=True, slots=True)
class Digest:
    """One subscriber's composed selection for one edition.

    `away_since`: the day of the last digest, where some that were due after it did not come.
    `quiet_days`: how many digests in a row were left out, where this is the note that says so and
    nothing else. `heard`: None where nothing was voted on.
    """

    picks: tuple[Pick, ...]
    considered: int
    left_out: int = 0
    changes: tuple[Change, ...] = ()
    away_since: date | None = None
    quiet_days: int = 0
    heard: Heard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a digest is written: what its reader had set, and how the day stood, when it was planned.

    `complete`: every source had answered. `next_at`: when the next digest is due.
    """

    length: Length = Length.SHORT
    weekly: bool = False
    complete: bool = False
    next_at: datetime | None = None
    timezone: str = "UTC"
    language: str = ENGLISH


class SkipReason(StrEnum):
    """Why a subscriber gets no mail for an edition."""

    NOTHING_NEW = "nothing new was collected"
    NO_MATCH = "no new paper matched"
    GONE = "unsubscribed, paused or suppressed before sending"
    LATE = "its time had passed before it could be sent"
    MERGED = "put off until the next edition, which has its papers"


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
    """A mail ready for the wire: CRLF line ends, no line over 998 octets.

    `head`: its fields and the empty line behind them. `is_canonical`: its body is ASCII, ends with a line's
    end, is what DKIM signs of it, relaxed or simple (RFC 6376, section 3.4), and no line of it begins with
    a dot, so that nobody need look through it again.
    """

    delivery_id: int
    sender: str
    to: str
    message_id: str
    head: bytes = field(repr=False)
    body: bytes = field(repr=False)
    is_canonical: bool = False

    @property
    def data(self) -> bytes:
        """All of it."""
        return self.head + self.body

    @property
    def size(self) -> int:
        """Its octets."""
        return len(self.head) + len(self.body)


class Outcome(StrEnum):
    """What became of one message."""

    SUBMITTED = "submitted"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the relay answered for one message.

    `code` is SMTP's, or None where there was no answer; `status` the enhanced one (RFC 3463), or "".
    """

    outcome: Outcome
    detail: str
    code: int | None = None
    status: str = ""

    @property
    def slows(self) -> bool:
        """Whether it asks for less mail to where this one went: 421, or any 4.7.x."""
        return self.code == 421 or self.status.startswith("4.7.")

    def __str__(self) -> str:
        code = str(self.code) if self.code else ""
        return " ".join(part for part in (code, self.status, self.detail) if part)
