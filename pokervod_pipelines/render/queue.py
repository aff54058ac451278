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

from pokervod_pipelines.events import EventType, NewEvent, append_events, make_storable
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
from pokervod_pipelines.settings_rooms import RenderQueue

EVENTS: Mapping[State, EventType] = {
    State.PENDING: EventType.RENDER_REQUEUED,
    State.PROCESSING: EventType.RENDER_STARTED,
    State.COMPLETED: EventType.RENDER_COMPLETED,
    State.FAILED: EventType.RENDER_FAILED,
    State.TIMED_OUT: EventType.RENDER_TIMED_OUT,
    State.CANCELLED: EventType.RENDER_CANCELLED,
}
"""What tells that an instruction came into a state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A graphic that was made and found to be what was asked for; its file is not at its place yet.

    ``publish`` moves it there; it may raise ``OSError``. ``is_redrawn`` tells that its picture was compared with one
    drawn anew, so that it need not differ from those of other instructions.
    """

    held: Held
    facts: OutputFacts
    publish: Callable[[], None]
    is_redrawn: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A graphic that could not be made, and why."""

    held: Held
    error: BaseException


def claim(
    engine: Engine, limits: RenderQueue, *, worker: str, renderer: str, most: int, day: date | None = None
) -> list[Claim]:
    """The worker holds the best instructions of the renderer that are due, at most ``most``, best first.

    Best is the lowest rank: priority, then age, and half an hour of age outweighs a step of priority.
    """
    with engine.begin() as connection:
        claims = _claim_within_limits(connection, limits, worker=worker, renderer=renderer, most=most, day=day)
        append_events(connection, "render", "", [_tell_started(each.held) for each in claims])
    return claims


def _claim_within_limits(
    connection: Connection, limits: RenderQueue, *, worker: str, renderer: str, most: int, day: date | None
) -> list[Claim]:
    lease = timedelta(seconds=limits.lease_seconds)

    def take(count: int, full: Collection[str]) -> list[Claim]:
        return store.claim_best(
            connection, worker=worker, renderer=renderer, most=count, lease=lease, full=full, day=day
        )

    if not limits.most_at_once:
        return take(most, ())
    held = dict(store.count_held(connection, renderer))
    room = limits.most_at_once.get(renderer, most + sum(held.values())) - sum(held.values())
    claims: list[Claim] = []
    while len(claims) < min(most, room):
        full = [name for name, count in held.items() if count >= limits.most_at_once.get(name, count + 1)]
        taken = take(1, full)
        if not taken:
            break
        claims += taken
        template = taken[0].held.template
        held[template] = held.get(template, 0) + 1
    return claims


def show_life(engine: Engine, limits: RenderQueue, beats: Collection[Beat]) -> dict[UUID, str | None]:
    """The claims hold for another lease; returns those that still do, with why to stop or None.

    A claim that is not in the answer has lost its instruction.
    """
    with engine.begin() as connection:
        return store.beat(connection, beats, timedelta(seconds=limits.lease_seconds))


def settle_all(
    engine: Engine, limits: RenderQueue, made: Sequence[Made] = (), failed: Sequence[Failed] = ()
) -> dict[UUID, Settlement]:
    """What was made lies at its place and is completed, what failed is tried again or ended; returns what became of it.

    The file is moved while the row is locked, so nobody else has finished it before or takes it meanwhile. A claim
    missing in the answer has lost its instruction; its file was not moved. A call whose answer was lost may be made
    again.
    """
    with engine.begin() as connection:
        asked = [*(each.held for each in made), *(each.held for each in failed)]
        done = store.read_done(connection, [each.claim_id for each in asked])
        locked = store.lock_held(connection, asked)
        settlements, outputs = _publish(connection, limits, [m for m in made if m.held.claim_id in locked], locked)
        settlements += [
            _judge_failure(locked[each.held.claim_id], each.error, limits)
            for each in failed
            if each.held.claim_id in locked
        ]
        move_on(connection, settlements)
        store.insert_outputs(connection, outputs)
        crew.keep_score(connection, settlements)
        pauses.follow_capacity(connection, limits, settlements)
    repeated = {each.claim_id: settle_completed(each) for each in asked if each.claim_id in done}
    return repeated | {each.held.claim_id: each for each in settlements}


def _publish(
    connection: Connection, limits: RenderQueue, made: Sequence[Made], locked: Mapping[UUID, Held]
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
    if made.is_redrawn or made.facts.picture_hash is None:
        return
    if other := store.find_same_picture(connection, made.held, made.facts.picture_hash):
        raise SpoiledOutput(f"it shows exactly what instruction {other} shows, which asked for something else")


def _judge_failure(held: Held, error: BaseException, limits: RenderQueue) -> Settlement:
    kind: FailureKind = classify_failure(error)
    wait = limits.pause_seconds if kind == "capacity" else find_wait(limits.retry_seconds, held.retry_count)
    text = make_storable(str(error) or type(error).__name__)
    return settle_failed(held, kind, text if kind != "unknown" else f"{type(error).__name__}: {text}", wait)


def hand_back(engine: Engine, held: Collection[Held], reason: str) -> None:
    """What these claims still hold waits again, at once and without a retry spent."""
    with engine.begin() as connection:
        locked = store.lock_held(connection, held)
        move_on(connection, [settle_handed_back(each, reason) for each in locked.values()])


def move_on(connection: Connection, settlements: Sequence[Settlement]) -> None:
    """Each instruction, locked by this transaction, is as its settlement says; its attempt and its event are kept."""
    store.settle(connection, settlements)
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
