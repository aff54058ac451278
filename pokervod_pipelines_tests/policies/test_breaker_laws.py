"""Compare the breaker in the database with a model of a few lines, whatever happens in whatever order."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.events.breakers import reset_breaker
from pokervod_pipelines.policies.breakers import GuardedCall
from pokervod_pipelines_tests.events.rewriting import rewrite_log
from pokervod_pipelines_tests.policies.breaker_harness import BreakerHarness, try_enter
from pokervod_pipelines_tests.sizes import choose

LIMIT, OPEN_SECONDS, LEASE_SECONDS = 5, 60, 30
PROCESSES = st.integers(0, 2)


@dataclass
class Model:
    """Be a breaker in one process, with seconds as its clock."""

    now: int = 0
    failures: int = 0
    until: int | None = None
    """When the next probe may begin; None while it is closed."""
    probe: int | None = None
    probes: int = 0
    changes: list[str] = field(default_factory=list)

    def enter(self) -> int | str | None:
        """Return the number of a probe, None for a plain call, or that it is refused."""
        if self.until is None:
            return None
        if self.now < self.until:
            return "refused"
        self.probes += 1
        self.probe, self.until = self.probes, self.now + LEASE_SECONDS
        return self.probe

    def succeed(self) -> None:
        self._close("closed")

    def reset(self) -> None:
        if self.failures:
            self.changes.append("reset")
        self.failures, self.until, self.probe = 0, None, None

    def fail(self, probe: int | None) -> None:
        if probe is not None and probe == self.probe:
            self.failures += 1
            self.probe, self.until = None, self.now + OPEN_SECONDS
        elif self.until is None:
            self.failures += 1
            if self.failures >= LIMIT:
                self.until = self.now + OPEN_SECONDS
                self.changes.append("opened")

    def abandon(self, probe: int | None) -> None:
        if probe is not None and probe == self.probe:
            self.probe, self.until = None, self.now

    def _close(self, change: str) -> None:
        if self.until is not None:
            self.changes.append(change)
        self.failures, self.until, self.probe = 0, None, None


class BreakerMachine(RuleBasedStateMachine):
    """Let three processes call, die and be slow, and a person reset."""

    engine: Engine

    @initialize()
    def begin(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(text("delete from breakers"))
            rewrite_log(connection, "delete from events")
        self.harness = BreakerHarness(self.engine, probe_seconds=LEASE_SECONDS)
        self.breakers = [self.harness.make() for _ in range(3)]
        self.model = Model()
        self.calls: list[tuple[GuardedCall, int | None]] = []

    @rule(process=PROCESSES)
    def enter(self, process: int) -> None:
        call, expected = try_enter(self.breakers[process]), self.model.enter()
        assert (call is None) == (expected == "refused")
        if call is not None:
            assert not isinstance(expected, str)
            assert call.is_probe == (expected is not None)
            self.calls.append((call, expected))

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), end=st.sampled_from(["succeed", "fail", "fail", "fail", "abandon", "die"]))
    def end(self, data: Any, end: str) -> None:
        call, probe = self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1)))
        if end == "succeed":
            call.succeed()
            self.model.succeed()
        elif end == "fail":
            call.fail("no answer")
            self.model.fail(probe)
        elif end == "abandon":
            call.abandon()
            self.model.abandon(probe)

    @rule(process=PROCESSES, count=st.integers(1, 6))
    def fail_in_a_row(self, process: int, count: int) -> None:
        for _ in range(count):
            self.enter(process)
            if self.calls:
                call, probe = self.calls.pop()
                call.fail("no answer")
                self.model.fail(probe)

    @rule(seconds=st.sampled_from([1, 29, 30, 31, 59, 60, 61]))
    def wait(self, seconds: int) -> None:
        self.harness.wait(seconds)
        self.model.now += seconds

    @rule()
    def reset(self) -> None:
        with self.engine.begin() as connection:
            reset_breaker(connection, "sheets", Actor(who="ana", reason="x"))
        self.model.reset()

    @invariant()
    def it_is_as_the_model_has_it(self) -> None:
        state = self.harness.read()
        assert state.failures == self.model.failures
        assert (state.opened_at is None) == (self.model.until is None)
        assert state.is_probing == (self.model.probe is not None)
        assert state.is_due == (self.model.until is not None and self.model.now >= self.model.until)

    def teardown(self) -> None:
        if hasattr(self, "harness"):
            changes = [type_.rpartition(".")[2] for type_, _ in self.harness.list_changes()]
            assert changes == self.model.changes


def test_it_does_what_its_model_does(engine: Engine) -> None:
    BreakerMachine.engine = engine
    sizes = settings(max_examples=choose(10, long=500), stateful_step_count=choose(30, long=60), deadline=None)
    run_state_machine_as_test(BreakerMachine, settings=sizes)
