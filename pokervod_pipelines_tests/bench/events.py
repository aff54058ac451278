"""Measure the time from an append to the listener that has it."""

import threading
import time
from collections.abc import Iterator

from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.events.listen import start_listening, wait_for_append
from pokervod_pipelines.events.log import read_events, read_snapshot
from pokervod_pipelines_tests.bench.figure import Figure, percentile, scratch, scratch_database


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Measure latency in milliseconds, and how many events a second one transaction appends."""
    with scratch() as folder, scratch_database(folder) as engine:
        count = 100 if is_small else 500
        sent: dict[int, float] = {}
        taken: list[float] = []
        ready = threading.Event()
        listening = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        start_listening(listening)

        def listen() -> None:
            position = read_snapshot(listening)
            ready.set()
            while len(taken) < count:
                events, position = read_events(listening, position)
                now = time.perf_counter()
                taken.extend((now - sent[event.payload["n"]]) * 1000 for event in events)
                if len(taken) < count:
                    wait_for_append(listening, timeout=5)

        listener = threading.Thread(target=listen)
        listener.start()
        ready.wait()
        for number in range(count):
            sent[number] = time.perf_counter()
            with engine.begin() as connection:
                append_events(connection, "bench", "bench", [NewEvent(EventType.NAS_FILE_ADDED, {"n": number})])
            time.sleep(0.002)
        listener.join()
        listening.close()
        yield Figure("append → listener, p50 ms", f"{percentile(taken, 0.5):.1f}")
        yield Figure("append → listener, p99 ms", f"{percentile(taken, 0.99):.1f}", "< 100, aim < 20")
        many = [NewEvent(EventType.NAS_FILE_ADDED, {"n": number}) for number in range(50_000)]
        started = time.perf_counter()
        with engine.begin() as connection:
            append_events(connection, "bench", "bench", many)
        yield Figure("appended in one transaction, events/s", f"{len(many) / (time.perf_counter() - started):,.0f}")
