"""Run the queue for workers: claim jobs, renew their leases, record results, requeue what is lost.

Each function is one transaction with its events. A claim whose instruction was given to another worker changes nothing
any more: the answer leaves it out. Rows of one call are locked in one order, so no two workers wait for each other.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.policies.backoff import Backoff
from pokervod_pipelines.render import pauses, workers
from pokervod_pipelines.render import queue_store as store
from pokervod_pipelines.render.failures import (
    BadInstruction,
    FailureKind,
    RenderFailure,
    SpoiledOutput,
    classify_failure,
    describe_failure,
)
from pokervod_pipelines.render.queue_store import ClaimedJob, Heartbeat, LostJob, OutputFacts
from pokervod_pipelines.render.states import (
    Job,
    State,
    Transition,
    transition_on_failure,
    transition_on_loss,
    transition_on_release,
    transition_on_success,
)
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines.text.folding import make_storable

STATE_EVENTS: Mapping[State, EventType] = {
    State.PENDING: EventType.RENDER_REQUEUED,
    State.PROCESSING: EventType.RENDER_STARTED,
    State.COMPLETED: EventType.RENDER_COMPLETED,
    State.FAILED: EventType.RENDER_FAILED,
    State.TIMED_OUT: EventType.RENDER_TIMED_OUT,
    State.CANCELLED: EventType.RENDER_CANCELLED,
}
"""The event that reports each new state of a job."""

MAX_IDLE_SECONDS = 120
"""A worker that freezes while it publishes files loses its row locks after so long."""

MIN_WAIT_SECONDS = 0.2
"""How often at most a worker searches for what it cannot claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRender:
    """Hold a rendered and verified job whose file is not published yet.

    ``publish`` moves the file to its final path; it may raise ``OSError`` or a ``RenderFailure``. ``unpublish``
    deletes it from there, and nothing else that has that path; it may be called whether or not it was published.
    """

    job: Job
    facts: OutputFacts
    publish: Callable[[], None]
    unpublish: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRender:
    """Hold a job that could not be rendered, and why."""

    job: Job
    error: BaseException


def claim_jobs(
    engine: Engine, limits: RenderQueueSettings, *, worker: str, renderer: str, limit: int, day: date | None = None
) -> list[ClaimedJob]:
    """Claim the best due instructions of the renderer for the worker, at most ``limit``, best first.

    Best is the lowest rank: priority, then age, and half an hour of age outweighs a step of priority.
    """
    with engine.begin() as connection:
        jobs = _claim_within_limits(connection, limits, worker=worker, renderer=renderer, limit=limit, day=day)
        append_events(connection, "render", "", [_make_started_event(job) for job in jobs])
    return jobs


def _claim_within_limits(
    connection: Connection, limits: RenderQueueSettings, *, worker: str, renderer: str, limit: int, day: date | None
) -> list[ClaimedJob]:
    lease = timedelta(seconds=limits.lease_seconds)

    def claim(count: int, full: Collection[str]) -> list[ClaimedJob]:
        return store.claim_best(
            connection, worker=worker, renderer=renderer, limit=count, lease=lease, full=full, day=day
        )

    if not limits.max_running:
        return claim(limit, ())
    running = dict(store.lock_and_count_running(connection, renderer))
    total = sum(running.values())
    free = limits.max_running.get(renderer, limit + total) - total
    jobs: list[ClaimedJob] = []
    while len(jobs) < min(limit, free):
        full = [name for name, count in running.items() if count >= limits.max_running.get(name, count + 1)]
        claimed = claim(1, full)
        if not claimed:
            break
        jobs += claimed
        template = claimed[0].template
        running[template] = running.get(template, 0) + 1
    return jobs


