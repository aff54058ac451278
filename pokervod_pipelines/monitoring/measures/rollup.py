"""Roll counts up by minute, hour and broadcast day, and read them again for any window.

What is rolled up stays small: a year takes less than 200 MB. A roll counts the last minutes again, so an event of a
transaction that committed late is in its minute; a second roll changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, TextClause, text

from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.monitoring.measures.counted import COUNTED, QUEUE, CountedMeasure
from pokervod_pipelines.monitoring.measures.shape import Group, Window
from pokervod_pipelines.monitoring.measures.windows import (
    KEPT,
    Calendar,
    Resolution,
    WindowPiece,
    choose_step,
    make_calendar,
    split_window,
)
from pokervod_pipelines.settings import Settings

AGAIN = timedelta(minutes=10)
"""The last minutes are counted again: no transaction that appends events takes longer."""

AT_ONCE = timedelta(days=31)
"""A transaction rolls no more than that of a long past."""


def _count_by_step() -> defaultdict[datetime, int]:
    return defaultdict(int)


def _count_by_key() -> defaultdict[str, int]:
    return defaultdict(int)


@dataclass(frozen=True, slots=True)
class CountedWindow:
    """Hold by name, of a renderer or a template or "", the sums of a window, and of one key those of its parts."""

    sums: defaultdict[str, defaultdict[str, int]] = field(default_factory=lambda: defaultdict(_count_by_key))
    steps: defaultdict[str, defaultdict[datetime, int]] = field(default_factory=lambda: defaultdict(_count_by_step))


@dataclass(frozen=True, slots=True)
class Counted:
    """Hold what was counted in a step; ``at`` is its beginning."""

    at: datetime
    labels: Mapping[str, str]
    sums: Mapping[str, int]


def roll_up(engine: Engine, settings: Settings, *, now: datetime | None = None) -> int:
    """Roll up what was counted until now, look at the queue, and delete old steps; return how many steps changed."""
    now, calendar = now or datetime.now(UTC), make_calendar(settings)
    until = calendar.floor(now, Resolution.MINUTE)
    changed = 0
    for measure in COUNTED:
        end = None
        while end is None or end < until:
            with engine.begin() as connection:
                lock_until_commit(connection, "measures")
                end, steps = _roll_next(connection, measure, until, calendar)
            changed += steps
    with engine.begin() as connection:
        lock_until_commit(connection, "measures")
        changed += _look_at_queue(connection, until, calendar)
        prune_rollups(connection, calendar, now)
    return changed


def _roll_next(
    connection: Connection, measure: CountedMeasure, until: datetime, calendar: Calendar
) -> tuple[datetime, int]:
    """Roll a measure further, all of its past the first time; return until when, and how many steps changed."""
    mark = read_mark(connection, measure.name)
    start = connection.scalar(_FIRST_EVENT) if mark is None else mark - AGAIN
    oldest = _find_oldest_minute(until, calendar)
    if start is None or start >= until:
        end, changed = until, 0
    elif (mark or start) < oldest:
        end = min(oldest, calendar.floor(start + AT_ONCE, Resolution.DAY))
        changed = _roll_past(connection, measure, Window(since=start, until=end), until, calendar)
    else:
        end, start = until, max(oldest, calendar.floor(start, Resolution.MINUTE))
        changed = _roll_minutes(connection, measure, Window(since=start, until=until), calendar)
    _write_mark(connection, measure.name, end)
    return end, changed


def _find_oldest_minute(until: datetime, calendar: Calendar) -> datetime:
    """Return since when minutes are kept: the beginning of a day, at which no hour need begin."""
    return calendar.floor(until - KEPT[Resolution.MINUTE], Resolution.DAY)


def _roll_past(
    connection: Connection, measure: CountedMeasure, window: Window, until: datetime, calendar: Calendar
) -> int:
    """Count whole days, and the hours that are kept, of a past whose minutes are not kept."""
    changed = 0
    for resolution in (Resolution.HOUR, Resolution.DAY):
        oldest = until - KEPT[resolution] if resolution in KEPT else window.since
        since = calendar.floor(max(oldest, window.since), Resolution.DAY)
        if since < window.until:
            spans = _list_spans(Window(since=since, until=window.until), resolution, calendar)
            changed += connection.execute(_write_steps(measure, "step"), spans | {"resolution": resolution}).rowcount
    return changed


def _roll_minutes(connection: Connection, measure: CountedMeasure, window: Window, calendar: Calendar) -> int:
    """Count the minutes of the window, and sum those of its hours and days where one has changed."""
    spans = {"since": [window.since], "until": [window.until], "resolution": Resolution.MINUTE}
    changed = connection.execute(_write_steps(measure, "at"), spans).rowcount
    if changed:
        changed += _count_cut_hour(connection, measure, window, calendar)
        changed += _sum_minutes(connection, measure.name, window, calendar)
    return changed


def _count_cut_hour(connection: Connection, measure: CountedMeasure, window: Window, calendar: Calendar) -> int:
    """Count the hour of whose minutes only the later ones are kept; return how many steps changed."""
    oldest = _find_oldest_minute(window.until, calendar)
    cut = calendar.floor(window.since, Resolution.HOUR)
    if cut >= oldest:
        return 0
    spans = _list_spans(Window(since=cut, until=oldest), Resolution.HOUR, calendar)
    return connection.execute(_write_steps(measure, "step"), spans | {"resolution": Resolution.HOUR}).rowcount


def _list_spans(
    window: Window, resolution: Resolution, calendar: Calendar, oldest: datetime | None = None
) -> dict[str, list[datetime]]:
    """Return where the steps of the window begin and end, without those that begin before ``oldest``."""
    starts = [each for each in calendar.list_steps(window, resolution) if oldest is None or each >= oldest]
    return {"since": starts, "until": [calendar.follow(each, resolution) for each in starts]}


def _sum_minutes(connection: Connection, measure: str, window: Window, calendar: Calendar) -> int:
    """Sum the minutes of every hour and day that the window touches; return how many of them changed.

    A step of which some minutes are not kept is left as it is.
    """
    changed, oldest = 0, _find_oldest_minute(window.until, calendar)
    for resolution in (Resolution.HOUR, Resolution.DAY):
        spans = _list_spans(window, resolution, calendar, oldest)
        changed += connection.execute(_SUM, spans | {"measure": measure, "resolution": resolution}).rowcount
    return changed


def _look_at_queue(connection: Connection, minute: datetime, calendar: Calendar) -> int:
    """Store how deep the queue is, once a minute."""
    changed = connection.execute(_QUEUE_NOW, {"measure": QUEUE, "at": minute}).rowcount
    if changed:
        window = Window(since=minute, until=minute + timedelta(minutes=1))
        changed += _sum_minutes(connection, QUEUE, window, calendar)
        _write_mark(connection, QUEUE, window.until)
    return changed


def prune_rollups(connection: Connection, calendar: Calendar, now: datetime) -> int:
    """Delete the minutes and hours that are older than they are kept, in whole days; return how many."""
    names = [*(each.name for each in COUNTED), QUEUE]
    return sum(
        connection.execute(
            _PRUNE,
            {"measures": names, "resolution": unit, "oldest": calendar.floor(now - length, Resolution.DAY)},
        ).rowcount
        for unit, length in KEPT.items()
    )


def read_mark(connection: Connection, measure: str) -> datetime | None:
    """Return until when the measure was rolled up, None where it never was."""
    mark: datetime | None = connection.scalar(
        text("select rolled_until from measure_marks where measure = :measure"), {"measure": measure}
    )
    return mark


def _write_mark(connection: Connection, measure: str, until: datetime) -> None:
    connection.execute(_MARK, {"measure": measure, "until": until})


def read_counted(
    connection: Connection,
    measures: Sequence[CountedMeasure],
    window: Window,
    calendar: Calendar,
    now: datetime,
    *,
    by: Group | None = None,
    keys: Sequence[str] | None = None,
    step_key: str | None = None,
) -> CountedWindow:
    """Add up what was counted in the window: from rollups where there are any, exact to both its ends.

    ``keys`` are those that are wanted, None for all; ``step_key`` is the one whose steps are told.
    """
    names = [each.name for each in measures]
    marks = [*connection.scalars(_MARKS, {"measures": names})]
    mark = min(marks) - AGAIN if len(marks) == len(names) else None
    pieces = split_window(window, mark, calendar, now)
    found = CountedWindow()
    _add_rollups(connection, found, _make_values(names, pieces) | {"by": by}, keys, step_key)
    step = choose_step(window.length)
    spans = [span for each in pieces if not each.resolution for span in _split_at_steps(each, step, calendar)]
    values = {"since": [each.since for each in spans], "until": [each.until for each in spans]}
    for each in measures if spans else ():
        for row in connection.execute(text(_count_steps(each, "step")), values):
            _add_counted(found, row, by, step_key)
    return found


def _add_counted(found: CountedWindow, row: Row[Any], by: Group | None, step_key: str | None) -> None:
    """Add a row of the events themselves, if it is one of the wanted grouping."""
    if [*row.labels] != [by] * bool(by):
        return
    name = row.labels[by] if by else ""
    for key, count in row.sums.items():
        found.sums[name][key] += count
        if key == step_key:
            found.steps[name][row.at] += count


def _add_rollups(
    connection: Connection,
    found: CountedWindow,
    values: Mapping[str, Any],
    keys: Sequence[str] | None,
    step_key: str | None,
) -> None:
    """Add what the rollups of some pieces sum up to; the database adds, since a long window has many rows."""
    if not values["resolutions"]:
        return
    statement = _SUMS_OF_ALL if keys is None else _SUMS_OF_KEYS
    for row in connection.execute(statement, values if keys is None else {**values, "keys": [*keys]}):
        found.sums[row.name][row.key] += int(row.value)
    for row in connection.execute(_STEPS, {**values, "key": step_key}) if step_key else ():
        found.steps[row.name][row.at] += int(row.value)


def _split_at_steps(piece: WindowPiece, step: Resolution, calendar: Calendar) -> Iterator[Window]:
    """Yield the parts of a piece, each within one step of the series."""
    since = piece.since
    while since < piece.until:
        until = min(piece.until, calendar.follow(calendar.floor(since, step), step))
        yield Window(since=since, until=until)
        since = until


def read_queue(connection: Connection, window: Window, calendar: Calendar, now: datetime) -> list[Counted]:
    """Return how deep the queue was: the sums of the looks at it, and how many these are."""
    pieces = split_window(window, read_mark(connection, QUEUE), calendar, now)
    return [Counted(*row) for row in connection.execute(_ROWS, _make_values([QUEUE], pieces))]


def _make_values(names: Sequence[str], pieces: Sequence[WindowPiece]) -> dict[str, Any]:
    rolled = [each for each in pieces if each.resolution]
    return {
        "measures": [*names],
        "resolutions": [str(each.resolution) for each in rolled],
        "since": [each.since for each in rolled],
        "until": [each.until for each in rolled],
    }


def _count_steps(measure: CountedMeasure, step: Literal["at", "step"]) -> str:
    """Return the query for the sums by label of each minute of the spans, or of each span."""
    at = "date_trunc('minute', at, 'UTC')" if step == "at" else "step"
    return f"""
        with span as materialized (
            select * from unnest(cast(:since as timestamptz[]), cast(:until as timestamptz[])) as s (since, until)
        ), samples as ({measure.samples}), sums as (
            select {at} as at, renderer, template, key, sum(value) as value from samples
            group by 1, 4, grouping sets ((renderer, template), (renderer), (template), ())
        )
        select at, jsonb_strip_nulls(jsonb_build_object('renderer', renderer, 'template', template)) as labels,
            jsonb_object_agg(key, value) as sums
        from sums group by at, renderer, template
    """  # noqa: S608 - constants


_UPSERT = """
    on conflict on constraint pk_measure_rollups do update set sums = excluded.sums
    where measure_rollups.sums <> excluded.sums
