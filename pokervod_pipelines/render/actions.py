"""What people do with instructions that exist: ask again, cancel, and say what is more urgent.

Each action is one transaction over all it is asked for, with an event for each that keeps who did it and why. What
cannot be done of one is said of that one, and the others are done.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.render.listing import InstructionFilter, list_instructions
from pokervod_pipelines.render.states import State

MOST_AT_ONCE = 100_000
ENDED = (State.FAILED, State.TIMED_OUT, State.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who acts, and why; both are kept."""

    by: str
    reason: str
    correlation_id: str

    def __post_init__(self) -> None:
        if not self.by.strip() or not self.reason.strip():
            raise BadInput("an action on a graphic needs who does it and why: both are kept with it")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionReport:
    """The instructions that the action changed, and why it could not change the others, by id."""

    done: tuple[int, ...]
    refused: tuple[tuple[int, str], ...]


def retry(engine: Engine, ids: Collection[int], order: Order) -> ActionReport:
    """Those that failed, timed out or were cancelled wait again, with all their retries."""
    return _act(engine, ids, order, refuse=_refuse_retry, statement=_RETRY, tell=_tell_retry)


def bulk_retry(engine: Engine, wanted: InstructionFilter, order: Order) -> ActionReport:
    """All in force that fit and failed or timed out (or are in the states that are asked for) wait again."""
    states = wanted.states or (State.FAILED, State.TIMED_OUT)
    if wrong := [state for state in states if state not in ENDED]:
        raise BadInput(f"what is {wrong[0]} cannot be asked for again; the states are {', '.join(ENDED)}")
    with engine.connect() as connection:
        found = list_instructions(connection, wanted.narrow(states=states, is_in_force=True), limit=MOST_AT_ONCE)
    return retry(engine, [each.id for each in found if each.withdrawn_at is None], order)


def remake(engine: Engine, ids: Collection[int], order: Order) -> ActionReport:
    """Those that are completed are made anew, each as its next version: for a file that was lost or spoiled."""
    return _act(engine, ids, order, refuse=_refuse_remake, statement=_REMAKE, tell=_tell_remake)


def cancel(engine: Engine, ids: Collection[int], order: Order) -> ActionReport:
    """Those that are not completed are cancelled; a render in work is stopped, then cancelled by who stops it."""
    return _act(engine, ids, order, refuse=_refuse_cancel, statement=_CANCEL, tell=_tell_cancel)


def prioritize(engine: Engine, ids: Collection[int], priority: int, order: Order) -> ActionReport:
    """Those that wait or are in work have this priority, 1 the highest. Raises ``BadInput`` for none from 1 to 10."""
    if not 1 <= priority <= 10:
        raise BadInput(f"{priority} is no priority; it goes from 1, the highest, to 10")

    def tell(row: Row[Any]) -> NewEvent:
        return _tell_update(row, change="prioritize", priority=priority, priority_before=row.priority)

    return _act(
        engine, ids, order, refuse=_refuse_prioritize, statement=_PRIORITIZE, tell=tell, parameters={"to": priority}
    )


def _act(
    engine: Engine,
    ids: Collection[int],
    order: Order,
    *,
    refuse: Callable[[Row[Any]], str | None],
    statement: Any,
    tell: Callable[[Row[Any]], NewEvent],
    parameters: Mapping[str, Any] | None = None,
) -> ActionReport:
    with engine.begin() as connection:
        rows = _lock(connection, ids)
        refused = {number: "there is no such instruction" for number in ids if number not in rows}
        refused |= {row.id: why for row in rows.values() if (why := refuse(row))}
        done = [row for row in rows.values() if row.id not in refused]
        said = f"{order.reason.strip()} ({order.by.strip()})"
        connection.execute(statement, {"ids": [row.id for row in done], "reason": said, **(parameters or {})})
        append_events(connection, "render", order.correlation_id, list(_sign(map(tell, done), order)))
    return ActionReport(done=tuple(row.id for row in done), refused=tuple(sorted(refused.items())))


def _lock(connection: Connection, ids: Collection[int]) -> dict[int, Row[Any]]:
    rows = connection.execute(
        text("""
            select id, state, template, priority, superseded_by, withdrawn_at is not null as is_withdrawn,
                   correlation_id
            from render_instructions where id = any(:ids) order by id for update
        """),
        {"ids": sorted(set(ids))},
    )
    return {row.id: row for row in rows}


