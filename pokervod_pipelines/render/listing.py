"""Instructions to look at: lists, one with all its versions, and premium hands that have none. Never writes."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.render.states import State

STATES = tuple(State)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionFilter:
    """What to list; what is not said does not matter. ``is_in_force`` leaves out versions that a next one replaced."""

    states: tuple[str, ...] = ()
    template: str | None = None
    trigger_kind: str | None = None
    day: date | None = None
    hand_id: int | None = None
    is_flagged: bool | None = None
    is_in_force: bool | None = None

    def narrow(self, **said: Any) -> "InstructionFilter":
        """Return the same, with what is said instead of what was."""
        return replace(self, **said)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedInstruction:
    """An instruction as it stands; the table ``render_instructions`` describes its fields."""

    id: int
    template: str
    layers: dict[str, Any]
    output: dict[str, Any]
    priority: int
    state: str
    trigger_kind: str
    trigger_key: str
    version: int
    hand_id: int | None
    broadcast_day: date
    superseded_by: int | None
    withdrawn_at: datetime | None
    flagged: str | None
    cancel_requested: str | None
    retry_count: int
    max_retries: int
    failure_kind: str | None
    reason: str
    by: str
    renderer: str
    created_at: datetime
    changed_at: datetime
    due_at: datetime
    claimed_by: str | None
    started_at: datetime | None
    finished_at: datetime | None
    progress: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A premium hand for which no graphic is asked."""

    hand_id: int
    session_id: int
    hand_number: int
    table: str
    started_at: datetime
    grade: str | None
    category: str | None


_COLUMNS = ", ".join(field.name for field in fields(ListedInstruction))


def list_instructions(
    connection: Connection, wanted: InstructionFilter | None = None, *, limit: int = 100
) -> list[ListedInstruction]:
    """The instructions that fit: in work, next, then the newest. Raises ``BadInput`` for a state that there is not."""
    wanted = wanted or InstructionFilter()
    if unknown := [state for state in wanted.states if state not in STATES]:
        raise BadInput(f"there is no state {unknown[0]!r}; the states are {', '.join(STATES)}")
    parameters = {field.name: getattr(wanted, field.name) for field in fields(InstructionFilter)}
    rows = connection.execute(_LIST, {**parameters, "states": list(wanted.states) or None, "limit": limit})
    return [ListedInstruction(**row._mapping) for row in rows]


_LIST = text(f"""
    select {_COLUMNS} from render_instructions
    where (cast(:states as text[]) is null or state = any(:states))
      and (cast(:template as text) is null or template = :template)
      and (cast(:trigger_kind as text) is null or trigger_kind = :trigger_kind)
      and (cast(:day as date) is null or broadcast_day = :day)
      and (cast(:hand_id as bigint) is null or hand_id = :hand_id)
      and (cast(:is_flagged as boolean) is null or (flagged is not null) = :is_flagged)
      and (cast(:is_in_force as boolean) is null or (superseded_by is null) = :is_in_force)
    order by array_position(array['processing', 'pending'], state), priority * (state = 'pending')::int,
             case when state = 'pending' then id else -id end
    limit :limit
""")  # noqa: S608 - the names are fields


def count_states(connection: Connection, day: date | None = None) -> dict[str, int]:
    """How many instructions in force are in each state, of the day or of all."""
    rows = connection.execute(
        text("""
            select state, count(*) from render_instructions
            where superseded_by is null and (cast(:day as date) is null or broadcast_day = :day) group by 1
        """),
        {"day": day},
    )
    counts = {row[0]: row[1] for row in rows}
    return {state: counts[state] for state in STATES if state in counts}


def show_versions(connection: Connection, instruction_id: int) -> Sequence[ListedInstruction]:
    """Every version of the instruction's graphic, oldest first. Raises ``BadInput`` if there is no such instruction."""
    rows = connection.execute(
        text(f"""
            select {_COLUMNS} from render_instructions where (trigger_kind, trigger_key, template) = (
                select trigger_kind, trigger_key, template from render_instructions where id = :id)
            order by version
        """),  # noqa: S608 - the names are fields
        {"id": instruction_id},
    ).all()
    if not rows:
        raise BadInput(f"there is no render instruction {instruction_id}; `pokervod render list` shows those there are")
    return [ListedInstruction(**row._mapping) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAttempt:
    """One try at an instruction that came to its end."""

    worker: str
    started_at: datetime
    ended_at: datetime
    outcome: str
    kind: str | None
    reason: str


def show_attempts(connection: Connection, instruction_id: int) -> list[ShownAttempt]:
    """Every try at the instruction, oldest first."""
    rows = connection.execute(
        text("""
            select worker, started_at, ended_at, outcome, kind, reason from render_attempts
            where instruction_id = :id order by ended_at
        """),
        {"id": instruction_id},
    )
    return [ShownAttempt(**row._mapping) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvent:
    """Something that happened to an instruction; the payload says who, why, and what it was before."""

    at: datetime
    type: str
    payload: dict[str, Any]


def show_events(connection: Connection, instruction_id: int) -> list[ShownEvent]:
    """All that happened to the instruction, oldest first: its own row keeps the last reason only."""
    rows = connection.execute(
        text("""
            select at, type, payload from events
            where source = 'render' and payload ->> 'instruction_id' = cast(:id as text) order by id
        """),
        {"id": instruction_id},
    )
    return [ShownEvent(**row._mapping) for row in rows]


def find_orphans(connection: Connection, day: date | None = None) -> list[Orphan]:
    """The premium hands of the day, or of all days, for which no instruction was made or each was withdrawn."""
    rows = connection.execute(
        text("""
            select h.id as hand_id, h.session_id, h.hand_number, h.table_name as table, h.started_at, h.grade,
                   h.best_category as category
            from hands h
            where h.is_premium and not h.is_test and (cast(:day as date) is null or h.broadcast_day = :day)
              and not exists (select from render_instructions i
                  where i.hand_id = h.id and i.trigger_kind = 'premium_hand' and i.withdrawn_at is null)
            order by h.started_at, h.id
        """),
        {"day": day},
    )
    return [Orphan(**row._mapping) for row in rows]