"""


def _write_steps(measure: CountedMeasure, step: Literal["at", "step"]) -> TextClause:
    return text(f"""
        insert into measure_rollups (measure, resolution, at, labels, sums)
        select '{measure.name}', :resolution, at, labels, sums from ({_count_steps(measure, step)}) as counted {_UPSERT}
    """)  # noqa: S608 - constants


_FIRST_EVENT = text("select min(at) from events")

_SUM = text(f"""
    insert into measure_rollups (measure, resolution, at, labels, sums)
    select :measure, :resolution, at, labels, jsonb_object_agg(key, value) from (
        select step.start as at, m.labels, each.key, sum(cast(each.value as bigint)) as value
        from unnest(cast(:since as timestamptz[]), cast(:until as timestamptz[])) as step (start, ends)
        cross join lateral (
            select labels, sums from measure_rollups
            where measure = :measure and resolution = 'minute' and at >= step.start and at < step.ends offset 0
        ) as m
        cross join lateral jsonb_each_text(m.sums) as each
        group by 1, 2, 3
    ) as summed group by at, labels {_UPSERT}
""")  # noqa: S608 - constants

QUEUE_DEPTH = """
    select renderer, template, pending, processing, case when exists (
        select from render_pauses p where (p.until is null or p.until > now())
            and p.scope in ('all', 'renderer:' || renderer, 'template:' || template)) then pending else 0 end as held
    from (
        select renderer, template, sum(pending) as pending, sum(processing) as processing from (
            select renderer, template, count(*) as pending, 0 as processing from render_instructions
            where state = 'pending' group by 1, 2
            union all
            select renderer, template, 0, count(*) from render_instructions where state = 'processing' group by 1, 2
        ) as counted group by 1, 2
    ) as depth
