"""From placed files to groups: seasons, events and episodes as they should be, whatever order the files came in.

Pure. Here keys are joined that only the season as a whole shows to be one (a tape numbered 16 and the main event's
fourth episode that another name calls show 16), and split where one name hides several tapes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pokervod_pipelines.catalog import titles, vocabulary
from pokervod_pipelines.catalog.identity import Event, Placement, Season

EpisodeKey = tuple[Season, str, str]
"""Season, event key, episode key."""

FileRank = tuple[int, int, int, int]


@dataclass(slots=True)
class EpisodeDraft:
    """An episode being gathered. Label and sort are those of its fullest name; equal ones by the alphabet.

    ``title`` is what a person called it, with the rank of the file of which they said so; the best file's counts.
    """

    season: Season
    event: str
    key: str
    label: str
    sort: str
    show: int | None
    episode: int | None
    part: int | None
    files: list[int] = field(default_factory=list)
    best: FileRank | None = None
    tapes: dict[str, list[tuple[int, FileRank]]] | None = None
    title: tuple[FileRank, str] | None = None

    def merge(self, other: "EpisodeDraft") -> None:
        """The files and words of another draft of the same programme are in this one."""
        self.files += other.files
        if other.best is not None and (self.best is None or other.best < self.best):
            self.best = other.best
        self.title = min(filter(None, (self.title, other.title)), default=None)
        fuller = min((self, other), key=lambda draft: (-len(draft.label), draft.label, draft.sort))
        self.label, self.sort = fuller.label, fuller.sort
        self.show = _smaller(self.show, other.show)
        self.episode = _smaller(self.episode, other.episode)


@dataclass(slots=True)
class EventDraft:
    """What all files of an event say of it, with how many say so."""

    numbers: Counter[int] = field(default_factory=Counter)
    buy_ins: Counter[int] = field(default_factory=Counter)
    games: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)

    def count_file(self, event: Event) -> None:
        """One more file's say."""
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
        """The number that most files say."""
        return _find_most_common(self.numbers)

    def title(self, key: str, series: str | None) -> str:
        """The event's title, from what most files say."""
        if strand := vocabulary.STRAND_TITLES.get(key):
            return strand
        told = titles.title_event(
            number=self.number,
            buy_in=_find_most_common(self.buy_ins),
            game=_find_most_common(self.games),
            name=_find_most_common(self.names),
            series=series,
        )
        return told or key

    def facts(self) -> dict[str, int | str]:
        """What most files say, JSON-ready, known fields only."""
        said = {
            "number": self.number,
            "buy_in": _find_most_common(self.buy_ins),
            "game": _find_most_common(self.games),
            "name": _find_most_common(self.names),
        }
        return {name: value for name, value in said.items() if value is not None}


class Grouping:
    """Takes placed files one by one in any order; afterwards knows every season, event and episode."""

    def __init__(self) -> None:
        self.episodes: dict[EpisodeKey, EpisodeDraft] = {}
        self.events: dict[tuple[Season, str], EventDraft] = {}
        self._seasons: dict[Season, Season] = {}

    def add(self, file_id: int, place: Placement, rank: FileRank, title: str | None = None) -> None:
        """The file is in its group, and the group's event has heard what the file says; a person gave the title."""
        season = self._seasons.setdefault(place.season, place.season)
        event = self.events.get((season, place.event.key))
        if event is None:
            event = self.events[season, place.event.key] = EventDraft()
        event.count_file(place.event)
        draft = EpisodeDraft(
            season,
            place.event.key,
            place.key,
            place.label,
            place.sort,
            place.show,
            place.episode,
            place.part,
            [file_id],
            rank,
            title=(rank, title) if title else None,
        )
        known = self.episodes.setdefault((season, place.event.key, place.key), draft)
        if known is not draft:
            known.merge(draft)
        if place.is_whole:
            known.tapes = known.tapes or {}
            known.tapes.setdefault(place.tape or "", []).append((file_id, rank))

    def finish(self) -> None:
        """Groups that are one programme are joined, groups that are several are split, empty events are gone."""
        self._join_shows()
        self._split_tapes()
        used = {(draft.season, draft.event) for draft in self.episodes.values()}
        self.events = {key: event for key, event in self.events.items() if key in used}

    def list_seasons(self) -> set[Season]:
        """The seasons that have an episode."""
        return {season for season, _ in self.events}

    def _join_shows(self) -> None:
        """A file that tells only a show or only an episode joins the one programme that tells both."""
        by_season: dict[Season, list[EpisodeDraft]] = defaultdict(list)
        for draft in self.episodes.values():
            if draft.show is not None or draft.episode is not None:
                by_season[draft.season].append(draft)
        for drafts in by_season.values():
            for lone, home in _find_matches(drafts):
                self.episodes.pop((lone.season, lone.event, lone.key))
                home.merge(lone)

    def _split_tapes(self) -> None:
        """Tapes of one name but different tape ids are several recordings, unless one name has but one tape."""
        for draft in [draft for draft in self.episodes.values() if draft.tapes and len(draft.tapes.keys() - {""}) > 1]:
            del self.episodes[draft.season, draft.event, draft.key]
            for tape, files in sorted((draft.tapes or {}).items()):
                part = _split_off_tape(draft, tape, files)
                self.episodes[part.season, part.event, part.key] = part


def _split_off_tape(draft: EpisodeDraft, tape: str, files: list[tuple[int, FileRank]]) -> EpisodeDraft:
    """The part of a draft that is on one tape; the files that name no tape stay under the draft's own key."""
    ranks = [rank for _, rank in files]
    title = draft.title if draft.title and draft.title[0] in ranks else None
    part = replace(draft, files=[file_id for file_id, _ in files], best=min(ranks), tapes=None, title=title)
    if tape:
        part.key, part.label, part.sort = f"{draft.key}-{tape}", f"Tape {tape.upper()}", f"{draft.sort}-{tape}"
    return part


def _find_matches(drafts: list[EpisodeDraft]) -> Iterator[tuple[EpisodeDraft, EpisodeDraft]]:
    """Each draft of a season that is known by one number only, with the only draft that explains this number."""
    by_show: dict[tuple[int, int | None], list[EpisodeDraft]] = defaultdict(list)
    by_episode: dict[tuple[str, int, int | None], list[EpisodeDraft]] = defaultdict(list)
    counted = {draft.event for draft in drafts if draft.show is not None and draft.episode is not None}
    for draft in drafts:
        if draft.show is None or draft.event == "shows":
            continue
        by_show[draft.show, draft.part].append(draft)
        if draft.episode is not None:
            by_episode[draft.event, draft.episode, draft.part].append(draft)
        elif draft.event not in counted:
            # "Main Event Show 07": where no name tells both numbers, an event's shows are its episodes.
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
    return min(counter.items(), key=lambda said: (-said[1], -len(str(said[0])), str(said[0])))[0]
