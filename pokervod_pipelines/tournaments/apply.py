"""What an export changes, by its kind: the rows go to the tables, and the difference becomes events.

Each function runs in the transaction of its file. Events speak of the present only: an older export that comes late
adds to the history and says nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from pokervod_pipelines.events import EventType, NewEvent
from pokervod_pipelines.tournaments import player_store, store
from pokervod_pipelines.tournaments.history import Standing, add_sighting
from pokervod_pipelines.tournaments.player_store import History, PlayerId, PlayerNow
from pokervod_pipelines.tournaments.records import (
    OVER,
    BlindRow,
    PayoutRow,
    PlayerRow,
    Status,
    StructureRow,
    TournamentRow,
)

_STANDING = tuple(field.name for field in fields(Standing))


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What came of the rows: ``changed`` counts what is different now, ``gained`` new stretches of the history."""

    changed: int
    gained: int = 0
    events: tuple[NewEvent, ...] = ()
    problems: tuple[str, ...] = ()


def apply_tournaments(
    connection: Connection, rows: Sequence[TournamentRow], at: datetime, *, confirm_loss: bool
) -> Applied:
    """The tournaments stand as given, where they are not known to be further on; ``confirm_loss`` turns them back."""
    numbers = [row.tournament_number for row in rows]
    known = store.read_tournaments(connection, numbers)
    back = [row for row in rows if _is_turned_back(row, at, known.get(row.tournament_number))]
    if confirm_loss:
        store.turn_back(connection, back)
    store.upsert_tournaments(connection, rows, at)
    before = {number: row for number, (row, _) in known.items()}
    after = {number: row for number, (row, _) in store.read_tournaments(connection, numbers).items()}
    changed = [number for number in after if before.get(number) != after[number]]
    return Applied(
        changed=len(changed),
        events=tuple(event for n in changed for event in _describe_tournament(before.get(n), after[n], at)),
        problems=() if confirm_loss else tuple(_describe_back(row, before[row.tournament_number]) for row in back),
    )


def _is_turned_back(row: TournamentRow, at: datetime, known: tuple[TournamentRow, datetime] | None) -> bool:
    return known is not None and at > known[1] and row.progress < known[0].progress


def _describe_back(row: TournamentRow, known: TournamentRow) -> str:
    return (
        f"tournament {row.tournament_number}: {row.status}, level {row.current_level or 0}, although it was seen "
        f"{known.status}, level {known.current_level or 0}; taken for an older export, so nothing was turned back; "
        "if it was really turned back, import the file again and confirm"
    )


def _describe_tournament(before: TournamentRow | None, after: TournamentRow, at: datetime) -> list[NewEvent]:
    changes = [f.name for f in fields(TournamentRow) if before and getattr(before, f.name) != getattr(after, f.name)]
    payload = {"tournament_number": after.tournament_number, "what": "tournament", "is_new": before is None}
    events = [NewEvent(EventType.TOURNAMENT_CHANGED, {**payload, "fields": changes})]
    if before and 0 < before.progress < after.progress and after.status is not Status.CANCELLED:
        is_over = after.progress == OVER
        ended = {
            "tournament_number": after.tournament_number,
            "level": before.progress if is_over else after.progress - 1,
            "next_level": None if is_over else after.progress,
            "ended_at": at.isoformat(),
        }
        events.append(NewEvent(EventType.TOURNAMENT_LEVEL_ENDED, ended))
    return events


def apply_players(connection: Connection, rows: Sequence[PlayerRow], at: datetime) -> Applied:
    """The history of these players holds this export, and their present follows from it; others stay as they are."""
    numbers = sorted({row.tournament_number for row in rows})
    before = player_store.read_players(connection, numbers)
    history = player_store.read_history(connection, numbers, at)
    longer: History = {}
    for row in rows:
        player = (row.tournament_number, row.player_key)
        standing = Standing(**{name: getattr(row, name) for name in _STANDING})
        longer[player] = add_sighting(history.get(player, []), at, standing)
    player_store.write_history(connection, {player: history.get(player, []) for player in longer}, longer)
    player_store.refresh_players(connection, numbers)
    after = player_store.read_players(connection, numbers)
    changed = [player for player in after if _differ(before.get(player), after[player])]
    return Applied(
        changed=len(changed),
        gained=sum(len(longer[player]) > len(history.get(player, [])) for player in longer),
        events=tuple(_describe_players(before, after, changed)),
    )


