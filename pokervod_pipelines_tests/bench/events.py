"""Measure the time from an append to the handlers that have it, and what an append costs."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

from sqlalchemy import Engine, text

from pokervod_pipelines.events import EventType, NewEvent, append_events, subscribe
from pokervod_pipelines_tests.bench import event_consumer
from pokervod_pipelines_tests.bench.figure import Figure, median_seconds, percentile, scratch, scratch_database

CONSUMERS = 10
PAUSE_SECONDS = 0.02


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Measure latency in milliseconds beside bare notifications, the rate of a backlog, and the cost of an append."""
    with scratch() as folder, scratch_database(folder) as engine:
        taken = _measure_latency(engine, 100 if is_small else 2_000)
        ours = [each for name, times in taken.items() if name != "raw" for each in times]
        for share in (0.5, 0.99):
            shown = f"p{share * 100:.0f} ms"
            yield Figure(f"bare notification, {shown}", f"{percentile(taken['raw'], share):.1f}")
            target = "< 100, aim < 20" if share > 0.9 else ""
            yield Figure(f"append → handler, {CONSUMERS} consumers, {shown}", f"{percentile(ours, share):.1f}", target)
        yield from _measure_rates(engine, 5_000 if is_small else 100_000)
        yield from _measure_cost(engine)


def _make_event(number: int) -> NewEvent:
    payload = {"file_id": number, "library": "PAD", "path": f"{number}.mov", "size": 1, "category": "video"}
    return NewEvent(EventType.NAS_FILE_ADDED, payload)


def _measure_latency(engine: Engine, count: int) -> dict[str, list[float]]:
    """Return by consumer how many milliseconds after the commit it had each event."""
    url = engine.url.render_as_string(hide_password=False)
    sent: dict[int, float] = {}
    names = ["raw", *(f"consumer {number}" for number in range(CONSUMERS))]
    with ExitStack() as stack:
        command = [sys.executable, event_consumer.__file__, url]
        processes = {
            name: stack.enter_context(subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True))
            for name in names
        }
        _wait_for_consumers(engine)
        for number in range(count):
            sent[number] = time.perf_counter()
            with engine.begin() as connection:
                append_events(connection, "nas", f"bench {number}", [_make_event(number)])
                connection.execute(text("select pg_notify('raw', :number)"), {"number": str(number)})
            time.sleep(PAUSE_SECONDS)
        taken = {}
        for name, process in processes.items():
            assert process.stdout is not None
            lines = [process.stdout.readline().split() for _ in range(count)]
            process.kill()
            taken[name] = [(float(moment) - sent[int(number)]) * 1000 for number, moment in lines]
    return taken


def _wait_for_consumers(engine: Engine) -> None:
    query = text("select count(*) from event_cursors")
    while True:
        with engine.connect() as connection:
            if connection.scalar(query) == CONSUMERS:
                return
        time.sleep(0.1)


def _measure_rates(engine: Engine, count: int) -> Iterator[Figure]:
    events = [_make_event(number) for number in range(count)]
    started = time.perf_counter()
    with engine.begin() as connection:
        append_events(connection, "nas", "backlog", events)
    yield Figure(f"{count:,} appended in one transaction, events/s", f"{count / (time.perf_counter() - started):,.0f}")
    stop, left = threading.Event(), [count]

    def handle(_: object) -> None:
        left[0] -= 1
        if not left[0]:
            stop.set()

    started = time.perf_counter()
    subscribe([EventType.NAS_FILE_ADDED], handle, "backlog", engine=engine, stop=stop, from_start=True)
    yield Figure(
        f"{count:,} pending handled by one consumer, events/s", f"{count / (time.perf_counter() - started):,.0f}"
    )


def _measure_cost(engine: Engine) -> Iterator[Figure]:
    def commit(*, appends: bool) -> None:
        with engine.begin() as connection:
            connection.execute(text("create temporary table if not exists work (at timestamptz) on commit drop"))
            if appends:
                append_events(connection, "nas", "cost", [_make_event(0)])

    bare = median_seconds(lambda: commit(appends=False), times=200)
    ours = median_seconds(lambda: commit(appends=True), times=200)
    yield Figure("what an event adds to a transaction, ms", f"{(ours - bare) * 1000:.2f}", "< 10")
