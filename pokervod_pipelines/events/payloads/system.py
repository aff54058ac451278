"""Describe what events of alerts, rollouts and the system itself say."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pokervod_pipelines.events.payloads.base import Payload, SignedPayload


class AlertReference(Payload):
    """Name an alert, the incident that it is of, and how often and where it is delivered."""

    alert_id: int
    key: str
    severity: str | None = None
    title: str | None = None
    channels: tuple[str, ...] | None = None
    kind: str | None = None
    incident_id: int | None = None
    delivery_id: str | None = None
    channel: str | None = None
    attempts: int | None = None
    may_have_been_delivered: bool | None = None
    error: str | None = None
    by: str | None = None
    reason: str | None = None


class RolloutStep(Payload):
    """Name a rollout, its week and what happened to it."""

    plan: str
    weeks: int | None = None
    week: int | None = None
    attempt: int | None = None
    criterion: str | None = None
    next_try_at: datetime | None = None
    fixer: str | None = None
    done: bool | None = None
    said: str | None = None
    by: str | None = None
    reason: str | None = None


class SyncStart(Payload):
    """Say which sync began, ``full`` or ``incremental``, and by which Dagster run."""

    mode: str
    run_id: str


class SyncEnd(Payload):
    """Say how a sync ended: ``failed`` names the stages that failed, each with its library or sheet."""

    mode: str
    run_id: str
    failed: tuple[str, ...]


class FailedStage(Payload):
    """Say which part of a run failed for good, and why; ``name`` is the library, sheet or day.

    A part that was ``skipped`` did not begin, since another failed.
    """

    stage: str
    name: str
    error: str
    run_id: str
    skipped: bool = False


class WorkflowEnd(Payload):
    """Say how a run of a workflow ended; ``attempt`` counts from 1, ``error`` says why it failed."""

    workflow: str
    input: Mapping[str, Any]
    run_id: str
    attempt: int
    seconds: float
    error: str | None = None


class RequestedRun(SignedPayload):
    """Name a run of a workflow that a person asked for, and what it was told."""

    workflow: str
    input: Mapping[str, Any]
    run_id: str


class CancelledRun(SignedPayload):
    """Name a run that a person cancelled."""

    workflow: str
    run_id: str


class ParkedEvent(Payload):
    """Name an event that a consumer could not handle, and why."""

    consumer: str
    event_id: int
    type: str
    error: str


class DecidedEvent(SignedPayload):
    """Name a parked event that a person let a consumer handle again, or gave up."""

    consumer: str
    event_id: int


class BreakerFacts(Payload):
    """Name a service outside whose breaker opened or closed: how often in a row it failed, the last time why."""

    name: str
    failures: int
    error: str | None = None
    opened_at: datetime | None = None


class ResetBreaker(SignedPayload):
    """Name a service that a person lets be called again at once, and what its breaker was."""

    name: str
    failures: int
    error: str | None = None
    opened_at: datetime | None = None


class HealthChange(Payload):
    """Say that a service, as the machine sees it, became healthy, degraded, unhealthy or unused; before it was that.

    ``since`` is when the state before began.
    """

    service: str
    host: str
    state: str
    before: str
    since: datetime
    summary: str


class Repair(SignedPayload):
    """Name a hook that was run to repair a service; ``reason`` is the failure, ``done`` whether the hook succeeded."""

    service: str
    host: str
    hook: str
    done: bool | None = None
    seconds: float | None = None
    said: str | None = None


class IncidentFacts(SignedPayload):
    """Name an incident and what became of it; ``by`` is a detector or a person, ``reason`` what it found or said."""

    incident_id: int
    key: str
    severity: str
    summary: str
    openings: int
    cause_id: int | None = None
    until: datetime | None = None
    verdict: str | None = None


class HeldThing(SignedPayload):
    """Name a thing that a person holds, held or released; ``placed_by`` is who held it where another released it."""

    kind: str
    name: str
    until: datetime | None = None
    placed_by: str | None = None


class ClosedWeek(SignedPayload):
    """Name a week whose figures were frozen."""

    week: str


class RemediationFacts(SignedPayload):
    """Say what was done to a thing without a person, or why not; ``by`` is the detector, ``cause`` its incident."""

    remediation_id: int
    kind: str
    subject_kind: str
    subject: str
    cause: int | None = None
    before: Mapping[str, Any] = {}
    after: Mapping[str, Any] = {}
    count: int = 1


class MaintenanceFacts(SignedPayload):
    """Name a maintenance window that was planned or cancelled; without ``subjects`` it is about everything."""

    window_id: int
    starts_at: datetime
    ends_at: datetime
    subjects: tuple[str, ...] = ()
