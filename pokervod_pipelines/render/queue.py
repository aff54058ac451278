"""The queue as a worker sees it: take the best, show signs of life, and say what came of it.

Each function is one transaction with its events. A claim whose instruction was given to another cannot change anything
any more: what it says is left out, and the answer says so. Rows of one call are locked in one order, so no two workers
wait for each other.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.render import crew, pauses
from pokervod_pipelines.render import queue_store as store
from pokervod_pipelines.render.backoff import find_wait
from pokervod_pipelines.render.failures import BadInstruction, FailureKind, SpoiledOutput, classify_failure
from pokervod_pipelines.render.queue_store import Beat, Claim, OutputFacts
from pokervod_pipelines.render.states import (
    Held,
    Settlement,
    State,
    settle_completed,
    settle_failed,
    settle_handed_back,
)
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines.text.folding import make_storable

EVENTS: Mapping[State, EventType] = {
    State.PENDING: EventType.RENDER_REQUEUED,
    State.PROCESSING: EventType.RENDER_STARTED,
    State.COMPLETED: EventType.RENDER_COMPLETED,
    State.FAILED: EventType.RENDER_FAILED,
    State.TIMED_OUT: EventType.RENDER_TIMED_OUT,
    State.CANCELLED: EventType.RENDER_CANCELLED,
}
"""What tells that an instruction came into a state."""

MOST_IDLE_SECONDS = 120
"""A worker that is frozen while it moves files lets go of their rows after so long."""

LEAST_REST = 0.2
"""Seconds; so often a worker looks for what it cannot take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A graphic that was made and found to be what was asked for; its file is not at its place yet.

    ``publish`` moves it there; it may raise ``OSError``. ``withdraw`` removes it from there, and nothing else that lies
    there; it may be called whether or not it was moved.
    """

    held: Held
    facts: OutputFacts
    publish: Callable[[], None]
    withdraw: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A graphic that could not be made, and why."""

    held: Held
    error: BaseException


def claim(
    engine: Engine, limits: RenderQueueSettings, *, worker: str, renderer: str, most: int, day: date | None = None
) -> list[Claim]:
    """The worker holds the best instructions of the renderer that are due, at most ``most``, best first.

    Best is the lowest rank: priority, then age, and half an hour of age outweighs a step of priority.
    """
    with engine.begin() as connection:
        claims = _claim_within_limits(connection, limits, worker=worker, renderer=renderer, most=most, day=day)
        append_events(connection, "render", "", [_tell_started(each.held) for each in claims])
    return claims


def _claim_within_limits(
    connection: Connection, limits: RenderQueueSettings, *, worker: str, renderer: str, most: int, day: date | None
) -> list[Claim]:
    lease = timedelta(seconds=limits.lease_seconds)

    def take(count: int, full: Collection[str]) -> list[Claim]:
        return store.claim_best(
            connection, worker=worker, renderer=renderer, most=count, lease=lease, full=full, day=day
        )

    if not limits.max_running:
        return take(most, ())
    held = dict(store.count_held(connection, renderer))
    room = limits.max_running.get(renderer, most + sum(held.values())) - sum(held.values())
    claims: list[Claim] = []
    while len(claims) < min(most, room):
        full = [name for name, count in held.items() if count >= limits.max_running.get(name, count + 1)]
        taken = take(1, full)
        if not taken:
            break
        claims += taken
        template = taken[0].held.template
        held[template] = held.get(template, 0) + 1
    return claims


def find_rest(
    engine: Engine, limits: RenderQueueSettings, *, renderers: Collection[str], looked_seconds: float, day: date | None = None
) -> float:
    """The seconds that a worker may rest which looked in vain for so long: until something is due or a pause ends.

    At most ``poll_seconds``, since not everything is foreseen; at least ``LEAST_REST``, since what is due may be held
    by a transaction or be nothing for this worker.
    """
    since = timedelta(seconds=looked_seconds + LEAST_REST)
    with engine.connect() as connection:
        moment = store.find_next_moment(connection, renderers, since, day)
    seconds = limits.poll_seconds if moment is None else max(LEAST_REST, moment.total_seconds())
    return min(seconds, limits.poll_seconds)


def show_life(engine: Engine, limits: RenderQueueSettings, beats: Collection[Beat]) -> dict[UUID, str | None]:
    """The claims hold for another lease; returns those that still do, with why to stop or None.

    A claim that is not in the answer has lost its instruction.
    """
    with engine.begin() as connection:
        return store.beat(connection, beats, timedelta(seconds=limits.lease_seconds))


