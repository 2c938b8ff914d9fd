"""the language that a subscriber reads

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "subscriber", sa.Column("language", sa.String(16), server_default="en", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("subscriber", "language")
