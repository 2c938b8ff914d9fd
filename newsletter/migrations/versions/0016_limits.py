"""what counts against a limit; consent events are never changed

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_SAYS = "consent events are never changed"


def upgrade() -> None:
    op.create_table(
        "tally",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("moments", sa.Text(), nullable=False),
        sa.Column("last", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_tally")),
    )
    op.create_index(op.f("ix_tally_last"), "tally", ["last"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION consent_event_stays() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_SAYS}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER consent_event_stays BEFORE UPDATE ON consent_event "
            "FOR EACH ROW EXECUTE FUNCTION consent_event_stays()"
        )
    else:
        op.execute(
            "CREATE TRIGGER consent_event_stays BEFORE UPDATE ON consent_event "
            f"BEGIN SELECT RAISE(ABORT, '{_SAYS}'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER consent_event_stays ON consent_event")
        op.execute("DROP FUNCTION consent_event_stays()")
    else:
        op.execute("DROP TRIGGER consent_event_stays")
    op.drop_table("tally")
