"""Retry, rescue, raise and rank anew what is in the render queue, by the queue's own functions.

What the queue does by itself is not done again: it retries a failure while the instruction has retries, and its workers
and the sensor ``stale_instructions`` requeue what is lost. Here is what is left after that.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from pokervod_pipelines.monitoring.remediation.shape import DETECTORS, Deed, RemedyKind
from pokervod_pipelines.monitoring.remediation.spared import (
    IN_FORCE,
    IS_PAUSED,
    IS_SPARED,
    MAY_PASS,
    RETRY_HOURS,
    ROUNDS,
    write_in_window,
)
from pokervod_pipelines.monitoring.remediation.turn import QUEUE, Turn, Work, select
from pokervod_pipelines.render import actions, queue, queue_store
from pokervod_pipelines.render.queue_store import LostJob
from pokervod_pipelines.render.states import State
from pokervod_pipelines.render.templates import read_time_limits
from pokervod_pipelines.render.workers import HAS_WORKER
from pokervod_pipelines.subjects import Subject, SubjectKind

WAIT_FACTOR = 3
"""Each round waits so many times as long as the one before."""

STEPS = 2
"""A graphic that waits for too long is raised by so many steps of priority, half an hour of age each."""


def name_instruction(id_: int) -> Subject:
    """Return the subject of an instruction."""
    return Subject(kind=SubjectKind.INSTRUCTION, name=str(id_))


def _name_template(name: str) -> Subject:
    return Subject(kind=SubjectKind.TEMPLATE, name=name)


_ROUNDS_LEFT = f"{ROUNDS} < case r.failure_kind when 'unknown' then 1 else :rounds end"

_FAILED = f"""render_instructions r where r.state in ('failed', 'timed_out')
    and r.finished_at > :now - interval '{RETRY_HOURS} hours' and {MAY_PASS} and {_ROUNDS_LEFT} and {IN_FORCE}
    and not {IS_SPARED} and not {IS_PAUSED}
    and r.finished_at + cast(:wait as interval) * power({WAIT_FACTOR}, {ROUNDS}) <= :now"""


def retry_failed(turn: Turn) -> Work:
    """Give graphics their retries again that spent them on what may pass, each some rounds, with growing waits."""
    rules = turn.settings.monitoring.remediation.retry
    found, left = select(
        turn,
        f"r.id, r.template, r.state, r.failure_kind, r.reason, r.retry_count, {ROUNDS} as rounds",
        _FAILED,
        "r.priority, r.finished_at, r.id",
        rounds=rules.rounds,
        wait=timedelta(minutes=rules.after_minutes),
    )
    if not found:
        return Work(left=left)
    report = actions.retry(
        turn.connection, [each.id for each in found], turn.sign("it failed of what may pass, and has waited")
    )
    deeds = [_make_retry(turn, each, rules.rounds) for each in found if each.id in report.done]
    return Work(deeds=deeds, left=left)


def _make_retry(turn: Turn, row: Any, rounds: int) -> Deed:
    of = 1 if row.failure_kind == "unknown" else rounds
    return turn.make_deed(
        name_instruction(row.id),
        f"round {row.rounds + 1} of {of}, it {row.state.replace('_', ' ')} ({row.failure_kind}): {row.reason}",
        _name_template(row.template),
        QUEUE,
        before={"state": row.state, "retry_count": row.retry_count, "failure_kind": row.failure_kind},
        after={"state": State.PENDING, "retry_count": 0, "round": row.rounds + 1},
    )


_SPARED_JOBS = text(f"""
    select r.id from render_instructions r left join render_workers w on w.name = r.claimed_by
    where r.id = any(:ids) and ({IS_SPARED} or coalesce(w.held_until > :now, false)
        or {write_in_window({"worker": "r.claimed_by"})})
