"""Stop calls to a service that does not answer, in all processes, until one call has found that it answers again.

A room enters the breaker before a call and says how the call ended: the service answered (a refusal is an answer), or
it did not. A call through a closed breaker costs a look at the state at most once in ``LOOK_SECONDS``, and no write.
When the database itself does not answer, every call is let through: no breaker stops what would work without it.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from types import TracebackType
from typing import Self, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.policies import breaker_store as store
from pokervod_pipelines.policies.blocks import BREAKER, BreakerRule, GuardedService
from pokervod_pipelines.policies.breaker_store import BreakerState
from pokervod_pipelines.text.folding import make_storable

T = TypeVar("T")

LOOK_SECONDS = 0.5
"""How old the state of a closed breaker may be: what another process opened is seen within this time."""

AWAY_SECONDS = 10.0
"""How long a database that does not answer is not asked again: it may let each question wait."""

PROBE_SECONDS = 60.0
"""Lease of a probe, where the room names no other: a process that dies with it delays the next one by this."""

MAX_ERROR_LENGTH = 500

_log = logging.getLogger(__name__)


class BreakerChange(StrEnum):
    """Name what happened to a breaker."""

    OPENED = "opened"
    CLOSED = "closed"


OnChange = Callable[[Connection, BreakerChange, BreakerState], None]
"""Appends the event of a change, in its transaction: the event log is above this room."""


class BreakerOpen(Unavailable):
    """Report a call that was not made because the service did not answer the calls before.

    ``lasting`` is what to record of it: the text of the failures before, which has no times in it.
    """

    def __init__(self, message: str, *, lasting: str = "") -> None:
        super().__init__(message)
        self.lasting = lasting or message


def find_lasting(error: Exception) -> str:
    """Return the text of the error to record where the same text again is no news."""
    return error.lasting if isinstance(error, BreakerOpen) else str(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerOptions:
    """Hold what a room decides of a breaker: the lease of its probe, and the clock where it emulates one."""

    zone: tzinfo
    rule: BreakerRule = BREAKER
    probe_seconds: float = PROBE_SECONDS
    look_seconds: float = LOOK_SECONDS
    read_clock: Callable[[], datetime | None] = lambda: None


class Breaker:
    """Guard the calls to one service; made for a process, where any thread may use it."""

    def __init__(self, engine: Engine, service: GuardedService, options: BreakerOptions, on_change: OnChange) -> None:
        self.service = service
        self._engine, self._options, self._on_change = engine, options, on_change
        self._looked: tuple[float, BreakerState] | None = None

    def enter(self) -> "GuardedCall":
        """Return the call that may be made now. Raises ``BreakerOpen`` where none may."""
        state = self._look()
        if state.opened_at is None:
            return GuardedCall(self)
        if state.is_due:
            if probe := self._ask(self._claim_probe, None):
                return GuardedCall(self, probe)
            state = self._look()  # another one was faster, or closed it
            if state.opened_at is None:
                return GuardedCall(self)
        lasting = f"{self.service.title} does not answer: {state.last_error}"
        raise BreakerOpen(describe_open(self.service, state, self._options.zone), lasting=lasting)

    def join(self) -> "GuardedCall":
        """Return a call that is never refused, as it belongs to work under way; its end counts all the same."""
        return GuardedCall(self)

    def end(self, probe: UUID | None, *, error: str | None) -> None:
        """Store how a call ended: ``error`` is None where the service answered."""
        if error is not None:
            self._looked = None
            self._ask(lambda connection: self._count_failure(connection, probe, error), None)
        elif probe is not None or self._look().failures:
            self._looked = None
            self._ask(self._close, None)

    def abandon(self, probe: UUID) -> None:
        """Let the next call be the probe: this one was not made, or nobody knows how it ended."""
        self._ask(lambda connection: store.abandon_probe(connection, self.service.name, probe, self._now()), None)

    def _now(self) -> datetime | None:
        return self._options.read_clock()

    def _look(self) -> BreakerState:
        """Return the state; that of a closed breaker may be as old as ``look_seconds``."""
        moment = time.monotonic()
        if self._looked is not None:
            looked_at, state = self._looked
            if state.opened_at is None and moment - looked_at < self._options.look_seconds:
                return state
        found = self._ask(self._read, None)
        state = found or BreakerState(name=self.service.name)
        self._looked = moment if found else moment + AWAY_SECONDS, state
        return state

    def _read(self, connection: Connection) -> BreakerState:
        name = self.service.name
        return next(iter(store.read_states(connection, [name], self._now())), BreakerState(name=name))

    def _claim_probe(self, connection: Connection) -> UUID | None:
        probe, lease = uuid4(), timedelta(seconds=self._options.probe_seconds)
        return probe if store.claim_probe(connection, self.service.name, probe, lease, self._now()) else None

    def _count_failure(self, connection: Connection, probe: UUID | None, error: str) -> None:
        said = make_storable(error, "\ufffd")[:MAX_ERROR_LENGTH]
        opened = store.count_failure(connection, self.service.name, said, self._options.rule, probe, self._now())
        if opened is not None:
            self._on_change(connection, BreakerChange.OPENED, opened)

    def _close(self, connection: Connection) -> None:
        before = store.close(connection, self.service.name)
        if before is not None and before.opened_at is not None:
            self._on_change(connection, BreakerChange.CLOSED, before)

    def _ask(self, act: Callable[[Connection], T], otherwise: T) -> T:
        """Return what the database says, ``otherwise`` where it does not answer."""
        try:
            with self._engine.begin() as connection:
                return act(connection)
        except SQLAlchemyError as error:
            _log.warning("the breaker of %s is not asked: %s", self.service.name, error)
            return otherwise


class GuardedCall:
    """Be one call through a breaker, ended once: ``fail`` where the service did not answer.

    As a context it succeeds at its end; where an error leaves it that nobody called a failure, it counts as not made.
    """

    def __init__(self, breaker: Breaker, probe: UUID | None = None) -> None:
        self._breaker, self._probe = breaker, probe
        self._has_ended = False

    @property
    def is_probe(self) -> bool:
        """Return whether it is the one call that finds out: it should try once, and end within the lease."""
        return self._probe is not None

    def succeed(self) -> None:
        """Count that the service answered, be it with a refusal."""
        self._has_ended = True
        self._breaker.end(self._probe, error=None)

    def fail(self, error: str) -> None:
        """Count that the service did not answer, or only that it could not; ``error`` is shown to people."""
        self._has_ended = True
        self._breaker.end(self._probe, error=error)

    def abandon(self) -> None:
        """Count nothing."""
        self._has_ended = True
        if self._probe is not None:
            self._breaker.abandon(self._probe)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._has_ended:
            return
        if kind is None:
            self.succeed()
        else:
            self.abandon()


def describe_open(service: GuardedService, state: BreakerState, zone: tzinfo) -> str:
    """Return why the service is not called, when the next call may try, and what a person can do."""
    last = f"the last at {_show_clock(state.last_failed_at, zone)}: {(state.last_error or '').rstrip('. ')}"
    return (
        f"{service.title} does not answer: {state.failures} failures in a row, {last}; "
        f"next try at {_show_clock(state.next_probe_at, zone)}, "
        f"or at once after `pokervod breakers reset {service.name} --reason …`."
    )


def _show_clock(moment: datetime | None, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%H:%M:%S}" if moment else "?"
