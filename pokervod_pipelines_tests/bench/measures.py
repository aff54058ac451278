"""Measure how long each measure takes beside a long history, and how much a year of rollups takes."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.monitoring.measures.flow import measure_data_flow, measure_hands_today, measure_sync_lags
from pokervod_pipelines.monitoring.measures.renders import (
    measure_dashboard,
    measure_groups,
    measure_renders,
    measure_totals,
    read_queue_depth,
    read_queue_series,
)
from pokervod_pipelines.monitoring.measures.rollup import roll_up
from pokervod_pipelines.monitoring.measures.shape import make_window
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.bench.figure import Figure, percentile, scratch, scratch_database

TIMES = 50
DAYS = 90
"""So long a history: each day has as many graphics as a broadcast day."""

GRAPHICS_A_DAY = 1_500
YEAR = 365

VACUUM_DAYS = 2
"""A year passes in minutes, in which PostgreSQL's autovacuum hardly runs; in a real one it does as often as this."""

LENGTHS = {"1 h": 1, "24 h": 24, "7 days": 7 * 24, "30 days": 30 * 24, "90 days": 90 * 24}
WINDOWS = {name: timedelta(hours=hours) for name, hours in LENGTHS.items()}

Measure = Callable[[Connection], object]


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Time the measures over instructions, events and hands, then write a year of minutes through the real rollup."""
    with scratch() as folder, scratch_database(folder) as engine:
        yield from _measure_times(engine, _make_settings(folder), 10_000 if is_small else 100_000)
    with scratch() as folder, scratch_database(folder) as engine:
        yield from _measure_year(engine, _make_settings(folder), 30 if is_small else YEAR)


def _make_settings(folder: Path) -> Settings:
    drop = {"hands": {"drop_folders": [folder / "drop"]}, "sheets": [{"name": "notes", "path": folder / "notes.xlsx"}]}
    roots = {"archive_roots": [{"name": "nas", "path": folder}], "libraries": [{"name": "wsop", "root": "nas"}]}
    return Settings.model_validate({"home": folder / "home", "time_zone": "Europe/London", **drop, **roots})


def _measure_times(engine: Engine, settings: Settings, count: int) -> Iterator[Figure]:
    now = datetime.now(UTC)
    fill(engine, now, DAYS, count)
    add_rest(engine, now, count)
    events = _ask(engine, "select count(*) from events")
    first = _time(lambda: roll_up(engine, settings))
    yield Figure(f"{count:,} instructions, {events:,} events: first roll of all, s", f"{first / 1000:.1f}")
    yield Figure("a roll of a minute, p50 ms", f"{_time_often(lambda: roll_up(engine, settings)):.1f}", "< 10")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name, run in _list_measures(settings):
            taken = _time_often(lambda: run(connection))  # noqa: B023 - it is called at once
            yield Figure(f"{name}, p50 ms", f"{taken:.1f}", "< 10")


def _list_measures(settings: Settings) -> Iterator[tuple[str, Measure]]:
    for name, length in WINDOWS.items():
        yield f"throughput, latency, error rate, {name}", partial(_measure_renders, settings, length)
    for name, length in WINDOWS.items():
        yield f"the same by template, {name}", partial(_measure_templates, settings, length)
    day = WINDOWS["24 h"]
    yield "the four figures of the dashboard", lambda connection: measure_dashboard(connection, settings)
    yield "totals of each template for Prometheus", lambda connection: measure_totals(connection, settings)
    yield "queue now", read_queue_depth
    yield "queue of 24 h", lambda connection: read_queue_series(connection, settings, make_window(day))
    yield "hands today", lambda connection: measure_hands_today(connection, settings)
    yield "flow of 24 h, orphans, delayed", lambda connection: measure_data_flow(connection, make_window(day))
    yield "ages of the sources", lambda connection: measure_sync_lags(connection, settings)


def _measure_renders(settings: Settings, length: timedelta, connection: Connection) -> object:
    return measure_renders(connection, settings, make_window(length))


def _measure_templates(settings: Settings, length: timedelta, connection: Connection) -> object:
    return measure_groups(connection, settings, make_window(length), "template")


def _measure_year(engine: Engine, settings: Settings, days: int) -> Iterator[Figure]:
    """Go through a year: each day has its graphics and a look at the queue each minute, and is rolled up at its end."""
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    began = end - timedelta(days=days)
    fill(engine, end, days, days * GRAPHICS_A_DAY)
    started = time.perf_counter()
    for day in range(days):
        now = began + timedelta(days=day + 1)
        with engine.begin() as connection:
            connection.execute(_LOOKS, {"since": now - timedelta(days=1), "until": now - timedelta(minutes=1)})
        roll_up(engine, settings, now=now)
        if day % VACUUM_DAYS == 0:
            _vacuum(engine, "measure_rollups")
    took = time.perf_counter() - started
    rows = _ask(engine, "select count(*) from measure_rollups")
    size = _ask(engine, "select pg_total_relation_size('measure_rollups')")
    what = f"{days} days of {GRAPHICS_A_DAY:,} graphics, 3 templates, rolled up day by day"
    yield Figure(f"{what}: rows", f"{rows:,}")
    yield Figure("their table with its indexes, MB", f"{size / 1e6:.1f}", "< 200")
    yield Figure("seconds that all rolls took", f"{took:.1f}")


def _time(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return (time.perf_counter() - started) * 1_000


def _time_often(run: Callable[[], object]) -> float:
    return percentile([_time(run) for _ in range(TIMES)], 0.5)


def _ask(engine: Engine, statement: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(statement)) or 0)


def _vacuum(engine: Engine, table: str = "") -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"vacuum analyze {table}"))


def fill(engine: Engine, now: datetime, days: int, count: int) -> None:
    """Insert so many ended instructions of the last days, evenly, with the three events of each."""
    with engine.begin() as connection:
        connection.execute(text("alter table render_instructions disable trigger guard_render_instruction"))
        connection.execute(_INSTRUCTIONS, {"now": now, "days": days, "count": count})
        connection.execute(text("alter table render_instructions enable trigger guard_render_instruction"))
        for type_, moment in (
            ("'render.instruction.created'", "created_at"),
            ("'render.started'", "created_at + interval '1 second'"),
            ("'render.' || state", "finished_at"),
        ):
            connection.execute(text(_EVENTS.format(type=type_, at=moment)))
    _vacuum(engine)


def add_rest(engine: Engine, now: datetime, count: int) -> None:
    """Insert hands, a fiftieth of them premium and of today a tenth of all, and what is pending and processing."""
    with engine.begin() as connection:
        values = {"now": now, "count": count}
        connection.execute(_SESSION, values)
        connection.execute(_HANDS, values)
        connection.execute(_OF_HANDS)
        connection.execute(_PENDING, values)
    _vacuum(engine)


_INSTRUCTIONS = text("""
    insert into render_instructions (template, layers, output, digest, state, trigger_kind, trigger_key, broadcast_day,
        by, renderer, created_at, due_at, finished_at)
    select (array['payouts', 'elimination', 'chip_counts'])[1 + n % 3], '{}', '{}', '',
        case when n % 50 = 0 then 'failed' when n % 131 = 0 then 'timed_out' when n % 211 = 0 then 'cancelled'
            else 'completed' end,
        'person', 'bench ' || n, cast(asked as date), 'bench', case n % 4 when 0 then 'nexrender' else 'local' end,
        asked, asked, asked + make_interval(secs => 5 + n % 600)
    from generate_series(1, :count) n,
        lateral (select cast(:now as timestamptz) - interval '11 minutes'
            - (:count - n) * (:days * interval '1 day' / :count) as asked)
