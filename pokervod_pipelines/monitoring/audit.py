"""Read the audit: what people decided and did, and, for administrators, how they logged in."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.monitoring.handover.figures import PROGRAMS
from pokervod_pipelines.paging import Page
from pokervod_pipelines.periods import ALWAYS, Period, filter_period


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Select what one person did, in a time, ``without`` events of these types and those below them."""

    by: str | None = None
    without: tuple[str, ...] = ()
    period: Period = ALWAYS


def page_audit(connection: Connection, wanted: AuditFilter, page: Page) -> list[LoggedEvent]:
    """Return a page of the events that people signed, the last one first."""
    values: dict[str, Any] = {
        "by": wanted.by,
        "without": [*wanted.without],
        "programs": [*map(str, PROGRAMS)],
        "rule": RULE,
        "limit": page.limit,
        "after": page.after,
        **asdict(wanted.period),
    }
    rows = connection.execute(_AUDIT, values)
    return [LoggedEvent(**{name: row._mapping[name] for name in LoggedEvent.__slots__}) for row in rows]


RULE = "rule "
"""A rule that makes a graphic signs with this and its name."""

_SIGNED = "payload ->> 'by' > ''"

_AUDIT = text(f"""
    with recursive signers as (
        (select payload ->> 'by' as by from events where {_SIGNED} order by payload ->> 'by' limit 1)
        union all
        select (select payload ->> 'by' from events where {_SIGNED} and payload ->> 'by' > signers.by
                order by payload ->> 'by' limit 1)
        from signers where signers.by is not null
    )
    select found.* from signers, lateral (
        select id, at, type, source, correlation_id, payload, txid from events
        where {_SIGNED} and payload ->> 'by' = signers.by and {filter_period("at")}
            and not exists (
                select from unnest(cast(:without as text[])) as w(name) where starts_with(type || '.', w.name || '.'))
            and (cast(:after as bigint) is null
                or (txid, id) < (select txid, id from events where id = :after))
        order by txid desc, id desc limit :limit
    ) as found
    where signers.by <> all(:programs) and not starts_with(signers.by, :rule)
        and (cast(:by as text) is null or signers.by = :by)
    order by found.txid desc, found.id desc limit :limit
""")  # noqa: S608 - constants
"""Steps from one who signs to the next, and reads the last events of each: what programs sign costs nothing."""
