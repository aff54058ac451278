"""How the catalog looks on a terminal: the tree with how much hangs on each branch, rows of tables, values in words."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.text import Text
from rich.tree import Tree

from pokervod_pipelines.cli.output import human_size, out

if TYPE_CHECKING:  # reading names is kept out of --help
    from pokervod_pipelines.catalog.tree import TreeEpisode, TreeEvent, TreeFile, TreeProject, TreeSeason


def print_tree(shows: Iterable["TreeProject"], *, with_episodes: bool) -> None:
    """Projects, seasons and events, and with episodes also these and their files, the preferred one marked."""
    for show in shows:
        branch = Tree(
            _label(f"{show.code}  {show.title}", [e for s in show.seasons for e in _list_episodes(s)], "bold")
        )
        for season in show.seasons:
            _add_season(branch, season, with_episodes=with_episodes)
        out.print(branch)


def _add_season(branch: Tree, season: "TreeSeason", *, with_episodes: bool) -> None:
    twig = branch.add(_label(season.title, _list_episodes(season), "bold"))
    for event in season.events:
        leaf = twig.add(_label(event.title, event.episodes))
        if with_episodes:
            _add_episodes(leaf, event)


def _add_episodes(leaf: Tree, event: "TreeEvent") -> None:
    for episode in event.episodes:
        node = leaf.add(Text(episode.label))
        for file in episode.files:
            node.add(_label_file(file))


def _list_episodes(season: "TreeSeason") -> list["TreeEpisode"]:
    return [episode for event in season.events for episode in event.episodes]


def _label(title: str, episodes: Iterable["TreeEpisode"], style: str = "") -> Text:
    held = list(episodes)
    files = {file.file_id: file for episode in held for file in episode.files}
    missing = sum(file.state == "missing" for file in files.values())
    told = [_count(len(held), "programme"), _count(len(files), "file"), human_size(sum(f.size for f in files.values()))]
    told += [f"{missing:,} missing"] if missing else []
    return Text.assemble((title, style), ("  " + ", ".join(told), "dim"))


def _label_file(file: "TreeFile") -> Text:
    told = [file.version or "", human_size(file.size), "" if file.state == "present" else file.state]
    mark = "★ " if file.is_preferred else "  "
    return Text.assemble(mark, file.path, ("  " + ", ".join(filter(None, told)), "dim"))


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def stats_row(year: Any) -> tuple[Any, ...]:
    """The row of a year in the table of figures."""
    when = str(year.year) if year.year else "unknown"
    figures = (year.files, year.episodes, f"{year.hours:,.1f}", f"{year.terabytes:.2f}", year.clips, year.missing)
    return year.project, when, *figures


def plural(count: int, noun: str) -> str:
    """The noun as it goes with the count."""
    return noun if count == 1 else f"{noun}s"


def say(value: Any) -> str:
    """A corrected or told value in words."""
    if value is None:
        return "not known"
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)


def say_standing(row: Any) -> str:
    """Whether a correction counts."""
    if row.undoes is not None:
        return f"undoes {row.undoes}"
    if row.undone_by is not None:
        return "undone"
    return "in force" if row.is_in_force else "replaced"
