"""Store links of hands and the clips that show them, and their disagreements."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.hands.clip_links import HandClipDifference, HandClipLink
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.store import read_content
from pokervod_pipelines.paging import EVERYTHING, Page
from pokervod_pipelines.text.folding import make_storable

AGREEMENT = "pokervod"
"""Name of the actor that closes a disagreement which no longer exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipText:
    """Hold a clip: the cells of its row, its players' keys, and what the catalog knows of its video."""

    clip_id: int
    content: dict[str, Any]
    players: tuple[str, ...]
    hands: str
    winner: str
    in_ms: int | None
    out_ms: int | None
    path: str | None
    parsed: dict[str, Any]
    event: str | None
    start_timecode: str | None
    rate: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Describe an open or settled difference; a settled one with who, when and why."""

    id: int
    hand_id: int
    clip_id: int
    field: str
    hand_says: str
    sheet_says: str
    state: str
    by: str | None
    reason: str | None
    at: datetime
    settled_at: datetime | None
    hand_number: int
    table: str
    started_at: datetime
    sheet: str
    tab: str
    row_number: int


def lock_links(connection: Connection) -> None:
    """Lock the linking of hands and clips until the transaction ends."""
    lock_until_commit(connection, "hands/clip_links")


def read_clip_texts(connection: Connection, ids: Collection[int] | None = None) -> list[ClipText]:
    """Return the clips that are not retired, all or those with these ids."""
    rows = connection.execute(
        text("""
            select c.id as clip_id, r.content, c.hands, c.winner, c.in_ms, c.out_ms, f.path,
                   array(select p.key from clip_players cp join players p on p.id = cp.player_id
                         where cp.clip_id = c.id order by cp.position) as players,
                   coalesce(v.parsed, '{}'::jsonb) as parsed, m.start_timecode,
                   m.rate_num::float8 / nullif(m.rate_den, 0) as rate,
                   (select min(e.title) from episode_files ef join episodes ep on ep.id = ef.episode_id
                    join catalog_events e on e.id = ep.event_id where ef.file_id = c.file_id
                    having count(*) = 1) as event
            from hand_clips c join sheet_rows r on r.id = c.sheet_row_id
            left join nas_files f on f.id = c.file_id
            left join video_files v on v.file_id = c.file_id
            left join media_facts m on m.file_id = c.file_id and m.status = 'ok'
            where c.retired_at is null and (cast(:ids as bigint[]) is null or c.id = any(:ids)) order by c.id
        """),
        {"ids": None if ids is None else [*ids]},
    )
    return [ClipText(**{**row._mapping, "players": tuple(row.players)}) for row in rows]


def read_hands_near(
    connection: Connection, days: Collection[date], events: Collection[str]
) -> list[tuple[int, date, Hand]]:
    """Return the hands of these days, and of sessions with one of these folded titles; each with id and day."""
    rows = connection.execute(
        text("""
            select h.id, h.broadcast_day, h.content from hands h join hand_sessions s using (session_id)
            where h.withdrawn_by is null and (h.broadcast_day = any(:days)
               or btrim(regexp_replace(lower(s.event_title), '[^[:alnum:]]+', ' ', 'g')) = any(:events))
            order by h.id
        """),
        {"days": list(days), "events": list(events)},
    )
    hands = ((row.id, row.broadcast_day, read_content(row.content)) for row in rows)
    return [(hand_id, day, hand) for hand_id, day, hand in hands if isinstance(hand, Hand)]


def replace_links(connection: Connection, links: Sequence[HandClipLink]) -> tuple[int, int]:
    """Replace all links by these; return how many are new and how many were deleted."""
    parameters = {"links": json.dumps([asdict(link) for link in links])}
    source = "jsonb_to_recordset(cast(:links as jsonb)) as l(hand_id bigint, clip_id bigint, how text)"
    deleted = connection.execute(
        text(f"""
            delete from hand_clip_links m where not exists (
                select from {source} where l.hand_id = m.hand_id and l.clip_id = m.clip_id)
            returning m.clip_id
        """),  # noqa: S608 - constant
        parameters,
    ).all()
    made = connection.execute(
        text(f"""
            insert into hand_clip_links (hand_id, clip_id, how) select hand_id, clip_id, how from {source}
            on conflict (hand_id, clip_id) do update set how = excluded.how where hand_clip_links.how <> excluded.how
            returning xmax = 0 as is_new
        """),  # noqa: S608 - constant
        parameters,
    ).all()
    return sum(row.is_new for row in made), len(deleted)


def update_disagreements(connection: Connection, differences: Sequence[HandClipDifference], correlation_id: str) -> int:
    """Open a disagreement for each difference, close those that no longer exist, and return how many are new.

    What a person settled stays settled until hand or sheet change.
    """
    parameters = {
        "differences": json.dumps([asdict(one) for one in differences], ensure_ascii=False),
        "by": AGREEMENT,
        "reason": "hand and sheet no longer differ",
    }
    connection.execute(_CLOSE, parameters)
    opened = connection.execute(_OPEN, parameters).all()
    events = [NewEvent(EventType.HAND_DISAGREEMENT, dict(row._mapping)) for row in opened]
    return append_events(connection, "hands", correlation_id, events)


_GIVEN = """jsonb_to_recordset(cast(:differences as jsonb)) as g(
    hand_id bigint, clip_id bigint, field text, hand_says text, sheet_says text)"""

_CLOSE = text(f"""
    update hand_disagreements d set state = 'settled', by = :by, reason = :reason, settled_at = now()
    where d.state = 'open' and not exists (
        select from {_GIVEN} where (g.hand_id, g.clip_id, g.field) = (d.hand_id, d.clip_id, d.field))
