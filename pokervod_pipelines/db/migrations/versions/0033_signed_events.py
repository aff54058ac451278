"""events by who signed them, which the audit reads"""

from alembic import op

revision = "0033"
down_revision = "0032"

KEEPS_DATA = True
"""It only adds an index; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    "create index ix_events_signed on events ((payload ->> 'by'), txid, id) where payload ->> 'by' > ''",
)

DOWNGRADE: tuple[str, ...] = ("drop index ix_events_signed",)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
