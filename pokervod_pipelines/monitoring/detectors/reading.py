"""Read all that the detectors judge by: each group by itself, so that one that cannot be read leaves the others.

What health has found is used, not asked again: its probes have their own time limits.
"""

import platform
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.db.failures import is_unreachable, read_first_line
from pokervod_pipelines.db.locks import is_locked
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.files import find_existing
from pokervod_pipelines.holds.listing import list_held_names
from pokervod_pipelines.monitoring.detectors import reading_flow, reading_queue
from pokervod_pipelines.monitoring.detectors.components import DETECTORS_SENSOR
from pokervod_pipelines.monitoring.detectors.facts import (
    ClockFacts,
    DagsterFacts,
    DatabaseFacts,
    DiskFacts,
    Facts,
    LookerFacts,
    RunFacts,
    ServiceBreaker,
    ServiceFacts,
    Unread,
    WatcherFacts,
    WorkerFacts,
    report_away,
)
from pokervod_pipelines.monitoring.health.orchestrator import Orchestrator
from pokervod_pipelines.policies.health import list_breakers
from pokervod_pipelines.processes.path_check import is_on_share
from pokervod_pipelines.render.templates import read_time_limits
from pokervod_pipelines.render.workers import list_workers
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.subjects import Subject
from pokervod_pipelines.workflows.watch.sources import WATCH_LOCK, find_last_watch

T = TypeVar("T")

HEALTH_SENSOR = "health"

DAY = timedelta(days=1)

HEALTH_SECONDS = 300.0
"""What health found is not believed for longer than this after its last look."""


class DetectorOrchestrator(Orchestrator, Protocol):
    """Read what detectors need of Dagster besides what health does."""

    def read_in_progress(self, now: datetime) -> tuple[RunFacts, ...]:
        """Return the runs in progress, with how long their jobs usually take. Raises a database error."""


class DatabaseGoneError(Exception):
    """Report that the database does not answer: then nothing of it can be read."""


def read_facts(
    engine: Engine,
    orchestrator: DetectorOrchestrator,
    settings: Settings,
    *,
    lookers: tuple[LookerFacts, ...] = (),
    now: datetime | None = None,
) -> Facts:
    """Return the facts of now, by the database's clock; where it does not answer, those of the machine.

    ``lookers`` is when the detectors looked last, which ``memory`` knows; ``now`` is by this machine's clock.
    """
    now, host = now or datetime.now(UTC), platform.node()
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            return _read_all(engine, connection, orchestrator, settings, lookers, now)
    except (DatabaseGoneError, DBAPIError) as error:
        if isinstance(error, DBAPIError) and not is_unreachable(error):
            raise
        problem = read_first_line(error) if isinstance(error, DBAPIError) else str(error)
        disks = _read_group(partial(read_disks, settings))
        return report_away(now, DatabaseFacts(away_since=now, problem=problem), host=host, disks=disks)


def _read_all(
    engine: Engine,
    connection: Connection,
    orchestrator: DetectorOrchestrator,
    settings: Settings,
    lookers: tuple[LookerFacts, ...],
    now: datetime,
) -> Facts:
    read = _read_group
    clock = read(lambda: read_clock(connection))
    offset = find_offset(clock)
    dagster = read(lambda: shift_dagster(read_dagster(orchestrator, now), offset), other_database=True)
    now += offset
    watcher = read(lambda: read_watcher(connection))
    return Facts(
        now=now,
        host=platform.node(),
        queue=read(lambda: reading_queue.read_queue(connection, settings, now)),
        processing=read(lambda: reading_queue.read_processing(connection, settings, find_time_limits(settings), now)),
        hours=read(lambda: reading_queue.read_hours(connection, settings, now)),
        failed=read(lambda: reading_queue.read_failed(connection, now)),
        hands=read(lambda: reading_flow.read_hands(connection, settings, now)),
        sources=read(lambda: reading_flow.read_sources(engine, connection, settings, require_dagster(dagster), now)),
        shows=read(lambda: reading_flow.read_shows(connection, settings, now)),
        services=read(lambda: read_services(connection, settings, require_dagster(dagster), now)),
        dagster=dagster,
        workers=read(lambda: read_workers(connection)),
        watcher=watcher,
        lookers=judge_expected(lookers, dagster, watcher, now),
        disks=read(lambda: read_disks(settings)),
        clock=clock,
        breakers=read(lambda: read_breakers(connection, settings)),
        parked=read(lambda: reading_flow.read_parked(connection)),
        held=read_held(connection),
    )


