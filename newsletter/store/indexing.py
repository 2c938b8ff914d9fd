"""Writing what papers are found by, in the transaction that saves them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.orm import Session

from newsletter.match.lookup import GAP, paper_tokens
from newsletter.match.words import name_key
from newsletter.store.bulk import in_chunks, insert_new_rows, upsert_rows
from newsletter.store.searchable import NameWord, SearchText
from newsletter.store.tables import Entry

INDEXED = (
    "title", "abstract", "authors", "categories", "keywords", "organisation",
    "published_at", "first_listed_on",
)  # fmt: skip
"""The fields of an entry that it is found by."""

_BATCH = 1_000
# Twice: in an index without weights that is how a title counts for more.
_TITLE_TIMES = 2
_MOST_POSITIONS = 16_383  # what PostgreSQL counts


def put(session: Session, rows: Iterable[Mapping[str, Any]]) -> None:
    """Index entries anew: `id` and the fields `INDEXED` of each."""
    rest = iter(rows)
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    while batch := list(islice(rest, _BATCH)):
        ordered = sorted(batch, key=lambda row: int(row["id"]))
        written = [
            {"entry_id": row["id"], "words": _written(row, is_postgresql=is_postgresql)}
            for row in ordered
        ]
        upsert_rows(session, SearchText, written)
        names = {
            word for row in batch for name in row["authors"] for word in name_key(name).split()
        }
        _remember(session, sorted(names))


def fill(connection: Connection) -> int:
    """Index every entry that is not; how many. For a migration, which has only a connection."""
    return _put_all(connection, Entry.id.not_in(select(SearchText.entry_id)))


def refill_organisations(connection: Connection) -> int:
    """Index every entry anew that has an organisation; how many."""
    return _put_all(connection, Entry.organisation.is_not(None))


def _put_all(connection: Connection, meant: ColumnElement[bool]) -> int:
    filled = 0
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        for rows in _read(session, meant):
            put(session, rows)
            filled += len(rows)
        session.commit()
    return filled


def _read(session: Session, meant: ColumnElement[bool]) -> Iterator[Sequence[Mapping[str, Any]]]:
    columns = [Entry.id, *(getattr(Entry, name) for name in INDEXED)]
    last = 0
    while True:
        query = select(*columns).where(Entry.id > last, meant).order_by(Entry.id).limit(_BATCH)
        rows = session.execute(query).mappings().all()
        if not rows:
            return
        yield [{str(name): value for name, value in row.items()} for row in rows]
        last = rows[-1]["id"]


def _written(row: Mapping[str, Any], *, is_postgresql: bool) -> str:
    year = (row["published_at"] or row["first_listed_on"]).year
    title, rest = paper_tokens(
        row["title"], row["abstract"], row["authors"], row["categories"], year=year,
        organisation=row["organisation"] or "", more=row["keywords"],
    )  # fmt: skip
    if is_postgresql:
        return _tsvector(title, rest)
    return f" {GAP} ".join(" ".join(part) for part in (*[title] * _TITLE_TIMES, rest))


def _tsvector(title: Sequence[str], rest: Sequence[str]) -> str:
    """The tokens with their places, those of the title with the weight A, as PostgreSQL reads them."""
    places: dict[str, list[str]] = {}
    for place, token in enumerate([*title, GAP, *rest][:_MOST_POSITIONS], 1):
        if token != GAP:
            weight = "A" if place <= len(title) else ""
            places.setdefault(token, []).append(f"{place}{weight}")
    return " ".join(f"'{token}':{','.join(said)}" for token, said in places.items())


def _remember(session: Session, words: Sequence[str]) -> None:
    known: set[str] = set()
    for part in in_chunks(words):
        known.update(session.scalars(select(NameWord.word).where(NameWord.word.in_(part))))
    fresh = [{"word": word, "backwards": word[::-1]} for word in words if word not in known]
    insert_new_rows(session, NameWord, fresh)
