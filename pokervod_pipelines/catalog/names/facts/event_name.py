"""Read the event's name or code: from the vocabulary, or by the shapes "Best of ..." and "<place> CC".

A "Main Event" of the World Series also sets the kind ``main_event``; side events called "mini" do not.
"""

import re

from pokervod_pipelines.catalog.names.name_fields import NameFields
from pokervod_pipelines.catalog.names.phrases import PhraseBook
from pokervod_pipelines.catalog.names.vocabulary.events import EVENTS, LAST_RESORT_EVENTS, MAIN_EVENTS

EVENT_BOOK = PhraseBook(EVENTS)
_LAST_RESORT_BOOK = PhraseBook(LAST_RESORT_EVENTS)

_BEST_OF = re.compile(r"(?<!\w)best of [a-z][a-z ]*(?![a-z]*\d)", re.ASCII)
_CIRCUIT_STOP = re.compile(r"(?:\d{4} )([a-z]+(?: [a-z]+)?)(?: hour \d+)? cc(?!\w)", re.ASCII)
_SHORT_MAIN_EVENT = re.compile(r"^\w+ (?:(?:19|20)\d\d )(?:[\d.]+k )?(me)(?!\w)", re.ASCII)
_ME_BEFORE_POSITION = re.compile(
    r"(?<!\w)me(?= (?:day ?\d|d\d|ft(?!\w)|final table|flight|(?:part|session|show|ep|episode) ?\d))", re.ASCII
)


def set_event(fields: NameFields, event: str, rule: str, text: str) -> None:
    """Set the event unless it is set already, and its kind if it is a main event."""
    if "event_code_or_name" in fields.found:
        return
    fields.set("event_code_or_name", event, rule, text)
    if event in MAIN_EVENTS:
        fields.set("event_kind", "main_event", rule, text)


def read_event_name(fields: NameFields) -> None:
    """Set the event that the vocabulary knows."""
    name = fields.name
    if phrase := EVENT_BOOK.find_first(name.text, name.words):
        set_event(fields, phrase.meaning, "event_name", name.shown[phrase.start : phrase.end])
    elif (
        "me" in name.words and (match := _ME_BEFORE_POSITION.search(name.text)) and "wsop" in name.text[: match.start()]
    ):
        set_event(fields, "Main Event", "short_main_event", match[0])


def read_archive_event(fields: NameFields) -> None:
    """Set the events that only archive tapes have: highlight shows, circuit stops, a bare ``me`` after the year."""
    name = fields.name
    if "me" in name.words and (match := _SHORT_MAIN_EVENT.match(name.text)):
        set_event(fields, "Main Event", "short_main_event", match[1])
    elif "best of " in name.text and (match := _BEST_OF.search(name.text)):
        shown = name.shown[match.start() : match.end()].strip()
        set_event(fields, "Best of" + shown[len("best of") :], "best_of", shown)
    elif "cc" in name.words and (match := _CIRCUIT_STOP.search(name.text)):
        place = name.shown[match.start(1) : match.end(1)]
        set_event(fields, f"{place} CC", "circuit_stop", match[0])


def read_last_resort_event(fields: NameFields) -> None:
    """Set a format as the event where a name has no number, game or event of its own."""
    name = fields.name
    if "roller" not in name.words or not fields.found.keys().isdisjoint(("event_number", "event_code_or_name", "game")):
        return
    if phrase := _LAST_RESORT_BOOK.find_first(name.text, name.words):
        set_event(fields, phrase.meaning, "event_format", name.shown[phrase.start : phrase.end])
