"""incidents of whose beginning somebody was told, and not yet of their end"""

from alembic import op

revision = "0025"
down_revision = "0024"

KEEPS_DATA = True
"""It adds a column and an index; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    "alter table monitoring_events add column owes_end boolean not null default false",
    "comment on column monitoring_events.owes_end is 'Whether people may have to be told that it is over'",
    """
    update monitoring_events e set owes_end = true
    where resolved_at is null and exists (select from alerts a where a.incident_id = e.id)
    """,
    "create index ix_monitoring_events_owes_end on monitoring_events (resolved_at) where owes_end",
    "drop index ix_monitoring_events_resolved_at",
)

DOWNGRADE: tuple[str, ...] = (
    "create index ix_monitoring_events_resolved_at on monitoring_events (resolved_at)",
    "alter table monitoring_events drop column owes_end",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
