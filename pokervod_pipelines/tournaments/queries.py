"""Answer questions about tournaments: eliminations, leaderboard, payouts, ended levels, broadcast schedule.

Answers are plain values. The render room reads payouts and schedule for its graphics; the others are for the
operator's API and console, and for tests, which have no other view of this state.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, text

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.tournaments import store
from pokervod_pipelines.tournaments.records import OVER, BlindRow, PayoutRow, SlotRow, TournamentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Elimination:
    """Describe an eliminated player; ``(tournament_number, player_key, elimination)`` identifies the elimination.

    ``elimination`` is 1, and more only if the player was reported out before and came back by a corrected export.
    ``eliminated_at`` is the time of the first export that reports it. ``was_seen_playing`` is False for players who
    left before the first export.
    """

    tournament_number: str
    tournament: str | None
    player_key: str
    player: str
    elimination: int
    eliminated_at: datetime
    place: int | None
    table_number: int | None
    seat_number: int | None
    was_seen_playing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardLine:
    """Describe a player still in, at a position by chips from 1; ``seen_at`` is the last export with the player."""

    position: int
    player_key: str
    player: str
    chips: int
    rank: int | None
    table_number: int | None
    seat_number: int | None
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelEnd:
    """Describe a level that ended by ``ended_at``, the first export of a later level; the last has no next level."""

    tournament_number: str
    tournament: str | None
    level: int
    next_level: int | None
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipCountLine:
    """Describe a span of a player's history, both ends included."""

    first_seen_at: datetime
    last_seen_at: datetime
    chips: int
    rank: int | None
    table_number: int | None
    seat_number: int | None
    is_eliminated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTournament:
    """Show a tournament to people; ``seen_at`` is the time of the last export that has it."""

    tournament_number: str
    name: str
    status: TournamentStatus
    current_level: int | None
    remaining_players: int | None
    registered_players: int | None
    starting_chips: int | None
    buy_in: Decimal | None
    rake: Decimal | None
    prize_pool: Decimal | None
    seen_at: datetime


class UnknownTournament(BadInput):
    """Report a number that no tournament has."""


def list_tournaments(
    connection: Connection, *, status: TournamentStatus | None = None, limit: int = 100
) -> list[ListedTournament]:
    """Return the tournaments, the last exported first."""
    rows = connection.execute(_TOURNAMENTS, {"status": status, "number": None, "limit": limit})
    return [_read(row) for row in rows]


def find_tournament(connection: Connection, number: str) -> ListedTournament:
    """Return the tournament of that number. Raises ``UnknownTournament``."""
    row = connection.execute(_TOURNAMENTS, {"status": None, "number": number, "limit": 1}).one_or_none()
    if row is None:
        raise UnknownTournament(f"unknown tournament {number!r}; /api/tournaments lists the last exported ones")
    return _read(row)


def _read(row: Row[Any]) -> ListedTournament:
    return ListedTournament(**{**row._mapping, "status": TournamentStatus(row.status)})


_TOURNAMENTS = text("""
    select tournament_number, name, status, current_level, remaining_players, registered_players, starting_chips,
           buy_in, rake, prize_pool, seen_at
    from tournaments
    where (cast(:status as text) is null or status = :status)
      and (cast(:number as text) is null or tournament_number = :number)
    order by seen_at desc, tournament_number limit :limit
""")


def list_eliminations(connection: Connection, since: datetime, until: datetime | None = None) -> list[Elimination]:
    """Return the players eliminated since and before these times, oldest first, without withdrawn eliminations."""
    rows = connection.execute(
        text("""
            select p.tournament_number, t.name as tournament, p.player_key, p.player_name as player,
                   p.eliminations as elimination, p.eliminated_at, p.rank as place, p.table_number, p.seat_number,
                   p.was_seen_playing
            from tournament_players p left join tournaments t using (tournament_number)
            where p.eliminated_at >= :since and (cast(:until as timestamptz) is null or p.eliminated_at < :until)
            order by p.eliminated_at, p.tournament_number, p.rank desc nulls last, p.player_key
        """),
        {"since": since, "until": until},
    )
    return [Elimination(**row._mapping) for row in rows]


def read_leaderboard(connection: Connection, tournament_number: str, *, limit: int = 9) -> list[LeaderboardLine]:
    """Return the players still in with the most chips, most first."""
    rows = connection.execute(
        text("""
            select row_number() over (order by chips desc, rank nulls last, player_key) as position, player_key,
                   player_name as player, chips, rank, table_number, seat_number, last_seen_at as seen_at
            from tournament_players where tournament_number = :number and not is_eliminated
            order by 1 limit :limit
        """),
        {"number": tournament_number, "limit": limit},
    )
    return [LeaderboardLine(**row._mapping) for row in rows]


def list_chip_counts(connection: Connection, tournament_number: str, player_key: str) -> list[ChipCountLine]:
    """Return the player's history, oldest first."""
    rows = connection.execute(
        text("""
            select first_seen_at, last_seen_at, chips, rank, table_number, seat_number, is_eliminated
            from chip_counts where tournament_number = :number and player_key = :key order by first_seen_at
        """),
        {"number": tournament_number, "key": player_key},
    )
    return [ChipCountLine(**row._mapping) for row in rows]


def list_level_ends(
    connection: Connection, since: datetime, until: datetime | None = None, *, tournament_number: str | None = None
) -> list[LevelEnd]:
    """Return the levels that ended since and before these times, oldest first.

    Of several that ended between two exports it is the last.
    """
    rows = connection.execute(
        text("""
            with ends as (
                select tournament_number, progress, lead(progress) over later as next,
                       min(first_seen_at) over (partition by tournament_number order by progress
                           rows between 1 following and unbounded following) as ended_at
                from tournament_progress window later as (partition by tournament_number order by progress)
            )
            select e.tournament_number, t.name as tournament,
                   case when e.next = :over then e.progress else e.next - 1 end as level,
                   nullif(e.next, :over) as next_level, e.ended_at
            from ends e left join tournaments t using (tournament_number)
            where e.progress > 0 and e.next is not null and e.ended_at >= :since
              and (cast(:until as timestamptz) is null or e.ended_at < :until)
              and (cast(:number as text) is null or e.tournament_number = :number)
              and not (e.next = :over and t.status = 'cancelled')
            order by e.ended_at, e.tournament_number, e.progress
        """),
        {"since": since, "until": until, "number": tournament_number, "over": OVER},
    )
    return [LevelEnd(**row._mapping) for row in rows]


def read_payouts(connection: Connection, tournament_number: str) -> Sequence[PayoutRow]:
    """Return the payouts, first place first."""
    return store.read_structure(connection, PayoutRow, [tournament_number])


def read_blinds(connection: Connection, tournament_number: str) -> Sequence[BlindRow]:
    """Return the levels and breaks in order, each break after its level."""
    return store.read_structure(connection, BlindRow, [tournament_number])


def read_schedule(connection: Connection, day: date) -> Sequence[SlotRow]:
    """Return the broadcast slots of that day, as the schedule dates them, in order of time."""
    return store.read_structure(connection, SlotRow, [day])
