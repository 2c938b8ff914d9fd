"""indexes of what waits and what is held, and editions that are stopped

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_WAITS = sa.text("state IN ('planned', 'deferred', 'uncertain') AND claimed_by IS NULL")
_HELD = sa.text("claimed_by IS NOT NULL")


def upgrade() -> None:
    for name in ("stopped_at", "resumed_at"):
        op.add_column("edition", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("edition", sa.Column("stopped_why", sa.Text(), nullable=True))
    op.drop_index("ix_delivery_open", table_name="delivery")
    op.drop_index(op.f("ix_notice_state_retry_at"), table_name="notice")
    for table in ("delivery", "notice"):
        op.create_index(
            f"ix_{table}_waiting", table, ["id"], sqlite_where=_WAITS, postgresql_where=_WAITS
        )
        op.create_index(
            f"ix_{table}_held", table, ["claimed_by"], sqlite_where=_HELD, postgresql_where=_HELD
        )


def downgrade() -> None:
    for table in ("delivery", "notice"):
        op.drop_index(f"ix_{table}_held", table_name=table)
        op.drop_index(f"ix_{table}_waiting", table_name=table)
    op.create_index(op.f("ix_notice_state_retry_at"), "notice", ["state", "retry_at"])
    op.create_index("ix_delivery_open", "delivery", ["state", "retry_at"])
    for name in ("stopped_why", "resumed_at", "stopped_at"):
        op.drop_column("edition", name)
