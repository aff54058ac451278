"""Read the facts of sources, shows and hands, in sets and on indexes."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines.monitoring.detectors.facts import (
    DagsterFacts,
    OrphanDay,
    ParkedFacts,
    PremiumHandFacts,
    ShowFacts,
    ShowsFacts,
    SourceFacts,
)
from pokervod_pipelines.monitoring.detectors.reading_folders import FolderFiles, read_folders
from pokervod_pipelines.monitoring.measures.flow import measure_sync_lags
from pokervod_pipelines.monitoring.measures.shape import SyncLag
from pokervod_pipelines.monitoring.status_schedule import find_next_tick
from pokervod_pipelines.render.listing import ORPHAN_HANDS
from pokervod_pipelines.render.rules import load_rules
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.watch.sources import Source, list_watches

RECENT = timedelta(days=7)
"""Hands without an instruction are looked for among those that came within so long; weeks show those of before."""

SHOW = timedelta(hours=4)
"""A slot whose end the schedule does not tell lasts so long."""

MOST_NAMED = 50

FOLDER_SENSOR = "rfid_drop"
"""The sensor that looks at the folders where no watcher does."""

FOLDER_SECONDS = 60.0
"""A folder is looked at every few seconds; so long may pass where a share is slow."""

RULES_SECONDS = 60.0
"""Rules and templates are files that seldom change: they are read again after so long."""

DAEMON_DAY = timedelta(days=1)


def read_sources(
    engine: Engine, connection: Connection, settings: Settings, dagster: DagsterFacts, now: datetime
) -> tuple[SourceFacts, ...]:
    """Return every sheet, library and folder of the settings, with what its reading said and what lies there unread.

    Sheets and libraries are expected by the schedules, where Dagster's daemon has ever run them.
    """
    lags = measure_sync_lags(connection, settings, now=now)
    is_scheduled = bool(dagster.heartbeats)
    problems: Mapping[str, str] = {row.sheet: row.error for row in connection.execute(_SHEET_ERRORS)}
    folders = _find_folder_look(connection, dagster)
    files = read_folders(engine, settings)
    return tuple(
        _make_folder(each, settings, folders, files[each.name], is_scheduled=is_scheduled)
        if "folder" in each.kind
        else _make_scheduled(each, settings, problems, now, is_scheduled=is_scheduled)
        for each in lags
    )


def _make_scheduled(
    lag: SyncLag, settings: Settings, problems: Mapping[str, str], now: datetime, *, is_scheduled: bool
) -> SourceFacts:
    is_library = lag.kind == "library"
    cron = settings.schedules.nas_changes if is_library else settings.schedules.full_sync
    root = settings.library(lag.name).root if is_library else find_root(settings, settings.sheet(lag.name).path)
    return SourceFacts(
        kind=lag.kind,
        name=lag.name,
        read_at=lag.at,
        expected_seconds=_find_interval(cron, settings.zone, now.date().isoformat()) if is_scheduled else None,
        root=root,
        problem="" if is_library else problems.get(lag.name, ""),
    )


def find_root(settings: Settings, path: Path | None) -> str:
    """Return the archive root that a file or folder lies on, "" for none."""
    roots = (each.name for each in settings.archive_roots if path is not None and path.is_relative_to(each.path))
    return next(roots, "")


@lru_cache(maxsize=100)
def _find_interval(cron: str, zone: ZoneInfo, day: str) -> float:
    """Return the longest time between two ticks of the week that begins with the day."""
    moment = datetime.fromisoformat(day).replace(tzinfo=zone)
    ticks = [moment]
    while ticks[-1] < moment + timedelta(days=7) and len(ticks) < MOST_NAMED:
        ticks.append(find_next_tick(cron, zone, ticks[-1]))
    return max((after - before).total_seconds() for before, after in pairwise(ticks[1:]))


def _find_folder_look(connection: Connection, dagster: DagsterFacts) -> datetime | None:
    """Return when a watcher or the sensor looked at the folders last."""
    looks = [each.seen_at for each in list_watches(connection) if each.source == Source.FOLDERS]
    looks += [each.ticked_at for each in dagster.sensors if each.name == FOLDER_SENSOR and each.ticked_at]
    return max(looks, default=None)


def _make_folder(
    lag: SyncLag, settings: Settings, looked_at: datetime | None, files: FolderFiles, *, is_scheduled: bool
) -> SourceFacts:
    return SourceFacts(
        kind=lag.kind,
        name=lag.name,
        read_at=looked_at,
        expected_seconds=FOLDER_SECONDS if looked_at is not None or is_scheduled else None,
        root=find_root(settings, Path(lag.name)),
        problem=files.problem,
        waiting=files.waiting,
        waiting_since=files.since,
    )


def read_shows(connection: Connection, settings: Settings, now: datetime) -> ShowsFacts:
    """Return the live slots of the schedule that are on now, with the hands that came since each began."""
    days = BroadcastDays(settings.zone, settings.hands.day_starts_at)
    today = days.find_day(now)
    values = {"now": now, "first_day": today - timedelta(days=1), "last_day": today, "length": SHOW}
    shows = tuple(ShowFacts(**row._mapping) for row in connection.execute(_SHOWS, values))
    began = min((each.starts_at for each in shows), default=now)
    has_hands = bool(connection.scalar(_HAS_HANDS, {"before": began})) if shows else True
    return ShowsFacts(shows=shows, has_hands_ever=has_hands)


def read_hands(connection: Connection, settings: Settings, now: datetime) -> PremiumHandFacts:
    """Return the shown premium hands of the last days, and by broadcast day those without an instruction."""
    late = now - timedelta(minutes=settings.monitoring.detectors.orphan_hand.after_minutes)
    values = {"since": now - RECENT, "late": late, "most": MOST_NAMED}
    rows = connection.execute(_ORPHANS, values).all()
    orphans = [
        OrphanDay(day=row.day, count=row.orphans, hands=tuple(row.hands), since=row.since) for row in rows if row.day
    ]
    return PremiumHandFacts(
        premium_hands=rows[0].premium_hands if rows else 0,
        orphans=tuple(orphans),
        has_rules=read_has_rules(settings, time.monotonic()),
    )


def read_parked(connection: Connection) -> tuple[ParkedFacts, ...]:
    """Return every consumer of events, and how many it has given up."""
    return tuple(ParkedFacts(**row._mapping) for row in connection.execute(_PARKED))


def _remember(read: Callable[[Settings], bool]) -> Callable[[Settings, float], bool]:
    """Keep what was read of files for a while."""
    kept: dict[str, tuple[float, bool]] = {}

    def find(settings: Settings, now: float) -> bool:
        key = str(settings.source)
        at, found = kept.get(key, (float("-inf"), True))
        if now - at > RULES_SECONDS:
            found = read(settings)
            kept[key] = now, found
        return found

    return find


def _has_rules(settings: Settings) -> bool:
    """Return whether a rule makes graphics of premium hands; rules that are wrong are told by `doctor`."""
    try:
        return any(rule.on == "premium_hand" for rule in load_rules(settings))
    except PokervodError:
        return True


read_has_rules = _remember(_has_rules)

_SHEET_ERRORS = text("select sheet, error from sheet_states where error is not null")

_SHOWS = text("""
    select s.event_title as title, s.channel, s.starts_at, e.ends_at, came.hands, came.last_at
    from broadcast_slots s, lateral (
        select coalesce(s.ends_at, s.starts_at + cast(:length as interval)) as ends_at
    ) as e, lateral (
        select count(*) as hands, max(h.created_at) as last_at from hands h
        where h.broadcast_day = s.day and not h.is_test and h.created_at >= s.starts_at and h.created_at <= :now
    ) as came
    where s.day between :first_day and :last_day and s.is_live and s.starts_at <= :now and e.ends_at > :now
        and s.seen_at = (select max(seen_at) from broadcast_slots n where n.day = s.day)
    order by s.starts_at, s.channel
""")

_HAS_HANDS = text("select exists (select from hands where not is_test and created_at < :before)")

_ORPHANS = text(f"""
    with orphans as (
        select h.id, h.broadcast_day, h.created_at from {ORPHAN_HANDS}
            and h.created_at >= :since and h.created_at < :late
    ), days as (
        select broadcast_day as day, count(*) as orphans, (array_agg(id order by id))[1 : :most] as hands,
            min(created_at) as since
        from orphans group by broadcast_day
    )
    select (select count(*) from hands where is_premium and created_at >= :since) as premium_hands, days.*
    from (select) as one left join days on true order by day
""")  # noqa: S608 - constants

_PARKED = text("""
    select coalesce(c.consumer, r.consumer) as consumer, coalesce(r.count, 0) as count, r.since,
        coalesce(r.error, '') as error
    from event_cursors c full join (
        select consumer, count(*) as count, min(parked_at) as since,
            (array_agg(error order by parked_at desc))[1] as error
        from event_retries where parked_at is not null group by consumer
    ) as r on r.consumer = c.consumer
    order by 1
""")