def settle_all(
    engine: Engine, limits: RenderQueueSettings, made: Sequence[Made] = (), failed: Sequence[Failed] = ()
) -> dict[UUID, Settlement]:
    """What was made lies at its place and is completed, what failed is tried again or ended; returns what became of it.

    The file is moved while the row is locked, so nobody else has finished it before or takes it meanwhile. A claim
    missing in the answer has lost its instruction; its file was not moved. A call whose answer was lost may be made
    again.
    """
    with engine.begin() as connection:
        store.let_go_when_idle(connection, MOST_IDLE_SECONDS)
        asked = [*(each.held for each in made), *(each.held for each in failed)]
        done = store.read_done(connection, [each.claim_id for each in asked])
        locked = store.lock_held(connection, asked)
        settlements, outputs = _publish(connection, limits, [m for m in made if m.held.claim_id in locked], locked)
        settlements += [
            _judge_failure(locked[each.held.claim_id], each.error, limits)
            for each in failed
            if each.held.claim_id in locked
        ]
        move_on(connection, settlements, limits)
        store.insert_outputs(connection, outputs)
        crew.keep_score(connection, settlements)
        pauses.follow_capacity(connection, limits, settlements)
    repeated = {each.claim_id: settle_completed(each) for each in asked if each.claim_id in done}
    return repeated | {each.held.claim_id: each for each in settlements}


def take_back(engine: Engine, made: Sequence[Made]) -> None:
    """What was moved to its place and is not completed lies there no more, as when the move's transaction was lost.

    The rows are locked, so nobody else finishes one of them meanwhile; a place that is a finished graphic's is left.
    """
    with engine.begin() as connection:
        store.let_go_when_idle(connection, MOST_IDLE_SECONDS)
        store.lock_instructions(connection, [each.held.id for each in made])
        owners = store.find_owners(connection, [each.facts.path for each in made])
        for each in made:
            if each.facts.path not in owners:
                each.withdraw()


def _publish(
    connection: Connection, limits: RenderQueueSettings, made: Sequence[Made], locked: Mapping[UUID, Held]
) -> tuple[list[Settlement], dict[Held, OutputFacts]]:
    settlements: list[Settlement] = []
    outputs: dict[Held, OutputFacts] = {}
    owners = store.find_owners(connection, [each.facts.path for each in made]) if made else {}
    for each in made:
        held = locked[each.held.claim_id]
        settlement = settle_completed(held)
        if settlement.state is State.COMPLETED:
            try:
                _refuse_taken_path(owners, each)
                _refuse_repeated_picture(connection, each)
                each.publish()
                outputs[held] = each.facts
            except (OSError, SpoiledOutput, BadInstruction) as error:
                settlement = _judge_failure(held, error, limits)
        settlements.append(settlement)
    return settlements, outputs


def _refuse_taken_path(owners: Mapping[str, int], made: Made) -> None:
    """Before the file is moved: it would lie upon another one's."""
    if owner := owners.get(made.facts.path):
        raise BadInstruction(f"its path {made.facts.path} is that of instruction {owner}; mend render.path")


def _refuse_repeated_picture(connection: Connection, made: Made) -> None:
    """A picture that was compared with one drawn anew has no ``content_hash``, and may be that of another."""
    if made.facts.content_hash is None or made.facts.picture_hash is None:
        return
    if other := store.find_same_picture(connection, made.held, made.facts):
        raise SpoiledOutput(f"it shows exactly what instruction {other} shows, which asked for something else")


def _judge_failure(held: Held, error: BaseException, limits: RenderQueueSettings) -> Settlement:
    kind: FailureKind = classify_failure(error)
    wait = limits.pause_seconds if kind == "capacity" else find_wait(limits.retry_seconds, held.retry_count)
    text = make_storable(str(error) or type(error).__name__)
    return settle_failed(held, kind, text if kind != "unknown" else f"{type(error).__name__}: {text}", wait)


def hand_back(engine: Engine, limits: RenderQueueSettings, held: Collection[Held], reason: str) -> None:
    """What these claims still hold waits again, at once and without a retry spent."""
    with engine.begin() as connection:
        locked = store.lock_held(connection, held)
        move_on(connection, [settle_handed_back(each, reason) for each in locked.values()], limits)


def move_on(connection: Connection, settlements: Sequence[Settlement], limits: RenderQueueSettings) -> None:
    """Each instruction, locked by this transaction, is as its settlement says; its attempt and its event are kept.

    Where so many may be held at once, workers are woken: there is room for another.
    """
    store.settle(connection, settlements)
    if limits.max_running and settlements:
        store.wake_workers(connection)
    append_events(connection, "render", "", [_tell_settled(each) for each in settlements])


def _tell_started(held: Held) -> NewEvent:
    payload = {**_name(held), "state_before": State.PENDING, "state": State.PROCESSING, "attempt": held.retry_count + 1}
    return NewEvent(EventType.RENDER_STARTED, payload, held.correlation_id)


def _tell_settled(each: Settlement) -> NewEvent:
    payload = {
        **_name(each.held),
        "state_before": State.PROCESSING,
        "state": each.state,
        "attempt": each.held.retry_count + 1,
        "outcome": each.outcome,
        "kind": each.kind,
        "reason": each.reason,
    }
    return NewEvent(EVENTS[each.state], payload, each.held.correlation_id)


def _name(held: Held) -> dict[str, Any]:
    return {"instruction_id": held.id, "template": held.template, "worker": held.worker}
