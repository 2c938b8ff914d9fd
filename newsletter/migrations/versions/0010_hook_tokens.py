"""what providers signed, each bound to the event that it came with

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hook_token",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_hook_token")),
    )
    op.create_index(op.f("ix_hook_token_seen_at"), "hook_token", ["seen_at"])


def downgrade() -> None:
    op.drop_table("hook_token")
