"""List what ``monitoring.health.check`` looks at: each probe is one question, shared with the rooms and the doctor."""

import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.checks import CheckResult, Severity, report_part
from pokervod_pipelines.db.failures import is_transient, read_first_line
from pokervod_pipelines.db.health import check_server
from pokervod_pipelines.db.locks import is_locked
from pokervod_pipelines.db.migrate import current_revision
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.hands.contract import health as check_drop_folders
from pokervod_pipelines.monitoring.health.machine import check_clock, check_disk, check_memory
from pokervod_pipelines.monitoring.health.orchestrator import Orchestrator, SensorFacts
from pokervod_pipelines.monitoring.health.runs import judge_workflows, read_workflows
from pokervod_pipelines.monitoring.health.shape import WorkflowHealth
from pokervod_pipelines.nas.health import check_known_marker, check_root, read_known_marker
from pokervod_pipelines.policies.blocks import NEXRENDER
from pokervod_pipelines.policies.breaker_store import read_states
from pokervod_pipelines.policies.breakers import describe_open
from pokervod_pipelines.policies.health import check_breakers
from pokervod_pipelines.render.health import (
    check_nexrender,
    check_outputs,
    check_outputs_marker,
    check_workers,
    has_outputs,
)
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rooms import ArchiveRoot
from pokervod_pipelines.sheets.health import check_access
from pokervod_pipelines.tournaments.contract import health as check_export_folders
from pokervod_pipelines.workflows.watch.sources import WATCH_LOCK, Source, Watch, find_last_watch, list_watches

DAEMON_PARTS = ("SENSOR", "SCHEDULER", "QUEUED_RUN_COORDINATOR", "MONITORING", "EVENT_LOG_CONSUMER")
"""The parts of Dagster's daemon that this system needs: sensors, schedules, the queue, dead runs, retries."""

DAEMON_SECONDS = 120.0
"""A part without a heartbeat for so long has stopped; it sends one every half a minute."""

MINUTES_FROM = 600.0

INTERVALS = 4
"""A sensor that has missed so many ticks has stopped, but never one that ticked within ``DAEMON_SECONDS``."""

T = TypeVar("T")

Look = Callable[[], Sequence[CheckResult]]


class NotAskedError(Exception):
    """Report that a probe was not made, since what it goes through does not answer; that has a probe of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Hold what is open: our database, and what reads Dagster's."""

    engine: Engine
    orchestrator: Orchestrator


class DatabaseAccess(Protocol):
    """Open both databases, and keep them open from one look to the next."""

    def open(self) -> Opened:
        """Return what is open already, or open it. Raises a database error or one of ours."""

    def reopen(self) -> Opened:
        """Close what is open and open it anew: an embedded server that died is started again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Name a service and the question; the system does not work without one that ``is_vital``."""

    name: str
    look: Look
    is_vital: bool = False


@dataclass(kw_only=True)
class HealthRound:
    """Hold what the probes of one look share: what is open, once the first has opened it, and what they found of runs.

    ``find_opened`` waits for that; so do ``turn`` and ``dagster_turn``, in which one probe at a time asks that
    database. Each raises ``NotAskedError`` where it is not open, or not free, in time.
    """

    settings: Settings
    access: DatabaseAccess
    now: datetime
    find_opened: Callable[[], Opened]
    turn: Callable[[], AbstractContextManager[Opened]]
    dagster_turn: Callable[[], AbstractContextManager[Opened]]
    workflows: tuple[WorkflowHealth, ...] = ()
    _heartbeats: Mapping[str, datetime] | None = field(default=None, init=False)

    def ask(self, ask: Callable[[Engine], T]) -> T:
        """Return what our database says."""
        with self.turn() as opened:
            return ask(opened.engine)

    def ask_orchestrator(self, ask: Callable[[Orchestrator], T]) -> T:
        """Return what Dagster's database says. Raises ``NotAskedError`` where it does not answer."""
        with self.dagster_turn() as opened:
            try:
                return ask(opened.orchestrator)
            except DBAPIError:
                raise NotAskedError("Dagster's database cannot be asked") from None

    def read_heartbeats(self) -> Mapping[str, datetime]:
        """Return when each part of Dagster's daemon told last that it lives, read once a look."""
        return self.ask_orchestrator(self._read_heartbeats)

    def _read_heartbeats(self, orchestrator: Orchestrator) -> Mapping[str, datetime]:
        if self._heartbeats is None:
            self._heartbeats = orchestrator.read_heartbeats()
        return self._heartbeats


