"""List what was done without a person, and count by kind how often it helped and harmed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from pokervod_pipelines.monitoring.remediation.budgets import HOUR, find_rules
from pokervod_pipelines.monitoring.remediation.shape import KindFigures, RemedyAction, RemedyKind
from pokervod_pipelines.monitoring.remediation.store import COLUMNS, count_tried, make_action
from pokervod_pipelines.paging import Page
from pokervod_pipelines.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFilter:
    """Select actions: empty or None selects all."""

    kinds: Sequence[RemedyKind] = ()
    since: datetime | None = None
    incident_id: int | None = None


def list_actions(
    connection: Connection, wanted: ActionFilter | None = None, *, page: Page | None = None
) -> list[RemedyAction]:
    """Return actions and refusals, the newest first. ``page.after`` is the last id."""
    wanted, page = wanted or ActionFilter(), page or Page()
    values = {
        "kinds": [*wanted.kinds],
        "since": wanted.since,
        "incident_id": wanted.incident_id,
        "after": page.after,
        "limit": page.limit,
    }
    return [make_action(row._mapping) for row in connection.execute(_LIST, values)]


def count_kinds(connection: Connection, settings: Settings, since: datetime, now: datetime) -> list[KindFigures]:
    """Return the figures of every kind since then, also of those that did nothing."""
    rows = {row.kind: row for row in connection.execute(_COUNT, {"since": since})}
    queue = connection.execute(_BY_QUEUE, {"since": since}).one()
    rescued = rows[RemedyKind.RESCUE].done if RemedyKind.RESCUE in rows else 0
    alone = {RemedyKind.RETRY: queue.failed, RemedyKind.RESCUE: max(0, queue.lost - rescued)}
    counts = ("done", "helped", "in_vain", "harmed", "moot", "refused", "over_budget")
    return [
        KindFigures(
            kind=kind,
            **{name: int(getattr(rows[kind], name)) if kind in rows else 0 for name in counts},
            per_hour=find_rules(settings, kind).per_hour,
            spent=count_tried(connection, kind, now - HOUR),
            is_enabled=settings.monitoring.remediation.enabled and find_rules(settings, kind).enabled,
            by_queue=alone.get(kind),
        )
        for kind in RemedyKind
    ]


_LIST = text(f"""
    select {COLUMNS} from remediations
    where (cardinality(cast(:kinds as text[])) = 0 or kind = any(:kinds))
        and (cast(:since as timestamptz) is null or done_at >= :since)
        and (cast(:incident_id as bigint) is null or incident_id = :incident_id)
        and (cast(:after as bigint) is null or id < :after)
    order by id desc limit :limit
""")  # noqa: S608 - constants

_COUNT = text("""
    select kind, count(*) filter (where state = 'done') as done,
        count(*) filter (where outcome = 'helped') as helped, count(*) filter (where outcome = 'in vain') as in_vain,
        count(*) filter (where outcome = 'harmed') as harmed, count(*) filter (where outcome = 'moot') as moot,
        count(*) filter (where state = 'refused' and subject_kind <> 'other') as refused,
        coalesce(sum(count) filter (where state = 'refused' and subject_kind = 'other'), 0) as over_budget
    from remediations where done_at >= :since group by kind
""")

_BY_QUEUE = text("""
    select count(*) filter (where payload ->> 'outcome' = 'failed') as failed,
        count(*) filter (where payload ->> 'outcome' = 'lost') as lost
    from events where type = 'render.requeued' and at >= :since
""")
