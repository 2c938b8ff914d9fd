"""Looking papers up in the full-text index of either database: SQLite's FTS5, PostgreSQL's tsvector.

Bounded whatever is asked: of many papers that meet a search the newest `most` are candidates, and only
these are ranked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import product
from typing import Literal, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    cast,
    column,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from newsletter.match.lookup import EVERY, Atom, Lookup, Need
from newsletter.match.query import ClueKind, Query
from newsletter.match.spelling import distance, edits_allowed, halves
from newsletter.match.words import name_key
from newsletter.store.searchable import SQLITE_INDEX, NameWord, SearchText
from newsletter.store.tables import Entry, EntryKey, Listing, Source

_SPELLINGS = 4
_MOST_SPELLINGS = 16
_COMPARED = 2_000
_PAST_Z = "\U0010ffff"


class Candidate(NamedTuple):
    """A paper that meets a search; the higher its rank, the more of it is about the words."""

    entry_id: int
    rank: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What the index is asked for: papers that meet all of `needs` and none of `bans`."""

    needs: tuple[Need, ...]
    bans: tuple[Need, ...] = ()

    @classmethod
    def all_of(cls, look: Lookup) -> Asked:
        """Everything that was typed."""
        return cls(look.needs, look.bans)

    @classmethod
    def any_of(cls, look: Lookup) -> Asked:
        """Any one of the words will do; phrases, names and categories stay."""
        if not look.words:
            return cls.all_of(look)
        others = tuple(need for need in look.needs if need not in look.words)
        either = tuple(dict.fromkeys(way for need in look.words for way in need))
        return cls((either, *others), look.bans)


def candidates(
    session: Session, query: Query, asked: Asked, most: int, *, ranked: bool = True
) -> list[Candidate]:
    """The newest papers that meet a search, at most `most`; withdrawn ones are never found.

    The best first if they are to be `ranked`, else the newest first with a rank of 0.
    """
    if session.get_bind().dialect.name == "postgresql":
        statement = _of_postgresql(query, asked, most, ranked=ranked)
    else:
        statement = _of_sqlite(query, asked, most, ranked=ranked)
    found = [
        Candidate(entry_id, float(rank)) for entry_id, rank in session.execute(statement).all()
    ]
    return sorted(found, key=lambda each: -each.rank) if ranked else found


def _of_sqlite(query: Query, asked: Asked, most: int, *, ranked: bool) -> Select[int, float]:
    index = table(SQLITE_INDEX, column("rowid"))
    # FTS5 gives the better ones lower numbers.
    rank: ColumnElement[float] = literal_column(f"-bm25({SQLITE_INDEX})" if ranked else "0.0")
    return (
        select(index.c.rowid, rank)
        .where(
            text(f"{SQLITE_INDEX} MATCH :asked").bindparams(asked=_fts5(asked)),
            *_filters(query, index.c.rowid),
        )
        .order_by(index.c.rowid.desc())
        .limit(most)
    )


def _of_postgresql(query: Query, asked: Asked, most: int, *, ranked: bool) -> Select[int, float]:
    wanted = cast(_tsquery(asked), TSQUERY)
    newest = (
        select(SearchText.entry_id, SearchText.words)
        .where(SearchText.words.op("@@")(wanted), *_filters(query, SearchText.__table__.c.entry_id))
        .order_by(SearchText.entry_id.desc())
        .limit(most)
        .subquery()
    )
    # 1: long papers are not better ones.
    rank = func.ts_rank(newest.c.words, wanted, 1) if ranked else literal_column("0.0")
    return select(newest.c.entry_id, rank).order_by(newest.c.entry_id.desc())


def _fts5(asked: Asked) -> str:
    def atom(tokens: Atom) -> str:
        return f'"{" ".join(tokens)}"'  # letters, digits and _ alone

    def need(ways: Need) -> str:
        return "(" + " OR ".join(f"({' AND '.join(map(atom, way))})" for way in ways) + ")"

    wanted = " AND ".join(map(need, asked.needs)) or atom((EVERY,))
    return f"({wanted})" + "".join(f" NOT {need(ban)}" for ban in asked.bans)


