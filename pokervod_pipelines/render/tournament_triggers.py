"""Read eliminations, level ends, payouts and the schedule as triggers, from the tables of the tournaments.

Facts are those of that time: a later export about other players changes no earlier graphic.
"""

from collections.abc import Mapping
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.render.expressions import show_ordinal
from pokervod_pipelines.render.triggers import DayRule, Trigger, read_number, write_day

MAX_ROWS = 50
"""Players or places of a trigger; no graphic shows more."""

EXPORTED_WITHIN = "2 minutes"
"""Chips exported so soon after a level's end belong to it: exports of one moment are written one after another."""

ENDED = 1_000_000
"""The progress of an ended tournament, as the exports have it."""


def read_eliminations(connection: Connection, rule: DayRule, day: date | None) -> list[Trigger]:
    """Return the players eliminated on the day, oldest first; not those who were out before the first export."""
    rows = connection.execute(_ELIMINATIONS, {"day": day, **rule.as_parameters()}).mappings()
    return [
        Trigger(
            kind="elimination",
            key=f"{row['tournament_number']}/{row['player_key']}/{row['eliminations']}",
            day=row["day"],
            title=f"{row['player']} is out of {row['tournament'] or row['tournament_number']}",
            facts={
                **_name_tournament(row),
                "player": row["player"],
                "place": row["place"],
                "table": row["table_number"],
                "seat": row["seat_number"],
                "prize": read_number(row["prize"]),
            },
        )
        for row in rows
    ]


_ELIMINATIONS = text(f"""
    select * from (
        select p.tournament_number, t.name as tournament, p.player_key, p.player_name as player, p.eliminations,
               p.rank as place, p.table_number, p.seat_number, p.eliminated_at,
               {write_day("p.eliminated_at")} as day, (
                   select o.amount from payouts o
                   where o.tournament_number = p.tournament_number and p.rank between o.place_start and o.place_end
                     and o.seen_at = (
                         select max(seen_at) from payouts n where n.tournament_number = o.tournament_number)
                   order by o.place_start limit 1) as prize
        from tournament_players p left join tournaments t using (tournament_number)
        where p.is_eliminated and p.was_seen_playing) out
    where cast(:day as date) is null or day = :day
    order by eliminated_at, tournament_number, place desc nulls last, player_key
""")  # noqa: S608 - a constant


def read_level_ends(connection: Connection, rule: DayRule, day: date | None) -> list[Trigger]:
    """Return the levels that ended on the day, with the standings at that time."""
    rows = connection.execute(
        _LEVEL_ENDS, {"day": day, "ended": ENDED, "within": EXPORTED_WITHIN, **rule.as_parameters()}
    ).mappings()
    grouped = groupby(rows, key=lambda row: (row["tournament_number"], row["level"]))
    return [_make_level_end([*group]) for _, group in grouped]


_LEVEL_ENDS = text(f"""
    with steps as (
        select tournament_number, progress, lead(progress) over later as next,
               min(first_seen_at) over (partition by tournament_number order by progress
                   rows between 1 following and unbounded following) as ended_at
        from tournament_progress window later as (partition by tournament_number order by progress)
    ), ends as (
        select s.tournament_number, t.name as tournament, s.ended_at, nullif(s.next, :ended) as next_level,
               case when s.next = :ended then s.progress else s.next - 1 end as level, {write_day("s.ended_at")} as day
        from steps s left join tournaments t using (tournament_number)
        where s.progress > 0 and s.next is not null and not (s.next = :ended and t.status = 'cancelled')
    )
    select e.*, b.small_blind, b.big_blind, coalesce(b.bb_ante, b.ante) as ante,
           c.player_name, c.chips, c.table_number
    from ends e
    left join blind_levels b on b.tournament_number = e.tournament_number and b.level = e.level and not b.is_break
        and b.seen_at = (select max(seen_at) from blind_levels n where n.tournament_number = e.tournament_number)
    left join lateral (
        select distinct on (player_key) player_key, player_name, chips, rank, table_number, is_eliminated
        from chip_counts h
        where h.tournament_number = e.tournament_number
          and h.first_seen_at <= e.ended_at + cast(:within as interval)
        order by player_key, first_seen_at desc) c on not c.is_eliminated
    where cast(:day as date) is null or e.day = :day
    order by e.ended_at, e.tournament_number, e.level, c.chips desc, c.rank nulls last, c.player_key
""")  # noqa: S608 - a constant


