"""what a reader does without: parts of a digest, sources

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_COLUMNS = ("parts_off", "sources_off")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column(
            "subscriber", sa.Column(name, sa.JSON(), nullable=False, server_default="[]")
        )


def downgrade() -> None:
    for name in reversed(_COLUMNS):
        op.drop_column("subscriber", name)
