"""Plan maintenance windows, list and cancel them, and find the window that mutes a thing now."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.subjects import Subject, SubjectKind

MAX_DAYS = 31
"""No window is longer: what is out of use for good is taken out of the settings."""

COVERS = """
    (c.subject_kind is null or c.subject_kind = {kind}) and (c.subject is null or c.subject = {name})
"""
"""SQL: a row ``c`` of ``maintenance_coverage`` is about the subject in these two columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Name a thing, with a ``name`` of None all things of the kind."""

    kind: SubjectKind
    name: str | None = None

    def __str__(self) -> str:
        """Return both, for people."""
        return f"every {self.kind}" if self.name is None else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceWindow:
    """Hold a planned window; without ``coverage`` it is about everything."""

    id: int
    starts_at: datetime
    ends_at: datetime
    coverage: tuple[Coverage, ...]
    by: str
    reason: str
    planned_at: datetime
    cancelled_at: datetime | None
    cancelled_by: str | None
    cancel_reason: str | None


def name_state(window: MaintenanceWindow, now: datetime) -> str:
    """Return how the window is: planned, in force, over or cancelled."""
    if window.cancelled_at is not None:
        return "cancelled"
    if now < window.starts_at:
        return "planned"
    return "in force" if now < window.ends_at else "over"


def plan_window(
    connection: Connection, starts_at: datetime, ends_at: datetime, coverage: Sequence[Coverage], actor: Actor
) -> MaintenanceWindow:
    """Plan a window of these things, without any of everything. Raises ``BadInput`` for one that is over or too long.

    It may have begun already: then it mutes from now on.
    """
    _check_period(connection, starts_at, ends_at)
    window_id = connection.scalar(
        text("""
            insert into maintenance_windows (starts_at, ends_at, by, reason, correlation_id)
            values (:starts_at, :ends_at, :by, :reason, :correlation_id) returning id
        """),
        {
            "starts_at": starts_at,
            "ends_at": ends_at,
            "by": actor.who.strip(),
            "reason": actor.reason.strip(),
            "correlation_id": actor.correlation_id,
        },
    )
    rows = [
        {"window": window_id, "position": position, "kind": each.kind, "name": each.name}
        for position, each in enumerate(dict.fromkeys(coverage), start=1)
    ]
    if rows:
        connection.execute(
            text("""
                insert into maintenance_subjects (window_id, position, subject_kind, subject)
                values (:window, :position, :kind, :name)
            """),
            rows,
        )
    window = _read(connection, "w.id = :id", id=window_id)[0]
    _append(connection, EventType.MONITORING_MAINTENANCE_PLANNED, window, actor)
    return window


def _check_period(connection: Connection, starts_at: datetime, ends_at: datetime) -> None:
    now = connection.scalars(text("select now()")).one()
    if starts_at >= ends_at:
        raise BadInput("the window ends before it begins; correct --from or --until")
    if ends_at <= now:
        raise BadInput("the window is over already; give an --until that is still to come")
    if ends_at - starts_at > timedelta(days=MAX_DAYS):
        raise BadInput(
            f"a window is at most {MAX_DAYS} days long; plan it until then, "
            "or take what is out of use for longer out of the settings"
        )


def cancel_window(connection: Connection, window_id: int, actor: Actor) -> MaintenanceWindow:
    """Cancel a window that is planned or has begun. Raises ``BadInput`` for an unknown one, ``Conflict`` for one over.

    Cancelling it again changes nothing.
    """
    found = connection.execute(
        text("select ends_at <= now() as is_over from maintenance_windows where id = :id for update"),
        {"id": window_id},
    ).one_or_none()
    if found is None:
        raise BadInput(f"unknown window {window_id}; `pokervod maintenance list` lists the windows")
    window = _read(connection, "w.id = :id", id=window_id)[0]
    if window.cancelled_at is not None:
        return window
    if found.is_over:
        raise Conflict(f"window {window_id} is over already")
    connection.execute(
        text("""
            update maintenance_windows set cancelled_at = now(), cancelled_by = :by, cancel_reason = :reason
            where id = :id
        """),
        {"id": window_id, "by": actor.who.strip(), "reason": actor.reason.strip()},
    )
    window = _read(connection, "w.id = :id", id=window_id)[0]
    _append(connection, EventType.MONITORING_MAINTENANCE_CANCELLED, window, actor)
    return window


def list_windows(connection: Connection, *, with_past: bool = False) -> list[MaintenanceWindow]:
    """Return the windows that are planned or have begun, the next first; with past ones those over or cancelled too."""
    return _read(connection, "true" if with_past else "w.cancelled_at is null and w.ends_at > now()")


def find_window(connection: Connection, subject: Subject, now: datetime) -> MaintenanceWindow | None:
    """Return the window that mutes the subject at that moment, of several the one that ends last."""
    return find_windows(connection, [subject], now).get(subject)


def find_windows(
    connection: Connection, subjects: Collection[Subject], now: datetime
) -> Mapping[Subject, MaintenanceWindow]:
    """Return the window that mutes each subject at that moment; those that none mutes are left out."""
    listed = list(subjects)
    names = {"kinds": [each.kind for each in listed], "names": [each.name for each in listed]}
    rows = connection.execute(_FIND, names | {"now": now}).all()
    windows = {each.id: each for each in _read(connection, "w.id = any(:ids)", ids=[row.window_id for row in rows])}
    return {listed[row.position - 1]: windows[row.window_id] for row in rows}


_FIND = text(f"""
    select s.position, w.window_id
    from unnest(cast(:kinds as text[]), cast(:names as text[])) with ordinality as s (kind, name, position),
    lateral (
        select c.window_id from maintenance_coverage c
        where c.starts_at <= :now and c.ends_at > :now and {COVERS.format(kind="s.kind", name="s.name")}
        order by c.ends_at desc, c.window_id limit 1
    ) as w
""")  # noqa: S608 - constants


def _read(connection: Connection, condition: str, **values: Any) -> list[MaintenanceWindow]:
    rows = connection.execute(
        text(f"""
            select w.id, w.starts_at, w.ends_at, w.by, w.reason, w.planned_at, w.cancelled_at, w.cancelled_by,
                   w.cancel_reason, array(
                       select array[s.subject_kind, s.subject] from maintenance_subjects s
                       where s.window_id = w.id order by s.position) as coverage
            from maintenance_windows w where {condition} order by w.starts_at, w.id
        """),  # noqa: S608 - constants
        values,
    )
    return [_make_window(row) for row in rows]


def _make_window(row: Row[Any]) -> MaintenanceWindow:
    coverage: Iterable[tuple[str, str | None]] = row.coverage
    covered = tuple(Coverage(kind=SubjectKind(kind), name=name) for kind, name in coverage)
    return MaintenanceWindow(**{**row._mapping, "coverage": covered})


def _append(connection: Connection, type_: EventType, window: MaintenanceWindow, actor: Actor) -> None:
    payload = {
        "window_id": window.id,
        "starts_at": window.starts_at.isoformat(),
        "ends_at": window.ends_at.isoformat(),
        "subjects": [str(each) for each in window.coverage],
        "by": actor.who,
        "reason": actor.reason,
    }
    append_events(connection, "monitoring", actor.correlation_id, [NewEvent(type_, payload)])