def list_probes(round_: HealthRound) -> list[Probe]:
    """Return the probes that the settings need, but that of the database, which opens what these go through."""
    settings = round_.settings

    return [
        Probe(name="Dagster's database", look=partial(_check_dagster_database, round_), is_vital=True),
        Probe(name="Dagster's daemon", look=partial(_check_daemon, round_)),
        Probe(name="sensors", look=partial(_check_sensors, round_)),
        Probe(name="watcher", look=partial(_check_watcher, round_), is_vital=True),
        Probe(name="render workers", look=lambda: round_.ask(_check_workers)),
        *(Probe(name=f"root {each.name}", look=partial(_check_root, round_, each)) for each in settings.archive_roots),
        Probe(name="drop folders", look=partial(_check_folders, settings)),
        Probe(name="sheets", look=lambda: _check_sheets(round_.find_opened().engine, settings)),
        Probe(name="nexrender", look=partial(_check_nexrender, round_)),
        Probe(name="alert channels", look=partial(_check_channels, round_)),
        Probe(name="outputs", look=partial(_check_outputs, round_)),
        Probe(name="disk", look=partial(_check_disk, settings), is_vital=True),
        Probe(name="memory", look=lambda: [check_memory(settings.monitoring)]),
        Probe(name="clock", look=lambda: [round_.ask(lambda engine: check_clock(engine, settings.monitoring))]),
        Probe(name="workflows", look=partial(_check_workflows, round_)),
    ]


def check_database(access: DatabaseAccess, settings: Settings) -> tuple[Opened | None, list[CheckResult]]:
    """Return what is open, None where the database cannot be used, and the results of both databases.

    Connections that have failed, as those to a server that restarted, are made anew once, which is said.
    """
    repaired = ""
    try:
        try:
            opened = access.open()
            results = check_server(opened.engine, settings)
        except (DBAPIError, psycopg.Error) as error:
            if not is_transient(error):
                raise
            repaired = f"connected anew, since the connection had failed: {read_first_line(error)}"
            opened = access.reopen()
            results = check_server(opened.engine, settings)
    except (PokervodError, DBAPIError, psycopg.Error) as error:
        return None, [report_part("database", _describe(error), "start the server, then look again")]
    if repaired:
        results[0] = replace(results[0], summary=f"{results[0].summary}; {repaired}")
    if all(each.passed for each in results) and current_revision(opened.engine) is None:
        results[1:] = [report_part("schema", "there is none yet", "run `pokervod sync`, which makes it")]
    return (opened if all(each.passed for each in results) else None), results


def _describe(error: PokervodError | DBAPIError | psycopg.Error) -> str:
    return str(error) if isinstance(error, PokervodError) else read_first_line(error)


def _nothing(name: str, summary: str) -> list[CheckResult]:
    """Return that there is nothing to look at."""
    return [CheckResult(name=name, passed=True, summary=summary, looked_at=0)]


def _check_dagster_database(round_: HealthRound) -> list[CheckResult]:
    """Check that it answers: without it no run begins."""
    name = "Dagster's database"
    with round_.dagster_turn() as opened:
        began = time.perf_counter()
        try:
            is_used = bool(opened.orchestrator.read_heartbeats())
        except DBAPIError as error:
            return [report_part(name, read_first_line(error), "check that the server has it; `pokervod dev` makes it")]
        figures = {"latency_ms": round((time.perf_counter() - began) * 1000, 2)}
    found = "answers" if is_used else "answers; no daemon has used it yet"
    return [replace(report_part(name, found), figures=figures)]


