"""an index of the times of events, which are nearly in the order of the table"""

from alembic import op

revision = "0009"
down_revision = "0008"

KEEPS_DATA = True
"""It only adds an index; a fixer may apply it."""

UPGRADE: tuple[str, ...] = ("create index ix_events_at on events using brin (at)",)

DOWNGRADE: tuple[str, ...] = ("drop index ix_events_at",)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
