"""Measure how hands become graphics, and how long ago each source was read without an error."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines.monitoring.measures.shape import DataFlowHealth, HandsToday, SyncLag, Window
from pokervod_pipelines.render.listing import ORPHAN_HANDS
from pokervod_pipelines.settings import Settings

DELAYED = timedelta(minutes=30)
"""An instruction that could have been claimed for so long is delayed."""


def measure_hands_today(connection: Connection, settings: Settings, *, now: datetime | None = None) -> HandsToday:
    """Return how many hands the broadcast day has so far."""
    day = BroadcastDays(settings.zone, settings.hands.day_starts_at).find_day(now or datetime.now(UTC))
    row = connection.execute(_HANDS_TODAY, {"day": day}).one()
    return HandsToday(day=str(day), hands=row.hands, last_at=row.last_at)


def measure_data_flow(connection: Connection, window: Window, *, now: datetime | None = None) -> DataFlowHealth:
    """Return whether hands become graphics: orphans and delayed instructions of now, completion of the window."""
    late = (now or datetime.now(UTC)) - DELAYED
    row = connection.execute(_FLOW, {"since": window.since, "until": window.until, "late": late}).one()
    return DataFlowHealth(
        orphan_hands=row.orphans,
        delayed_instructions=row.delayed,
        completion_rate=row.completed / row.hands if row.hands else None,
        premium_hands=row.hands,
        with_instruction=row.with_instruction,
    )


def measure_sync_lags(connection: Connection, settings: Settings, *, now: datetime | None = None) -> list[SyncLag]:
    """Return how long ago each library, sheet and folder of the settings was read; a folder by its newest file."""
    now = now or datetime.now(UTC)
    return [*_list_lags(connection, settings, now)]


def _list_lags(connection: Connection, settings: Settings, now: datetime) -> Iterator[SyncLag]:
    libraries, sheets = [each.name for each in settings.libraries], [each.name for each in settings.sheets]
    drops = [str(each) for each in settings.hands.drop_folders]
    exports = [str(each) for each in settings.tournaments.export_folders]
    names = {"libraries": libraries, "sheets": sheets, "drops": drops, "exports": exports}
    for row in connection.execute(_LAGS, names):
        seconds = None if row.at is None else (now - row.at).total_seconds()
        yield SyncLag(kind=row.kind, name=row.name, at=row.at, seconds=seconds)


_HANDS_TODAY = text("""
    select count(*) as hands, max(created_at) as last_at from hands
    where broadcast_day = :day and not is_test and withdrawn_by is null
""")

_FLOW = text(f"""
    select (select count(*) from {ORPHAN_HANDS}) as orphans,
        (select count(*) from render_instructions where state = 'pending' and greatest(due_at, held_until) < :late)
            as delayed,
        count(*) as hands, count(*) filter (where graphics > 0) as with_instruction,
        count(*) filter (where graphics > 0 and graphics = completed) as completed
    from (
        select h.id, count(i.id) as graphics, count(*) filter (where i.state = 'completed') as completed
        from premium_hands h left join render_instructions i on i.hand_id = h.id and i.trigger_kind = 'premium_hand'
            and i.superseded_by is null and i.withdrawn_at is null
        where h.is_shown and h.created_at >= :since and h.created_at < :until group by h.id
    ) as flow
""")  # noqa: S608 - a constant

_LAGS = text("""
    select 'library' as kind, l.name, max(s.finished_at) as at
    from unnest(cast(:libraries as text[])) with ordinality as l (name, number) left join lateral (
        select finished_at from nas_scans where library = l.name and status = 'completed' order by id desc limit 1
    ) as s on true group by 2
    union all
    select 'sheet', l.name, s.read_at from unnest(cast(:sheets as text[])) as l (name)
    left join sheet_states s on s.sheet = l.name
    union all
    select 'drop folder', l.name, max(f.read_at) from unnest(cast(:drops as text[])) as l (name)
    left join hand_files f on f.state = 'read' and starts_with(f.path, rtrim(l.name, '/') || '/') group by 2
    union all
    select 'export folder', l.name, max(f.imported_at) from unnest(cast(:exports as text[])) as l (name)
    left join tournament_files f on f.error is null and starts_with(f.path, rtrim(l.name, '/') || '/') group by 2
    order by 1, 2
""")
