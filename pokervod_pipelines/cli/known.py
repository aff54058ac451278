"""Refuse a name that nobody knows, which is not the same as one with nothing to show; suggest the one that was meant.

A command checks the names of its filters when it found nothing, so a search that finds something costs nothing more.
"""

from collections.abc import Iterable

from sqlalchemy import Engine

from pokervod_pipelines.catalog.tree import read_stats
from pokervod_pipelines.clips.players import make_player_key
from pokervod_pipelines.clips.roster import list_players, list_tags
from pokervod_pipelines.clips.search import ClipFilter
from pokervod_pipelines.clips.tag_words import TAG_WORDS
from pokervod_pipelines.clips.tags import simplify_tag
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.suggestions import suggest_name


def require_known(kind: str, name: str, known: Iterable[str]) -> None:
    """Raise ``BadInput`` for a name that is not one of the known ones, in any case; a blank one is ignored."""
    names = list(known)
    if name and name.casefold() not in {each.casefold() for each in names}:
        raise BadInput(f"unknown {kind} {name!r}; {suggest_name(name, names)}")


def require_known_part(kind: str, part: str, known: Iterable[str]) -> None:
    """Raise ``BadInput`` for a text that is in none of the known names, in any case."""
    names = sorted(known)
    if not any(part.casefold() in name.casefold() for name in names):
        require_known(kind, part, names)


def require_known_project(engine: Engine, code: str) -> None:
    """Raise ``BadInput`` for a project that has no file in the catalog."""
    require_known("project", code, [year.project for year in read_stats(engine)] if code else ())


def require_known_filters(engine: Engine, settings: Settings, filters: ClipFilter) -> None:
    """Raise ``BadInput`` for a project, sheet, tag or player that nobody knows."""
    require_known_project(engine, filters.project)
    require_known("sheet", filters.sheet, [sheet.name for sheet in settings.sheets])
    if filters.tag:
        words = [name for names in TAG_WORDS.values() for name in names]
        names = dict.fromkeys([*(tag.name for tag in list_tags(engine)), *words])
        if simplify_tag(filters.tag) not in map(simplify_tag, names):
            require_known("tag", filters.tag, names)
    if filters.player:
        require_known_player(engine, filters.player)


def require_known_player(engine: Engine, name: str) -> None:
    """Raise ``BadInput`` for a text that no player's name or alias contains."""
    players = list_players(engine)
    names = [each for player in players for each in (player.name, *player.aliases)]
    key = make_player_key(name)
    if key not in map(make_player_key, names):
        require_known_part("player", name, names)
