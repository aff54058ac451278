"""Lay out the rows of the tree: groups with numbers, titles and sort keys. Pure; the stores write them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pokervod_pipelines.catalog import titles, vocabulary
from pokervod_pipelines.catalog.grouping import EpisodeDraft, Grouping
from pokervod_pipelines.catalog.identity import Season, make_slug

Key = tuple[str, ...]
"""Project and season key; project, season and event key; or all these and the episode's."""

_UNKNOWN = "9999"
_STRANDS = list(vocabulary.STRAND_TITLES)


@dataclass(frozen=True, slots=True)
class Level:
    """Describe one table of the tree: its columns in the order of the rows that are copied in, id and parent first.

    ``above`` is the table that ``parent`` refers to; a season's parent, the project, needs no id.
    """

    table: str
    parent: str
    above: "Level | None"
    columns: str
    types: str

    @property
    def names(self) -> str:
        """Return the columns after id and parent."""
        return self.columns.removeprefix(f"id, {self.parent}, ")


SEASONS = Level(
    "seasons",
    "project_code",
    None,
    "id, project_code, key, year, number, sub_series, title, sort_key",
    "id bigint, project_code text, key text, year int, number int, sub_series text, title text, sort_key text",
)
EVENTS = Level(
    "catalog_events",
    "season_id",
    SEASONS,
    "id, season_id, key, number, title, facts, sort_key",
    "id bigint, season_id bigint, key text, number int, title text, facts jsonb, sort_key text",
)
EPISODES = Level(
    "episodes",
    "event_id",
    EVENTS,
    "id, event_id, key, title, catalog_title, facts, sort_key, preferred_file_id",
    "id bigint, event_id bigint, key text, title text, catalog_title text, facts jsonb, sort_key text, "
    "preferred_file_id bigint",
)

LEVELS = (SEASONS, EVENTS, EPISODES)
"""Parents first."""


@dataclass(frozen=True, slots=True)
class GroupNumbers:
    """Number every group, by level, until ids are given."""

    seasons: Mapping[Key, int]
    events: Mapping[Key, int]
    episodes: Mapping[Key, int]


class TreeLayout:
    """Hold the groups by their full keys, and the titles that groups share."""

    def __init__(self, grouping: Grouping) -> None:
        self.seasons: dict[Key, Season] = {(season.project, season.key): season for season in grouping.list_seasons()}
        self._season_keys = {season: key for key, season in self.seasons.items()}
        self._season_titles = {
            season: titles.make_season_title(season.project, season.series, season.year, season.number)
            for season in self._season_keys
        }
        self.events = {(*self._season_keys[season], key): draft for (season, key), draft in grouping.events.items()}
        self._event_titles = {
            key: event.title(key[-1], self.seasons[key[:2]].series) for key, event in self.events.items()
        }
        self.episodes: dict[Key, EpisodeDraft] = {
            (*self._season_keys[draft.season], draft.event, draft.key): draft for draft in grouping.episodes.values()
        }

    def number_groups(self, seasons: Iterator[int], events: Iterator[int], episodes: Iterator[int]) -> GroupNumbers:
        """Give the groups of each level the next numbers, in the order of their keys."""
        levels = ((self.seasons, seasons), (self.events, events), (self.episodes, episodes))
        return GroupNumbers(*(dict(zip(sorted(keys), numbers, strict=False)) for keys, numbers in levels))

    def list_members(self, numbers: GroupNumbers) -> Iterator[tuple[int, int]]:
        """Yield every file of every episode, as (number of the episode, file)."""
        return ((numbers.episodes[key], file_id) for key, draft in self.episodes.items() for file_id in draft.files)

    def make_season_rows(self, numbers: GroupNumbers) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of ``SEASONS``."""
        for key, season in self.seasons.items():
            title = self._season_titles[season]
            yield (
                numbers.seasons[key], *key, season.year, season.number, season.series, title, sort_season(season),
            )  # fmt: skip

    def make_event_rows(self, numbers: GroupNumbers) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of ``EVENTS``; an event without a number is sorted by its first episode."""
        first = _find_first_sorts(self.episodes)
        for key, event in self.events.items():
            facts = json.dumps(event.facts(), ensure_ascii=False)
            title, sort = self._event_titles[key], sort_event(key[-1], event.number, first.get(key, ""))
            yield numbers.events[key], numbers.seasons[key[:2]], key[-1], event.number, title, facts, sort

    def make_episode_rows(self, numbers: GroupNumbers) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of ``EPISODES``."""
        for key, draft in self.episodes.items():
            title, label = self.make_episode_title(key), draft.label or self._event_titles[key[:3]]
            label = draft.title[1] if draft.title else label
            preferred = draft.best[-1] if draft.best else None
            facts = json.dumps({"label": label}, ensure_ascii=False)
            spelled = titles.spell_out_show(title, key[0])
            yield numbers.episodes[key], numbers.events[key[:3]], key[-1], title, spelled, facts, draft.sort, preferred

    def make_episode_title(self, key: Key) -> str:
        """Return the episode's title for a viewer: a person's, else that of the rules."""
        draft, event = self.episodes[key], key[2]
        if draft.title:
            return draft.title[1]
        return titles.make_episode_title(
            project=key[0],
            season=self._season_titles[draft.season],
            event="" if event in vocabulary.STRAND_TITLES else self._event_titles[key[:3]],
            label=draft.label,
        )


def sort_season(season: Season) -> str:
    """Return a sort key: years ascending, within a year the World Series before its branches, unknown years last."""
    when = season.number or season.year
    return f"{when:04d}{make_slug(season.series or '')}" if when else f"{_UNKNOWN}{make_slug(season.series or '')}"


def sort_event(key: str, number: int | None, first_sort: str) -> str:
    """Return a sort key: a main event without number, numbered events, named events as they aired, strands."""
    if key in vocabulary.STRAND_TITLES:
        return f"3{_STRANDS.index(key)}"
    if number is not None:
        return f"1{number:04d}"
    return f"0{key}" if key.endswith("main-event") and not key.startswith("mini") else f"2{first_sort}{key}"


def _find_first_sorts(episodes: Mapping[Key, EpisodeDraft]) -> dict[Key, str]:
    first: dict[Key, str] = {}
    for key, draft in episodes.items():
        first[key[:3]] = min(first.get(key[:3], draft.sort), draft.sort)
    return first
