"""former addresses; who gave or voted on a paper is found by the paper

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "former_address",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk_former_address_subscriber_id_subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_address")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_former_address_subscriber_id"), "former_address", ["subscriber_id"])
    op.create_index(op.f("ix_interest_kind_text"), "interest", ["kind", "text"])
    op.create_index(op.f("ix_vote_entry_key"), "vote", ["entry_key"])


def downgrade() -> None:
    op.drop_index(op.f("ix_vote_entry_key"), table_name="vote")
    op.drop_index(op.f("ix_interest_kind_text"), table_name="interest")
    op.drop_table("former_address")