def find_wait_seconds(
    engine: Engine,
    limits: RenderQueueSettings,
    *,
    renderers: Collection[str],
    searched_seconds: float,
    day: date | None = None,
) -> float:
    """Return how long a worker may wait that searched in vain for so long: until something is due or a pause ends.

    At most ``poll_seconds``, since not everything is foreseen; at least ``MIN_WAIT_SECONDS``, since what is due may be
    locked by a transaction or not be for this worker.
    """
    since = timedelta(seconds=searched_seconds + MIN_WAIT_SECONDS)
    with engine.connect() as connection:
        due = store.find_next_due(connection, renderers, since, day)
    seconds = limits.poll_seconds if due is None else max(MIN_WAIT_SECONDS, due.total_seconds())
    return min(seconds, limits.poll_seconds)


def renew_leases(
    engine: Engine, limits: RenderQueueSettings, heartbeats: Collection[Heartbeat]
) -> dict[UUID, str | None]:
    """Extend the leases by another lease time; return the valid claims with why to stop, or None.

    A claim that is not in the answer has lost its instruction.
    """
    with engine.begin() as connection:
        return store.renew_leases(connection, heartbeats, timedelta(seconds=limits.lease_seconds))


def record_results(
    engine: Engine,
    limits: RenderQueueSettings,
    finished: Sequence[FinishedRender] = (),
    failed: Sequence[FailedRender] = (),
) -> dict[UUID, Transition]:
    """Publish and complete what was rendered, retry or end what failed; return the transition of each claim.

    A file is published while its row is locked, so no other worker has completed the instruction or claims it
    meanwhile. A claim missing in the answer has lost its instruction; its file was not published. A call whose answer
    was lost may be repeated.
    """
    with engine.begin() as connection:
        store.limit_idle_time(connection, MAX_IDLE_SECONDS)
        jobs = [*(each.job for each in finished), *(each.job for each in failed)]
        completed = store.read_completed_claims(connection, [job.claim_id for job in jobs])
        locked = store.lock_jobs(connection, jobs)
        valid = [each for each in finished if each.job.claim_id in locked]
        transitions, outputs = _publish(connection, limits, valid, locked)
        transitions += [
            _find_failure_transition(locked[each.job.claim_id], each.error, limits)
            for each in failed
            if each.job.claim_id in locked
        ]
        apply_transitions(connection, transitions, limits)
        store.insert_outputs(connection, outputs)
        workers.update_strikes(connection, transitions)
        pauses.follow_capacity(connection, limits, transitions)
    repeated = {job.claim_id: transition_on_success(job) for job in jobs if job.claim_id in completed}
    return repeated | {each.job.claim_id: each for each in transitions}


def delete_unpublished(engine: Engine, finished: Sequence[FinishedRender]) -> None:
    """Delete files whose publish did not commit, as when the connection was lost after the move.

    The rows are locked, so no other worker publishes one meanwhile; the path of a completed instruction is left alone.
    """
    with engine.begin() as connection:
        store.limit_idle_time(connection, MAX_IDLE_SECONDS)
        store.lock_instructions(connection, [each.job.id for each in finished])
        owners = store.find_output_owners(connection, [each.facts.path for each in finished])
        for each in finished:
            if each.facts.path not in owners:
                each.unpublish()


def _publish(
    connection: Connection, limits: RenderQueueSettings, finished: Sequence[FinishedRender], locked: Mapping[UUID, Job]
) -> tuple[list[Transition], dict[Job, OutputFacts]]:
    transitions: list[Transition] = []
    outputs: dict[Job, OutputFacts] = {}
    owners = store.find_output_owners(connection, [each.facts.path for each in finished]) if finished else {}
    for each in finished:
        job = locked[each.job.claim_id]
        transition = transition_on_success(job)
        if transition.state is State.COMPLETED:
            try:
                _refuse_taken_path(owners, each)
                _refuse_repeated_picture(connection, each)
                each.publish()
                outputs[job] = each.facts
            except (OSError, RenderFailure) as error:
                transition = _find_failure_transition(job, error, limits)
        transitions.append(transition)
    return transitions, outputs


def _refuse_taken_path(owners: Mapping[str, int], finished: FinishedRender) -> None:
    """Raise before the file overwrites that of another instruction."""
    if owner := owners.get(finished.facts.path):
        raise BadInstruction(
            f"its path {finished.facts.path} belongs to instruction {owner}; correct render.path in the settings"
        )


