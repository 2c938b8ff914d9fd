"""what papers are found by

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_DROPPED = "INSERT INTO search_index(search_index, rowid, words) VALUES ('delete', old.entry_id, old.words);"
_ADDED = "INSERT INTO search_index(rowid, words) VALUES (new.entry_id, new.words);"
_SQLITE = (
    """CREATE VIRTUAL TABLE search_index USING fts5(
        words, content='search_text', content_rowid='entry_id',
        tokenize="unicode61 remove_diacritics 0 tokenchars '_'")""",
    f"CREATE TRIGGER search_text_added AFTER INSERT ON search_text BEGIN {_ADDED} END",
    f"CREATE TRIGGER search_text_dropped AFTER DELETE ON search_text BEGIN {_DROPPED} END",
    f"CREATE TRIGGER search_text_changed AFTER UPDATE ON search_text BEGIN {_DROPPED} {_ADDED} END",
)


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    letters = sa.Text(collation="C") if is_postgresql else sa.Text()
    op.create_table(
        "search_text",
        sa.Column("entry_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("words", postgresql.TSVECTOR() if is_postgresql else sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["entry.id"],
            name=op.f("fk_search_text_entry_id_entry"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_search_text")),
    )
    op.create_table(
        "name_word",
        sa.Column("word", letters, nullable=False),
        sa.Column("backwards", letters, nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_name_word")),
    )
    op.create_index(op.f("ix_name_word_backwards"), "name_word", ["backwards"])
    if not is_postgresql:
        for statement in _SQLITE:
            op.execute(statement)
    # What papers are found by is made of their texts and can be made again: today's rules are the
    # right ones for it, so this one step uses the code and not a copy of it.
    from newsletter.store.indexing import fill

    fill(op.get_bind())
    if is_postgresql:  # after filling: an index that is built at once is built faster
        op.create_index("ix_search_text_words", "search_text", ["words"], postgresql_using="gin")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_index")
    op.drop_table("name_word")
    op.drop_table("search_text")