"""
"""The queue now, by renderer and template."""

_QUEUE_NOW = text(f"""
    insert into measure_rollups (measure, resolution, at, labels, sums)
    select :measure, 'minute', :at, '{{}}', jsonb_build_object('samples', 1, 'pending', coalesce(sum(pending), 0),
        'processing', coalesce(sum(processing), 0), 'held', coalesce(sum(held), 0))
    from ({QUEUE_DEPTH}) as depth
    on conflict on constraint pk_measure_rollups do nothing
""")  # noqa: S608 - constants

_MARKS = text("select rolled_until from measure_marks where measure = any(:measures)")

_MARK = text("""
    insert into measure_marks (measure, rolled_until) values (:measure, :until)
    on conflict (measure) do update set rolled_until = excluded.rolled_until
    where measure_marks.rolled_until < excluded.rolled_until
""")

_PIECES = """
    from unnest(cast(:measures as text[])) as wanted (measure) cross join unnest(
        cast(:resolutions as text[]), cast(:since as timestamptz[]), cast(:until as timestamptz[])
    ) as piece (resolution, since, until) cross join lateral (
        select at, labels, sums from measure_rollups
        where measure = wanted.measure and resolution = piece.resolution and at >= piece.since and at < piece.until
        offset 0
    ) as r
