"""Look at everything that the system depends on, side by side, and judge how it is.

Each probe has a thread and all have one time limit, so that a share or a server that never answers costs its own probe
and nothing else. A thread that is stuck is left behind, and its probe is not begun again while it is. A probe that
raises is degraded: that nothing could be read is never the same as that nothing is wrong.

What goes through a database that does not answer is unknown: the database alone is at fault. The questions to a
database take turns, so that a look holds one connection to each.
"""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.checks import CheckResult, Severity
from pokervod_pipelines.db.failures import read_first_line
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.monitoring.health.probes import (
    DatabaseAccess,
    HealthRound,
    NotAskedError,
    Opened,
    Probe,
    check_database,
    list_probes,
)
from pokervod_pipelines.monitoring.health.shape import (
    ServiceHealth,
    ServiceState,
    SystemHealth,
    judge_service,
    judge_system,
    sort_services,
)
from pokervod_pipelines.processes.threads import run_in_thread
from pokervod_pipelines.settings import Settings

PROBE_SECONDS = 5.0
"""Limit of every probe, and so of all: a folder is waited for 4 s, and a person for no more than this."""

OPEN_SECONDS = 4.5
"""Limit of waiting for the database: what goes through it says so before its own time is over."""

DATABASE = "database"

_log = logging.getLogger(__name__)

_waits = threading.local()
"""How long the thread of a probe has waited for the database to be open, and for its turn."""


@dataclass(kw_only=True)
class HealthCheck:
    """Look again and again; kept by whoever follows, for it knows which probes are stuck."""

    settings: Settings
    access: DatabaseAccess
    seconds: float = PROBE_SECONDS
    _begun: dict[str, tuple[float, Future[ServiceHealth]]] = field(default_factory=dict)

    def look(self, *, now: datetime | None = None) -> SystemHealth:
        """Return how everything is, within ``seconds``."""
        began = time.monotonic()
        opening: Future[Opened | None] = Future()
        until = began + self.seconds * OPEN_SECONDS / PROBE_SECONDS
        round_ = HealthRound(
            settings=self.settings,
            access=self.access,
            now=now or datetime.now(UTC),
            find_opened=partial(_wait_for, opening, until),
            turn=partial(_take_turn, opening, until, threading.Lock()),
            dagster_turn=partial(_take_turn, opening, until, threading.Lock()),
        )
        opener = Probe(name=DATABASE, look=partial(_open, round_, opening), is_vital=True)
        services = self._ask([opener, *list_probes(round_)], began)
        return SystemHealth(
            state=judge_system(services),
            at=round_.now,
            seconds=round(time.monotonic() - began, 3),
            services=sort_services(services),
            workflows=round_.workflows,
        )

    def _ask(self, probes: Sequence[Probe], began: float) -> list[ServiceHealth]:
        """Begin all probes but those that are stuck, and return what each has found when the time is over."""
        self._begun = {name: each for name, each in self._begun.items() if not each[1].done()}
        for probe in probes:
            if probe.name not in self._begun:
                self._begun[probe.name] = began, run_in_thread(partial(_look_at, probe), f"probe {probe.name}")
        found = []
        for probe in probes:
            since, future = self._begun[probe.name]
            try:
                found.append(future.result(max(0.0, began + self.seconds - time.monotonic())))
            except TimeoutError:
                found.append(_report_stuck(probe, time.monotonic() - since))
        return found


def _open(round_: HealthRound, opening: "Future[Opened | None]") -> Sequence[CheckResult]:
    """Open the database for all probes, and check it."""
    opened: Opened | None = None
    try:
        opened, results = check_database(round_.access, round_.settings)
    finally:
        opening.set_result(opened)
    return results


def _wait_for(opening: "Future[Opened | None]", until: float) -> Opened:
    """Return what is open; the wait is not part of what the probe of this thread takes."""
    with _waiting():
        try:
            opened = opening.result(max(0.0, until - time.monotonic()))
        except TimeoutError:
            opened = None
    if opened is None:
        raise NotAskedError("the database cannot be asked")
    return opened


@contextmanager
def _take_turn(opening: "Future[Opened | None]", until: float, lock: threading.Lock) -> Iterator[Opened]:
    """Yield what is open while no other probe of this look asks; one that waits too long for its turn is not made."""
    opened = _wait_for(opening, until)
    with _waiting():
        has_turn = lock.acquire(timeout=max(0.0, until - time.monotonic()))
    if not has_turn:
        raise NotAskedError("another question to the database is not answered")
    try:
        yield opened
    finally:
        lock.release()


@contextmanager
def _waiting() -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        _waits.seconds = getattr(_waits, "seconds", 0.0) + time.perf_counter() - began


def _look_at(probe: Probe) -> ServiceHealth:
    """Return how the service is; whatever the probe raises is a result too."""
    began = time.perf_counter()
    try:
        checks = [*probe.look()]
    except NotAskedError as reason:
        return ServiceHealth(name=probe.name, state=ServiceState.UNKNOWN, summary=f"not looked at: {reason}")
    except (PokervodError, DBAPIError) as error:
        told = str(error) if isinstance(error, PokervodError) else f"the database refuses: {read_first_line(error)}"
        checks = [_fail(probe, told, "correct what the message names")]
    except Exception as error:  # noqa: BLE001 - whatever it is, the other probes are shown
        _log.exception("the probe of %s failed", probe.name)
        checks = [_fail(probe, f"could not be looked at: {error}", "see `pokervod logs`; report a bug of PokerVOD")]
    latency = round((time.perf_counter() - began - getattr(_waits, "seconds", 0.0)) * 1000, 2)
    return judge_service(probe.name, checks, is_vital=probe.is_vital, latency_ms=latency)


def _fail(probe: Probe, told: str, step: str) -> CheckResult:
    return CheckResult(name=probe.name, passed=False, summary=told, severity=Severity.ERROR, next_step=step)


def _report_stuck(probe: Probe, seconds: float) -> ServiceHealth:
    step = "start the server, or correct the way to it" if probe.name == DATABASE else "check what it waits for"
    found = judge_service(
        probe.name,
        [_fail(probe, f"no answer within {seconds:.0f} s", step)],
        is_vital=probe.is_vital,
        latency_ms=0.0,
    )
    return replace(found, latency_ms=None)
