"""The SQL behind ``aliases``."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """That a name means a player, who said so and when."""

    alias_key: str
    alias: str
    player_key: str
    player: str
    by: str
    at: datetime


def lock_aliases(connection: Connection) -> None:
    """Until the transaction ends nobody else changes an alias, so that two changes together make no circle."""
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended('clips aliases', 0))"))


def list_all(connection: Connection) -> list[Alias]:
    """Every alias, by player."""
    rows = connection.execute(
        text("select alias_key, alias, player_key, player, by, at from player_aliases order by player_key, alias_key")
    )
    return [Alias(**row._mapping) for row in rows]


def read_aliases(connection: Connection) -> dict[str, tuple[str, str]]:
    """The (key, name) of the player in the end, by the key of each alias: an alias of an alias is followed."""
    direct = {alias.alias_key: (alias.player_key, alias.player) for alias in list_all(connection)}
    return {key: follow_alias(direct, key) for key in direct}


def follow_alias(direct: dict[str, tuple[str, str]], key: str) -> tuple[str, str]:
    """The player at the end of the chain that starts with the alias ``key``; a circle ends where it closes."""
    passed = {key}
    player = direct[key]
    while player[0] in direct and player[0] not in passed:
        passed.add(player[0])
        player = direct[player[0]]
    return player


def put_alias(connection: Connection, *, alias_key: str, alias: str, player_key: str, player: str, by: str) -> None:
    """The alias means this player, who is called as written here."""
    parameters = {"alias_key": alias_key, "alias": alias, "player_key": player_key, "player": player, "by": by}
    connection.execute(
        text("""
            insert into player_aliases (alias_key, alias, player_key, player, by)
            values (:alias_key, :alias, :player_key, :player, :by)
            on conflict (alias_key) do update
            set alias = excluded.alias, player_key = excluded.player_key, player = excluded.player,
                by = excluded.by, at = now()
        """),
        parameters,
    )
    connection.execute(
        text("update players set name = :player where key = :player_key and name <> :player"), parameters
    )


def delete_alias(connection: Connection, alias_key: str) -> None:
    """The name means nobody else any more."""
    connection.execute(text("delete from player_aliases where alias_key = :key"), {"key": alias_key})
