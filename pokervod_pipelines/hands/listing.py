"""List stored hands by any filter, and read one hand with its findings, clips and events."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.show import show_hand_in_line
from pokervod_pipelines.hands.store import read_content
from pokervod_pipelines.paging import Page
from pokervod_pipelines.periods import ALWAYS, Period, filter_period


class UnknownHand(BadInput):
    """Raised for an id that no hand has; ``pokervod hands list`` shows the ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandFilter:
    """Filter a list; ``grades`` are letters, ``table`` is a part of a table's name."""

    day: date | None = None
    session: int | None = None
    grades: tuple[str, ...] = ()
    premium: bool | None = None
    table: str = ""
    tests: bool = True
    withdrawn: bool = False
    period: Period = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedHand:
    """Describe a hand in a list; ``best_rank`` names a category, ``winners`` are seat numbers."""

    hand_id: int
    session_id: int
    hand_number: int
    started_at: datetime
    broadcast_day: date
    table: str
    source: str
    board: tuple[str, ...]
    best_rank: str | None
    best_rank_number: int | None
    winners: tuple[int, ...]
    winner_names: tuple[str, ...]
    pot: int
    grade: str | None
    is_premium: bool
    is_test: bool
    duration_seconds: float | None
    findings: int
    clips: int
    decimals: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedClip:
    """Describe a clip that shows the hand, and by what it was found."""

    clip_id: int
    how: str
    title: str
    path: str | None
    in_ms: int | None
    out_ms: int | None
    sheet: str
    tab: str
    row_number: int
    linked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFinding:
    """Hold a finding about a hand, from its record or from the rules."""

    found_by: str
    code: str
    street: str
    action: int | None
    message: str


def list_hands(connection: Connection, filters: HandFilter, *, limit: int | None = None) -> list[ListedHand]:
    """Return the hands that match, in the order they were played."""
    rows = connection.execute(_LIST, _list_values(filters) | {"limit": limit})
    return [_list_hand(row._mapping) for row in rows]


def page_hands(connection: Connection, filters: HandFilter, page: Page) -> list[ListedHand]:
    """Return a page of the hands that match, the last played first."""
    rows = connection.execute(_PAGE, _list_values(filters) | {"limit": page.limit, "after": page.after})
    return [_list_hand(row._mapping) for row in rows]


def find_listed(connection: Connection, hand_id: int) -> ListedHand:
    """Return the hand of that id as lists have it; raise ``UnknownHand``."""
    row = connection.execute(_ONE, {"id": hand_id}).one_or_none()
    if row is None:
        raise UnknownHand(f"unknown hand {hand_id}; `pokervod hands list` shows the ids")
    return _list_hand(row._mapping)


def _list_values(filters: HandFilter) -> dict[str, Any]:
    return {
        "day": filters.day,
        "session": filters.session,
        "grades": list(filters.grades) or None,
        "premium": filters.premium,
        "table": filters.table or None,
        "tests": filters.tests,
        "withdrawn": filters.withdrawn,
        **asdict(filters.period),
    }


def _list_hand(row: Any) -> ListedHand:
    tuples = {name: tuple(row[name] or ()) for name in ("board", "winners", "winner_names")}
    return ListedHand(**{**row, **tuples})


_SELECT = """
    select h.id as hand_id, h.session_id, h.hand_number, h.started_at, h.broadcast_day, h.table_name as "table",
           h.source,
           h.content #> array['boards', coalesce(h.content #>> '{best_hand,board}', '0')] as board,
           h.best_category as best_rank,
           h.best_rank as best_rank_number, h.winners,
           (select jsonb_agg(coalesce(nullif(s ->> 'name', ''), nullif(s ->> 'long_name', ''),
                                      'seat ' || (s ->> 'number')) order by place)
            from jsonb_array_elements(h.content -> 'seats') with ordinality as seats(s, place)
            where h.winners @> (s -> 'number')) as winner_names,
           h.pot, coalesce((h.content ->> 'decimals')::int, 0) as decimals,
           h.grade, h.is_premium, h.is_test, h.duration_ms / 1000.0::float8 as duration_seconds,
           (select count(*) from hand_findings f where f.hand_id = h.id) as findings,
           (select count(*) from hand_clip_links m where m.hand_id = h.id) as clips
    from hands h
"""

_MATCHING = f"""
    {_SELECT}
    where (cast(:day as date) is null or h.broadcast_day = :day)
      and (cast(:session as bigint) is null or h.session_id = :session)
      and (cast(:grades as text[]) is null or h.grade = any(:grades))
      and (cast(:premium as boolean) is null or h.is_premium = :premium)
      and (cast(:table as text) is null or strpos(lower(h.table_name), lower(:table)) > 0)
      and (:tests or not h.is_test) and (h.withdrawn_by is not null) = :withdrawn
      and {filter_period("h.started_at")}
"""