def _read_group(read: Callable[[], T], *, other_database: bool = False) -> T | Unread:
    """Return the group, or why it could not be read. Raises ``DatabaseGoneError`` where no group can be."""
    try:
        return read()
    except DBAPIError as error:
        if is_unreachable(error) and not other_database:
            raise DatabaseGoneError(read_first_line(error)) from error
        return Unread(reason=f"the database refuses: {read_first_line(error)}")
    except (PokervodError, OSError, NotReadError) as error:
        return Unread(reason=str(error))


class NotReadError(Exception):
    """Say why a group is not known although its rows can be read."""


def read_dagster(orchestrator: DetectorOrchestrator, now: datetime) -> DagsterFacts:
    """Return the daemon's heartbeats, the sensors and the runs in progress."""
    return DagsterFacts(
        heartbeats=orchestrator.read_heartbeats(),
        sensors=tuple(orchestrator.read_sensors()),
        runs=orchestrator.read_in_progress(now),
    )


def require_dagster(dagster: DagsterFacts | Unread) -> DagsterFacts:
    """Return what Dagster says, for groups that mean nothing without it. Raises ``NotReadError`` where it is unread."""
    if isinstance(dagster, Unread):
        raise NotReadError(f"what runs it is not known: {dagster.reason}")
    return dagster


def find_offset(clock: ClockFacts | Unread) -> timedelta:
    """Return how far to move this machine's times, so that all are by the database's clock, which wrote most of them.

    A machine whose clock is wrong would see everything too late, or nothing that has stopped.
    """
    if isinstance(clock, Unread) or abs(clock.offset_seconds) <= clock.error_seconds:
        return timedelta()
    return timedelta(seconds=clock.offset_seconds)


def shift_dagster(dagster: DagsterFacts, offset: timedelta) -> DagsterFacts:
    """Return the times of Dagster, whose processes write them by this machine's clock, by that of the database."""
    if not offset:
        return dagster
    sensors = tuple(
        replace(each, ticked_at=each.ticked_at + offset) if each.ticked_at else each for each in dagster.sensors
    )
    return DagsterFacts(
        heartbeats={part: at + offset for part, at in dagster.heartbeats.items()},
        sensors=sensors,
        runs=tuple(replace(each, since=each.since + offset) for each in dagster.runs),
    )


def read_services(
    connection: Connection, settings: Settings, dagster: DagsterFacts, now: datetime
) -> tuple[ServiceFacts, ...]:
    """Return how the services were when health looked last, which must not be long ago.

    Where its sensor does not run, `pokervod health` may have looked once: nobody would say that all is well again.
    """
    ticked = next((each.ticked_at for each in dagster.sensors if each.name == HEALTH_SENSOR), None)
    if ticked is None:
        raise NotReadError("the sensor `health` has never looked here")
    age = (now - ticked).total_seconds()
    if age > HEALTH_SECONDS:
        raise NotReadError(f"the sensor `health` has not looked for {age / 60:.0f} min")
    return tuple(
        ServiceFacts(**row._mapping, roots=find_roots(row.name, row.summary, settings))
        for row in connection.execute(SERVICES, {"since": now - timedelta(seconds=HEALTH_SECONDS)})
    )


def find_roots(service: str, summary: str, settings: Settings) -> tuple[str, ...]:
    """Return the archive roots that all the places of the service that its summary names lie on."""
    sheets = {each.place: each.path for each in settings.sheets}
    folders = [*settings.hands.drop_folders, *settings.tournaments.export_folders]
    places: dict[str, Mapping[str, Path | None]] = {
        "outputs": {str(settings.renders): settings.renders},
        "drop folders": {str(each): each for each in folders},
        "sheets": sheets,
    }
    named = [path for place, path in places.get(service, {}).items() if place in summary]
    roots = {reading_flow.find_root(settings, path) for path in named}
    return () if "" in roots else tuple(sorted(roots))


