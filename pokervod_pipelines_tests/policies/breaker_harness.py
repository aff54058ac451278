"""Hold a breaker in a real database, with a clock that only the test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text

from pokervod_pipelines.events.breakers import make_breaker
from pokervod_pipelines.policies.blocks import SHEETS, GuardedService
from pokervod_pipelines.policies.breaker_store import BreakerState, read_states
from pokervod_pipelines.policies.breakers import Breaker, BreakerOpen, BreakerOptions, GuardedCall

START = datetime(2026, 1, 5, 12, tzinfo=UTC)


@dataclass
class BreakerHarness:
    """Make breakers of one service, as many processes would."""

    engine: Engine
    service: GuardedService = SHEETS
    look_seconds: float = 0.0
    probe_seconds: float = 30.0
    now: datetime | None = field(default=START)
    """None is the database's own clock."""

    def make(self) -> Breaker:
        """Return a breaker that remembers nothing of the others."""
        options = BreakerOptions(
            zone=UTC,
            probe_seconds=self.probe_seconds,
            look_seconds=self.look_seconds,
            read_clock=lambda: self.now,
        )
        return make_breaker(self.engine, self.service, options)

    def open(self, breaker: Breaker, error: str = "no answer") -> None:
        """Let five calls fail."""
        for _ in range(5):
            breaker.enter().fail(error)

    def wait(self, seconds: float) -> None:
        """Move the clock."""
        assert self.now is not None
        self.now += timedelta(seconds=seconds)

    def read(self) -> BreakerState:
        """Return the state in the database."""
        with self.engine.connect() as connection:
            states = read_states(connection, [self.service.name], self.now)
        return states[0] if states else BreakerState(name=self.service.name)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""
        with self.engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def list_changes(self) -> list[tuple[str, int]]:
        """Return the events of breakers: type and failures."""
        return self.execute("""
            select type, cast(payload ->> 'failures' as integer) from events
            where type like 'system.breaker.%' order by id
        """)


def try_enter(breaker: Breaker) -> GuardedCall | None:
    """Return the call, None where the breaker refuses it."""
    try:
        return breaker.enter()
    except BreakerOpen:
        return None
