"""What the public pages, feeds and API show: the frozen values that `Browser` answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from newsletter.model import Entry, Summary
from newsletter.summarise.choose import summary_of
from newsletter.summarise.extract import LIMIT


class DayOrder(StrEnum):
    """How a day's papers are sorted."""

    TRENDING = "trending"
    NEWEST = "newest"
    DISCUSSED = "discussed"


class Quiet(StrEnum):
    """Why a day has no papers, or hardly any.

    `future`: it has not come yet; `early`: its batch is not due yet; `weekend`: arXiv announces nothing;
    `holiday`: the sources were read and arXiv brought no batch on a weekday; `failed`: a source could
    not be read; `not-collected`: nobody has looked; `nothing`: the sources were read, and had none.
    """

    FUTURE = "future"
    EARLY = "early"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    FAILED = "failed"
    NOT_COLLECTED = "not-collected"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A paper in a list. `entry` has its votes, comments, Hacker News points and `sources` (kinds).

    `day`: on which it was
    listed, the latest such day that the list is about. `heat`: in weighted votes a day, 0 where nobody
    spoke of it; `hot`: it is trending, as mails mean it.
    """

    entry: Entry
    day: date
    stars: int = 0
    heat: float = 0.0
    hot: bool = False

    @property
    def tldr(self) -> Summary:
        """What to show of it in a sentence or two, and whose words they are; not every list does."""
        return summary_of(self.entry, LIMIT)


@dataclass(frozen=True, slots=True)
class Facet:
    """What a list can be filtered by. `value`: as the filter wants it; `name`: as people know it."""

    value: str
    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a place brought of a day. `place`: "arXiv", "Hugging Face".

    `complete`: it was read to its end and nothing is missing, None where no run of that day is known;
    `missing`: papers that were announced and could not be read; `failed`: it could not be read at all.
    """

    place: str
    count: int
    complete: bool | None = None
    missing: int = 0
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPage:
    """A part of one day's papers.

    `total`: how many meet the filters; `listed`: how many the day has; `before`, `after`: the nearest days
    that have papers; `quiet`: why there are none, or only few; `collected_at`: when the sources were last
    read for it.
    """

    day: date
    order: DayOrder
    papers: tuple[Shown, ...]
    total: int
    listed: int
    offset: int = 0
    before: date | None = None
    after: date | None = None
    categories: tuple[Facet, ...] = ()
    sources: tuple[Facet, ...] = ()
    batches: tuple[Batch, ...] = ()
    quiet: Quiet | None = None
    collected_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanPage:
    """The most talked about of the days from `first` to `last`, both included.

    `total`: how many are ranked; `listed`: how many papers were listed in all.
    """

    first: date
    last: date
    papers: tuple[Shown, ...]
    total: int
    listed: int
    offset: int = 0
    before: date | None = None
    after: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """Papers of an author, an organisation or a category, the newest first.

    `name`: as the papers have it, where they tell. `total`: how many there are to turn pages over;
    `cut`: there are more than that.
    """

    name: str
    papers: tuple[Shown, ...]
    total: int
    cut: bool = False
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ListedOn:
    """That a source listed a paper on a day. `type`: see `model.ListingType`."""

    place: str
    kind: str
    day: date
    type: str
    votes: int | None = None
    comments: int | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A later version of a paper. `changed`: the names of the fields that differ."""

    version: int
    seen_at: datetime
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperPage:
    """All that is known of one paper.

    `canonical`: the key that was asked for is `shown.entry.key`; else a page redirects there. `keys`: all
    keys it is known by. `listings`, `versions`: the latest first. `attention`: for each kind (`votes`,
    `comments`, `hn-points`, `stars`, ...) when it was seen to stand at what, in time order.
    `parts`: a model's words by the names of `summarise.validate.PARTS`, {} where there are none of the
    present text; `parts_by` that model's name. `changed_at`: when anything of this was last written.
    """

    shown: Shown
    canonical: bool
    keys: tuple[str, ...]
    changed_at: datetime
    version: int | None = None
    comment: str | None = None
    keywords: tuple[str, ...] = ()
    withdrawn_at: datetime | None = None
    listings: tuple[ListedOn, ...] = ()
    versions: tuple[Version, ...] = ()
    attention: Mapping[str, tuple[tuple[datetime, int], ...]] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    parts_by: str = ""

    @property
    def entry(self) -> Entry:
        return self.shown.entry