def _tsquery(asked: Asked) -> str:
    def atom(tokens: Atom) -> str:
        return "(" + " <-> ".join(f"'{token}'" for token in tokens) + ")"

    def need(ways: Need) -> str:
        return "(" + " | ".join(f"({' & '.join(map(atom, way))})" for way in ways) + ")"

    wanted = " & ".join(map(need, asked.needs)) or atom((EVERY,))
    return f"{wanted}" + "".join(f" & !{need(ban)}" for ban in asked.bans)


def _filters(query: Query, entry_id: ColumnElement[int]) -> Sequence[ColumnElement[bool]]:
    """What is no matter of words: dates, sources, keys, and that the paper was not withdrawn."""
    # The withdrawn ones are few and have an index; looking each candidate up would cost far more.
    found: list[ColumnElement[bool]] = [
        entry_id.not_in(select(Entry.id).where(Entry.withdrawn_at.is_not(None)))
    ]
    days = [_published(query.after, "after")] if query.after else []
    days += [_published(query.before, "before")] if query.before else []
    if days:
        found.append(exists().where(Entry.id == entry_id, *days))
    for clue in (*query.wanted, *query.unwanted):
        if clue.kind is ClueKind.SOURCE:
            there: ColumnElement[bool] = exists().where(
                Listing.entry_id == entry_id, Listing.source_id.in_(_sources(clue.text))
            )
        elif clue.kind is ClueKind.KEY:
            there = entry_id.in_(select(EntryKey.entry_id).where(EntryKey.key == clue.text))
        else:
            continue
        found.append(there if clue in query.wanted else not_(there))
    return found


def _published(day: date, side: Literal["after", "before"]) -> ColumnElement[bool]:
    """Published on a day or later, or before it; first listed, where nobody told when it was published."""
    moment = datetime.combine(day, time(), UTC)
    if side == "after":
        told, listed = Entry.published_at >= moment, Entry.first_listed_on >= day
    else:
        told, listed = Entry.published_at < moment, Entry.first_listed_on < day
    return or_(told, and_(Entry.published_at.is_(None), listed))


def _sources(said: str) -> Select[int]:
    """The sources of a name or kind; `arxiv` is `arxiv-rss` and `arxiv-oai` as well."""
    name, kind = func.lower(Source.name), Source.kind
    return select(Source.id).where(
        or_(
            name == said, name.startswith(f"{said}-", autoescape=True),
            kind == said, kind.startswith(f"{said}-", autoescape=True),
        )
    )  # fmt: skip


def is_source(session: Session, said: str) -> bool:
    """Whether there is a source of that name or kind."""
    return session.scalar(_sources(said).limit(1)) is not None


def spellings(session: Session, typed: str) -> tuple[str, ...]:
    """The names that a misspelt one may mean, the nearest first; () where none is near.

    Each word may differ by a slip, long ones by two, from one that stands in some author's name.
    """
    words = name_key(typed).split()[:6]
    ways = [_near(session, word) for word in words]
    if not words or not all(ways):
        return ()
    found = sorted(product(*ways), key=lambda way: sum(slips for slips, _ in way))
    meant = (" ".join(word for _, word in way) for way in found[:_MOST_SPELLINGS])
    return tuple(name for name in meant if name != " ".join(words))


def _near(session: Session, word: str) -> list[tuple[int, str]]:
    """Known words with their distance, at most a few; an initial is itself."""
    most = edits_allowed(word)
    if len(word) == 1 or most == 0:
        return [(0, word)]
    compared = {other: distance(word, other, most) for other in _alike(session, word, most)}
    near = sorted((slips, other) for other, slips in compared.items() if slips <= most)
    return near[:_SPELLINGS]


def _alike(session: Session, word: str, most: int) -> Iterable[str]:
    """Known words of about the same length that begin or end like this one: whatever is one slip away
    is among them.
    """
    first, last = halves(word)
    found: set[str] = set()
    for side, part in ((NameWord.word, first), (NameWord.backwards, last[::-1])):
        statement = (
            select(NameWord.word)
            .where(
                side >= part,
                side < part + _PAST_Z,
                func.length(NameWord.word).between(len(word) - most, len(word) + most),
            )
            .limit(_COMPARED)
        )
        found.update(session.scalars(statement))
    return found
