"""indexes by which incidents are listed: by detector, by subject, by their last change"""

from alembic import op

revision = "0022"
down_revision = "0021"

KEEPS_DATA = True
"""It only adds indexes and statistics; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    "create index ix_monitoring_events_detector on monitoring_events (detector, opened_at, id)",
    "create index ix_monitoring_events_subject on monitoring_events (subject_kind, subject, opened_at, id)",
    """
    create index ix_monitoring_events_changed_at on monitoring_events
        (greatest(opened_at, acknowledged_at, resolved_at, verdict_at))
    """,
    """
    create statistics st_monitoring_events_detector_severity (mcv) on detector, severity from monitoring_events
    """,
    """
    comment on statistics st_monitoring_events_detector_severity is
        'A detector has one or two severities; the planner takes them for independent otherwise'
    """,
)

DOWNGRADE: tuple[str, ...] = (
    "drop statistics st_monitoring_events_detector_severity",
    "drop index ix_monitoring_events_changed_at",
    "drop index ix_monitoring_events_subject",
    "drop index ix_monitoring_events_detector",
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
