"""Measure how long the status takes to read, with a long history of events and runs."""

import contextlib
import subprocess
import time
from collections.abc import Iterator

from sqlalchemy import Engine, text

from pokervod_pipelines.db.engine import make_engine, serve_database
from pokervod_pipelines.defs.run_history import DagsterHistory
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.monitoring.status import read_status
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines_tests.bench.figure import Figure, percentile, scratch
from pokervod_pipelines_tests.sync.installation import COMMAND, build_installation

TIMES = 200


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Sync once, repeat its runs and events many times, then read the status again and again, and by the command."""
    count = 10_000 if is_small else 100_000
    with scratch() as folder:
        installation = build_installation(folder)
        installation.sync()
        with contextlib.chdir(folder):
            settings = load_settings()
            with serve_database(settings) as urls:
                ours, dagster = make_engine(urls.pokervod), make_engine(urls.dagster)
                fill(ours, count)
                runs, entries = repeat_runs(dagster, count)
                history = DagsterHistory(dagster)
                taken = [take_ms(lambda: read_status(ours, history, settings)) for _ in range(TIMES)]
                size = f"{count:,} events, {runs:,} runs with {entries:,} entries"
                yield Figure(f"{size}: status p50 ms", f"{percentile(taken, 0.5):.1f}", "< 20")
                yield Figure(f"{size}: status p99 ms", f"{percentile(taken, 0.99):.1f}", "")
                command = [*COMMAND, "status"]
                seconds = [take_ms(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(5)]
                yield Figure("pokervod status, beside a running database, s", f"{min(seconds) / 1000:.2f}", "< 1.5")
                ours.dispose()
                dagster.dispose()


def take_ms(run: object) -> float:
    """Return how many milliseconds the call takes."""
    started = time.perf_counter()
    run()  # type: ignore[operator]
    return (time.perf_counter() - started) * 1_000


def fill(engine: Engine, count: int) -> None:
    """Append events of files, and among them failures of stages."""
    file = {"library": "PAD", "size": 1, "category": "video"}
    failure = {"stage": "nas", "name": "WSOP", "error": "not mounted", "run_id": "of long ago"}
    events = [
        NewEvent(EventType.SYSTEM_ERROR, failure)
        if number % 50 == 0
        else NewEvent(EventType.NAS_FILE_ADDED, file | {"file_id": number, "path": f"{number}.mov"})
        for number in range(count)
    ]
    with engine.begin() as connection:
        append_events(connection, "nas", "bench", events)
    _analyze(engine)


def repeat_runs(engine: Engine, entries: int) -> tuple[int, int]:
    """Copy the run with its entries and checks until there are so many; return the number of runs and of entries."""
    with engine.begin() as connection:
        times = {"times": entries // (connection.scalar(text("select count(*) from event_logs")) or 1)}
        for statement in (_RUNS, _TAGS, _ENTRIES, _CHECKS):
            connection.execute(statement, times)
        runs = connection.scalar(text("select count(*) from runs")) or 0
        total = connection.scalar(text("select count(*) from event_logs")) or 0
    _analyze(engine)
    return runs, total


def _analyze(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze"))


_RUNS = text("""
    insert into runs (run_id, snapshot_id, pipeline_name, status, run_body, start_time, end_time)
    select run_id || n, snapshot_id, pipeline_name, case when n % 3 = 0 then 'FAILURE' else status end, run_body,
        start_time, end_time
    from runs, generate_series(1, :times) n
""")

_TAGS = text("""
    insert into run_tags (run_id, key, value)
    select run_id || n, key, value from run_tags, generate_series(1, :times) n
""")

_ENTRIES = text("""
    insert into event_logs (run_id, event, dagster_event_type, timestamp, step_key, asset_key, partition)
    select run_id || n, event, dagster_event_type, timestamp, step_key, asset_key, partition
    from event_logs, generate_series(1, :times) n
""")

_CHECKS = text("""
    insert into asset_check_executions (asset_key, check_name, run_id, execution_status, evaluation_event,
        evaluation_event_timestamp)
    select asset_key, check_name, run_id || n, execution_status, evaluation_event, evaluation_event_timestamp
    from asset_check_executions, generate_series(1, :times) n
""")