""")

_EVENTS = """
    insert into events (source, correlation_id, type, at, payload)
    select 'render', '', {type}, {at}, jsonb_build_object('instruction_id', id, 'template', template, 'state', state)
    from render_instructions order by 4
"""

_SESSION = text("""
    insert into hand_sessions (session_id, table_name, event_title, started_at, broadcast_day, is_test, hands_reported,
        hands_broken, head) values (1, 'Table 7', 'Main Event', :now, cast(:now as date), false, 1, 0, '')
""")

_HANDS = text("""
    insert into hands (session_id, table_name, hand_number, started_at, broadcast_day, source, is_premium, is_test, pot,
        winners, content, weight, digest, created_at)
    select 1, 'Table 7', n, played, cast(case when n > :count * 0.9 then :now else played end as date), 'rfid',
        n % 50 = 0, false, 100, '[]', '{"is_over": true, "is_showdown": true}', '[1]', '', played
    from generate_series(1, :count) n,
        lateral (select cast(:now as timestamptz) - (:count - n) * interval '1 minute' as played)
""")

_OF_HANDS = text("""
    update render_instructions i set hand_id = h.id, trigger_kind = 'premium_hand'
    from (select id, row_number() over (order by id desc) as number from hands where is_premium) h
    where i.trigger_key = 'bench ' || h.number and h.number % 100 <> 1
""")

_PENDING = text("""
    insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key, broadcast_day, by,
        created_at, due_at)
    select 'payouts', '{}', '{}', '', 'person', 'pending ' || n, cast(:now as date), 'bench', :now, :now
    from generate_series(1, :count / 100) n
""")

_LOOKS = text("""
    insert into measure_rollups (measure, resolution, at, labels, sums)
    select 'queue', 'minute', at, '{}', jsonb_build_object('samples', 1, 'pending', 12, 'processing', 2, 'held', 0)
    from generate_series(cast(:since as timestamptz), :until, interval '1 minute') at
    on conflict do nothing
""")