"""
"""Without the offset the planner joins whole tables: it does not know how short the pieces are."""

_GROUPED = f"""
    select coalesce(labels ->> :by, '') as name, at, sums {_PIECES}
    where labels = '{{}}' and cast(:by as text) is null or labels ?& array[:by] and labels - :by = '{{}}'
"""
"""The rollups of the wanted grouping alone."""

_SUMS_OF_ALL = text(f"""
    select name, key, sum(cast(value as bigint)) as value
    from ({_GROUPED} offset 0) as r cross join lateral jsonb_each_text(sums) as each group by 1, 2
""")  # noqa: S608 - constants

_SUMS_OF_KEYS = text(f"""
    select name, key, sum(cast(sums ->> key as bigint)) as value
    from ({_GROUPED} offset 0) as r cross join unnest(cast(:keys as text[])) as wanted (key) where sums ? key
    group by 1, 2
""")  # noqa: S608 - constants

_STEPS = text(f"""
    select name, at, sum(cast(sums ->> :key as bigint)) as value from ({_GROUPED}) as r where sums ? :key group by 1, 2
""")  # noqa: S608 - constants

_ROWS = text(f"select r.at, r.labels, r.sums {_PIECES}")

_PRUNE = text("""
    delete from measure_rollups where measure = any(:measures) and resolution = :resolution and at < :oldest
""")
