"""List the kinds of things that need a person, each with how it is read: incidents, and what no incident tells.

What an incident tells is told by it alone, also where it is acknowledged, muted or folded: a person knows of it.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.clips.players import find_doubtful_pairs
from pokervod_pipelines.monitoring.detectors.memory import read_memory
from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.incidents.listing import IncidentFilter, list_incidents
from pokervod_pipelines.monitoring.incidents.shape import IncidentState
from pokervod_pipelines.monitoring.needs.shape import Need, UnreadKind
from pokervod_pipelines.monitoring.remediation.spared import HEALS_PERHAPS
from pokervod_pipelines.paging import EVERYTHING

ReadNeeds = Callable[[Connection, datetime], Iterable[Need | UnreadKind]]

GRAVE = (AlertSeverity.WARNING, AlertSeverity.ERROR, AlertSeverity.CRITICAL)

IN_BACKTICKS = re.compile(r"`(pokervod [^`]+)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedKind:
    """Name a kind of needs, ``title`` in the plural, and how it is read."""

    name: str
    title: str
    read: ReadNeeds


def _read_incidents(connection: Connection, now: datetime) -> Iterator[Need]:
    """Yield the open incidents from a warning on."""
    wanted = IncidentFilter(states=(IncidentState.OPEN,), severities=GRAVE, oldest_first=True)
    for each in list_incidents(connection, wanted, page=EVERYTHING, now=now):
        advised = IN_BACKTICKS.search(each.advice)
        effects = f" ({each.effects:,} {'effect' if each.effects == 1 else 'effects'})" if each.effects else ""
        yield Need(
            kind="incident",
            what=f"{each.summary}{effects}",
            command=advised[1] if advised else f"pokervod incidents show {each.id}",
            since=each.opened_at,
            severity=each.severity.value,
            incident_id=each.id,
        )


def _read_detectors(connection: Connection, now: datetime) -> Iterator[Need | UnreadKind]:
    """Yield that no detector looks, or those that cannot judge: then no incident tells of what goes wrong."""
    memory = read_memory(connection)
    if memory.is_silent(now):
        since = "since then" if memory.looked_at else "ever"
        yield Need(
            kind="no detector looks",
            what=f"none has looked {since}, so nothing that goes wrong becomes an incident",
            command="pokervod health",
            since=memory.looked_at,
        )
        return
    for each in memory.unreadable:
        yield UnreadKind(kind=f"detector {each.detector}", reason=each.summary)


def _read_failed(connection: Connection, now: datetime) -> Iterator[Need]:
    """Yield the graphics in force that failed for good, by template; what a person holds is decided."""
    for row in connection.execute(_FAILED, {"now": now}):
        ids = f"instruction {row.first_id}" if row.number == 1 else f"instructions {row.first_id} and others"
        yield Need(
            kind="failed graphics",
            what=f"{row.number:,} of {row.template} failed for good ({ids}); the last: {row.reason}",
            command=f"pokervod render show {row.first_id}",
            since=row.since,
            count=row.number,
        )


def _read_parked(connection: Connection, _: datetime) -> Iterator[Need]:
    """Yield the events that each consumer gave up."""
    for row in connection.execute(_PARKED):
        yield Need(
            kind="parked events",
            what=f"{row.consumer} gave up {row.number:,} {_name(row.number, 'event')}; the last: {row.error}",
            command="pokervod events parked",
            since=row.since,
            count=row.number,
        )


def _read_workers(connection: Connection, _: datetime) -> Iterator[Need]:
    """Yield the workers that get no jobs."""
    for row in connection.execute(_WORKERS):
        yield Need(
            kind="quarantined worker",
            what=f"{row.name} gets no jobs: {row.reason}",
            command=f"pokervod render workers --reinstate {shlex.quote(row.name)} --reason …",
            since=row.since,
        )


def _read_files(connection: Connection, _: datetime) -> Iterator[Need]:
    """Yield the session files that are not sessions, in one line."""
    for row in connection.execute(_FILES):
        yield Need(
            kind="quarantined session files",
            what=f"{row.number:,} {_name(row.number, 'file')} to correct; the last: {row.path}: {row.reason}",
            command=f"pokervod hands import {shlex.quote(row.path)}",
            since=row.since,
            count=row.number,
        )


def _read_exports(connection: Connection, _: datetime) -> Iterator[Need]:
    """Yield the tournament exports that could not be read, in one line."""
    for row in connection.execute(_EXPORTS):
        yield Need(
            kind="unreadable exports",
            what=f"{row.number:,} {_name(row.number, 'file')} to correct; the last: {row.path}: {row.error}",
            command="pokervod sync --incremental",
            since=row.since,
            count=row.number,
        )


def _read_losses(connection: Connection, _: datetime) -> Iterator[Need]:
    """Yield the files that a scan did not find and did not dare to call missing, in one line."""
    for row in connection.execute(_LOSSES):
        yield Need(
            kind="unconfirmed losses",
            what=f"{row.number:,} {_name(row.number, 'file')} of {row.libraries} not found; a person decides",
            command="pokervod nas missing",
            since=row.since,
            count=row.number,
        )


def _read_players(connection: Connection, _: datetime) -> Iterator[Need]:
    """Yield the names that may be one person, in one line; a pair is as old as the later of its names."""
    first_clips = {row.name: row.since for row in connection.execute(_PLAYERS)}
    pairs = find_doubtful_pairs(first_clips)
    if pairs:
        yield Need(
            kind="doubtful players",
            what=f"{len(pairs):,} {_name(len(pairs), 'pair')} of names that may be one person",
            command="pokervod players doubtful",
            since=min(max(first_clips[each.one], first_clips[each.other]) for each in pairs),
            count=len(pairs),
        )


def _read_rows(connection: Connection, _: datetime) -> Iterator[Need]:
    """Yield the rows that fit several videos, in one line."""
    for row in connection.execute(_ROWS):
        yield Need(
            kind="ambiguous rows",
            what=f"{row.number:,} sheet {_name(row.number, 'row')} with more than one video to choose from",
            command="pokervod sheets rows --status ambiguous",
            since=row.since,
            count=row.number,
        )


def _read_disagreements(connection: Connection, _: datetime) -> Iterator[Need]:
    """Yield what hands and sheets report differently, in one line."""
    for row in connection.execute(_DISAGREEMENTS):
        yield Need(
            kind="disagreements",
            what=f"{row.number:,} {_name(row.number, 'difference')} between a hand and its sheet row to settle",
            command="pokervod hands disagreements",
            since=row.since,
            count=row.number,
        )


def _read_escalations(connection: Connection, _: datetime) -> Iterator[Need]:
    """Yield the weeks of rollouts that failed for good and that nobody took on."""
    for row in connection.execute(_ESCALATIONS):
        yield Need(
            kind="rollout escalation",
            what=f"week {row.week} of {row.plan}: {row.summary}",
            command=f"pokervod rollout acknowledge --plan {shlex.quote(row.plan)} --reason …",
            since=row.since,
        )


def _name(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"


KINDS = (
    NeedKind(name="incident", title="incidents", read=_read_incidents),
    NeedKind(name="no detector looks", title="detectors", read=_read_detectors),
    NeedKind(name="failed graphics", title="failed graphics", read=_read_failed),
    NeedKind(name="parked events", title="parked events", read=_read_parked),
    NeedKind(name="quarantined worker", title="render workers", read=_read_workers),
    NeedKind(name="quarantined session files", title="session files", read=_read_files),
    NeedKind(name="unreadable exports", title="tournament exports", read=_read_exports),
    NeedKind(name="unconfirmed losses", title="libraries", read=_read_losses),
    NeedKind(name="rollout escalation", title="rollouts", read=_read_escalations),
    NeedKind(name="disagreements", title="disagreements of hands and sheets", read=_read_disagreements),
    NeedKind(name="ambiguous rows", title="ambiguous rows", read=_read_rows),
    NeedKind(name="doubtful players", title="doubtful players", read=_read_players),
)


def _is_told(detector: str, subject: str) -> str:
    """Return the SQL that an incident tells of it already."""
    return f"""exists (select from monitoring_events e
        where e.resolved_at is null and e.detector = '{detector}' and e.subject = {subject})"""


_FAILED = text(f"""
    select r.template, count(*) as number, min(r.finished_at) as since, min(r.id) as first_id,
        (array_agg(r.reason order by r.finished_at desc))[1] as reason
    from render_instructions r
    where r.state in ('failed', 'timed_out') and r.superseded_by is null and r.withdrawn_at is null
        and coalesce(r.held_until <= :now, true) and not {HEALS_PERHAPS}
        and not {_is_told(Detector.GRAPHIC_FAILED, "r.template")}
    group by r.template
