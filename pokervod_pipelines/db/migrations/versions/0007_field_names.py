"""names of the field, one table of decisions, one view of videos that count"""

from alembic import op

revision = "0007"
down_revision = "0006"

UPGRADE: tuple[str, ...] = ()
"""Statements in their order; each room's stand together."""

DOWNGRADE: tuple[str, ...] = ()
"""The same, undone in reverse."""


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
