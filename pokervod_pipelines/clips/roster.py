"""List the players and tags of clips, and names that may be one person."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.clips.players import find_doubtful_pairs
from pokervod_pipelines.paging import EVERYTHING, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPlayer:
    """Hold a player, the number of clips, and the aliases."""

    id: int
    name: str
    clips: int
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtfulPlayers:
    """Hold two players who may be one person, why, and the number of clips of each."""

    one: str
    other: str
    reason: str
    one_clips: int
    other_clips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTag:
    """Hold a tag and the number of clips."""

    category: str
    name: str
    is_known: bool
    clips: int


def list_players(engine: Engine) -> list[ListedPlayer]:
    """Return every player on a clip, by name."""
    with engine.connect() as connection:
        return page_players(connection, EVERYTHING)


def page_players(connection: Connection, page: Page, *, name: str = "") -> list[ListedPlayer]:
    """Return a page of the players on clips, by name; of those with this text in their name."""
    rows = connection.execute(_PLAYERS, {"limit": page.limit, "after": page.after, "name": name.casefold() or None})
    return [ListedPlayer(**{**row._mapping, "aliases": tuple(row.aliases)}) for row in rows]


def list_doubtful_players(engine: Engine) -> list[DoubtfulPlayers]:
    """Return the pairs that a person should decide, sorted; an alias decides one."""
    with engine.connect() as connection:
        return read_doubtful_players(connection)


def read_doubtful_players(connection: Connection) -> list[DoubtfulPlayers]:
    """Return the pairs that a person should decide, sorted, within the caller's transaction."""
    clips = {player.name: player.clips for player in page_players(connection, EVERYTHING)}
    return [
        DoubtfulPlayers(
            one=pair.one,
            other=pair.other,
            reason=pair.reason,
            one_clips=clips[pair.one],
            other_clips=clips[pair.other],
        )
        for pair in find_doubtful_pairs(clips)
    ]


def list_tags(engine: Engine) -> list[ListedTag]:
    """Return every tag on a clip, the most frequent first."""
    with engine.connect() as connection:
        return read_tags(connection)


def read_tags(connection: Connection, *, without: Collection[int] = ()) -> list[ListedTag]:
    """Return every tag on a clip but those to leave out, the most frequent first."""
    return [ListedTag(**row._mapping) for row in connection.execute(_TAGS, {"without": [*without]})]


def list_unknown_tags(engine: Engine) -> list[ListedTag]:
    """Return the unknown tags, the most frequent first: misspelt, or to be added to ``tag_words``."""
    return [tag for tag in list_tags(engine) if not tag.is_known]


_PLAYERS = text("""
    select p.id, p.name, count(*) as clips, array(
        select a.alias from player_aliases a where a.player_key = p.key order by a.alias_key) as aliases
    from players p join clip_players cp on cp.player_id = p.id
    join hand_clips c on c.id = cp.clip_id and c.retired_at is null
    where (cast(:name as text) is null or strpos(lower(p.name), :name) > 0)
      and (cast(:after as bigint) is null or (p.key, p.id) > (select a.key, a.id from players a where a.id = :after))
    group by p.id order by p.key, p.id limit :limit
""")
_TAGS = text("""
    select t.category, t.name, t.is_known, count(*) as clips from tags t
    join clip_tags ct on ct.tag_id = t.id join hand_clips c on c.id = ct.clip_id and c.retired_at is null
    where not c.id = any(cast(:without as bigint[]))
    group by t.id order by count(*) desc, t.category, t.name
""")