""")  # noqa: S608 - constant

_OPEN = text(f"""
    insert into hand_disagreements as d (hand_id, clip_id, field, hand_says, sheet_says)
    select hand_id, clip_id, field, hand_says, sheet_says from {_GIVEN}
    on conflict (hand_id, clip_id, field) do update set
        hand_says = excluded.hand_says, sheet_says = excluded.sheet_says, state = 'open', by = null, reason = null,
        at = now(), settled_at = null
        where (d.hand_says, d.sheet_says) <> (excluded.hand_says, excluded.sheet_says)
           or (d.state = 'settled' and d.by = :by)
    returning id as disagreement_id, hand_id, clip_id, field, hand_says, sheet_says
""")  # noqa: S608 - constant


def list_disagreements(
    connection: Connection, *, settled: bool | None = False, hand_id: int | None = None, page: Page = EVERYTHING
) -> list[Disagreement]:
    """Return the disagreements, oldest first: open ones, ``settled`` ones, or (None) both; of one hand or all."""
    rows = connection.execute(
        text("""
            select d.id, d.hand_id, d.clip_id, d.field, d.hand_says, d.sheet_says, d.state, d.by, d.reason, d.at,
                   d.settled_at, h.hand_number, h.table_name as "table", h.started_at, c.sheet, r.tab, r.row_number
            from hand_disagreements d join hands h on h.id = d.hand_id
            join hand_clips c on c.id = d.clip_id join sheet_rows r on r.id = c.sheet_row_id
            where (cast(:settled as boolean) is null or (d.state = 'settled') = :settled)
              and (cast(:hand_id as bigint) is null or d.hand_id = :hand_id)
              and (cast(:after as bigint) is null
                   or (d.at, d.id) > ((select a.at from hand_disagreements a where a.id = :after), :after))
            order by d.at, d.id limit :limit
        """),
        {"settled": settled, "hand_id": hand_id, "after": page.after, "limit": page.limit},
    )
    return [Disagreement(**row._mapping) for row in rows]


def settle_disagreement(connection: Connection, disagreement_id: int, *, actor: Actor) -> None:
    """Settle a disagreement; raise ``BadInput`` for an unknown id, ``Conflict`` if it is settled already."""
    found = connection.execute(
        text("select state, hand_id, clip_id, field from hand_disagreements where id = :id for update"),
        {"id": disagreement_id},
    ).one_or_none()
    if found is None:
        raise BadInput(f"unknown disagreement {disagreement_id}; `pokervod hands disagreements` lists them")
    if found.state == "settled":
        hint = "see `pokervod hands disagreements --settled`"
        raise Conflict(f"disagreement {disagreement_id} is settled already; {hint}")
    signed = {"by": make_storable(actor.who).strip(), "reason": make_storable(actor.reason).strip()}
    connection.execute(
        text("""
            update hand_disagreements set state = 'settled', by = :by, reason = :reason, settled_at = now()
            where id = :id
        """),
        signed | {"id": disagreement_id},
    )
    about = {"hand_id": found.hand_id, "clip_id": found.clip_id, "field": found.field}
    event = NewEvent(EventType.HAND_DISAGREEMENT_SETTLED, {"disagreement_id": disagreement_id, **about, **signed})
    append_events(connection, "hands", actor.correlation_id, [event])