def _differ(before: PlayerNow | None, after: PlayerNow) -> bool:
    return before is None or any(getattr(before, name) != getattr(after, name) for name in _STANDING)


def _describe_players(
    before: Mapping[PlayerId, PlayerNow], after: Mapping[PlayerId, PlayerNow], changed: Sequence[PlayerId]
) -> list[NewEvent]:
    events = [
        NewEvent(EventType.TOURNAMENT_CHANGED, {"tournament_number": number, "what": "chips", "players": players})
        for number, players in sorted(Counter(number for number, _ in changed).items())
    ]
    for player in sorted(changed):
        was_out = player in before and before[player].is_eliminated
        if after[player].is_eliminated and not was_out:
            events.append(NewEvent(EventType.TOURNAMENT_PLAYER_ELIMINATED, _describe_elimination(after[player])))
        elif was_out and not after[player].is_eliminated:
            payload = {"tournament_number": player[0], "what": "elimination withdrawn"}
            names = {"player_key": player[1], "player": after[player].player_name}
            events.append(NewEvent(EventType.TOURNAMENT_CHANGED, payload | names))
    return events


def _describe_elimination(player: PlayerNow) -> dict[str, Any]:
    assert player.eliminated_at is not None  # noqa: S101 - a constraint of the table
    return {
        "tournament_number": player.tournament_number,
        "player_key": player.player_key,
        "player": player.player_name,
        "elimination": player.eliminations,
        "eliminated_at": player.eliminated_at.isoformat(),
        "place": player.rank,
        "table_number": player.table_number,
        "seat_number": player.seat_number,
        "was_seen_playing": player.was_seen_playing,
    }


def apply_structure(connection: Connection, rows: Sequence[StructureRow], at: datetime, *, is_whole: bool) -> Applied:
    """In each scope that the export speaks of, its rows are in force if no newer export has spoken of it.

    Where the export is not ``is_whole``, because lines of it broke, what was in force and is not named stays.
    """
    by_kind: dict[type[StructureRow], list[StructureRow]] = defaultdict(list)
    for row in rows:
        by_kind[type(row)].append(row)
    changed = [
        (kind, scope)
        for kind, given in by_kind.items()
        for scope in _apply_scopes(connection, kind, given, at, is_whole=is_whole)
    ]
    return Applied(changed=len(changed), events=tuple(_describe_scope(kind, scope) for kind, scope in changed))


def _apply_scopes(
    connection: Connection, kind: type[Any], rows: Sequence[Any], at: datetime, *, is_whole: bool
) -> list[Any]:
    scopes = sorted({getattr(row, kind.SCOPE) for row in rows})
    before = store.read_structure(connection, kind, scopes)
    named = {_key(row) for row in rows}
    kept = [] if is_whole else [row for row in before if _key(row) not in named]
    store.upsert_structure(connection, kind, [*rows, *kept], at)
    after = store.read_structure(connection, kind, scopes)
    different = set(before) ^ set(after)
    return sorted({getattr(row, kind.SCOPE) for row in different})


def _key(row: StructureRow) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in row.KEY)


def _describe_scope(kind: type[StructureRow], scope: Any) -> NewEvent:
    if kind in {BlindRow, PayoutRow}:
        payload = {"tournament_number": scope, "what": "blinds" if kind is BlindRow else "payouts"}
    else:
        payload = {"day": scope.isoformat(), "what": "schedule"}
    return NewEvent(EventType.TOURNAMENT_CHANGED, payload)
