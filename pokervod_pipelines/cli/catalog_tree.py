"""Print the catalog as a tree, with the number and size of files of each branch."""

from collections.abc import Iterable

from rich.text import Text
from rich.tree import Tree

from pokervod_pipelines.catalog.tree import TreeEpisode, TreeEvent, TreeFile, TreeProject, TreeSeason
from pokervod_pipelines.cli.output import count_nouns, human_size, out


def print_tree(shows: Iterable[TreeProject], *, with_episodes: bool) -> None:
    """Print projects, seasons and events, and on request episodes and their files, the preferred one marked."""
    for show in shows:
        branch = Tree(
            _label(f"{show.code}  {show.title}", [e for s in show.seasons for e in _list_episodes(s)], "bold")
        )
        for season in show.seasons:
            _add_season(branch, season, with_episodes=with_episodes)
        out.print(branch)


def _add_season(branch: Tree, season: TreeSeason, *, with_episodes: bool) -> None:
    twig = branch.add(_label(season.title, _list_episodes(season), "bold"))
    for event in season.events:
        leaf = twig.add(_label(event.title, event.episodes))
        if with_episodes:
            _add_episodes(leaf, event)


def _add_episodes(leaf: Tree, event: TreeEvent) -> None:
    for episode in event.episodes:
        node = leaf.add(Text(episode.label))
        for file in episode.files:
            node.add(_label_file(file))


def _list_episodes(season: TreeSeason) -> list[TreeEpisode]:
    return [episode for event in season.events for episode in event.episodes]


def _label(title: str, episodes: Iterable[TreeEpisode], style: str = "") -> Text:
    found = list(episodes)
    files = {file.file_id: file for episode in found for file in episode.files}
    missing = sum(file.state == "missing" for file in files.values())
    texts = [
        count_nouns(len(found), "programme"),
        count_nouns(len(files), "file"),
        human_size(sum(f.size for f in files.values())),
    ]
    texts += [f"{missing:,} missing"] if missing else []
    return Text.assemble((title, style), ("  " + ", ".join(texts), "dim"))


def _label_file(file: TreeFile) -> Text:
    texts = [file.version or "", human_size(file.size), "" if file.state == "present" else file.state]
    mark = "★ " if file.is_preferred else "  "
    return Text.assemble(mark, file.path, ("  " + ", ".join(filter(None, texts)), "dim"))