def _sign(events: Iterable[NewEvent], order: Order) -> Iterable[NewEvent]:
    for event in events:
        yield NewEvent(event.type, event.payload | {"reason": order.reason, "by": order.by}, event.correlation_id)


def _refuse_gone(row: Row[Any]) -> str | None:
    """Why nobody wants it any more, whatever its state."""
    if row.superseded_by is not None:
        return f"instruction {row.superseded_by} took its place; ask for that one"
    if row.is_withdrawn:
        return "what asked for it is gone; ask for the graphic with `pokervod render enqueue`"
    return None


def _refuse_retry(row: Row[Any]) -> str | None:
    if gone := _refuse_gone(row):
        return gone
    if row.state not in ENDED:
        return f"it is {row.state}; only what is {', '.join(ENDED)} can be asked for again"
    return None


def _refuse_remake(row: Row[Any]) -> str | None:
    if gone := _refuse_gone(row):
        return gone
    if row.state != State.COMPLETED:
        return f"it is {row.state}; only what is completed can be made anew, for others there is `render retry`"
    return None


def _refuse_cancel(row: Row[Any]) -> str | None:
    if row.state in {State.COMPLETED, State.CANCELLED}:
        return f"it is {row.state} already"
    return None


def _refuse_prioritize(row: Row[Any]) -> str | None:
    if row.state not in {State.PENDING, State.PROCESSING}:
        return f"it is {row.state}; only what waits or is in work has an urgency"
    return None


_RETRY = text("""
    update render_instructions set state = 'pending', retry_count = 0, due_at = now(), cancel_requested = null,
        failure_kind = null, progress = null, finished_at = null, changed_at = now(),
        reason = 'asked again: ' || :reason
    where id = any(:ids)
""")

_REMAKE = text("""
    with made as (
        insert into render_instructions (template, layers, output, renderer, digest, priority, trigger_kind,
            trigger_key, version, hand_id, broadcast_day, by, reason, correlation_id)
        select template, layers, output, renderer, digest, priority, trigger_kind, trigger_key, version + 1, hand_id,
            broadcast_day, by, 'made anew: ' || :reason, correlation_id
        from render_instructions where id = any(:ids)
        returning id, trigger_kind, trigger_key, template, version
    )
    update render_instructions r set superseded_by = made.id, changed_at = now(), flagged = 'made anew: ' || :reason
    from made where r.id = any(:ids) and (r.trigger_kind, r.trigger_key, r.template, r.version + 1)
        = (made.trigger_kind, made.trigger_key, made.template, made.version)
""")

_CANCEL = text("""
    update render_instructions set
        cancel_requested = case when state = 'processing' then :reason end,
        finished_at = case when state = 'processing' then finished_at else now() end,
        reason = case when state = 'processing' then reason else 'cancelled: ' || :reason end,
        state = case when state = 'processing' then state else 'cancelled' end, changed_at = now()
    where id = any(:ids)
""")

_PRIORITIZE = text("""
    update render_instructions set priority = :to, changed_at = now(), reason = 'priority ' || :to || ': ' || :reason
    where id = any(:ids)
""")


def _tell_retry(row: Row[Any]) -> NewEvent:
    payload = {"instruction_id": row.id, "template": row.template, "state_before": row.state, "state": State.PENDING}
    return NewEvent(EventType.RENDER_REQUEUED, payload, row.correlation_id or None)


def _tell_remake(row: Row[Any]) -> NewEvent:
    return _tell_update(row, change="remake")


def _tell_cancel(row: Row[Any]) -> NewEvent:
    if row.state == State.PROCESSING:
        return _tell_update(row, change="stop")
    payload = {"instruction_id": row.id, "template": row.template, "state_before": row.state, "state": State.CANCELLED}
    return NewEvent(EventType.RENDER_CANCELLED, payload, row.correlation_id or None)


def _tell_update(row: Row[Any], **said: Any) -> NewEvent:
    payload = {"instruction_id": row.id, "template": row.template, "state": row.state, **said}
    return NewEvent(EventType.RENDER_INSTRUCTION_UPDATED, payload, row.correlation_id or None)
