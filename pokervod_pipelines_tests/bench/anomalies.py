"""Measure what a look of all detectors takes, each group of facts by itself, and what looking costs at rest."""

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psutil
from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import embedded_folder
from pokervod_pipelines.defs.orchestrator_facts import OrchestratorFacts
from pokervod_pipelines.holds.listing import list_held_names
from pokervod_pipelines.monitoring.detectors import reading, reading_flow, reading_queue
from pokervod_pipelines.monitoring.detectors.history import History
from pokervod_pipelines.monitoring.detectors.judging import judge
from pokervod_pipelines.monitoring.detectors.looker import Looker
from pokervod_pipelines.monitoring.detectors.watching import LOOK_SECONDS
from pokervod_pipelines.monitoring.health.access import open_access
from pokervod_pipelines.monitoring.measures.rollup import roll_up
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines_tests.bench.figure import Figure, percentile, scratch
from pokervod_pipelines_tests.bench.measures import DAYS, add_rest, fill
from pokervod_pipelines_tests.bench.status import repeat_runs, take_ms
from pokervod_pipelines_tests.sync.installation import build_installation

TIMES = 50

Read = Callable[[Connection], object]


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Sync once, add a long history of graphics, hands, events and runs, then look again and again."""
    count = 10_000 if is_small else 100_000
    with scratch() as folder:
        installation = build_installation(folder)
        installation.sync()
        with contextlib.chdir(folder):
            settings = load_settings()
            with open_access(settings, OrchestratorFacts) as access:
                opened = access.open()
                orchestrator = opened.orchestrator
                assert isinstance(orchestrator, OrchestratorFacts)
                size = _fill(opened.engine, orchestrator.engine, settings, count)
                yield from _measure_groups(opened.engine, orchestrator, settings, f"{size}: ")
                yield from _measure_looks(opened.engine, orchestrator, settings)


def _fill(engine: Engine, dagster: Engine, settings: Settings, count: int) -> str:
    now = datetime.now(UTC)
    fill(engine, now, DAYS, count)
    add_rest(engine, now, count)
    with engine.begin() as connection:
        connection.execute(_CLAIMS)
        connection.execute(_SLOTS)
    roll_up(engine, settings)
    repeat_runs(dagster, count // 10)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
        events = connection.scalars(text("select count(*) from events")).one()
    return f"{count:,} instructions, {events:,} events"


def _measure_groups(engine: Engine, orchestrator: OrchestratorFacts, settings: Settings, size: str) -> Iterator[Figure]:
    """Time each group of facts; ``size`` is told with the first."""
    now = datetime.now(UTC)
    dagster = reading.read_dagster(orchestrator, now)
    groups: tuple[tuple[str, Read], ...] = (
        ("what waits", lambda c: reading_queue.read_waiting(c, settings, now)),
        ("the order of claims", lambda c: reading_queue.read_overtaken(c, settings, now)),
        (
            "claimed jobs and their limits",
            lambda c: reading_queue.read_processing(c, settings, reading.find_time_limits(settings), now),
        ),
        ("graphics of two hours", lambda c: reading_queue.read_hours(c, settings, now)),
        ("graphics that failed for good", lambda c: reading_queue.read_failed(c, now)),
        ("premium hands without an instruction", lambda c: reading_flow.read_hands(c, settings, now)),
        ("sources", lambda c: reading_flow.read_sources(engine, c, settings, dagster, now)),
        ("shows", lambda c: reading_flow.read_shows(c, settings, now)),
        ("health's services", lambda c: c.execute(reading.SERVICES).all()),
        ("Dagster: heartbeats, sensors, runs", lambda _: reading.read_dagster(orchestrator, now)),
        ("workers", reading.read_workers),
        ("watcher", reading.read_watcher),
        ("disks", lambda _: reading.read_disks(settings)),
        ("clock", reading.read_clock),
        ("breakers", lambda c: reading.read_breakers(c, settings)),
        ("events parked", reading_flow.read_parked),
        ("holds", list_held_names),
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name, read in groups:
            taken = [take_ms(lambda: read(connection)) for _ in range(TIMES)]  # noqa: B023 - called at once
            yield Figure(f"{size}{name}, p50 ms", f"{percentile(taken, 0.5):.1f}", "< 10")
            size = ""
    facts = reading.read_facts(engine, orchestrator, settings)
    taken = [take_ms(lambda: judge(facts, settings.monitoring, History())) for _ in range(TIMES)]
    yield Figure("all detectors judge, p50 ms", f"{percentile(taken, 0.5):.1f}")


def _measure_looks(engine: Engine, orchestrator: OrchestratorFacts, settings: Settings) -> Iterator[Figure]:
    """Time whole looks, each with what it records, and the processor time of this process and of the server."""
    looker = Looker(name="sensor", settings=settings)
    server = psutil.Process(EmbeddedServer(embedded_folder(settings)).status().pid)
    taken = []
    began = _measure_cpu(server)
    for _ in range(TIMES):
        with engine.begin() as connection:
            connection.execute(text("update detector_memory set looked_at = looked_at - interval '1 minute'"))
        taken.append(take_ms(lambda: looker.look(engine, orchestrator)))
    used = (_measure_cpu(server) - began) / TIMES
    yield Figure("a whole tick: read, judge, record, remedy, p50 ms", f"{percentile(taken, 0.5):.0f}", "< 500")
    yield Figure("the slowest of 50 ticks, ms", f"{max(taken):.0f}")
    yield Figure("processor time a tick, here and in the server, ms", f"{used * 1000:.0f}")
    yield Figure(f"of a core, at a look each {LOOK_SECONDS:g} s, %", f"{used / LOOK_SECONDS * 100:.2f}", "< 5")


def _measure_cpu(server: psutil.Process) -> float:
    """Return the processor seconds that this process and the server's have used so far."""
    seconds = time.process_time()
    for each in (server, *server.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            times = each.cpu_times()
            seconds += times.user + times.system
    return seconds


_CLAIMS = text("""
    insert into events (source, correlation_id, type, at, payload)
    select 'render', '', 'render.started', now() - n * interval '0.8 seconds',
        jsonb_build_object('instruction_id', id, 'worker', 'bench')
    from (select id, row_number() over (order by id desc) as n from render_instructions where state = 'completed') r
    where n < 1000
""")
"""Claims of the last quarter of an hour, as dense as many workers make them."""

_SLOTS = text("""
    insert into broadcast_slots (starts_at, channel, day, ends_at, event_title, is_live, seen_at)
    select cast(day as timestamptz), 'Main', cast(day as date), cast(day as timestamptz) + interval '24 hours', 'Event',
        true, now()
    from generate_series(current_date - 90, current_date + 30, interval '1 day') day
""")
