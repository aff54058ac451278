"""Look with all detectors, record what they found, and keep in a file what cannot be recorded.

A sensor and the watcher both look. Whoever comes second within a moment records nothing, so that two at once do the
work once; each notes that it looked, by which the other sees that it does.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.db.failures import is_unreachable, read_first_line
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.monitoring.detectors import memory
from pokervod_pipelines.monitoring.detectors.facts import DatabaseFacts, Facts, report_away
from pokervod_pipelines.monitoring.detectors.history import Judgement
from pokervod_pipelines.monitoring.detectors.judging import judge
from pokervod_pipelines.monitoring.detectors.looking import DATABASE, DATABASE_KEY, show_seconds
from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.detectors.reading import DetectorOrchestrator, read_facts
from pokervod_pipelines.monitoring.detectors.spool import AwayLook, Outage, Spool, list_outages, locate_spool
from pokervod_pipelines.monitoring.incidents.announcing import announce
from pokervod_pipelines.monitoring.incidents.looks import Change
from pokervod_pipelines.monitoring.incidents.looks import record_looks as record
from pokervod_pipelines.monitoring.incidents.reported import close_reported, report_finding
from pokervod_pipelines.monitoring.incidents.shape import Finding, Look, LookState
from pokervod_pipelines.monitoring.remediation.remediate import remediate
from pokervod_pipelines.settings import Settings

LookerName = Literal["sensor", "watcher", "asset"]

LOCK = "detectors"

APART_SECONDS = 15.0
"""Looks of several lookers that are nearer are one."""

SHORT_SECONDS = 60.0
"""A shorter outage of the database is a warning: a server that restarts takes less."""

SAME = timedelta(seconds=75)
"""An outage that two lookers saw began and ended for both within so long: each looks every 30 s."""

GOES_ON = timedelta(minutes=2)
"""A look that succeeds so soon after one that did not tells when the outage ended."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookReport:
    """Tell what a look did: how each detector looked, and what changed of the incidents.

    ``is_first`` is False where another had looked a moment before. ``problem`` says why the database could not be
    asked; then nothing is recorded but in the file.
    """

    now: datetime
    looks: tuple[Look, ...] = ()
    changes: tuple[Change, ...] = ()
    is_first: bool = True
    problem: str = ""
    seconds: float = 0.0

    @property
    def findings(self) -> list[Finding]:
        """Return all findings."""
        return [found for look in self.looks for found in look.findings]

    def describe(self) -> str:
        """Return it as a sentence."""
        if self.problem:
            return f"the database does not answer, which is kept in a file: {self.problem}"
        if not self.is_first:
            return "another has looked a moment ago"
        counts = {state: sum(each.state is state for each in self.looks) for state in LookState}
        told = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
        return "; ".join([told, *(each.summary for each in self.findings), *map(str, self.changes)])


