"""Read the facts of a video from its path, before it is placed: the parser's answer, and the words titles need.

``names`` parses; ``identity`` and ``titles`` decide what the facts mean for the catalog.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pokervod_pipelines.catalog.names import ParsedName, explain_name, explain_second_event, parse_events
from pokervod_pipelines.catalog.names.prepare import fold_words, strip_noise
from pokervod_pipelines.catalog.names.second_event import find_second_event
from pokervod_pipelines.catalog.names.unread import PLACE_FIELDS, find_endings, find_unread

_NOTES = frozenset({"from_folder", "second_event", "corrected", "title", "unread"})
"""Keys beside the parser's fields."""


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """Hold one event of one video: the facts of its path, and its name in the forms that rules of titles read.

    ``stem`` is the name without endings and download marks; ``shown`` the same with separators as single spaces and
    ``text`` that in lower case. ``is_named_by_folder``: no fact of the name itself places it (``HyperDeck_0028``); such
    files are not versions of each other, however alike their folders. ``corrected`` are the facts that a person
    corrected, ``title`` is the title that a person gave. ``unread`` are the numbers of the name that no rule read, and
    ``endings`` those at its end (see ``unread``).
    """

    parsed: ParsedName
    stem: str
    shown: str
    text: str
    is_named_by_folder: bool
    corrected: frozenset[str] = frozenset()
    title: str | None = None
    unread: str = ""
    endings: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def read_facts(path: str) -> dict[str, Any]:
    """Return the known fields of the path, JSON-ready.

    ``from_folder`` names those found in a folder's name, ``second_event`` holds the fields of a second event.
    """
    findings = explain_name(path)
    facts: dict[str, Any] = {finding.field: finding.value for finding in findings}
    if from_folder := [finding.field for finding in findings if finding.source != "name"]:
        facts["from_folder"] = from_folder
    if unread := find_unread(path, findings):
        facts["unread"] = unread
    if "&" in path:
        _, *more = parse_events(path)
        for event in more:
            facts["second_event"] = {field: value for field, value in event.as_dict().items() if value is not None}
            _share_unread(facts, facts["second_event"], find_unread(path, explain_second_event(path), second=True))
    return facts


def _share_unread(first: dict[str, Any], second: dict[str, Any], unread: str) -> None:
    """Note in both events of a file what tells it from others, as "Part 2" behind the second is part of both."""
    counts = dict.fromkeys(filter(None, (first.get("unread"), unread)))
    for own, other in ((first, second), (second, first)):
        part = [f"part {other['part']}"] if "part" in other and "part" not in own else []
        if counts or part:
            own["unread"] = " ".join([*counts, *part])


def list_facts(path: str, facts: Mapping[str, Any]) -> tuple[VideoFacts, ...]:
    """Return the events of a video, from the facts that ``read_facts`` returned for its path: one, seldom two."""
    stem = strip_noise(path.rpartition("/")[2])
    shown, text = fold_words(stem)
    own = facts.keys() & PLACE_FIELDS - set(facts.get("from_folder", ()))
    first = VideoFacts(
        _as_parsed(facts),
        stem,
        shown,
        text,
        not own,
        frozenset(facts.get("corrected", ())),
        facts.get("title"),
        facts.get("unread", ""),
        find_endings(path.rpartition("/")[2]),
    )
    if second := facts.get("second_event"):
        place = find_second_event(text) or len(text)
        return (
            replace(first, shown=shown[:place], text=text[:place]),
            replace(
                first,
                parsed=_as_parsed(second),
                shown=shown[place + 3 :],
                text=text[place + 3 :],
                title=None,
                unread=second.get("unread", ""),
            ),
        )
    return (first,)


def _as_parsed(facts: Mapping[str, Any]) -> ParsedName:
    known = {field: value for field, value in facts.items() if field not in _NOTES}
    if players := known.get("players"):
        known["players"] = tuple(players)
    return ParsedName(**known)
