"""what public pages are read by, and organisations that are searched by name

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_INDEXES = (
    ("entry", ["updated_at"]),
    ("listing", ["day", "entry_id", "type"]),
    ("listing", ["seen_at"]),
    ("signal", ["observed_at"]),
    ("summary", ["settled_at"]),
)


def upgrade() -> None:
    for table, columns in _INDEXES:
        op.create_index(_name(table, columns), table, columns)
    # As in 0012: today's rules are the right ones for what can be made again at any time.
    from newsletter.store.indexing import refill_organisations

    refill_organisations(op.get_bind())


def downgrade() -> None:
    for table, columns in _INDEXES:
        op.drop_index(_name(table, columns), table)


def _name(table: str, columns: list[str]) -> str:
    return op.f(f"ix_{table}_{'_'.join(columns)}")
