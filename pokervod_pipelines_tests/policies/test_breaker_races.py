"""Have threads and processes come to a half-open breaker at once: one of all is the probe, and its death ends it."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.events.breakers import make_breaker
from pokervod_pipelines.policies.blocks import SHEETS
from pokervod_pipelines.policies.breakers import Breaker, BreakerOptions
from pokervod_pipelines_tests.policies import prober
from pokervod_pipelines_tests.policies.breaker_harness import BreakerHarness, try_enter
from pokervod_pipelines_tests.sizes import choose

LEASE_SECONDS = 1.0
PROCESSES = 4


def make(engine: Engine) -> Breaker:
    return make_breaker(engine, SHEETS, BreakerOptions(zone=UTC, probe_seconds=LEASE_SECONDS))


def half_open(engine: Engine) -> None:
    """Open the breaker, a minute ago."""
    with engine.begin() as connection:
        connection.execute(text("delete from breakers"))
        connection.execute(
            text("""
                insert into breakers (name, failures, last_error, last_failed_at, opened_at, next_probe_at)
                values ('sheets', 5, 'no answer', now() - interval '60 s', now() - interval '60 s', now())
            """)
        )


def test_of_many_threads_one_is_the_probe(engine: Engine) -> None:
    threads = 8
    barrier = threading.Barrier(threads)

    def enter(breaker: Breaker) -> str:
        barrier.wait()
        call = try_enter(breaker)
        return "refused" if call is None else "probe" if call.is_probe else "call"

    with ThreadPoolExecutor(threads) as pool:
        for _ in range(choose(10, long=200)):
            half_open(engine)
            found = sorted(pool.map(enter, [make(engine) for _ in range(threads)]))
            assert found == ["probe", *["refused"] * (threads - 1)]


def test_failures_at_the_same_time_are_all_counted_and_open_it_once(engine: Engine) -> None:
    threads = 8
    barrier = threading.Barrier(threads)
    harness = BreakerHarness(engine)

    def fail(breaker: Breaker) -> None:
        call = breaker.enter()
        barrier.wait()
        call.fail("no answer")

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fail, [make(engine) for _ in range(threads)]))

    assert harness.read().failures == 5, "those after it opened began before"
    assert harness.list_changes() == [("system.breaker.opened", 5)]


@pytest.fixture
def probers(engine: Engine) -> Iterator[list[subprocess.Popen[str]]]:
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", prober.__name__, url, str(LEASE_SECONDS)]
    with ExitStack() as stack:
        started = []
        for _ in range(PROCESSES):
            process = stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            stack.callback(process.kill)
            started.append(process)
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield started


def tell(processes: list[subprocess.Popen[str]]) -> list[str]:
    """Have all of them enter at once; return what each says."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("enter\n")
        process.stdin.flush()
    return [process.stdout.readline().strip() for process in processes if process.stdout is not None]


def test_of_all_processes_one_is_the_probe_and_its_death_delays_the_next_by_its_lease(
    engine: Engine, probers: list[subprocess.Popen[str]]
) -> None:
    for _ in range(choose(5, long=50)):
        half_open(engine)
        found = tell(probers)
        assert sorted(found) == ["probe", *["refused"] * (PROCESSES - 1)]

    holder = probers.pop(found.index("probe"))
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with engine.begin() as connection:  # whatever this machine is busy with, its lease lasts on
        connection.execute(text("update breakers set next_probe_at = clock_timestamp() + interval '1 min'"))
    assert tell(probers) == ["refused"] * (PROCESSES - 1)
    with engine.begin() as connection:
        connection.execute(text("update breakers set next_probe_at = clock_timestamp()"))

    assert sorted(tell(probers)) == ["probe", *["refused"] * (PROCESSES - 2)]


def test_what_one_process_opens_another_sees_within_a_second(
    engine: Engine, probers: list[subprocess.Popen[str]]
) -> None:
    probers = probers[:1]
    assert tell(probers) == ["call"]
    BreakerHarness(engine).open(make(engine))
    threading.Event().wait(1.0)

    assert tell(probers) == ["refused"]
