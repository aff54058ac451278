"""Measure how old the data of each source are: when what we have of it changed last, whenever it was read."""

from datetime import UTC, datetime

from sqlalchemy import Connection, text

from pokervod_pipelines.monitoring.measures.shape import SourceFreshness
from pokervod_pipelines.settings import Settings


def measure_freshness(
    connection: Connection, settings: Settings, *, now: datetime | None = None
) -> list[SourceFreshness]:
    """Return the age of the data of each library and sheet, of hands, tournaments and graphics."""
    now = now or datetime.now(UTC)
    libraries, sheets = [each.name for each in settings.libraries], [each.name for each in settings.sheets]
    rows = connection.execute(_FRESHNESS, {"libraries": libraries, "sheets": sheets})
    return [
        SourceFreshness(
            kind=row.kind,
            name=row.name,
            at=row.at,
            seconds=None if row.at is None else max(0.0, (now - row.at).total_seconds()),
        )
        for row in rows
    ]


_CHANGES = " + ".join(
    f"coalesce(cast(s.counts ->> '{each}' as integer), 0)"
    for each in ("added", "changed", "moved", "missing", "removed", "returned")
)

_FRESHNESS = text(f"""
    select 'library' as kind, l.name, s.finished_at as at
    from unnest(cast(:libraries as text[])) as l (name) left join lateral (
        select finished_at from nas_scans s
        where s.library = l.name and s.status = 'completed' and {_CHANGES} > 0 order by s.id desc limit 1
    ) as s on true
    union all
    select 'sheet', l.name, max(r.changed_at) from unnest(cast(:sheets as text[])) as l (name)
    left join sheet_rows r on r.sheet = l.name group by l.name
    union all
    select * from (values
        ('hands', '', (select h.created_at from hands h where not h.is_test order by h.id desc limit 1)),
        ('tournaments', '', (select max(imported_at) from tournament_files where error is null)),
        ('graphics', '', (select at from events where type = 'render.completed' order by id desc limit 1))
    ) as whole (kind, name, at)
    order by 1, 2
""")  # noqa: S608 - constants
