"""Read all that a handover tells of a shift. What cannot be read raises: a page never passes it over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.holds.listing import Hold, list_holds
from pokervod_pipelines.holds.placing import CLOCK
from pokervod_pipelines.holds.windows import MaintenanceWindow, list_windows
from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.incidents.listing import IncidentFilter, list_incidents
from pokervod_pipelines.monitoring.incidents.shape import Incident, IncidentState
from pokervod_pipelines.monitoring.measures.renders import measure_renders
from pokervod_pipelines.monitoring.measures.shape import RenderFigures, Window
from pokervod_pipelines.monitoring.needs.find import find_needs
from pokervod_pipelines.monitoring.needs.shape import Needs
from pokervod_pipelines.monitoring.remediation.listing import count_kinds
from pokervod_pipelines.monitoring.remediation.shape import KindFigures
from pokervod_pipelines.paging import EVERYTHING
from pokervod_pipelines.settings import Settings

MOST_LISTED = 50
"""Entries of a list of what happened; how many more there are is said."""

MOST_NAMED = 5
"""Things that one decision names."""

PROGRAMS = (
    *Detector,
    "remediation",
    "rules",
    "the rollout",
    "the plan",
    CLOCK,
    "weekly_close",
    "nas scan",
    "render worker",
)
"""Who signs without being a person."""

OPEN = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDecision:
    """Hold what a person decided: an event, or ``count`` of them with one reason, the newest at ``at``.

    ``about`` names what they are about, at most ``MOST_NAMED``, and leaves ``unnamed`` others out.
    """

    at: datetime
    type: str
    about: tuple[str, ...]
    unnamed: int
    by: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncCount:
    """Count the syncs of a mode that ended; ``failed`` of them did not bring everything up to date."""

    mode: str
    ended: int
    failed: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HandCount:
    """Count the hands that arrived, and when the last one did."""

    hands: int
    premium: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftHandover:
    """Hold what a shift hands over; lists of what happened are the newest first, at most ``MOST_LISTED`` long.

    Effects of another incident are neither listed nor counted.
    """

    window: Window
    needs: Needs
    open: tuple[Incident, ...]
    muted: tuple[Incident, ...]
    holds: tuple[Hold, ...]
    windows: tuple[MaintenanceWindow, ...]
    opened: tuple[Incident, ...]
    opened_count: int
    resolved: tuple[Incident, ...]
    resolved_count: int
    decisions: tuple[PersonDecision, ...]
    decision_count: int
    remedies: tuple[KindFigures, ...]
    syncs: tuple[SyncCount, ...]
    graphics: RenderFigures
    hands: HandCount


def make_handover(engine: Engine, settings: Settings, since: datetime, *, now: datetime | None = None) -> ShiftHandover:
    """Return what happened since then, and how things are now."""
    now = now or datetime.now(UTC)
    if since >= now:
        raise BadInput("the shift begins in the future; give an earlier --since")
    window = Window(since=since, until=now)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        wanted = IncidentFilter(changed_since=since, causes_only=True)
        changed = list_incidents(connection, wanted, page=EVERYTHING, now=now)
        opened = [each for each in changed if each.opened_at >= since]
        resolved = [each for each in changed if each.resolved_at and each.resolved_at >= since]
        resolved.sort(key=lambda each: each.resolved_at or now, reverse=True)
        decisions = _list_decisions(connection, window)
        figures = count_kinds(connection, settings, since, now)
        return ShiftHandover(
            window=window,
            needs=find_needs(engine, now=now),
            open=_list_states(connection, OPEN, now),
            muted=_list_states(connection, (IncidentState.MUTED,), now),
            holds=tuple(list_holds(connection)),
            windows=tuple(list_windows(connection)),
            opened=tuple(opened[:MOST_LISTED]),
            opened_count=len(opened),
            resolved=tuple(resolved[:MOST_LISTED]),
            resolved_count=len(resolved),
            decisions=tuple(decisions[:MOST_LISTED]),
            decision_count=len(decisions),
            remedies=tuple(each for each in figures if each.done or each.refused or each.over_budget),
            syncs=tuple(SyncCount(**row._mapping) for row in connection.execute(_SYNCS, _bound(window))),
            graphics=measure_renders(connection, settings, window, now=now),
            hands=HandCount(**connection.execute(_HANDS, _bound(window)).one()._mapping),
        )


def _list_states(connection: Connection, states: Sequence[IncidentState], now: datetime) -> tuple[Incident, ...]:
    wanted = IncidentFilter(states=tuple(states), oldest_first=True)
    return tuple(list_incidents(connection, wanted, page=EVERYTHING, now=now))


def _list_decisions(connection: Connection, window: Window) -> list[PersonDecision]:
    values = {**_bound(window), "programs": [*map(str, PROGRAMS)]}
    return [_read_decision(row) for row in connection.execute(_DECISIONS, values)]


def _read_decision(row: Row[Any]) -> PersonDecision:
    names = tuple(dict.fromkeys(row.about or ()))
    named = {"about": names[:MOST_NAMED], "unnamed": len(names[MOST_NAMED:])}
    return PersonDecision(**{**row._mapping, **named})


def _bound(window: Window) -> dict[str, datetime]:
    return {"since": window.since, "until": window.until}


_DECISIONS = text("""
    select max(at) as at, type, payload ->> 'by' as by, payload ->> 'reason' as reason, count(*) as count,
        array_agg(about.name order by id) filter (where about.name <> '') as about
    from events, lateral (
        select coalesce(
            'incident ' || (payload ->> 'incident_id'), 'instruction ' || (payload ->> 'instruction_id'),
            'window ' || (payload ->> 'window_id'), 'hand ' || (payload ->> 'hand_id'),
            'clip ' || (payload ->> 'clip_id'), (payload ->> 'kind') || ' ' || (payload ->> 'name'),
            payload ->> 'path', 'sheet ' || (payload ->> 'sheet'), 'library ' || (payload ->> 'library'),
            'worker ' || (payload ->> 'worker'), 'event ' || (payload ->> 'event_id'),
            payload ->> 'name', payload ->> 'scope', payload ->> 'plan', payload ->> 'key'
        ) as name
    ) as about
    where at >= :since and at < :until and payload ->> 'by' <> '' and payload ->> 'reason' <> ''
        and payload ->> 'by' <> all(:programs)
        and not starts_with(type, 'api.login.') and not starts_with(type, 'api.session.')
    group by type, payload ->> 'by', payload ->> 'reason' order by max(id) desc
""")

_SYNCS = text("""
    select payload ->> 'mode' as mode, count(*) as ended,
        count(*) filter (where jsonb_array_length(payload -> 'failed') > 0) as failed, max(at) as last_at
    from events where type = 'system.sync.completed' and at >= :since and at < :until group by 1 order by 1
""")

_HANDS = text("""
    select count(*) as hands, count(*) filter (where is_premium) as premium, max(created_at) as last_at from hands
    where created_at >= :since and created_at < :until and not is_test and withdrawn_by is null
""")
