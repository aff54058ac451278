"""Write the rows of an export to the tables, by its kind, and turn the difference into events.

Each function runs in the transaction of its file. Events describe the present only: an older export that arrives late
adds to the history and appends no event.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from pokervod_pipelines.events import EventType, NewEvent
from pokervod_pipelines.tournaments import player_store, store
from pokervod_pipelines.tournaments.history import PlayerState, add_sighting
from pokervod_pipelines.tournaments.player_store import CurrentPlayer, History, PlayerId
from pokervod_pipelines.tournaments.records import (
    OVER,
    BlindRow,
    PayoutRow,
    PlayerRow,
    StructureRow,
    TournamentRow,
    TournamentStatus,
)

_STATE_FIELDS = tuple(field.name for field in fields(PlayerState))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyResult:
    """Count what the rows changed: ``changed`` entries are different now, ``gained`` spans are new in the history."""

    changed: int
    gained: int = 0
    events: tuple[NewEvent, ...] = ()
    problems: tuple[str, ...] = ()


def apply_tournaments(
    connection: Connection, rows: Sequence[TournamentRow], at: datetime, *, confirm_loss: bool
) -> ApplyResult:
    """Store the tournaments, except where a later level is known; ``confirm_loss`` stores the earlier level."""
    numbers = [row.tournament_number for row in rows]
    known = store.read_tournaments(connection, numbers)
    back = [row for row in rows if _went_back(row, at, known.get(row.tournament_number))]
    if confirm_loss:
        store.delete_later_progress(connection, back)
    store.upsert_tournaments(connection, rows, at)
    before = {number: row for number, (row, _) in known.items()}
    after = {number: row for number, (row, _) in store.read_tournaments(connection, numbers).items()}
    changed = [number for number in after if before.get(number) != after[number]]
    return ApplyResult(
        changed=len(changed),
        events=tuple(event for n in changed for event in _describe_tournament(before.get(n), after[n], at)),
        problems=() if confirm_loss else tuple(_describe_step_back(row, before[row.tournament_number]) for row in back),
    )


def _went_back(row: TournamentRow, at: datetime, known: tuple[TournamentRow, datetime] | None) -> bool:
    return known is not None and at > known[1] and row.progress < known[0].progress


def _describe_step_back(row: TournamentRow, known: TournamentRow) -> str:
    return (
        f"tournament {row.tournament_number}: {row.status}, level {row.current_level or 0}, but it was already "
        f"{known.status}, level {known.current_level or 0}. Treated as an older export, so nothing was changed. "
        "If the level really went back, import the file again and confirm it."
    )


def _describe_tournament(before: TournamentRow | None, after: TournamentRow, at: datetime) -> list[NewEvent]:
    changes = [f.name for f in fields(TournamentRow) if before and getattr(before, f.name) != getattr(after, f.name)]
    payload = {"tournament_number": after.tournament_number, "what": "tournament", "is_new": before is None}
    events = [NewEvent(EventType.TOURNAMENT_CHANGED, {**payload, "fields": changes})]
    if before and 0 < before.progress < after.progress and after.status is not TournamentStatus.CANCELLED:
        is_over = after.progress == OVER
        ended = {
            "tournament_number": after.tournament_number,
            "level": before.progress if is_over else after.progress - 1,
            "next_level": None if is_over else after.progress,
            "ended_at": at.isoformat(),
        }
        events.append(NewEvent(EventType.TOURNAMENT_LEVEL_ENDED, ended))
    return events


def apply_players(connection: Connection, rows: Sequence[PlayerRow], at: datetime) -> ApplyResult:
    """Add this export to the history of its players and derive their current state; other players do not change."""
    numbers = sorted({row.tournament_number for row in rows})
    before = player_store.read_players(connection, numbers)
    history = player_store.read_history(connection, numbers, at)
    longer: History = {}
    for row in rows:
        player = (row.tournament_number, row.player_key)
        state = PlayerState(**{name: getattr(row, name) for name in _STATE_FIELDS})
        longer[player] = add_sighting(history.get(player, []), at, state)
    player_store.write_history(connection, {player: history.get(player, []) for player in longer}, longer)
    player_store.refresh_players(connection, numbers)
    after = player_store.read_players(connection, numbers)
    changed = [player for player in after if _differ(before.get(player), after[player])]
    return ApplyResult(
        changed=len(changed),
        gained=sum(len(longer[player]) > len(history.get(player, [])) for player in longer),
        events=tuple(_describe_players(before, after, changed)),
    )


def _differ(before: CurrentPlayer | None, after: CurrentPlayer) -> bool:
    return before is None or any(getattr(before, name) != getattr(after, name) for name in _STATE_FIELDS)


def _describe_players(
    before: Mapping[PlayerId, CurrentPlayer], after: Mapping[PlayerId, CurrentPlayer], changed: Sequence[PlayerId]
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


def _describe_elimination(player: CurrentPlayer) -> dict[str, Any]:
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


def apply_structure(
    connection: Connection, rows: Sequence[StructureRow], at: datetime, *, is_whole: bool
) -> ApplyResult:
    """Replace the rows of each scope that the export covers, unless a newer export covers it.

    Where the export is not ``is_whole``, because lines of it could not be read, rows that it does not name are kept.
    """
    by_kind: dict[type[StructureRow], list[StructureRow]] = defaultdict(list)
    for row in rows:
        by_kind[type(row)].append(row)
    changed = [
        (kind, scope)
        for kind, given in by_kind.items()
        for scope in _apply_scopes(connection, kind, given, at, is_whole=is_whole)
    ]
    return ApplyResult(changed=len(changed), events=tuple(_describe_scope(kind, scope) for kind, scope in changed))


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
