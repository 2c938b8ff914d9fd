"""What papers are found by: one row of tokens a paper, which both kinds of database index.

PostgreSQL keeps them as a `tsvector` below a GIN index. SQLite keeps them as text, and triggers keep
the FTS5 index `search_index` over them; so whatever changes a row, in whatever transaction, changes the
index with it.
"""

from __future__ import annotations

from sqlalchemy import Connection, ForeignKey, Index, Text, event
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.orm import Base

SQLITE_INDEX = "search_index"
POSTGRESQL_INDEX = "ix_search_text_words"

# A comparison by the letters' numbers can use the index for "begins with"; a language's order cannot.
_LETTERS = Text().with_variant(Text(collation="C"), "postgresql")


class SearchText(Base):
    """An entry's tokens in order, as `store.indexing` writes them."""

    __tablename__ = "search_text"

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    words: Mapped[str] = mapped_column(Text().with_variant(TSVECTOR(), "postgresql"))


class NameWord(Base):
    """A word of an author's name, and the same backwards: what begins or ends like a misspelt one."""

    __tablename__ = "name_word"
    __table_args__ = (Index(None, "backwards"),)

    word: Mapped[str] = mapped_column(_LETTERS, primary_key=True)
    backwards: Mapped[str] = mapped_column(_LETTERS)


# FTS5 must be told the old words to take them out again.
_DROPPED = (
    "INSERT INTO search_index(search_index, rowid, words)"
    " VALUES ('delete', old.entry_id, old.words);"
)
_ADDED = "INSERT INTO search_index(rowid, words) VALUES (new.entry_id, new.words);"

_CREATED = {
    "sqlite": (
        """CREATE VIRTUAL TABLE search_index USING fts5(
            words, content='search_text', content_rowid='entry_id',
            tokenize="unicode61 remove_diacritics 0 tokenchars '_'")""",
        f"CREATE TRIGGER search_text_added AFTER INSERT ON search_text BEGIN {_ADDED} END",
        f"CREATE TRIGGER search_text_dropped AFTER DELETE ON search_text BEGIN {_DROPPED} END",
        f"""CREATE TRIGGER search_text_changed AFTER UPDATE ON search_text
            BEGIN {_DROPPED} {_ADDED} END""",
    ),
    "postgresql": ("CREATE INDEX ix_search_text_words ON search_text USING gin (words)",),
}
_DROPPED_WITH_IT = {"sqlite": ("DROP TABLE IF EXISTS search_index",)}


@event.listens_for(SearchText.__table__, "after_create")
def _create_index(_table: object, connection: Connection, **_: object) -> None:
    for statement in _CREATED.get(connection.dialect.name, ()):
        connection.exec_driver_sql(statement)


@event.listens_for(SearchText.__table__, "after_drop")
def _drop_index(_table: object, connection: Connection, **_: object) -> None:
    for statement in _DROPPED_WITH_IT.get(connection.dialect.name, ()):
        connection.exec_driver_sql(statement)


def is_declared(name: str | None, *_: object) -> bool:
    """Whether a table or index is in the metadata: all are but for the full-text indexes, of which each
    kind of database has its own.
    """
    return name is None or not name.startswith((SQLITE_INDEX, POSTGRESQL_INDEX))