def _make_level_end(rows: list[Mapping[Any, Any]]) -> Trigger:
    """Return the trigger of a level with a row for each player; without any known player, one row without a name."""
    first = rows[0]
    players = [row for row in rows if row["player_name"] is not None]
    total = sum(row["chips"] for row in players)
    name = first["tournament"] or first["tournament_number"]
    return Trigger(
        kind="level_end",
        key=f"{first['tournament_number']}/{first['level']}",
        day=first["day"],
        title=f"end of level {first['level']} of {name}",
        facts={
            **_name_tournament(first),
            "level": first["level"],
            "next_level": first["next_level"],
            "is_last": first["next_level"] is None,
            "players_left": len(players) or None,
            "average_stack": total // len(players) if players else None,
            "small_blind": first["small_blind"],
            "big_blind": first["big_blind"],
            "ante": first["ante"],
            "leaderboard": [_make_standing(number, row) for number, row in enumerate(players[:MAX_ROWS], 1)],
        },
    )


def _make_standing(position: int, row: Mapping[Any, Any]) -> dict[str, Any]:
    blinds = round(row["chips"] / row["big_blind"], 1) if row["big_blind"] else None
    return {
        "position": position,
        "player": row["player_name"],
        "chips": row["chips"],
        "big_blinds": read_number(blinds),
        "table": row["table_number"],
    }


def read_payouts(connection: Connection, rule: DayRule, day: date | None) -> list[Trigger]:
    """Return the payouts of the newest exports, each on the day of that export."""
    rows = connection.execute(_PAYOUTS, {"day": day, **rule.as_parameters()}).mappings()
    return [_make_payout([*group]) for _, group in groupby(rows, key=lambda row: row["tournament_number"])]


_PAYOUTS = text(f"""
    select * from (
        select o.tournament_number, t.name as tournament, t.prize_pool, o.place_start, o.place_end, o.amount,
               o.percentage, {write_day("o.seen_at")} as day
        from payouts o left join tournaments t using (tournament_number)
        where o.seen_at = (select max(seen_at) from payouts n where n.tournament_number = o.tournament_number)) known
    where cast(:day as date) is null or day = :day
    order by tournament_number, place_start
""")  # noqa: S608 - a constant


def _make_payout(rows: list[Mapping[Any, Any]]) -> Trigger:
    first = rows[0]
    return Trigger(
        kind="payout",
        key=first["tournament_number"],
        day=first["day"],
        title=f"payouts of {first['tournament'] or first['tournament_number']}",
        facts={
            **_name_tournament(first),
            "prize_pool": read_number(first["prize_pool"]),
            "first_prize": read_number(first["amount"]) if first["place_start"] == 1 else None,
            "places": max(row["place_end"] for row in rows),
            "payouts": [
                {
                    "place": _show_places(row["place_start"], row["place_end"]),
                    "amount": read_number(row["amount"]),
                    "percentage": read_number(row["percentage"]),
                }
                for row in rows[:MAX_ROWS]
            ],
        },
    )


def _show_places(first: int, last: int) -> str:
    return show_ordinal(first) if first == last else f"{show_ordinal(first)}–{show_ordinal(last)}"


def read_schedule(connection: Connection, rule: DayRule, day: date | None) -> list[Trigger]:
    """Return the entries of the newest schedule of the day, in order of time."""
    rows = connection.execute(_SCHEDULE, {"day": day}).mappings()
    return [_make_entry(row, rule) for row in rows]


_SCHEDULE = text("""
    select s.starts_at, s.channel, s.day, s.event_title, s.tournament_number, s.is_live from broadcast_slots s
    where s.seen_at = (select max(seen_at) from broadcast_slots n where n.day = s.day)
      and (cast(:day as date) is null or s.day = :day)
    order by s.starts_at, s.channel
""")


def _make_entry(row: Mapping[Any, Any], rule: DayRule) -> Trigger:
    start = row["starts_at"].astimezone(rule.clock)
    return Trigger(
        kind="schedule_entry",
        key=f"{row['starts_at'].isoformat()}/{row['channel']}",
        day=row["day"],
        title=f"{row['event_title']} at {start:%H:%M}",
        facts={
            "title": row["event_title"],
            "date": f"{start:%A} {start.day} {start:%B}",
            "time": f"{start:%H:%M}",
            "zone": rule.zone,
            "channel": row["channel"],
            "is_live": row["is_live"],
            "tournament_number": row["tournament_number"],
        },
    )


def _name_tournament(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {"tournament": row["tournament"] or row["tournament_number"], "tournament_number": row["tournament_number"]}
