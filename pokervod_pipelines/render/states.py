"""The states of an instruction: what each means, who moves a row out of it, and which moves there are.

Pure. The database refuses every move that is not in ``MOVES`` (migration 0004).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pokervod_pipelines.render.failures import FailureKind


class State(StrEnum):
    """How far an instruction is."""

    PENDING = "pending"
    """It waits, until ``due_at`` at least. A worker moves it on by claiming it; a person, a next version or the end of
    what triggered it cancels it."""

    PROCESSING = "processing"
    """One claim of one worker holds it until ``lease_until``, which every heartbeat moves on. That worker moves it on,
    by its claim id; once the lease is over whoever comes to the rescue does."""

    COMPLETED = "completed"
    """Its file was compared with it and lies at its final path. Nobody moves it on; what is to be drawn otherwise is a
    next version."""

    FAILED = "failed"
    """It cannot be made, or was tried as often as it may be. A person asks for it again or cancels it."""

    CANCELLED = "cancelled"
    """Nobody wants it any more. A person may ask for it again, unless a next version took its place."""

    TIMED_OUT = "timed_out"
    """Its last try took too long, or its worker was never heard of again. A person asks for it again or cancels it."""


MOVES: Mapping[State, frozenset[State]] = {
    State.PENDING: frozenset({State.PROCESSING, State.CANCELLED}),
    State.PROCESSING: frozenset(State) - {State.PROCESSING},
    State.COMPLETED: frozenset(),
    State.FAILED: frozenset({State.PENDING, State.CANCELLED}),
    State.CANCELLED: frozenset({State.PENDING}),
    State.TIMED_OUT: frozenset({State.PENDING, State.CANCELLED}),
}
"""Which state may follow which."""

Outcome = Literal["completed", "failed", "handed_back", "lost", "cancelled"]
"""How an attempt ended: ``lost`` is a worker that was not heard of, ``handed_back`` one that stopped in good order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An instruction that a claim holds, as much of it as decides what becomes of it.

    ``unwanted`` is why nobody wants it any more, or None.
    """

    id: int
    claim_id: UUID
    worker: str
    started_at: datetime
    template: str
    retry_count: int
    max_retries: int
    unwanted: str | None
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What becomes of a held instruction: its next state and why, and how the attempt ended.

    A pending one is due after ``wait_seconds``; ``spends_retry`` counts the attempt.
    """

    held: Held
    state: State
    outcome: Outcome
    reason: str
    kind: FailureKind | None = None
    spends_retry: bool = False
    wait_seconds: float = 0.0


def settle_completed(held: Held) -> Settlement:
    """Return what becomes of one whose file was made: it is completed, unless nobody wants it any more."""
    if held.unwanted is not None:
        return _cancel(held)
    return Settlement(held=held, state=State.COMPLETED, outcome="completed", reason=f"made by {held.worker}")


def settle_failed(held: Held, kind: FailureKind, reason: str, wait_seconds: float) -> Settlement:
    """Return what becomes of one that its worker could not make; ``wait_seconds`` is for another try.

    Want of capacity spends no retry, a bad input is never tried again.
    """
    if held.unwanted is not None:
        return _cancel(held)
    if kind == "capacity":
        return Settlement(
            held=held,
            state=State.PENDING,
            outcome="handed_back",
            kind=kind,
            reason=reason,
            wait_seconds=wait_seconds,
        )
    return _retry_or_end(held, "failed", kind, reason, wait_seconds)


def settle_lost(held: Held, reason: str, wait_seconds: float) -> Settlement:
    """Return what becomes of one whose worker was not heard of, or held it for too long."""
    if held.unwanted is not None:
        return _cancel(held)
    return _retry_or_end(held, "lost", "timeout", reason, wait_seconds)


def settle_handed_back(held: Held, reason: str) -> Settlement:
    """Return what becomes of one whose worker stops in good order: the next may take it at once."""
    if held.unwanted is not None:
        return _cancel(held)
    return Settlement(held=held, state=State.PENDING, outcome="handed_back", reason=reason)


def _cancel(held: Held) -> Settlement:
    return Settlement(held=held, state=State.CANCELLED, outcome="cancelled", reason=held.unwanted or "")


def _retry_or_end(held: Held, outcome: Outcome, kind: FailureKind, reason: str, wait_seconds: float) -> Settlement:
    if kind != "bad_input" and held.retry_count < held.max_retries:
        return Settlement(
            held=held,
            state=State.PENDING,
            outcome=outcome,
            kind=kind,
            reason=f"try {held.retry_count + 2} of {held.max_retries + 1} follows: {reason}",
            spends_retry=True,
            wait_seconds=wait_seconds,
        )
    end = State.TIMED_OUT if kind == "timeout" else State.FAILED
    spent = f" (tried {held.retry_count + 1} times)" if kind != "bad_input" and held.retry_count else ""
    return Settlement(held=held, state=end, outcome=outcome, kind=kind, reason=reason + spent)
