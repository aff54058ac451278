"""Define the states of a render instruction and the transitions between them.

Pure. The database refuses every transition that is not in ``ALLOWED_TRANSITIONS`` (trigger
``guard_render_instruction``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pokervod_pipelines.render.failures import FailureKind


class State(StrEnum):
    """Tell how far an instruction is, and who may change that."""

    PENDING = "pending"
    """It waits, until ``due_at`` at least. A worker claims it; a person, a next version or the end of its trigger
    cancels it."""

    PROCESSING = "processing"
    """One claim of one worker has it until ``lease_until``, which every heartbeat extends. That worker ends it, by its
    claim id; once the lease has expired, any worker requeues it."""

    COMPLETED = "completed"
    """Its file was verified and published. Final: something else to show is a next version."""

    FAILED = "failed"
    """It cannot be rendered, or its retries are spent. A person retries or cancels it."""

    CANCELLED = "cancelled"
    """It is not needed any more. A person may retry it, unless a next version replaced it."""

    TIMED_OUT = "timed_out"
    """Its last attempt took too long, or its worker sent no heartbeat. A person retries or cancels it."""


ALLOWED_TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.PENDING: frozenset({State.PROCESSING, State.CANCELLED}),
    State.PROCESSING: frozenset(State) - {State.PROCESSING},
    State.COMPLETED: frozenset(),
    State.FAILED: frozenset({State.PENDING, State.CANCELLED}),
    State.CANCELLED: frozenset({State.PENDING}),
    State.TIMED_OUT: frozenset({State.PENDING, State.CANCELLED}),
}
"""Which states may follow each state."""

AttemptOutcome = Literal["completed", "failed", "released", "lost", "cancelled"]
"""How an attempt ended: ``lost`` sent no heartbeat or took too long, ``released`` was given up by its own worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Identify an instruction that a worker has claimed, with what decides its next state.

    ``id`` is the instruction's. ``cancel_reason`` is why the job should stop, or None.
    """

    id: int
    claim_id: UUID
    worker: str
    started_at: datetime
    template: str
    retry_count: int
    max_retries: int
    cancel_reason: str | None
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """Describe the next state of a job, why, and how the attempt ended.

    A pending one is due after ``wait_seconds``; ``spends_retry`` counts the attempt.
    """

    job: Job
    state: State
    outcome: AttemptOutcome
    reason: str
    kind: FailureKind | None = None
    spends_retry: bool = False
    wait_seconds: float = 0.0


def transition_on_success(job: Job) -> Transition:
    """Return the transition of a rendered job: completed."""
    return _change(job, State.COMPLETED, "completed", f"made by {job.worker}")


def transition_on_failure(job: Job, kind: FailureKind, reason: str, wait_seconds: float) -> Transition:
    """Return the transition of a job that its worker could not render; a retry is due after ``wait_seconds``.

    Lack of capacity spends no retry; a bad input is never retried.
    """
    if kind == "capacity":
        return _change(job, State.PENDING, "released", reason, kind=kind, wait_seconds=wait_seconds)
    return _retry_or_end(job, "failed", kind, reason, wait_seconds)


def transition_on_loss(job: Job, reason: str, wait_seconds: float) -> Transition:
    """Return the transition of a job whose worker sent no heartbeat, or took too long."""
    return _retry_or_end(job, "lost", "timeout", reason, wait_seconds)


def transition_on_release(job: Job, reason: str) -> Transition:
    """Return the transition of a job that its worker gives up in good order: the next may claim it at once."""
    return _change(job, State.PENDING, "released", reason)


def _retry_or_end(job: Job, outcome: AttemptOutcome, kind: FailureKind, reason: str, wait_seconds: float) -> Transition:
    if kind != "bad_input" and job.retry_count < job.max_retries:
        text = f"attempt {job.retry_count + 2} of {job.max_retries + 1} follows: {reason}"
        return _change(job, State.PENDING, outcome, text, kind=kind, spends_retry=True, wait_seconds=wait_seconds)
    end = State.TIMED_OUT if kind == "timeout" else State.FAILED
    attempts = f" ({job.retry_count + 1} attempts)" if kind != "bad_input" and job.retry_count else ""
    return _change(job, end, outcome, reason + attempts, kind=kind)


def _change(job: Job, state: State, outcome: AttemptOutcome, reason: str, **details: Any) -> Transition:
    """Return the transition to the state; a job that should stop is cancelled instead, however it ended."""
    if job.cancel_reason is not None:
        return Transition(job=job, state=State.CANCELLED, outcome="cancelled", reason=job.cancel_reason)
    return Transition(job=job, state=state, outcome=outcome, reason=reason, **details)
