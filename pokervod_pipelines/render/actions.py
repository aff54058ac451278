"""Retry, remake, cancel and prioritise instructions on behalf of people.

Each action is one transaction over all its instructions, or a part of the caller's where it is given a connection, with
an event for each that says who did it and why. Those that cannot be changed are reported, and the others are done.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.db.engine import begin_or_join
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.render.states import State

RETRYABLE = (State.FAILED, State.TIMED_OUT, State.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionReport:
    """List the instructions that an action changed, and why it did not change the others, by id."""

    done: tuple[int, ...]
    refused: tuple[tuple[int, str], ...]


def retry(database: Engine | Connection, ids: Collection[int], actor: Actor) -> ActionReport:
    """Requeue instructions that failed, timed out or were cancelled, with all their retries."""
    return _act(database, ids, actor, refuse=_refuse_retry, statement=_RETRY, make_event=_make_retry_event)


def remake(database: Engine | Connection, ids: Collection[int], actor: Actor) -> ActionReport:
    """Render completed instructions again, each as its next version: for a file that was lost or spoiled."""
    return _act(database, ids, actor, refuse=_refuse_remake, statement=_REMAKE, make_event=_make_remake_event)


def cancel(database: Engine | Connection, ids: Collection[int], actor: Actor) -> ActionReport:
    """Cancel instructions that are not completed; a running job is stopped first, by its worker."""
    return _act(database, ids, actor, refuse=_refuse_cancel, statement=_CANCEL, make_event=_make_cancel_event)


def prioritize(database: Engine | Connection, ids: Collection[int], priority: int, actor: Actor) -> ActionReport:
    """Set the priority of waiting or running instructions, 1 the highest. Raises ``BadInput`` outside 1 to 10."""
    require_priority(priority)

    def make_event(row: Row[Any]) -> NewEvent:
        return _make_update_event(row, change="prioritize", priority=priority, priority_before=row.priority)

    return _act(
        database,
        ids,
        actor,
        refuse=_refuse_prioritize,
        statement=_PRIORITIZE,
        make_event=make_event,
        parameters={"to": priority},
    )


def reorder(database: Engine | Connection, ids: Collection[int], actor: Actor) -> ActionReport:
    """Rank waiting instructions anew by their priority and age, which is the queue's order."""
    return _act(database, ids, actor, refuse=_refuse_prioritize, statement=_REORDER, make_event=_make_reorder_event)


def require_priority(priority: int) -> None:
    """Raise ``BadInput`` for a priority outside 1 to 10."""
    if not 1 <= priority <= 10:
        raise BadInput(f"expected a priority from 1 (the highest) to 10, got {priority}")


def _act(
    database: Engine | Connection,
    ids: Collection[int],
    actor: Actor,
    *,
    refuse: Callable[[Row[Any]], str | None],
    statement: Any,
    make_event: Callable[[Row[Any]], NewEvent],
    parameters: Mapping[str, Any] | None = None,
) -> ActionReport:
    with begin_or_join(database) as connection:
        rows = _lock(connection, ids)
        refused = {number: f"instruction {number} is unknown" for number in ids if number not in rows}
        refused |= {row.id: f"instruction {row.id} {why}" for row in rows.values() if (why := refuse(row))}
        done = [row for row in rows.values() if row.id not in refused]
        reason = f"{actor.reason.strip()} ({actor.who.strip()})"
        connection.execute(statement, {"ids": [row.id for row in done], "reason": reason, **(parameters or {})})
        append_events(connection, "render", actor.correlation_id, list(_sign(map(make_event, done), actor)))
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


def _sign(events: Iterable[NewEvent], actor: Actor) -> Iterable[NewEvent]:
    for event in events:
        yield NewEvent(event.type, event.payload | {"reason": actor.reason, "by": actor.who}, event.correlation_id)


def _refuse_not_in_force(row: Row[Any]) -> str | None:
    """Return why the instruction is not in force any more, whatever its state."""
    if row.superseded_by is not None:
        return f"was replaced by instruction {row.superseded_by}; use that one"
    if row.is_withdrawn:
        return "was withdrawn; ask for the graphic with `pokervod render enqueue`"
    return None


def _refuse_retry(row: Row[Any]) -> str | None:
    if why := _refuse_not_in_force(row):
        return why
    if row.state not in RETRYABLE:
        return f"is {row.state}; only {', '.join(RETRYABLE)} instructions can be retried"
    return None


def _refuse_remake(row: Row[Any]) -> str | None:
    if why := _refuse_not_in_force(row):
        return why
    if row.state != State.COMPLETED:
        return f"is {row.state}; only completed instructions can be remade, use `render retry` for others"
    return None


def _refuse_cancel(row: Row[Any]) -> str | None:
    if row.state in {State.COMPLETED, State.CANCELLED}:
        return f"is already {row.state}"
    return None


def _refuse_prioritize(row: Row[Any]) -> str | None:
    if row.state not in {State.PENDING, State.PROCESSING}:
        return f"is {row.state}; only waiting or running graphics can be re-prioritised"
    return None


_RETRY = text("""
    update render_instructions set state = 'pending', retry_count = 0, due_at = now(), cancel_requested = null,
        failure_kind = null, progress = null, finished_at = null, changed_at = now(),
        reason = 'retried: ' || :reason
    where id = any(:ids)
""")

_REMAKE = text("""
    with made as (
        insert into render_instructions (template, layers, output, renderer, digest, priority, trigger_kind,
            trigger_key, version, hand_id, broadcast_day, by, reason, correlation_id)
        select template, layers, output, renderer, digest, priority, trigger_kind, trigger_key, version + 1, hand_id,
            broadcast_day, by, 'remade: ' || :reason, correlation_id
        from render_instructions where id = any(:ids)
        returning id, trigger_kind, trigger_key, template, version
    )
    update render_instructions r set superseded_by = made.id, changed_at = now(), flagged = 'remade: ' || :reason
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


# The trigger of the table sets the rank with every change of the row.
_REORDER = text("update render_instructions set changed_at = now() where id = any(:ids)")


def _make_retry_event(row: Row[Any]) -> NewEvent:
    payload = {"instruction_id": row.id, "template": row.template, "state_before": row.state, "state": State.PENDING}
    return NewEvent(EventType.RENDER_REQUEUED, payload, row.correlation_id or None)


def _make_reorder_event(row: Row[Any]) -> NewEvent:
    return _make_update_event(row, change="reorder", priority=row.priority)


def _make_remake_event(row: Row[Any]) -> NewEvent:
    return _make_update_event(row, change="remake")


def _make_cancel_event(row: Row[Any]) -> NewEvent:
    if row.state == State.PROCESSING:
        return _make_update_event(row, change="stop")
    payload = {"instruction_id": row.id, "template": row.template, "state_before": row.state, "state": State.CANCELLED}
    return NewEvent(EventType.RENDER_CANCELLED, payload, row.correlation_id or None)


def _make_update_event(row: Row[Any], **details: Any) -> NewEvent:
    payload = {"instruction_id": row.id, "template": row.template, "state": row.state, **details}
    return NewEvent(EventType.RENDER_INSTRUCTION_UPDATED, payload, row.correlation_id or None)
