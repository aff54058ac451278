"""Give players other names: the only way in which two spellings become one player.

An alias counts from the next build of each sheet's clips, which reads the clips of its players again.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.clips.players import MAX_NAME, make_player_key, split_players
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.decisions import Decision, DecisionKind, read_in_force, record, withdraw
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events

_SOURCE = "clips"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """Hold a name, the player that it means, who said so and when."""

    alias_key: str
    alias: str
    player_key: str
    player: str
    by: str
    at: datetime


def add_alias(engine: Engine, alias: str, player: str, *, actor: Actor) -> Alias:
    """Make the alias mean the player, whatever it meant before; return it. Idempotent.

    Raises ``BadInput`` for a text that is not one name, and where the alias would mean itself.
    """
    with engine.begin() as connection:
        return record_alias(connection, alias, player, actor=actor)


def remove_alias(engine: Engine, alias: str, *, actor: Actor) -> Alias:
    """Delete the alias; return what it was. Raises ``BadInput`` for an unknown one."""
    with engine.begin() as connection:
        return withdraw_alias(connection, alias, actor=actor)


def record_alias(connection: Connection, alias: str, player: str, *, actor: Actor) -> Alias:
    """Make the alias mean the player, for the next build; see ``add_alias``."""
    (alias_key, alias), (player_key, player) = _read_name(alias), _read_name(player)
    _lock_aliases(connection)
    _refuse_circle(connection, alias_key, player_key, f"{alias!r} and {player!r}")
    before = find_alias(connection, alias_key)
    if before and before.player == player:
        return before
    value = {"alias": alias, "player_key": player_key, "player": player}
    decision = record(connection, DecisionKind.ALIAS, {"alias_key": alias_key}, value, actor=actor)
    connection.execute(text("update players set name = :player where key = :player_key and name <> :player"), value)
    _append_event(connection, decision, alias, player, before.player if before else None)
    return Alias(alias_key=alias_key, by=decision.by, at=decision.at, **value)


def withdraw_alias(connection: Connection, alias: str, *, actor: Actor) -> Alias:
    """Delete the alias, for the next build; see ``remove_alias``."""
    key, _ = _read_name(alias)
    _lock_aliases(connection)
    before = find_alias(connection, key)
    if before is None:
        raise BadInput(f"unknown alias {alias!r}; `pokervod players list` shows the aliases")
    decision = withdraw(connection, DecisionKind.ALIAS, {"alias_key": key}, actor=actor)
    _append_event(connection, decision, before.alias, None, before.player)
    return before


def find_alias(connection: Connection, alias_key: str) -> Alias | None:
    """Return the alias with this key."""
    for decision in read_in_force(connection, DecisionKind.ALIAS, {"alias_key": alias_key}):
        return Alias(alias_key=alias_key, by=decision.by, at=decision.at, **decision.value)
    return None


def read_aliases(connection: Connection) -> list[Alias]:
    """Return every alias, by player."""
    rows = connection.execute(
        text("select alias_key, alias, player_key, player, by, at from player_aliases order by player_key, alias_key")
    )
    return [Alias(**row._mapping) for row in rows]


def resolve_aliases(connection: Connection) -> dict[str, tuple[str, str]]:
    """Return the (key, name) of the player in the end, by the key of each alias: an alias of an alias is followed."""
    direct = {alias.alias_key: (alias.player_key, alias.player) for alias in read_aliases(connection)}
    return {key: follow_alias(direct, key) for key in direct}


def follow_alias(direct: dict[str, tuple[str, str]], key: str) -> tuple[str, str]:
    """Return the player at the end of the chain that starts with the alias ``key``; a circle ends where it closes."""
    passed = {key}
    player = direct[key]
    while player[0] in direct and player[0] not in passed:
        passed.add(player[0])
        player = direct[player[0]]
    return player


def _lock_aliases(connection: Connection) -> None:
    """Keep others from changing an alias until the transaction ends: two changes could make a circle."""
    lock_until_commit(connection, "clips aliases")


def _read_name(text_: str) -> tuple[str, str]:
    """Return the (key, name) that a player's cell with this text gives."""
    names = split_players(text_)
    key = make_player_key(names[0]) if len(names) == 1 else ""
    if not key or max(len(key), len(names[0])) > MAX_NAME:
        raise BadInput(f"expected one player's name, got {text_[:MAX_NAME]!r}; write one name as a sheet would")
    return key, names[0]


def _refuse_circle(connection: Connection, alias_key: str, player_key: str, names: str) -> None:
    if alias_key == player_key:
        raise BadInput(f"{names} are one player already: spelling, accents and order do not matter")
    key, passed = player_key, set[str]()
    while key not in passed and (meant := find_alias(connection, key)):
        passed.add(key)
        key = meant.player_key
        if key == alias_key:
            raise BadInput(f"{names} would each mean the other; first `pokervod players unalias` the other")


def _append_event(
    connection: Connection, decision: Decision, alias: str, player: str | None, before: str | None
) -> None:
    payload = {"alias": alias, "player": player, "before": before, "by": decision.by}
    append_events(connection, _SOURCE, decision.correlation_id, [NewEvent(EventType.HAND_PLAYER_ALIASED, payload)])
