"""List instructions, show one with all its versions, and find premium hands without any. Never writes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.paging import Page
from pokervod_pipelines.periods import ALWAYS, Period, filter_period
from pokervod_pipelines.render.states import State
from pokervod_pipelines.suggestions import suggest_name

STATES = tuple(State)
DEFAULT_PAGE = Page()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionFilter:
    """Filter instructions by the fields that are set.

    ``is_in_force`` leaves out versions that a next one replaced; ``period`` is that of the last change of state,
    ``created`` that of the request. ``error`` is part of the reason, in any case.
    """

    states: tuple[str, ...] = ()
    template: str | None = None
    trigger_kind: str | None = None
    day: date | None = None
    hand_id: int | None = None
    is_flagged: bool | None = None
    is_in_force: bool | None = None
    period: Period = ALWAYS
    created: Period = ALWAYS
    priority: int | None = None
    error: str | None = None

    def narrow(self, **filters: Any) -> "InstructionFilter":
        """Return the same filter with these fields replaced."""
        return replace(self, **filters)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedInstruction:
    """Hold one row of ``render_instructions``, as a person sees it."""

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
    held_until: datetime | None
    created_at: datetime
    changed_at: datetime
    due_at: datetime
    claimed_by: str | None
    started_at: datetime | None
    finished_at: datetime | None
    progress: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrphanHand:
    """Hold a premium hand without an instruction."""

    hand_id: int
    session_id: int
    hand_number: int
    table: str
    started_at: datetime
    grade: str | None
    category: str | None


_COLUMNS = ", ".join(field.name for field in fields(ListedInstruction))


def list_instructions(
    connection: Connection, filters: InstructionFilter | None = None, *, page: Page = DEFAULT_PAGE
) -> list[ListedInstruction]:
    """Return the instructions that fit: running, next, then the newest. Raises ``BadInput`` for an unknown state."""
    rows = connection.execute(_LIST, _list_values(filters or InstructionFilter()) | {"limit": page.limit})
    return [ListedInstruction(**row._mapping) for row in rows]


def page_instructions(
    connection: Connection, filters: InstructionFilter | None = None, *, page: Page = DEFAULT_PAGE
) -> list[ListedInstruction]:
    """Return a page of the instructions that fit, the newest first. Raises ``BadInput`` for an unknown state."""
    values = _list_values(filters or InstructionFilter()) | {"limit": page.limit, "after": page.after}
    return [ListedInstruction(**row._mapping) for row in connection.execute(_PAGE, values)]


def _list_values(filters: InstructionFilter) -> dict[str, Any]:
    if unknown := [state for state in filters.states if state not in STATES]:
        raise BadInput(f"unknown state {unknown[0]!r}; {suggest_name(unknown[0], STATES)}")
    values = {field.name: getattr(filters, field.name) for field in fields(InstructionFilter)}
    values |= {"states": list(filters.states) or None} | asdict(filters.period)
    values |= {"created_since": filters.created.since, "created_until": filters.created.until}
    for name in ("period", "created"):
        del values[name]
    return values


_MATCHING = f"""
    from render_instructions
    where (cast(:states as text[]) is null or state = any(:states))
      and (cast(:template as text) is null or template = :template)
      and (cast(:trigger_kind as text) is null or trigger_kind = :trigger_kind)
      and (cast(:day as date) is null or broadcast_day = :day)
      and (cast(:hand_id as bigint) is null or hand_id = :hand_id)
      and (cast(:is_flagged as boolean) is null or (flagged is not null) = :is_flagged)
      and (cast(:is_in_force as boolean) is null or (superseded_by is null) = :is_in_force)
      and {filter_period("changed_at")}
      and (cast(:created_since as timestamptz) is null or created_at >= :created_since)
      and (cast(:created_until as timestamptz) is null or created_at < :created_until)
      and (cast(:priority as integer) is null or priority = :priority)
      and (cast(:error as text) is null or position(lower(:error) in lower(reason)) > 0)