def read_workers(connection: Connection) -> tuple[WorkerFacts, ...]:
    """Return the workers that have not ended in good order."""
    return tuple(
        WorkerFacts(
            name=each.name,
            host=each.host,
            seen_at=each.seen_at,
            is_alive=each.is_alive,
            renderers=tuple(each.renderers),
            quarantine_reason=each.quarantine_reason or "",
        )
        for each in list_workers(connection)
        if not each.has_stopped
    )


def read_watcher(connection: Connection) -> WatcherFacts:
    """Return whether a watcher leads, and the newest look that any took."""
    last = find_last_watch(connection)
    is_alive = is_locked(connection, WATCH_LOCK)
    return WatcherFacts(is_alive=is_alive, name=last.watcher if last else "", seen_at=last.seen_at if last else None)


def judge_expected(
    lookers: tuple[LookerFacts, ...], dagster: DagsterFacts | Unread, watcher: WatcherFacts | Unread, now: datetime
) -> tuple[LookerFacts, ...] | Unread:
    """Return the lookers, each with whether it should look: the watcher while one leads, the sensor with its daemon.

    A daemon that has not lived for a day is not missed, and a sensor that a person stopped is not either.
    """
    if isinstance(watcher, Unread):
        return watcher
    if isinstance(dagster, Unread):
        return dagster
    lived = dagster.heartbeats.get("SENSOR")
    is_stopped = any(each.name == DETECTORS_SENSOR and each.is_stopped for each in dagster.sensors)
    expected = {
        "watcher": watcher.is_alive,
        "sensor": lived is not None and now - lived < DAY and not is_stopped,
    }
    return tuple(replace(each, is_expected=expected[each.name]) for each in lookers)


def read_breakers(connection: Connection, settings: Settings) -> tuple[ServiceBreaker, ...]:
    """Return the services outside, and since when one is not called."""
    return tuple(
        ServiceBreaker(
            name=state.name,
            title=service.title,
            opened_at=state.opened_at,
            failures=state.failures,
            error=state.last_error or "no reason is known",
        )
        for service, state in list_breakers(connection, settings)
    )


def read_held(connection: Connection) -> frozenset[Subject]:
    """Return what a person holds."""
    return frozenset(
        Subject(kind=kind, name=name) for kind, names in list_held_names(connection).items() for name in names
    )


def read_clock(connection: Connection) -> ClockFacts:
    """Return how far the database's clock is ahead, within the time that the question took."""
    began, before = time.perf_counter(), datetime.now(UTC)
    there = connection.scalars(text("select clock_timestamp()")).one()
    took = time.perf_counter() - began
    middle = before + timedelta(seconds=took / 2)
    return ClockFacts(offset_seconds=(there - middle).total_seconds(), error_seconds=took / 2)


def read_disks(settings: Settings) -> tuple[DiskFacts, ...]:
    """Return the local disks that we write to; those of shares are in what health found."""
    found: dict[int, DiskFacts] = {}
    for name, path in (("home", settings.home), ("outputs", settings.renders)):
        if (disk := _read_disk(name, path)) is not None:
            found.setdefault(find_existing(path).stat().st_dev, disk)
    return tuple(found.values())


def _read_disk(name: str, path: Path) -> DiskFacts | None:
    if is_on_share(path):
        return None
    usage = shutil.disk_usage(find_existing(path))
    return DiskFacts(name=name, path=str(path), free_bytes=usage.free, total_bytes=usage.total)


_limits: dict[str, tuple[float, Mapping[str, float]]] = {}


def find_time_limits(settings: Settings) -> Mapping[str, float]:
    """Return the seconds that a render of each template may last, read from its files once a while."""
    key = str(settings.source)
    at, limits = _limits.get(key, (float("-inf"), {}))
    if time.monotonic() - at > reading_flow.RULES_SECONDS:
        limits = read_time_limits(settings)
        _limits[key] = time.monotonic(), limits
    return limits


SERVICES = text("""
    with running as materialized (
        select host from detector_lookers where looker = 'sensor' and looked_at > :since)
    select service as name, state, summary, changed_at as since, host from health_states
    where host = '' or host in (select host from running) or not exists (select from running)
    order by service, host
""")
"""The sensors of one daemon run on one machine: where the detectors' sensor looks, that of health does."""
