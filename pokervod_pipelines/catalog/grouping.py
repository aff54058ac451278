"""Group placed files into seasons, events and episodes, in whatever order the files come.

Pure. Joins keys that only the whole season shows to be one programme (a tape numbered 16 and the main event's fourth
episode that another name calls show 16), and splits a name that several tapes share, or whose files only a number at
their end tells apart.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pokervod_pipelines.catalog import titles, vocabulary
from pokervod_pipelines.catalog.identity import MARKS, CatalogPlace, Event, Mark, Season, make_slug
from pokervod_pipelines.catalog.planned import EntryLevel, PlannedEntry

EpisodeKey = tuple[Season, str, str]
"""Season, event key, episode key."""

FileRank = tuple[int, int, int, int]

_LAST_RANK: FileRank = (9, 9, 0, 0)
"""Behind that of every file: what a person says of a file's title counts before what was planned."""

MarkedFile = tuple[int, FileRank, dict[str, Mark]]

Part = tuple[int | None, str]
"""Hold the part, and the numbers of the name that no rule read."""


@dataclass(slots=True)
class EpisodeDraft:
    """Gather an episode. Label and sort are those of its fullest name, the first in the alphabet of equal ones.

    ``title`` is a person's, with the rank of the file that they titled; the best file's counts.
    """

    season: Season
    event: str
    key: str
    label: str
    sort: str
    show: int | None
    episode: int | None
    part: Part
    files: list[int] = field(default_factory=list)
    best: FileRank | None = None
    marked: list[MarkedFile] = field(default_factory=list)
    title: tuple[FileRank, str] | None = None

    def merge(self, other: "EpisodeDraft") -> None:
        """Merge another draft of the same programme into this one."""
        self.files += other.files
        self.marked += other.marked
        if other.best is not None and (self.best is None or other.best < self.best):
            self.best = other.best
        self.title = min(filter(None, (self.title, other.title)), default=None)
        fuller = min((self, other), key=lambda draft: (-len(draft.label), draft.label, draft.sort))
        self.label, self.sort = fuller.label, fuller.sort
        self.show = _smaller(self.show, other.show)
        self.episode = _smaller(self.episode, other.episode)


@dataclass(slots=True)
class EventDraft:
    """Count the facts that the files of an event have about it."""

    numbers: Counter[int] = field(default_factory=Counter)
    buy_ins: Counter[int] = field(default_factory=Counter)
    games: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)

    def count_file(self, event: Event) -> None:
        """Count the facts of one more file."""
        if event.number is not None:
            self.numbers[event.number] += 1
        if event.buy_in:
            self.buy_ins[event.buy_in] += 1
        if event.game:
            self.games[event.game] += 1
        if event.name:
            self.names[event.name] += 1

    @property
    def number(self) -> int | None:
        """Return the number that most files have."""
        return _find_most_common(self.numbers)

    def title(self, key: str, series: str | None) -> str:
        """Return the event's title, from the facts that most files have."""
        if strand := vocabulary.STRAND_TITLES.get(key):
            return strand
        title = titles.make_event_title(
            number=self.number,
            buy_in=_find_most_common(self.buy_ins),
            game=_find_most_common(self.games),
            name=_find_most_common(self.names),
            series=series,
        )
        return title or key

    def facts(self) -> dict[str, int | str]:
        """Return the facts that most files have, JSON-ready, known fields only."""
        facts = {
            "number": self.number,
            "buy_in": _find_most_common(self.buy_ins),
            "game": _find_most_common(self.games),
            "name": _find_most_common(self.names),
        }
        return {name: value for name, value in facts.items() if value is not None}