"""

_LIST = text(f"""
    select {_COLUMNS} {_MATCHING}
    order by array_position(array['processing', 'pending'], state), priority * (state = 'pending')::int,
             case when state = 'pending' then id else -id end
    limit :limit
""")

_PAGE = text(f"""
    select {_COLUMNS} {_MATCHING} and id < coalesce(cast(:after as bigint), 9223372036854775807)
    order by id desc limit :limit
""")


def count_states(connection: Connection, day: date | None = None) -> dict[str, int]:
    """Count the instructions in force by state, of the day or of all days."""
    rows = connection.execute(
        text("""
            select state, count(*) from render_instructions
            where superseded_by is null and (cast(:day as date) is null or broadcast_day = :day) group by 1
        """),
        {"day": day},
    )
    counts = {row[0]: row[1] for row in rows}
    return {state: counts[state] for state in STATES if state in counts}


def count_all_states(connection: Connection) -> dict[State, int]:
    """Count the instructions by state, also those that a next version replaced."""
    rows = connection.execute(text("select state, count(*) as number from render_instructions group by 1"))
    return {State(row.state): row.number for row in rows}


def show_versions(connection: Connection, instruction_id: int) -> Sequence[ListedInstruction]:
    """Return every version of the instruction's graphic, oldest first. Raises ``BadInput`` for an unknown id."""
    rows = connection.execute(
        text(f"""
            select {_COLUMNS} from render_instructions where (trigger_kind, trigger_key, template) = (
                select trigger_kind, trigger_key, template from render_instructions where id = :id)
            order by version
        """),  # noqa: S608 - the names are fields
        {"id": instruction_id},
    ).all()
    if not rows:
        raise BadInput(f"unknown render instruction {instruction_id}; `pokervod render list` lists the instructions")
    return [ListedInstruction(**row._mapping) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAttempt:
    """Hold one attempt at an instruction that has ended."""

    worker: str
    started_at: datetime
    ended_at: datetime
    outcome: str
    kind: str | None
    reason: str


def show_attempts(connection: Connection, instruction_id: int) -> list[ListedAttempt]:
    """Return every attempt at the instruction, oldest first."""
    rows = connection.execute(
        text("""
            select worker, started_at, ended_at, outcome, kind, reason from render_attempts
            where instruction_id = :id order by ended_at
        """),
        {"id": instruction_id},
    )
    return [ListedAttempt(**row._mapping) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionEvent:
    """Hold an event of an instruction; the payload says who, why, and the state before."""

    at: datetime
    type: str
    payload: dict[str, Any]


def show_events(connection: Connection, instruction_id: int) -> list[InstructionEvent]:
    """Return all events of the instruction, oldest first: its own row has the last reason only."""
    rows = connection.execute(
        text("""
            select at, type, payload from events
            where source = 'render' and payload ->> 'instruction_id' = cast(:id as text) order by id
        """),
        {"id": instruction_id},
    )
    return [InstructionEvent(**row._mapping) for row in rows]


ORPHAN_HANDS = """premium_hands h where h.is_shown and not exists (select from render_instructions i
    where i.hand_id = h.id and i.trigger_kind = 'premium_hand' and i.withdrawn_at is null)"""
"""What follows FROM in a query for the shown premium hands whose instructions were never made or all withdrawn."""


def find_orphans(connection: Connection, day: date | None = None) -> list[OrphanHand]:
    """Return the shown premium hands of the day, or of all, whose instructions were never made or all withdrawn."""
    rows = connection.execute(
        text(f"""
            select h.id as hand_id, h.session_id, h.hand_number, h.table_name as table, h.started_at, h.grade,
                   h.best_category as category
            from {ORPHAN_HANDS} and (cast(:day as date) is null or h.broadcast_day = :day)
            order by h.started_at, h.id
        """),  # noqa: S608 - a constant
        {"day": day},
    )
    return [OrphanHand(**row._mapping) for row in rows]
