"""Store players: their history, and the current state that follows from it."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.tournaments.history import PlayerSpan, PlayerState

PlayerId = tuple[str, str]
"""The number of the tournament and the player's key."""

History = dict[PlayerId, list[PlayerSpan]]

_STATE_FIELDS = ", ".join(field.name for field in fields(PlayerState))


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentPlayer:
    """Hold a player's current state, or the last reported one; a row of ``tournament_players``."""

    tournament_number: str
    player_key: str
    player_name: str
    chips: int
    rank: int | None
    table_number: int | None
    seat_number: int | None
    is_eliminated: bool
    eliminations: int
    eliminated_at: datetime | None
    was_seen_playing: bool
    first_seen_at: datetime
    last_seen_at: datetime


def read_history(connection: Connection, numbers: Sequence[str], since: datetime) -> History:
    """Return the spans of these tournaments' players that end at ``since`` or later, and the newest one before."""
    rows = connection.execute(
        text(f"""
            select tournament_number, player_key, seen_at, {_STATE_FIELDS} from chip_counts c
            where tournament_number = any(:numbers) and (last_seen_at >= :since or not exists (
                select from chip_counts n
                where (n.tournament_number, n.player_key) = (c.tournament_number, c.player_key)
                  and n.first_seen_at > c.first_seen_at and n.first_seen_at <= :since))
            order by first_seen_at
        """),  # noqa: S608 - the names are fields of PlayerState
        {"numbers": list(numbers), "since": since},
    )
    history: History = defaultdict(list)
    for number, key, seen_at, *state in rows:
        history[number, key].append(PlayerSpan(_make_player_state(state), tuple(seen_at)))
    return history


def _make_player_state(values: Sequence[Any]) -> PlayerState:
    return PlayerState(**{field.name: value for field, value in zip(fields(PlayerState), values, strict=True)})


def write_history(connection: Connection, before: Mapping[PlayerId, list[PlayerSpan]], after: History) -> None:
    """Write the spans of ``after`` and delete those of ``before`` that it no longer has."""
    parameters = {
        "deleted": _to_json(_list_spans(before, without=after)),
        "inserted": _to_json(_list_spans(after, without=before)),
    }
    connection.execute(_DELETE, parameters)
    connection.execute(_INSERT, parameters)


def _list_spans(history: Mapping[PlayerId, list[PlayerSpan]], *, without: Mapping[PlayerId, list[PlayerSpan]]) -> Any:
    for (number, key), spans in history.items():
        others = without.get((number, key), [])
        for span in spans:
            if span not in others:
                seen_at = [moment.isoformat() for moment in span.seen_at]
                yield {
                    "tournament_number": number,
                    "player_key": key,
                    "first_seen_at": seen_at[0],
                    "last_seen_at": seen_at[-1],
                    "seen_at": seen_at,
                    **asdict(span.state),
                }


def _to_json(records: Iterable[dict[str, Any]]) -> str:
    return json.dumps(list(records), ensure_ascii=False)


_DELETE = text("""
    delete from chip_counts c
    using jsonb_populate_recordset(null::chip_counts, cast(:deleted as jsonb)) g
    where (c.tournament_number, c.player_key, c.first_seen_at)
        = (g.tournament_number, g.player_key, g.first_seen_at)
""")
_INSERT = text(f"""
    insert into chip_counts (tournament_number, player_key, first_seen_at, last_seen_at, seen_at, {_STATE_FIELDS})
    select tournament_number, player_key, first_seen_at, last_seen_at, seen_at, {_STATE_FIELDS}
    from jsonb_populate_recordset(null::chip_counts, cast(:inserted as jsonb))
""")  # noqa: S608 - the names are fields of PlayerState


def read_players(connection: Connection, numbers: Sequence[str]) -> dict[PlayerId, CurrentPlayer]:
    """Return the current state of these tournaments' players."""
    rows = connection.execute(
        text(f"select {_NOW} from tournament_players where tournament_number = any(:numbers)"),  # noqa: S608 - fields
        {"numbers": list(numbers)},
    )
    return {(row.tournament_number, row.player_key): CurrentPlayer(**row._mapping) for row in rows}


_NOW = ", ".join(field.name for field in fields(CurrentPlayer))


def refresh_players(connection: Connection, numbers: Sequence[str]) -> None:
    """Derive the current state of these tournaments' players from their history; write only what changed."""
    connection.execute(_REFRESH, {"numbers": list(numbers)})


_REFRESH = text("""
    with seen as (
        select *, max(first_seen_at) filter (where not is_eliminated) over player as played_at,
               min(first_seen_at) over player as since, row_number() over (player order by first_seen_at desc) as age
        from chip_counts where tournament_number = any(:numbers)
        window player as (partition by tournament_number, player_key)
    ), out as (
        select tournament_number, player_key, min(first_seen_at) as eliminated_at from seen
        where is_eliminated and first_seen_at > coalesce(played_at, '-infinity') group by 1, 2
    )
    insert into tournament_players as p (
        tournament_number, player_key, player_name, chips, rank, table_number, seat_number, is_eliminated,
        eliminations, eliminated_at, was_seen_playing, first_seen_at, last_seen_at)
    select tournament_number, player_key, player_name, chips, rank, table_number, seat_number, is_eliminated,
           is_eliminated::int, eliminated_at, played_at is not null, since, last_seen_at
    from seen left join out using (tournament_number, player_key) where age = 1
    on conflict (tournament_number, player_key) do update set
        player_name = excluded.player_name, chips = excluded.chips, rank = excluded.rank,
        table_number = excluded.table_number, seat_number = excluded.seat_number,
        is_eliminated = excluded.is_eliminated, eliminated_at = excluded.eliminated_at,
        eliminations = p.eliminations + (excluded.is_eliminated and not p.is_eliminated)::int,
        was_seen_playing = excluded.was_seen_playing, first_seen_at = excluded.first_seen_at,
        last_seen_at = excluded.last_seen_at
    where (p.player_name, p.chips, p.rank, p.table_number, p.seat_number, p.is_eliminated, p.eliminated_at,
           p.was_seen_playing, p.first_seen_at, p.last_seen_at)
        is distinct from (excluded.player_name, excluded.chips, excluded.rank, excluded.table_number,
           excluded.seat_number, excluded.is_eliminated, excluded.eliminated_at, excluded.was_seen_playing,
           excluded.first_seen_at, excluded.last_seen_at)
""")