@dataclass(kw_only=True)
class Looker:
    """Look again and again in one place; kept by whoever does."""

    name: LookerName
    settings: Settings
    spool: Spool = field(init=False)

    def __post_init__(self) -> None:
        self.spool = locate_spool(self.settings, self.name)

    def look(self, engine: Engine, orchestrator: DetectorOrchestrator, *, now: datetime | None = None) -> LookReport:
        """Read the facts, judge and record; where the database does not answer, note that in the file."""
        began, now = time.perf_counter(), now or datetime.now(UTC)
        try:
            with engine.connect() as connection:
                lookers = memory.list_lookers(memory.read_lookers(connection))
            facts = read_facts(engine, orchestrator, self.settings, lookers=lookers, now=now)
            if facts.database.away_since is not None:
                return self.note_away(facts.database.problem, now=now)
            return self._record(engine, facts, began)
        except DBAPIError as error:
            if not is_unreachable(error):
                raise
            return self.note_away(read_first_line(error), now=now)

    def note_away(self, problem: str, *, now: datetime | None = None) -> LookReport:
        """Keep in the file that the database does not answer."""
        now = now or datetime.now(UTC)
        self.spool.append(AwayLook(at=now, problem=problem))
        facts = report_away(now, DatabaseFacts(away_since=now, problem=problem))
        looks = judge(facts, self.settings.monitoring, memory.Memory().history).looks
        return LookReport(now=now, looks=looks, problem=problem)

    def _record(self, engine: Engine, facts: Facts, began: float) -> LookReport:
        rules = self.settings.monitoring
        with engine.begin() as connection:
            lock_until_commit(connection, LOCK)
            answered_at = facts.now + timedelta(seconds=time.perf_counter() - began)  # it may have hung for minutes
            changes, spooled_until = self._record_spooled(connection, answered_at)
            before = memory.read_memory(connection)
            looks: tuple[Look, ...] = ()
            if is_first := _is_first(before, facts.now):
                judgement: Judgement = judge(facts, rules, before.history)
                looks = judgement.looks
                changes += record(connection, looks, rules.incidents, now=facts.now)
                memory.write_memory(connection, judgement, self.name, facts.now)
            announce(connection, self.settings, now=facts.now)
            seconds = time.perf_counter() - began
            memory.note_look(connection, self.name, facts.now, seconds)
        if spooled_until is not None:
            self.spool.forget(spooled_until)
        if is_first:
            remediate(engine, self.settings)
        return LookReport(
            now=facts.now, looks=looks, changes=tuple(changes), is_first=is_first, seconds=round(seconds, 3)
        )

    def _record_spooled(self, connection: Connection, now: datetime) -> tuple[list[Change], datetime | None]:
        """Record what the file tells and was not recorded before its process was killed; return up to when."""
        spooled = self.spool.read()
        if not spooled:
            return [], None
        done = memory.find_spooled(connection, self.name)
        new = [each for each in spooled if done is None or each.at > done]
        changes = [
            change for outage in list_outages(new) for change in record_outage(connection, outage, self.settings, now)
        ]
        until = spooled[-1].at
        memory.note_spooled(connection, self.name, max(until, done or until))
        return changes, until


def _is_first(before: memory.Memory, now: datetime) -> bool:
    """Return whether nobody looked a moment ago; a look from the future is of a clock that was wrong."""
    if before.looked_at is None:
        return True
    age = (now - before.looked_at).total_seconds()
    return not -APART_SECONDS < age < APART_SECONDS


def record_outage(connection: Connection, outage: Outage, settings: Settings, now: datetime) -> Sequence[Change]:
    """Open and close the incident of an outage that is over, with its times; none where another looker has told it.

    It lasted until now, unless nobody looked for a while after it. A short one, such as a restart, is none.
    """
    rule, until = settings.monitoring.detectors.database_away, outage.until
    if now - until <= GOES_ON:
        until = max(until, now)
    seconds = (until - outage.since).total_seconds()
    if not rule.enabled or seconds < rule.for_seconds:
        return []
    known = connection.execute(_KNOWN, {"key": DATABASE_KEY}).one_or_none()
    if known is not None and known.opened_at <= until + SAME and known.ended_at >= outage.since - SAME:
        return []
    start, end = (each.astimezone(settings.zone) for each in (outage.since, until))
    finding = Finding(
        detector=Detector.DATABASE_AWAY,
        subject=DATABASE,
        severity=AlertSeverity.CRITICAL if seconds >= SHORT_SECONDS else AlertSeverity.WARNING,
        summary=f"the database did not answer from {start:%Y-%m-%d %H:%M:%S} to {end:%H:%M:%S} "
        f"({show_seconds(seconds)}): {outage.problem}",
        advice="`pokervod logs --since 1h` tells what failed meanwhile; look at the server's own log",
        figures={
            "away_since": outage.since.isoformat(),
            "away_until": until.isoformat(),
            "seconds": round(seconds),
        },
    )
    opened = report_finding(connection, finding, settings.monitoring.incidents, now=outage.since)
    announce(connection, settings, now=now)  # before it is over: of what nobody was told, nobody is told the end
    actor = Actor(who=Detector.DATABASE_AWAY, reason="the database answers again")
    closed = close_reported(connection, [DATABASE_KEY], actor=actor, now=now)
    return [*([opened] if opened else []), *closed]


_KNOWN = text("""
    select opened_at, coalesce(resolved_at, now()) as ended_at from monitoring_events
    where key = :key order by id desc limit 1
""")
