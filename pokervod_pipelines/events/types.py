"""List the types of events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

BLOCKS: Mapping[str, tuple[str, ...]] = {
    "A": ("nas", "media"),
    "B": ("catalog",),
    "C": ("clips", "hands", "tournaments", "render"),
    "D": ("sheets",),
    "E": ("api",),
    "F": ("console",),
    "G": ("db",),
}
"""The blocks by their letters, each with the rooms whose events are its own."""


class EventType(StrEnum):
    """Name what happened; the first word is the room."""

    NAS_SCAN_REQUESTED = "nas.scan.requested"
    NAS_SCAN_COMPLETED = "nas.scan.completed"
    NAS_SCAN_FAILED = "nas.scan.failed"
    NAS_FILE_ADDED = "nas.file.added"
    NAS_FILE_REMOVED = "nas.file.removed"
    NAS_FILE_MOVED = "nas.file.moved"
    NAS_FILE_CHANGED = "nas.file.changed"
    NAS_FILE_RETURNED = "nas.file.returned"
    NAS_FILE_CLEARED = "nas.file.cleared"
    NAS_ROOT_ACCEPTED = "nas.root.accepted"
    MEDIA_FACTS_CHANGED = "media.facts.changed"
    CATALOG_UPDATE_REQUESTED = "catalog.update.requested"
    CATALOG_UPDATED = "catalog.updated"
    CATALOG_PROJECT_CREATED = "catalog.project.created"
    CATALOG_CORRECTED = "catalog.corrected"
    CATALOG_EPISODE_CREATED = "catalog.episode.created"
    SHEETS_SYNC_REQUESTED = "sheets.sync.requested"
    SHEETS_SYNC_COMPLETED = "sheets.sync.completed"
    SHEETS_SYNC_FAILED = "sheets.sync.failed"
    SHEETS_ROW_CHANGED = "sheets.row.changed"
    HAND_CLIP_CREATED = "hand.clip.created"
    HAND_CLIP_CHANGED = "hand.clip.changed"
    HAND_CLIP_RETIRED = "hand.clip.retired"
    HAND_CLIP_TAGGED = "hand.clip.tagged"
    HAND_PLAYER_ALIASED = "hand.player.aliased"
    HAND_CREATED = "hand.created"
    HAND_CHANGED = "hand.changed"
    HAND_FILE_QUARANTINED = "hand.file.quarantined"
    HAND_DISAGREEMENT = "hand.disagreement"
    HAND_DISAGREEMENT_SETTLED = "hand.disagreement.settled"
    RENDER_INSTRUCTION_CREATED = "render.instruction.created"
    RENDER_INSTRUCTION_UPDATED = "render.instruction.updated"
    RENDER_STARTED = "render.started"
    RENDER_COMPLETED = "render.completed"
    RENDER_REQUEUED = "render.requeued"
    RENDER_FAILED = "render.failed"
    RENDER_TIMED_OUT = "render.timed_out"
    RENDER_CANCELLED = "render.cancelled"
    RENDER_PAUSED = "render.paused"
    RENDER_RESUMED = "render.resumed"
    RENDER_WORKER_QUARANTINED = "render.worker.quarantined"
    RENDER_WORKER_REINSTATED = "render.worker.reinstated"
    ROLLOUT_STARTED = "rollout.started"
    ROLLOUT_WEEK_STARTED = "rollout.week.started"
    ROLLOUT_ATTEMPT_FAILED = "rollout.attempt.failed"
    ROLLOUT_FIXED = "rollout.fixed"
    ROLLOUT_WEEK_PASSED = "rollout.week.passed"
    ROLLOUT_ESCALATED = "rollout.escalated"
    ROLLOUT_PAUSED = "rollout.paused"
    ROLLOUT_RESUMED = "rollout.resumed"
    ROLLOUT_OVERRIDDEN = "rollout.overridden"
    ROLLOUT_OVERRIDE_UNDONE = "rollout.override.undone"
    ROLLOUT_COMPLETED = "rollout.completed"
    ROLLOUT_ABANDONED = "rollout.abandoned"
    ROLLOUT_RESET = "rollout.reset"
    ALERT_RAISED = "alert.raised"
    ALERT_ESCALATED = "alert.escalated"  # as the next two, in logs from before alerts were messages of incidents
    ALERT_ACKNOWLEDGED = "alert.acknowledged"
    ALERT_RESOLVED = "alert.resolved"
    ALERT_DELIVERED = "alert.delivered"
    ALERT_DELIVERY_FAILED = "alert.delivery.failed"
    ALERT_DELIVERY_ENDED = "alert.delivery.ended"
    MONITORING_HEALTH_CHANGED = "monitoring.health.changed"
    MONITORING_REPAIR_STARTED = "monitoring.repair.started"
    MONITORING_REPAIR_ENDED = "monitoring.repair.ended"
    MONITORING_INCIDENT_OPENED = "monitoring.incident.opened"
    MONITORING_INCIDENT_REOPENED = "monitoring.incident.reopened"
    MONITORING_INCIDENT_ESCALATED = "monitoring.incident.escalated"
    MONITORING_INCIDENT_ACKNOWLEDGED = "monitoring.incident.acknowledged"
    MONITORING_INCIDENT_MUTED = "monitoring.incident.muted"
    MONITORING_INCIDENT_UNMUTED = "monitoring.incident.unmuted"
    MONITORING_INCIDENT_RESOLVED = "monitoring.incident.resolved"
    MONITORING_INCIDENT_JUDGED = "monitoring.incident.judged"
    MONITORING_HOLD_PLACED = "monitoring.hold.placed"
    MONITORING_HOLD_RELEASED = "monitoring.hold.released"
    MONITORING_HOLD_EXPIRED = "monitoring.hold.expired"
    MONITORING_MAINTENANCE_PLANNED = "monitoring.maintenance.planned"
    MONITORING_MAINTENANCE_CANCELLED = "monitoring.maintenance.cancelled"
    MONITORING_WEEK_CLOSED = "monitoring.week.closed"
    MONITORING_REMEDIATION_DONE = "monitoring.remediation.done"
    MONITORING_REMEDIATION_REFUSED = "monitoring.remediation.refused"
    TOURNAMENT_CHANGED = "tournament.changed"
    TOURNAMENT_IMPORTED = "tournament.imported"
    TOURNAMENT_LEVEL_ENDED = "tournament.level.ended"
    TOURNAMENT_PLAYER_ELIMINATED = "tournament.player.eliminated"
    API_USER_ADDED = "api.user.added"
    API_USER_CHANGED = "api.user.changed"
    API_USER_DISABLED = "api.user.disabled"
    API_USER_ENABLED = "api.user.enabled"
    API_KEY_CREATED = "api.key.created"
    API_KEY_REVOKED = "api.key.revoked"
    API_LOGIN_SUCCEEDED = "api.login.succeeded"
    API_LOGIN_FAILED = "api.login.failed"
    API_LOGIN_THROTTLED = "api.login.throttled"
    API_SESSION_ENDED = "api.session.ended"
    API_DAGSTER_ACTED = "api.dagster.acted"
    SYSTEM_SYNC_ALL = "system.sync.all"
    SYSTEM_SYNC_COMPLETED = "system.sync.completed"
    SYSTEM_ERROR = "system.error"
    SYSTEM_WORKFLOW_COMPLETED = "system.workflow.completed"
    SYSTEM_WORKFLOW_FAILED = "system.workflow.failed"
    SYSTEM_RUN_REQUESTED = "system.run.requested"
    SYSTEM_RUN_CANCELLED = "system.run.cancelled"
    SYSTEM_BREAKER_OPENED = "system.breaker.opened"
    SYSTEM_BREAKER_CLOSED = "system.breaker.closed"
    SYSTEM_BREAKER_RESET = "system.breaker.reset"
    SYSTEM_EVENT_PARKED = "system.event.parked"
    SYSTEM_EVENT_RETRIED = "system.event.retried"
    SYSTEM_EVENT_DROPPED = "system.event.dropped"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Describe an event to append; ``payload`` is JSON-ready.

    ``correlation_id`` is set for one that belongs to another request than those appended with it.
    """

    type: str
    payload: dict[str, Any] = field(default_factory=dict)
    correlation_id: str | None = None