def _check_daemon(round_: HealthRound) -> list[CheckResult]:
    """Check when the parts of Dagster's daemon told last that they live."""
    seen = round_.read_heartbeats()
    ages = {part: (round_.now - seen[part]).total_seconds() for part in DAEMON_PARTS if part in seen}
    silent = {part: age for part, age in ages.items() if age > DAEMON_SECONDS}
    step = "restart `pokervod dev`, or the unit of dagster-daemon"
    name = "Dagster's daemon"
    if not ages:
        return [report_part(name, "has never run here: no schedule and no sensor runs", step)]
    found = []
    if silent:
        parts = "" if len(silent) == len(ages) else f" of {_name_parts(silent)}"
        found.append(f"no heartbeat{parts} for {_count_time(min(silent.values()))}")
    if missing := [part for part in DAEMON_PARTS if part not in ages]:
        found.append(f"no heartbeat ever of {_name_parts(missing)}")
    if not found:
        lived = f"{len(ages)} parts live, the last heartbeat {max(ages.values()):.0f} s ago"
        return [replace(report_part(name, lived), looked_at=len(DAEMON_PARTS))]
    failed = report_part(name, "; ".join(found), step)
    return [replace(failed, looked_at=len(DAEMON_PARTS), is_repairable=bool(silent))]


def _name_parts(parts: Iterable[str]) -> str:
    return ", ".join(part.lower() for part in parts)


def has_sensors(round_: HealthRound) -> bool:
    """Return whether Dagster's sensors run."""
    seen = round_.read_heartbeats().get("SENSOR")
    return seen is not None and (round_.now - seen).total_seconds() <= DAEMON_SECONDS


def _check_sensors(round_: HealthRound) -> list[CheckResult]:
    """Check when each sensor ticked last and how; the daemon that runs them has a probe of its own."""
    if not has_sensors(round_):
        raise NotAskedError("Dagster's daemon does not run them")
    sensors = round_.ask_orchestrator(lambda each: each.read_sensors())
    found = [_judge_sensor(each, round_.now) for each in sensors]
    if all(each.passed for each in found):
        return [replace(report_part("sensors", f"all {len(found)} have ticked in time"), looked_at=len(found))]
    return found


def _judge_sensor(sensor: SensorFacts, now: datetime) -> CheckResult:
    name = f"sensor {sensor.name}"
    if sensor.is_stopped:
        step = "start it under Automation in `pokervod dev`"
        return replace(report_part(name, "a person stopped it in Dagster", step), severity=Severity.WARNING)
    if sensor.ticked_at is None:
        step = "restart `pokervod dev`: it runs an older version, or has just begun"
        return replace(report_part(name, "has not ticked yet", step), severity=Severity.WARNING)
    age = (now - sensor.ticked_at).total_seconds()
    if age > max(DAEMON_SECONDS, INTERVALS * sensor.interval_seconds):
        found = f"has not ticked for {_count_time(age)}, expected every {sensor.interval_seconds:.0f} s"
        return report_part(name, found, "look at its ticks in Dagster, then restart `pokervod dev`")
    if sensor.error:
        return report_part(
            name, f"its last tick failed: {sensor.error}", "correct what it says; it ticks again by itself"
        )
    return report_part(name, f"ticked {age:.0f} s ago")


def _count_time(seconds: float) -> str:
    """Return the time in words.

    >>> _count_time(125), _count_time(7300)
    ('125 s', '122 min')
    """
    return f"{seconds:.0f} s" if seconds < MINUTES_FROM else f"{seconds / 60:,.0f} min"


def _check_watcher(round_: HealthRound) -> list[CheckResult]:
    """Check who looks for new files, edits and events: a watcher, or else Dagster's sensors."""
    watches, is_alive, last = round_.ask(_read_watches)
    if watches:
        newest = max(watches, key=lambda each: each.seen_at)
        missing = sorted({*Source} - {each.source for each in watches})
        rest = f"; the sensors look at {' and '.join(missing)}" if missing else ""
        found = f"{newest.watcher}, {newest.doing or 'nothing to run'}{rest}"
        return [replace(report_part("watcher", found), looked_at=len(watches))]
    sensors = has_sensors(round_)
    if is_alive:
        hung = report_part("watcher", "its process lives and looks at nothing", "end it, then start it again")
        return [replace(hung, severity=Severity.WARNING) if sensors else hung]
    if last:
        return [_report_gone(last, round_.now, has_sensors=sensors)]
    if sensors:
        return _nothing("watcher", "none runs; Dagster's sensors look")
    return [
        report_part("watcher", "none runs, and no sensors do: files, edits and events wait", "start `pokervod dev`")
    ]