def _refuse_repeated_picture(connection: Connection, finished: FinishedRender) -> None:
    """Raise for a picture that another instruction shows; one without ``content_hash`` was compared with a drawing."""
    if finished.facts.content_hash is None or finished.facts.picture_hash is None:
        return
    if other := store.find_same_picture(connection, finished.job, finished.facts):
        raise SpoiledOutput(f"it shows exactly what instruction {other} shows, which has other content")


def _find_failure_transition(job: Job, error: BaseException, limits: RenderQueueSettings) -> Transition:
    kind: FailureKind = classify_failure(error)
    wait = limits.pause_seconds if kind == "capacity" else _find_retry_wait(job, limits)
    text = make_storable(describe_failure(error), "?")
    return transition_on_failure(job, kind, text if kind != "unknown" else f"{type(error).__name__}: {text}", wait)


def _find_retry_wait(job: Job, limits: RenderQueueSettings) -> float:
    backoff = Backoff(first_seconds=limits.retry_seconds, factor=3, limit_seconds=pauses.MAX_SECONDS, jitter=0.5)
    return backoff.find_wait(job.retry_count + 1)


def release_claims(engine: Engine, limits: RenderQueueSettings, jobs: Collection[Job], reason: str) -> None:
    """Release those claims that are still valid: the instructions are due at once and no retry is spent."""
    with engine.begin() as connection:
        locked = store.lock_jobs(connection, jobs)
        apply_transitions(connection, [transition_on_release(each, reason) for each in locked.values()], limits)


def requeue_lost(
    engine: Engine, limits: RenderQueueSettings, template_limits: Mapping[str, float] | None = None
) -> list[Transition]:
    """Requeue jobs whose lease expired or that take too long; time out those without retries left.

    Any process may call it at any time: workers do, and so does the sensor ``stale_instructions``.
    """
    with engine.begin() as connection:
        lost = store.lock_lost_jobs(connection, timedelta(minutes=limits.timeout_minutes), template_limits or {})
        return requeue_locked(connection, limits, lost)


def requeue_locked(connection: Connection, limits: RenderQueueSettings, lost: Sequence[LostJob]) -> list[Transition]:
    """Requeue or time out these jobs, which this transaction has locked."""
    transitions = [
        transition_on_loss(each.job, _describe_loss(each), _find_retry_wait(each.job, limits)) for each in lost
    ]
    apply_transitions(connection, transitions, limits)
    return transitions


def _describe_loss(each: LostJob) -> str:
    if each.is_lease_expired:
        return f"{each.job.worker} sent no heartbeat for {each.seconds:.0f} s"
    return f"{each.job.worker} rendered for {each.seconds:.0f} s; the limit is {each.max_seconds:.0f} s"


def apply_transitions(connection: Connection, transitions: Sequence[Transition], limits: RenderQueueSettings) -> None:
    """Write the transitions of jobs that this transaction has locked, with their attempts and events.

    Where the number of running jobs is limited, workers are woken: another may be claimed now.
    """
    store.write_transitions(connection, transitions)
    if limits.max_running and transitions:
        store.wake_workers(connection)
    append_events(connection, "render", "", [_make_transition_event(each) for each in transitions])


def _make_started_event(job: Job) -> NewEvent:
    payload = {**_describe(job), "state_before": State.PENDING, "state": State.PROCESSING}
    return NewEvent(EventType.RENDER_STARTED, payload | {"attempt": job.retry_count + 1}, job.correlation_id)


def _make_transition_event(each: Transition) -> NewEvent:
    payload = {
        **_describe(each.job),
        "state_before": State.PROCESSING,
        "state": each.state,
        "attempt": each.job.retry_count + 1,
        "outcome": each.outcome,
        "kind": each.kind,
        "reason": each.reason,
    }
    return NewEvent(STATE_EVENTS[each.state], payload, each.job.correlation_id)


def _describe(job: Job) -> dict[str, Any]:
    return {"instruction_id": job.id, "template": job.template, "worker": job.worker}
