"""The rows of the tree as they should be: groups under numbers, titles and sort keys. Pure; the stores write them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pokervod_pipelines.catalog import titles, words
from pokervod_pipelines.catalog.grouping import EpisodeDraft, Grouping
from pokervod_pipelines.catalog.identity import Season, slug

Key = tuple[str, ...]
"""Project and season key; project, season and event key; or all these and the episode's."""

_UNKNOWN = "9999"
_STRANDS = list(words.STRAND_TITLES)


@dataclass(frozen=True, slots=True)
class GroupNumbers:
    """A number for every wanted group, by level; it stands for the id until ids are given."""

    seasons: Mapping[Key, int]
    events: Mapping[Key, int]
    episodes: Mapping[Key, int]


class Layout:
    """The wanted groups by their full keys, and the titles that groups share."""

    def __init__(self, grouping: Grouping) -> None:
        self.seasons: dict[Key, Season] = {(season.project, season.key): season for season in grouping.list_seasons()}
        self._season_keys = {season: key for key, season in self.seasons.items()}
        self._season_titles = {
            season: titles.title_season(season.project, season.series, season.year, season.number)
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
        """The groups of each level have the next numbers, in the order of their keys."""
        levels = ((self.seasons, seasons), (self.events, events), (self.episodes, episodes))
        return GroupNumbers(*(dict(zip(sorted(keys), numbers, strict=False)) for keys, numbers in levels))

    def list_members(self, numbers: GroupNumbers) -> Iterator[tuple[int, int]]:
        """Every file of every episode, as (number of the episode, file)."""
        return ((numbers.episodes[key], file_id) for key, draft in self.episodes.items() for file_id in draft.files)

    def season_rows(self, numbers: GroupNumbers) -> Iterator[tuple[Any, ...]]:
        """Rows for ``levels.SEASONS``."""
        for key, season in self.seasons.items():
            title = self._season_titles[season]
            yield (
                numbers.seasons[key], *key, season.year, season.number, season.series, title, sort_season(season),
            )  # fmt: skip

    def event_rows(self, numbers: GroupNumbers) -> Iterator[tuple[Any, ...]]:
        """Rows for ``levels.EVENTS``; an event without a number stands where its first episode does."""
        first = _find_first_sorts(self.episodes)
        for key, event in self.events.items():
            facts = json.dumps(event.facts(), ensure_ascii=False)
            title, sort = self._event_titles[key], sort_event(key[-1], event.number, first[key])
            yield numbers.events[key], numbers.seasons[key[:2]], key[-1], event.number, title, facts, sort

    def episode_rows(self, numbers: GroupNumbers) -> Iterator[tuple[Any, ...]]:
        """Rows for ``levels.EPISODES``."""
        for key, draft in self.episodes.items():
            title, label = self.title_episode(key), draft.label or self._event_titles[key[:3]]
            label = draft.title[1] if draft.title else label
            preferred = draft.best[-1] if draft.best else None
            facts = json.dumps({"label": label}, ensure_ascii=False)
            spelled = titles.spell_out_show(title, key[0])
            yield numbers.episodes[key], numbers.events[key[:3]], key[-1], title, spelled, facts, draft.sort, preferred

    def title_episode(self, key: Key) -> str:
        """The episode's title for a viewer; a person's word counts before the rules."""
        draft, event = self.episodes[key], key[2]
        if draft.title:
            return draft.title[1]
        return titles.title_episode(
            project=key[0],
            season=self._season_titles[draft.season],
            event="" if event in words.STRAND_TITLES else self._event_titles[key[:3]],
            label=draft.label,
        )


def sort_season(season: Season) -> str:
    """Years ascending, within a year the World Series before its branches; what tells neither comes last."""
    when = season.number or season.year
    return f"{when:04d}{slug(season.series or '')}" if when else f"{_UNKNOWN}{slug(season.series or '')}"


def sort_event(key: str, number: int | None, first_sort: str) -> str:
    """Numbered events by number, a main event without one before them, named events as they aired, strands last."""
    if key in words.STRAND_TITLES:
        return f"3{_STRANDS.index(key)}"
    if number is not None:
        return f"1{number:04d}"
    return f"0{key}" if key.endswith("main-event") and not key.startswith("mini") else f"2{first_sort}{key}"


def _find_first_sorts(episodes: Mapping[Key, EpisodeDraft]) -> dict[Key, str]:
    first: dict[Key, str] = {}
    for key, draft in episodes.items():
        first[key[:3]] = min(first.get(key[:3], draft.sort), draft.sort)
    return first