def _read_watches(engine: Engine) -> tuple[list[Watch], bool, Watch | None]:
    """Return who looks at each source, whether a watcher lives, and the last look ever."""
    with engine.connect() as connection:
        return list_watches(connection), is_locked(connection, WATCH_LOCK), find_last_watch(connection)


def _report_gone(last: Watch, now: datetime, *, has_sensors: bool) -> CheckResult:
    """Return that the watcher that was here is gone; its hook can start it on its own machine only."""
    looks = "Dagster's sensors look" if has_sensors else "no sensors run: files, edits and events wait"
    ago = _count_time((now - last.seen_at).total_seconds())
    found = report_part(
        "watcher", f"{last.watcher} looked {ago} ago and is gone; {looks}", "start `pokervod dev` or the watcher's unit"
    )
    severity = Severity.WARNING if has_sensors else Severity.ERROR
    return replace(found, severity=severity, is_repairable=last.host == platform.node())


def _check_workers(engine: Engine) -> list[CheckResult]:
    with engine.connect() as connection:
        return check_workers(connection)


def _check_root(round_: HealthRound, root: ArchiveRoot) -> list[CheckResult]:
    """Check the root and, where it answers, its libraries; without the database only whether they answer."""
    found = check_root(round_.settings, root)
    if not found[0].passed:
        return [replace(found[0], is_repairable=True)]  # its libraries are away with it
    with suppress(NotAskedError):
        marker = round_.ask(lambda engine: read_known_marker(engine, root))
        found = [*(replace(each, is_repairable=True) for each in check_known_marker(root, marker)), *found]
    return found


def _check_folders(settings: Settings) -> list[CheckResult]:
    found = [*check_drop_folders(None, settings), *check_export_folders(None, settings)]
    return found or _nothing("drop folders", "the settings name none")


def _check_outputs(round_: HealthRound) -> list[CheckResult]:
    """Check the folder of all graphics and its disk; without the database not whether it is the one that was used."""
    settings = round_.settings
    found = [*check_outputs(None, settings)]
    if all(each.passed for each in found):
        fix = "free some space; without it no graphic can be written"
        disk = check_disk("outputs' disk", settings.renders, settings.monitoring, fix=fix)
        found = [replace(found[0], figures=disk.figures), *([] if disk.passed else [disk])]  # the folder's tells it too
        with suppress(NotAskedError):
            if round_.ask(has_outputs):
                found += check_outputs_marker(settings.renders)
    return found


def _check_disk(settings: Settings) -> list[CheckResult]:
    return [check_disk("disk", settings.home, settings.monitoring, fix="free some space: the database needs it")]


def _check_sheets(engine: Engine, settings: Settings) -> list[CheckResult]:
    return check_access(settings, engine) or _nothing("sheets", "the settings name none")


def _check_nexrender(round_: HealthRound) -> list[CheckResult]:
    """Check the farm, unless its breaker is open: then nobody calls it."""
    settings = round_.settings
    if settings.render.nexrender.url is None:
        return _nothing("nexrender", "the settings name none; graphics are drawn here")
    with round_.turn() as opened, opened.engine.connect() as connection:
        states = read_states(connection, [NEXRENDER.name])
    if states and states[0].state == "open":
        said = describe_open(NEXRENDER, states[0], settings.zone)
        return [report_part("nexrender", said, "check the server and the way to it")]
    return [*check_nexrender(settings)]


def _check_channels(round_: HealthRound) -> list[CheckResult]:
    """Check that the breaker of each alert channel is closed; none of them is called for it."""
    settings = round_.settings
    channels = [f"channel:{each.name}" for each in settings.alerts.channels]
    if not channels:
        return _nothing("alert channels", "the settings name none: nobody is told of failures")
    breakers = round_.ask(lambda engine: check_breakers(engine, settings))
    open_ = [each for each in breakers if each.name.removeprefix("breaker ") in channels]
    named = ", ".join(each.name for each in settings.alerts.channels)
    return open_ or [replace(report_part("alert channels", f"none has failed: {named}"), looked_at=len(channels))]


def _check_workflows(round_: HealthRound) -> list[CheckResult]:
    """Check the runs of 24 hours, and keep their figures for the page."""
    round_.workflows = round_.ask_orchestrator(lambda each: read_workflows(each, round_.now))
    return judge_workflows(round_.workflows, round_.settings.monitoring.min_success_rate)