""")  # noqa: S608 - constants

_PARKED = text(f"""
    select r.consumer, count(*) as number, min(r.parked_at) as since,
        (array_agg(r.error order by r.parked_at desc))[1] as error
    from event_retries r where r.parked_at is not null and not {_is_told(Detector.EVENTS_PARKED, "r.consumer")}
    group by r.consumer
""")  # noqa: S608 - constants

_WORKERS = text(f"""
    select w.name, w.quarantine_reason as reason, coalesce((
        select e.at from events e where e.type = 'render.worker.quarantined' and e.payload ->> 'worker' = w.name
        order by e.id desc limit 1
    ), w.seen_at) as since
    from render_workers w
    where w.quarantine_reason is not null and not {_is_told(Detector.WORKER_STOPPED, "w.name")}
""")  # noqa: S608 - constants

_FILES = text("""
    select count(*) as number, min(read_at) as since, (array_agg(path order by read_at desc))[1] as path,
        (array_agg(reason order by read_at desc))[1] as reason
    from hand_files where state = 'quarantined' having count(*) > 0
""")

_EXPORTS = text("""
    select count(*) as number, min(imported_at) as since, (array_agg(path order by imported_at desc))[1] as path,
        (array_agg(error order by imported_at desc))[1] as error
    from tournament_files where error is not null having count(*) > 0
