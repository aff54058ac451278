"""Nicknames and other names of players, as people say: the only way two spellings become one player.

An alias counts from the next build of each sheet's clips, which reads again the clips of those it speaks of. The log
keeps who said what.
"""

from sqlalchemy import Connection, Engine

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.clips import alias_store
from pokervod_pipelines.clips.alias_store import Alias
from pokervod_pipelines.clips.players import LONGEST_NAME, make_player_key, split_players
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events


def add_alias(engine: Engine, alias: str, player: str, by: str, *, correlation_id: str | None = None) -> Alias:
    """The alias means the player, whatever it meant before; to say so twice changes nothing.

    Raises ``BadInput`` for a text that is not one name, and where the alias would mean itself.
    """
    (alias_key, alias), (player_key, player) = _read_name(alias), _read_name(player)
    if not by.strip():
        raise BadInput("an alias needs who says so: it is kept with it")
    with engine.begin() as connection:
        alias_store.lock_aliases(connection)
        known = {each.alias_key: each for each in alias_store.list_all(connection)}
        _refuse_circle(known, alias_key, player_key, f"{alias!r} and {player!r}")
        before = known.get(alias_key)
        if before and before.player == player:
            return before
        alias_store.put_alias(connection, alias_key=alias_key, alias=alias, player_key=player_key, player=player, by=by)
        _tell(connection, correlation_id, alias, player, before.player if before else None, by)
        return next(each for each in alias_store.list_all(connection) if each.alias_key == alias_key)


def remove_alias(engine: Engine, alias: str, by: str, *, correlation_id: str | None = None) -> Alias:
    """The alias is a name of its own again; returns what it was. Raises ``BadInput`` if there is none."""
    with engine.begin() as connection:
        alias_store.lock_aliases(connection)
        key, _ = _read_name(alias)
        known = {each.alias_key: each for each in alias_store.list_all(connection)}
        if key not in known:
            raise BadInput(f"{alias!r} is no alias; `pokervod players list` shows those there are")
        alias_store.delete_alias(connection, key)
        _tell(connection, correlation_id, known[key].alias, None, known[key].player, by)
        return known[key]


def list_aliases(engine: Engine) -> list[Alias]:
    """Every alias, by player."""
    with engine.connect() as connection:
        return alias_store.list_all(connection)


def _read_name(text: str) -> tuple[str, str]:
    """The (key, name) that a player's cell with this text gives."""
    names = split_players(text)
    key = make_player_key(names[0]) if len(names) == 1 else ""
    if not key or max(len(key), len(names[0])) > LONGEST_NAME:
        raise BadInput(f"{text[:LONGEST_NAME]!r} is not one player's name; write one name as a sheet would")
    return key, names[0]


def _refuse_circle(known: dict[str, Alias], alias_key: str, player_key: str, names: str) -> None:
    if alias_key == player_key:
        raise BadInput(f"{names} are one player already: spelling, accents and order do not matter")
    direct = {key: (each.player_key, each.player) for key, each in known.items()}
    direct[alias_key] = (player_key, "")
    if alias_store.follow_alias(direct, alias_key)[0] == alias_key:
        raise BadInput(f"{names} would each mean the other; first `pokervod players unalias` the other")


def _tell(
    connection: Connection, correlation_id: str | None, alias: str, player: str | None, before: str | None, by: str
) -> None:
    payload = {"alias": alias, "player": player, "before": before, "by": by}
    event = NewEvent(EventType.HAND_PLAYER_ALIASED, payload)
    append_events(connection, "clips", correlation_id or new_correlation_id(), [event])
