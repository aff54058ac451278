"""List the players and tags of clips, and names that may be one person."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.clips.players import find_doubtful_pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPlayer:
    """Hold a player, the number of clips, and the aliases."""

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
        return _read_players(connection)


def list_doubtful_players(engine: Engine) -> list[DoubtfulPlayers]:
    """Return the pairs that a person should decide, sorted; an alias decides one."""
    clips = {player.name: player.clips for player in list_players(engine)}
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
        return [ListedTag(**row._mapping) for row in connection.execute(_TAGS)]


def list_unknown_tags(engine: Engine) -> list[ListedTag]:
    """Return the unknown tags, the most frequent first: misspelt, or to be added to ``tag_words``."""
    return [tag for tag in list_tags(engine) if not tag.is_known]


def _read_players(connection: Connection) -> list[ListedPlayer]:
    rows = connection.execute(_PLAYERS)
    return [ListedPlayer(name=name, clips=clips, aliases=tuple(aliases)) for name, clips, aliases in rows]


_PLAYERS = text("""
    select p.name, count(*), array(
        select a.alias from player_aliases a where a.player_key = p.key order by a.alias_key)
    from players p join clip_players cp on cp.player_id = p.id
    join hand_clips c on c.id = cp.clip_id and c.retired_at is null
    group by p.id order by p.key
""")
_TAGS = text("""
    select t.category, t.name, t.is_known, count(*) as clips from tags t
    join clip_tags ct on ct.tag_id = t.id join hand_clips c on c.id = ct.clip_id and c.retired_at is null
    group by t.id order by count(*) desc, t.category, t.name
""")
