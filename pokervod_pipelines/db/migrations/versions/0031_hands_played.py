"""hands in the order they were played, which lists page through"""

from alembic import op

revision = "0031"
down_revision = "0030"

KEEPS_DATA = True
"""It only adds an index; a fixer may apply it."""

UPGRADE: tuple[str, ...] = ("create index ix_hands_started_at on hands (started_at, id)",)

DOWNGRADE: tuple[str, ...] = ("drop index ix_hands_started_at",)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