class Grouping:
    """Group placed files, added one by one in any order, into seasons, events and episodes."""

    def __init__(self) -> None:
        self.episodes: dict[EpisodeKey, EpisodeDraft] = {}
        self.events: dict[tuple[Season, str], EventDraft] = {}
        self._seasons: dict[Season, Season] = {}
        self._planned_seasons: set[Season] = set()
        self._planned_events: set[tuple[Season, str]] = set()

    def add(self, file_id: int, place: CatalogPlace, rank: FileRank, title: str | None = None) -> None:
        """Add the file to its episode and its facts to the event; ``title`` is a person's."""
        season = self._seasons.setdefault(place.season, place.season)
        event = self.events.get((season, place.event.key))
        if event is None:
            event = self.events[season, place.event.key] = EventDraft()
        event.count_file(place.event)
        draft = _make_draft(season, place)
        draft.files, draft.best, draft.marked = [file_id], rank, [(file_id, rank, place.marks)]
        draft.title = (rank, title) if title else None
        self._merge(draft)

    def plan(self, entry: PlannedEntry) -> None:
        """Add what a person put into the catalog, which needs no file; it is one with the files of its place."""
        place = entry.place
        season = self._seasons.setdefault(place.season, place.season)
        if entry.level >= EntryLevel.SEASON:
            self._planned_seasons.add(season)
        if entry.level >= EntryLevel.EVENT:
            self._planned_events.add((season, place.event.key))
            self.events.setdefault((season, place.event.key), EventDraft()).count_file(place.event)
        if entry.level >= EntryLevel.EPISODE:
            draft = _make_draft(season, place)
            draft.title = (_LAST_RANK, entry.title) if entry.title else None
            self._merge(draft)

    def finish(self) -> None:
        """Join groups that are one programme, split those that are several, remove empty events."""
        self._join_shows()
        self._split_marked()
        used = {(draft.season, draft.event) for draft in self.episodes.values()} | self._planned_events
        self.events = {key: event for key, event in self.events.items() if key in used}

    def list_seasons(self) -> set[Season]:
        """Return the seasons that have an episode, or were put into the catalog."""
        return {season for season, _ in self.events} | self._planned_seasons

    def _merge(self, draft: EpisodeDraft) -> None:
        """Add the draft, or merge it into the known one of its place."""
        known = self.episodes.setdefault((draft.season, draft.event, draft.key), draft)
        if known is not draft:
            known.merge(draft)

    def _join_shows(self) -> None:
        """Join files that have only a show or only an episode number with the one programme that has both."""
        by_season: dict[Season, list[EpisodeDraft]] = defaultdict(list)
        for draft in self.episodes.values():
            if draft.show is not None or draft.episode is not None:
                by_season[draft.season].append(draft)
        for drafts in by_season.values():
            for lone, home in _find_matches(drafts):
                self.episodes.pop((lone.season, lone.event, lone.key))
                home.merge(lone)

    def _split_marked(self) -> None:
        """Split files of one name by marks that contradict themselves: other tapes, days, numbers at the end."""
        todo = [draft for draft in self.episodes.values() if len(draft.files) > 1]
        while todo:
            draft = todo.pop()
            kind = next((kind for kind in MARKS if _contradicts(kind, draft.marked)), None)
            if kind is None:
                continue
            del self.episodes[draft.season, draft.event, draft.key]
            parts: dict[str, list[MarkedFile]] = defaultdict(list)
            for file in draft.marked:
                parts[file[2][kind].value if kind in file[2] else ""].append(file)
            for value, files in sorted(parts.items()):
                part = _split_off(draft, kind, value, files)
                self.episodes[part.season, part.event, part.key] = part
                todo.append(part)


def _make_draft(season: Season, place: CatalogPlace) -> EpisodeDraft:
    """Return the place's episode in the season, still without a file."""
    return EpisodeDraft(
        season,
        place.event.key,
        place.key,
        place.label,
        place.sort,
        place.show,
        place.episode,
        (place.part, place.unread),
    )


def _contradicts(kind: str, files: Iterable[MarkedFile]) -> bool:
    """Return whether files that are alike but for this mark have several; copies do only where the original lacks."""
    values: dict[str, set[str]] = defaultdict(set)
    for _, _, marks in files:
        if kind in marks:
            values[marks[kind].among].add(marks[kind].value)
    return any(len(own - {""}) > 1 and not (kind == "copy" and "" in own) for own in values.values())


def _split_off(draft: EpisodeDraft, kind: str, value: str, files: list[MarkedFile]) -> EpisodeDraft:
    """Return the part of a draft with one value of a mark; files without it keep the draft's own key."""
    ranks = [rank for _, rank, _ in files]
    title = draft.title if draft.title and draft.title[0] in ranks else None
    part = replace(draft, files=[file[0] for file in files], best=min(ranks), marked=files, title=title)
    if value:
        label = f"Tape {value.upper()}" if kind == "tape" else f"{draft.label} ({value})".strip()
        # two hyphens, which no slug has: the key meets that of no other name
        part.key, part.label, part.sort = f"{draft.key}--{kind}-{make_slug(value)}", label, f"{draft.sort}-{value}"
    return part


def _find_matches(drafts: list[EpisodeDraft]) -> Iterator[tuple[EpisodeDraft, EpisodeDraft]]:
    """Yield each draft of a season that has one number only, with the only draft that has this number and the other."""
    by_show: dict[tuple[int, Part], list[EpisodeDraft]] = defaultdict(list)
    by_episode: dict[tuple[str, int, Part], list[EpisodeDraft]] = defaultdict(list)
    counted = {draft.event for draft in drafts if draft.show is not None and draft.episode is not None}
    for draft in drafts:
        if draft.show is None or draft.event == "shows":
            continue
        by_show[draft.show, draft.part].append(draft)
        if draft.episode is not None:
            by_episode[draft.event, draft.episode, draft.part].append(draft)
        elif draft.event not in counted:
            # "Main Event Show 07": where no name has both numbers, an event's shows are its episodes.
            by_episode[draft.event, draft.show, draft.part].append(draft)
    for draft in drafts:
        homes: list[EpisodeDraft] = []
        if draft.event == "shows" and draft.show is not None:
            homes = by_show[draft.show, draft.part]
        elif draft.show is None and draft.episode is not None:
            homes = by_episode[draft.event, draft.episode, draft.part]
        if len(homes) == 1:
            yield draft, homes[0]


def _smaller(one: int | None, other: int | None) -> int | None:
    return min((number for number in (one, other) if number is not None), default=None)


Fact = TypeVar("Fact", int, str)


def _find_most_common(counter: Counter[Fact]) -> Fact | None:
    if not counter:
        return None
    return min(counter.items(), key=lambda each: (-each[1], -len(str(each[0])), str(each[0])))[0]
