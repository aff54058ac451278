"""Measure how long the grid of weeks takes, and each of its stages, over a year of data."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.monitoring.weeks import validation
from pokervod_pipelines.monitoring.weeks.shape import Week
from pokervod_pipelines.monitoring.weeks.stages import STAGES
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.bench.figure import Figure, percentile, scratch, scratch_database
from pokervod_pipelines_tests.monitoring.week_data import ARCHIVE

MONDAY = date(2026, 1, 5)
DAYS = 364
NOW = datetime(2027, 1, 5, tzinfo=UTC)
TIMES = 50


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Fill a year of broadcast days, then read a week, six weeks and the year again and again."""
    count = 10_000 if is_small else 100_000
    with scratch() as folder, scratch_database(folder) as engine:
        _fill(engine, count)
        settings = Settings.model_validate({"home": Path(folder) / "home", **ARCHIVE})
        last = Week.of(MONDAY).shift(51)
        size = f"{count:,} instructions, {2 * count:,} hands, {count // 5:,} videos and rows in a year"
        for told, first in (("one week", last), ("six weeks", last.shift(-5)), ("52 weeks", last.shift(-51))):
            with engine.connect() as connection:
                name, slowest, whole = _measure_range(connection, settings, first, last)
            yield Figure(
                f"{size}: {told}, slowest stage ({name}), p50 ms",
                f"{slowest:.1f}",
                "< 10" if told == "one week" else "",
            )
            yield Figure(f"{told}, all stages, p50 ms", f"{whole:.1f}", "")


def _measure_range(connection: Connection, settings: Settings, first: Week, last: Week) -> tuple[str, float, float]:
    """Return the slowest stage, how long it takes, and how long all take."""
    values = validation.list_values(settings, first, last, validation.find_days(settings), NOW)
    taken = {
        stage.name: _time(lambda stage=stage: validation.count_stage(connection, stage, values))  # type: ignore[misc]
        for stage in STAGES
    }
    name = max(taken, key=lambda each: taken[each])
    return name, taken[name], _time(lambda: validation.validate_weeks(connection, settings, first, last, now=NOW))


def _time(run: Callable[[], object]) -> float:
    taken = []
    for _ in range(TIMES):
        started = time.perf_counter()
        run()
        taken.append((time.perf_counter() - started) * 1_000)
    return percentile(taken, 0.5)


def _fill(engine: Engine, count: int) -> None:
    """Spread everything evenly over the days; one in a hundred is spoiled."""
    content = json.dumps({"is_over": True, "is_showdown": True, "seats": ["x" * 100] * 12})
    values = {"count": count, "day": MONDAY, "days": DAYS, "content": content}
    with engine.begin() as connection:
        connection.execute(text("alter table render_instructions disable trigger user"))
        for statement in _STATEMENTS:
            connection.execute(text(statement), values)
        connection.execute(text("alter table render_instructions enable trigger user"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


_DAY = "cast(:day as date) + cast(n * cast(:days as bigint) / {of} as integer)"
_VIDEOS = _DAY.format(of="(cast(:count as bigint) / 5)")
_HANDS = _DAY.format(of="(2 * cast(:count as bigint))")

_STATEMENTS = (
    f"""
    insert into nas_files (root, library, path, path_key, size, mtime_ns, inode, category, version_type, is_junk, state,
        first_seen_at)
    select 'nas', 'wsop', n || '.mov', n || '.mov', 1, 0, n, 'video', 'generic', false,
        case when n % 100 = 0 then 'missing' else 'present' end, {_VIDEOS} + interval '12 hours'
    from generate_series(0, :count / 5 - 1) n
    """,
    """
    insert into video_files (file_id, title, parsed, parsed_path, parser_version, inventory_mark, reason)
    select id, '', '{"project_code": "WSOP"}', path, '', '', case when id % 100 = 0 then 'no rule' end from nas_files
    """,
    """
    insert into sheet_rows (sheet, tab, row_number, fingerprint, file_name, folder_link, content, match_status, file_id,
        created_at)
    select 'notes', 'Hands', id, '', '', '', '{}', case when id % 100 = 0 then 'none' else 'matched' end,
        case when id % 100 = 0 then null else id end, first_seen_at from nas_files
    """,
    """
    insert into hand_clips (sheet_row_id, sheet, file_id, in_ms, out_ms, title, winner, hands, input_hash)
    select id, sheet, file_id, 0, 9, '', '', '', '' from sheet_rows where file_id is not null
    """,
    """
    insert into broadcast_slots (starts_at, channel, day, ends_at, event_title, is_live, seen_at)
    select d + interval '19 hours', 'Main', d, d + interval '23 hours', 'Final table', true, d
    from generate_series(0, :days - 1) n, lateral (select cast(:day as date) + n as d) x
    """,
    """
    insert into hand_sessions (session_id, table_name, event_title, started_at, broadcast_day, is_test, hands_reported,
        hands_broken, head)
    select n, 'Table 7', '', cast(:day as date) + n, cast(:day as date) + n, false, 10, 0, ''
    from generate_series(0, :days - 1) n
    """,
    f"""
    insert into hands (session_id, table_name, hand_number, started_at, broadcast_day, source, is_premium, is_test,
        best_category, pot, winners, content, weight, digest)
    select d - :day, 'Table 7', n, d + interval '20 hours' + n * interval '1 millisecond', d, 'rfid', n % 2 = 0, false,
        'full_house', 0, '[]', cast(:content as jsonb), '[]', ''
    from generate_series(0, 2 * :count - 1) n, lateral (select {_HANDS} as d) x
    """,
    """
    insert into render_instructions (template, layers, output, digest, state, trigger_kind, trigger_key, broadcast_day,
        by, hand_id, created_at, finished_at, reason)
    select 'lower_third', '{}', '{}', '', case when n % 100 = 0 then 'failed' else 'completed' end, 'premium_hand',
        n::text, h.broadcast_day, 'rules', h.id, h.started_at, h.started_at + interval '1 minute', ''
    from generate_series(0, :count - 1) n join hands h on h.hand_number = 2 * n
    """,
)
