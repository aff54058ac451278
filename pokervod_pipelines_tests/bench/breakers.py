"""Measure what a breaker adds to a call: closed at rest, closed and looked at anew, refused, and after a failure."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC

from sqlalchemy import Engine

from pokervod_pipelines.events.breakers import make_breaker
from pokervod_pipelines.policies.blocks import SHEETS
from pokervod_pipelines.policies.breakers import LOOK_SECONDS, Breaker, BreakerOpen, BreakerOptions
from pokervod_pipelines_tests.bench.figure import Figure, percentile, scratch, scratch_database


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Measure in milliseconds a call."""
    count = 200 if is_small else 2_000
    with scratch() as folder, scratch_database(folder) as engine:
        yield from _show(
            "closed, seen a moment ago", _succeed, _make(engine, LOOK_SECONDS), count * 10, "< 10, aim < 1"
        )
        yield from _show("closed, looked at anew", _succeed, _make(engine, 0.0), count, "< 10, aim < 1")
        yield from _show("a failure, then a success", _fail_once, _make(engine, 0.0), count)
        breaker = _make(engine, 0.0)
        for _ in range(5):
            breaker.enter().fail("no answer")
        yield from _show("open, refused", _be_refused, breaker, count)


def _make(engine: Engine, look_seconds: float) -> Breaker:
    return make_breaker(engine, SHEETS, BreakerOptions(zone=UTC, look_seconds=look_seconds))


def _succeed(breaker: Breaker) -> None:
    with breaker.enter():
        pass


def _fail_once(breaker: Breaker) -> None:
    breaker.enter().fail("no answer")
    breaker.enter().succeed()


def _be_refused(breaker: Breaker) -> None:
    try:
        breaker.enter()
    except BreakerOpen:
        return
    raise AssertionError("an open breaker let a call through")


def _show(
    what: str, act: Callable[[Breaker], None], breaker: Breaker, count: int, target: str = ""
) -> Iterator[Figure]:
    act(breaker)  # the connection is there
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        act(breaker)
        taken.append((time.perf_counter() - began) * 1000)
    for share in (0.5, 0.99):
        yield Figure(f"{what}, p{share * 100:.0f} ms", f"{percentile(sorted(taken), share):.3f}", target)
