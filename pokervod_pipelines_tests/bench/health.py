"""Measure what a look at everything takes, and what the sensor costs, with a long history of events and runs."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import psutil
from sqlalchemy import text

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import embedded_folder, make_engine, serve_database
from pokervod_pipelines.defs.orchestrator_facts import OrchestratorFacts
from pokervod_pipelines.monitoring.health.access import open_access
from pokervod_pipelines.monitoring.health.check import HealthCheck
from pokervod_pipelines.monitoring.health.repair import record_and_repair
from pokervod_pipelines.monitoring.health.runs import DAY, WEEK, read_workflows
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines_tests.bench.figure import Figure, percentile, scratch
from pokervod_pipelines_tests.bench.status import fill, repeat_runs, take_ms
from pokervod_pipelines_tests.sync.installation import COMMAND, build_installation

TIMES = 100

EVERY_SECONDS = 30.0


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Sync once, repeat its runs and events many times, then look again and again, and by the command."""
    count = 30_000 if is_small else 300_000
    with scratch() as folder:
        installation = build_installation(folder)
        installation.sync()
        with contextlib.chdir(folder):
            settings = load_settings()
            with serve_database(settings) as urls, open_access(settings, OrchestratorFacts) as access:
                ours, dagster = make_engine(urls.pokervod), make_engine(urls.dagster)
                fill(ours, count)
                repeat_runs(dagster, count // 10)
                with dagster.begin() as connection:
                    connection.execute(_SPREAD, {"runs": count // 3})
                    connection.execute(text("analyze runs"))
                size = f"{count:,} events, {count // 3:,} runs of a year"
                facts, now = OrchestratorFacts(dagster), datetime.now(UTC)
                for name, read in (
                    ("runs of eight days", lambda: read_workflows(facts, now)),
                    ("runs of the week before", lambda: facts.read_runs(now - DAY - WEEK, now - DAY)),
                    ("sensors", facts.read_sensors),
                    ("heartbeats", facts.read_heartbeats),
                ):
                    taken = [take_ms(read) for _ in range(TIMES)]
                    yield Figure(f"{size}: {name}, p50 ms", f"{percentile(taken, 0.5):.1f}", "< 10")
                server = psutil.Process(EmbeddedServer(embedded_folder(settings)).status().pid)
                check = HealthCheck(settings=settings, access=access)
                record_and_repair(ours, check.look(), settings.monitoring.hooks)
                used = _measure_cpu(server)
                taken = [
                    take_ms(lambda: record_and_repair(ours, check.look(), settings.monitoring.hooks))
                    for _ in range(TIMES)
                ]
                share = (_measure_cpu(server) - used) / TIMES / EVERY_SECONDS
                yield Figure(f"{size}: a look at everything, p50 ms", f"{percentile(taken, 0.5):.1f}", "< 5000")
                yield Figure("a look every 30 s, % of a core", f"{100 * share:.2f}", "< 0.2")
                command = [*COMMAND, "health", "--look-only"]
                seconds = [take_ms(lambda: subprocess.run(command, check=False, capture_output=True)) for _ in range(5)]
                yield Figure("pokervod health, beside a running database, s", f"{min(seconds) / 1000:.2f}", "< 1.5")
                ours.dispose()
                dagster.dispose()


_SPREAD = text("""
    insert into runs (run_id, pipeline_name, status, run_body, start_time, end_time, update_timestamp)
    select 'spread ' || n, (array['full_sync', 'sheets_sync', 'nas_sync', 'clips_update'])[n % 4 + 1],
        case when n % 20 = 0 then 'FAILURE' else 'SUCCESS' end, '{}', extract(epoch from at) - n % 60,
        extract(epoch from at), at at time zone 'UTC'
    from generate_series(1, :runs) n, lateral (select now() - n * interval '365 days' / :runs as at) as each
""")


def _measure_cpu(server: psutil.Process) -> float:
    """Return the seconds of a core that this process and the database server have used."""
    times = server.cpu_times()
    used = time.process_time() + times.user + times.system + times.children_user + times.children_system
    for each in server.children():
        with contextlib.suppress(psutil.Error):
            used += sum(each.cpu_times()[:2])
    return used