""")  # noqa: S608 - constants


def rescue_lost(turn: Turn) -> Work:
    """Requeue jobs that have been lost for a while, so that whoever should requeue them is away."""
    limits, after = turn.settings.render.queue, turn.settings.monitoring.remediation.rescue.after_seconds
    timeout = timedelta(minutes=limits.timeout_minutes)
    locked = queue_store.lock_lost_jobs(turn.connection, timeout, read_time_limits(turn.settings))
    lost = [each for each in locked if _find_overdue(each, limits.lease_seconds) >= after]
    if not lost:
        return Work()
    ids = {"ids": [each.job.id for each in lost], "now": turn.now}
    spared = set(turn.connection.scalars(_SPARED_JOBS, ids))
    free = [each for each in lost if each.job.id not in spared]
    done = free[: turn.budget]
    transitions = queue.requeue_locked(turn.connection, limits, done)
    deeds = [
        turn.make_deed(
            name_instruction(each.job.id),
            f"{transition.reason}; neither a worker nor the sensor requeued it",
            Subject(kind=SubjectKind.WORKER, name=each.job.worker),
            _name_template(each.job.template),
            QUEUE,
            before={
                "state": State.PROCESSING,
                "worker": each.job.worker,
                "started_at": each.job.started_at.isoformat(),
                "is_lease_expired": each.is_lease_expired,
            },
            after={"state": transition.state},
        )
        for each, transition in zip(done, transitions, strict=True)
    ]
    return Work(deeds=deeds, left=len(free) - len(done))


def _find_overdue(lost: LostJob, lease_seconds: float) -> float:
    return lost.seconds - (lease_seconds if lost.is_lease_expired else lost.max_seconds)


_SCOPES = "('all', 'renderer:' || r.renderer, 'template:' || r.template)"

_WAITING = f"""render_instructions r where r.state = 'pending'
    and greatest(r.due_at, r.held_until) <= :now - cast(:after as interval)
    and {IN_FORCE} and not {IS_SPARED} and {HAS_WORKER}
    and not exists (select from render_pauses p
        where (p.until is null or p.until > :now - cast(:after as interval)) and p.scope in {_SCOPES})
    and not exists (select from events e where e.type = 'render.resumed' and e.at > :now - cast(:after as interval)
        and e.payload ->> 'scope' in {_SCOPES})
    and not exists (select from remediations a where a.kind = 'prioritize' and a.subject_kind = 'instruction'
        and a.subject = cast(r.id as varchar) and a.done_at > :now - cast(:after as interval))
    and not exists (select from events e where e.source = 'render'
        and e.payload ->> 'instruction_id' = cast(r.id as varchar) and e.payload ->> 'change' = 'prioritize'
        and e.payload ->> 'by' <> :detector)"""  # noqa: S608 - constants
"""What was held or paused waits since that ended. Where a person has set the priority, that is what it stays."""


def raise_waiting(turn: Turn) -> Work:
    """Raise graphics that waited for too long although a worker is there, and wake the workers."""
    after = timedelta(minutes=turn.settings.monitoring.remediation.prioritize.after_minutes)
    found, left = select(
        turn,
        "r.id, r.template, r.priority, r.due_at",
        _WAITING,
        "r.rank, r.id",
        after=after,
        detector=DETECTORS[RemedyKind.PRIORITIZE],
    )
    deeds = []
    by_priority: dict[int, list[int]] = {}
    for each in found:
        priority = max(1, each.priority - STEPS)
        waited = (turn.now - each.due_at) // timedelta(minutes=1)
        told = f"raised to priority {priority}" if priority < each.priority else "its priority is the highest"
        deeds.append(
            turn.make_deed(
                name_instruction(each.id),
                f"it has waited for {waited} min; {told}, workers woken",
                _name_template(each.template),
                QUEUE,
                before={"priority": each.priority},
                after={"priority": priority},
            )
        )
        if priority < each.priority:
            by_priority.setdefault(priority, []).append(each.id)
    for priority, ids in by_priority.items():
        actions.prioritize(turn.connection, ids, priority, turn.sign("it waits for too long"))
    if found:
        queue_store.wake_workers(turn.connection)
    return Work(deeds=deeds, left=left)


_RANK = "r.created_at + r.priority * interval '30 minutes'"

_MISRANKED = f"""render_instructions r where r.state = 'pending' and r.rank <> {_RANK} and {IN_FORCE}
    and not {IS_SPARED}"""


def rank_anew(turn: Turn) -> Work:
    """Rank waiting graphics anew whose rank does not fit their priority and age, so that later ones overtake them."""
    found, left = select(turn, f"r.id, r.template, r.rank, {_RANK} as right", _MISRANKED, "r.rank, r.id")
    if not found:
        return Work(left=left)
    actions.reorder(
        turn.connection, [each.id for each in found], turn.sign("its rank did not fit its priority and age")
    )
    queue_store.wake_workers(turn.connection)
    return Work(deeds=_list_ranked(turn, found), left=left)


def _list_ranked(turn: Turn, found: Sequence[Any]) -> list[Deed]:
    return [
        turn.make_deed(
            name_instruction(each.id),
            "its rank did not fit its priority and age; ranked anew, workers woken",
            _name_template(each.template),
            QUEUE,
            before={"rank": each.rank.isoformat()},
            after={"rank": each.right.isoformat()},
        )
        for each in found
    ]
