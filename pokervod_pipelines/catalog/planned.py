"""Describe what people put into the catalog before its files are there: a project, a season, an event or an episode.

Pure. Such an entry is written with the fields of a correction and placed by the rules of files, so the first file of it
has the same place and the entry becomes that of the file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from pokervod_pipelines.catalog import vocabulary
from pokervod_pipelines.catalog.correctable import FIELDS, NOT_KNOWN, apply_corrections, read_correction
from pokervod_pipelines.catalog.facts import list_facts
from pokervod_pipelines.catalog.identity import CatalogPlace, place_video
from pokervod_pipelines.catalog.names import parse_name
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.suggestions import suggest_name

Fields = Mapping[str, Any]
"""Values by field of ``correctable``."""


class EntryLevel(IntEnum):
    """Name the levels of the tree, from the top."""

    PROJECT = 0
    SEASON = 1
    EVENT = 2
    EPISODE = 3


_SEASON_FIELDS = frozenset({"series", "year", "season"})
_EVENT_FIELDS = frozenset({"event", "game", "buy_in"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEntry:
    """Hold an entry: its level, its place, and the title that a person gave its episode."""

    level: EntryLevel
    place: CatalogPlace
    title: str | None = None

    @property
    def season(self) -> tuple[str, str]:
        """Return the key of its season: project, and the season's key in it."""
        return self.place.season.project, self.place.season.key

    @property
    def keys(self) -> dict[str, str | int]:
        """Return the keys down to its level: what a decision about it is about."""
        names = {"project": self.season[0], "season": self.season[1]}
        names |= {"event": self.place.event.key, "episode": self.place.key}
        return dict([*names.items()][: self.level + 1])


def read_fields(words: Sequence[str]) -> Fields:
    """Return the fields that a person wrote as ``field=value``. Raises ``BadInput`` that names what is allowed."""
    fields: dict[str, Any] = {}
    for word in words:
        field, equals, text = word.partition("=")
        if not equals or not text.strip():
            raise BadInput(f"expected FIELD=VALUE such as year=2027, got {word!r}")
        if field not in FIELDS or field == "version":
            known = [name for name in FIELDS if name != "version"]
            raise BadInput(f"unknown field {field!r}; {suggest_name(field, known)}")
        if field == "project" and text.strip().upper() not in vocabulary.PROJECT_TITLES:
            raise BadInput(f"unknown project {text!r}; {suggest_name(text, vocabulary.PROJECT_TITLES)}")
        if field in fields:
            raise BadInput(f"{field} is given twice; give it once, and create each entry with a command of its own")
        if text.strip().casefold() == NOT_KNOWN:
            raise BadInput(f"{field}: expected what it is, got {text!r}; leave the field out where it is not known")
        fields[field] = read_correction(field, text)
    if fields.get("project") in {None, vocabulary.OTHER}:
        raise BadInput("project: expected the code of a show, such as project=WSOP")
    return fields


def make_entry(fields: Fields) -> PlannedEntry:
    """Return the entry that the fields describe; its level is that of the lowest field.

    >>> make_entry({"project": "WSOP", "year": 2027, "event": "main event", "day": 2}).keys["episode"]
    'day-2'
    """
    facts = apply_corrections({}, fields.items())
    for note in ("corrected", "from_folder"):
        facts.pop(note, None)
    title, event = facts.pop("title", None), fields.get("event")
    if isinstance(event, str) and (name := parse_name(f"WSOP {event}").event_code_or_name):
        facts["event_code_or_name"] = name  # as the rules spell it
    is_named_by_title = fields["project"] in vocabulary.TITLE_SHOWS | vocabulary.RECURRING_SHOWS
    place = place_video(list_facts(str(title or "") if is_named_by_title else "", facts)[0])
    return PlannedEntry(level=_find_level(fields), place=place, title=title)


def refuse_unnamed(entry: PlannedEntry) -> None:
    """Raise ``BadInput`` for a season, an event or an episode without a name that tells it from the others.

    Of new entries only: what people created before keeps its place, so each build and undo has it.
    """
    place = entry.place
    project, is_strand = place.season.project, place.event.key in vocabulary.STRAND_TITLES
    has_titles = project in vocabulary.TITLE_SHOWS
    if entry.level is EntryLevel.SEASON and place.season.key == ":-":
        raise BadInput(f"a season of {project} is named by its year, number or series: add year=... or season=...")
    if entry.level is EntryLevel.EVENT and has_titles:
        raise BadInput(f"{project} has no events; its episodes are named by their title: add title=...")
    if not place.event.key or (entry.level is EntryLevel.EVENT and is_strand):
        raise BadInput("an event is named by its number, name or buy-in: add event=... with letters or digits")
    has_name = bool(place.key.strip(":") and (place.label or (entry.title and not is_strand)))
    if entry.level is EntryLevel.EPISODE and not has_name:
        raise BadInput(f"episodes of {project} are named by their {_list_names(project, is_strand=is_strand)}")


def _list_names(project: str, *, is_strand: bool) -> str:
    """Return what names an episode, with the fields; one of an event with a title only is the whole of it."""
    if project in vocabulary.TITLE_SHOWS:
        return "title: add title=..."
    if project in vocabulary.RECURRING_SHOWS:
        return "date or title: add date=... or title=..."
    return f"number, day, stage or part: add episode=..., day=... or {'event=...' if is_strand else 'title=...'}"


def _find_level(fields: Fields) -> EntryLevel:
    names = fields.keys() - {"project"}
    if names - _SEASON_FIELDS - _EVENT_FIELDS:
        return EntryLevel.EPISODE
    if names & _EVENT_FIELDS:
        return EntryLevel.EVENT
    return EntryLevel.SEASON if names else EntryLevel.PROJECT
