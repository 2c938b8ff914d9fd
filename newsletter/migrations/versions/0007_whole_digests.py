"""what a digest says beyond its picks, how long it is, quiet days, a new address to confirm

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # No batch: it would make the tables anew, and dropping the old ones would erase, by the foreign
    # keys, all that hangs on them. SQLite adds and drops a plain column by itself.
    op.add_column(
        "subscriber",
        sa.Column("length", sa.String(length=16), nullable=False, server_default="short"),
    )
    op.add_column(
        "subscriber", sa.Column("quiet_days", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("subscriber", sa.Column("new_email", sa.String(length=320), nullable=True))
    op.add_column("delivery", sa.Column("context", sa.JSON(), nullable=False, server_default="{}"))
    op.create_index(op.f("ix_pick_entry_id"), "pick", ["entry_id", "subscriber_id"], unique=False)
    op.create_index(op.f("ix_entry_withdrawn_at"), "entry", ["withdrawn_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_entry_withdrawn_at"), table_name="entry")
    op.drop_index(op.f("ix_pick_entry_id"), table_name="pick")
    op.drop_column("delivery", "context")
    op.drop_column("subscriber", "new_email")
    op.drop_column("subscriber", "quiet_days")
    op.drop_column("subscriber", "length")