""")

_LOSSES = text("""
    with recursive known as (
        (select library from nas_scans order by library limit 1)
        union all
        select (select s.library from nas_scans s where s.library > known.library order by s.library limit 1)
        from known where known.library is not null
    )
    select count(*) as number, min(f.state_since) as since, string_agg(distinct f.library, ', ') as libraries
    from known cross join lateral (
        select status from nas_scans s where s.library = known.library and s.status <> 'running'
        order by s.id desc limit 1
    ) as last
    join nas_files f on f.library = known.library and f.state = 'unseen' and not f.is_junk
    where last.status = 'completed' having count(*) > 0
""")
"""Of a library that could not be read nothing is known, which its incident tells."""

_PLAYERS = text("""
    select p.name, min(c.created_at) as since from players p join clip_players cp on cp.player_id = p.id
    join hand_clips c on c.id = cp.clip_id and c.retired_at is null group by p.id
""")

_ROWS = text("""
    select count(*) as number, min(changed_at) as since from sheet_rows
    where match_status = 'ambiguous' and retired_at is null having count(*) > 0
""")

_DISAGREEMENTS = text("""
    select count(*) as number, min(at) as since from hand_disagreements where state = 'open' having count(*) > 0
""")

_ESCALATIONS = text("""
    select s.plan, s.week, s.summary, s.at as since from rollout_escalations s
    where s.ended_at is null and not exists (
        select from rollout_interventions i
        where i.plan = s.plan and i.kind = 'acknowledge' and i.week = s.week and i.at >= s.at
    ) and not exists (
        select from monitoring_events e
        where e.resolved_at is null and e.subject_kind = 'rollout' and e.subject = s.plan || ' week ' || s.week
    )
""")