_LIST = text(f"{_MATCHING} order by h.started_at, h.id limit :limit")

_PAGE = text(f"""
    {_MATCHING} and (cast(:after as bigint) is null
        or (h.started_at, h.id) < ((select started_at from hands where id = :after), :after))
    order by h.started_at desc, h.id desc limit :limit
""")  # noqa: S608 - constants

_ONE = text(f"{_SELECT} where h.id = :id")


def read_hand(connection: Connection, hand_id: int) -> Hand:
    """Return the hand of that id; raise ``UnknownHand``."""
    content = connection.execute(text("select content from hands where id = :id"), {"id": hand_id}).scalar()
    if content is None:
        raise UnknownHand(f"unknown hand {hand_id}; `pokervod hands list` shows the ids")
    return Hand.from_content(content)


def read_findings(connection: Connection, hand_id: int) -> list[StoredFinding]:
    """Return the hand's findings: of its record, then of the rules."""
    rows = connection.execute(
        text("""
            select found_by, code, street, action, message from hand_findings where hand_id = :id
            order by found_by, position
        """),
        {"id": hand_id},
    )
    return [StoredFinding(**row._mapping) for row in rows]


def read_linked_clips(connection: Connection, hand_id: int) -> list[LinkedClip]:
    """Return the clips that show the hand, by sheet and row."""
    rows = connection.execute(
        text("""
            select c.id as clip_id, m.how, c.title, f.path, c.in_ms, c.out_ms, c.sheet, r.tab, r.row_number, m.linked_at
            from hand_clip_links m join hand_clips c on c.id = m.clip_id join sheet_rows r on r.id = c.sheet_row_id
            left join nas_files f on f.id = c.file_id
            where m.hand_id = :id order by c.sheet, r.tab, r.row_number
        """),
        {"id": hand_id},
    )
    return [LinkedClip(**row._mapping) for row in rows]


def find_young_hands(connection: Connection, hand_ids: Collection[int], since: datetime) -> frozenset[int]:
    """Return those of the hands that were imported since then, by our clock."""
    return frozenset(connection.scalars(_YOUNG, {"ids": [*hand_ids], "since": since}))


_YOUNG = text("select id from hands where id = any(:ids) and created_at >= :since")


def read_provenance(connection: Connection, hand_id: int) -> dict[str, Any]:
    """Return where a stored hand comes from: its session, file and times, and whether it was replayed."""
    row = connection.execute(
        text("""
            select h.id as hand_id, h.session_id, h.hand_number, h.table_name as "table", h.broadcast_day,
                   h.started_at, h.source, h.is_premium, h.is_test, h.best_category as best_rank, h.created_at,
                   h.changed_at, h.withdrawn_by, f.path as file, f.state as file_state, f.read_at,
                   h.replayed is not distinct from h.digest as is_replayed
            from hands h left join hand_files f on f.id = h.file_id where h.id = :id
        """),
        {"id": hand_id},
    ).one()
    return dict(row._mapping)


def read_hand_events(connection: Connection, hand_id: int) -> list[dict[str, Any]]:
    """Return the events about the hand, oldest first."""
    rows = connection.execute(
        text("""
            select id, at, type, correlation_id from events
            where type in ('hand.created', 'hand.changed', 'hand.disagreement')
              and payload @> jsonb_build_object('hand_id', cast(:id as bigint))
            order by txid, id
        """),
        {"id": hand_id},
    )
    return [dict(row._mapping) for row in rows]


def count_day(connection: Connection, day: date) -> dict[str, int]:
    """Return how many sessions and hands the day has, and how many of each grade and kind."""
    row = connection.execute(
        text("""
            select count(distinct session_id) as sessions, count(*) as hands,
                   count(*) filter (where is_premium) as premium,
                   count(*) filter (where grade = 'A') as grade_a, count(*) filter (where grade = 'B') as grade_b,
                   count(*) filter (where grade = 'C') as grade_c, count(*) filter (where is_test) as tests,
                   count(*) filter (where exists (select from hand_findings f where f.hand_id = h.id)) as doubtful,
                   count(*) filter (where exists (select from hand_clip_links m where m.hand_id = h.id)) as with_clip
            from hands h where broadcast_day = :day and withdrawn_by is null
        """),
        {"day": day},
    ).one()
    return dict(row._mapping)


def show_premium_hands(connection: Connection, day: date, *, limit: int = 20) -> list[str]:
    """Return the day's first premium hands, each in one line of text."""
    rows = connection.execute(
        text("""
            select content from hands where broadcast_day = :day and is_premium and not is_test and withdrawn_by is null
            order by started_at limit :limit
        """),
        {"day": day, "limit": limit},
    )
    hands = (read_content(row.content) for row in rows)
    return [show_hand_in_line(hand) for hand in hands if isinstance(hand, Hand)]
