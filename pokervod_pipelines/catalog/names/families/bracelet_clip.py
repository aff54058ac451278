"""Read bracelet clips: ``10-wsop-2024-be-ev-21-25k-nlh-hr-ft-schutten-…-clean``, ``45-wsop-2024-me-day1c-cho-…``.

Clip number (seldom missing), year, event number or main event, buy-in, game, stage or day; then a free title,
in which "ft" and numbers mean nothing: only the first words are read.
"""

import re

from pokervod_pipelines.catalog.names.facts.event_name import EVENT_BOOK, set_event
from pokervod_pipelines.catalog.names.facts.game import set_game
from pokervod_pipelines.catalog.names.facts.money import whole_amount
from pokervod_pipelines.catalog.names.facts.stage import STAGE, set_stage
from pokervod_pipelines.catalog.names.facts.version import read_clip_version
from pokervod_pipelines.catalog.names.facts.year import set_year
from pokervod_pipelines.catalog.names.name_fields import NameFields

RULE = "bracelet_clip"

_SHAPE = re.compile(
    r"(?:(\d{1,3}) (?=wsop)|(?=wsop \d{4} (?:be |ev ?\d|me (?:day\d|ft))))"
    r"wsop ((?:19|20)\d\d) (?:be )?(?:(?:ev|event) ?(\d{1,3})(?!\w)|(me)(?!\w))"
    r"(?: (?:(\d{1,3}(?:\.\d)?)(k)|(\d{3,6}))(?= |$))?",
    re.ASCII,
)
_DAY = re.compile(r"day ?(\d{1,2})([a-h]{0,8})(?!\w)", re.ASCII)

# Event, format, stage and day are within this many words; the title follows.
_WORDS_BEFORE_TITLE = 8


def read_bracelet_clip(fields: NameFields) -> bool:
    """Set the fields of the coded head of the name, and the version in its last words."""
    name = fields.name
    if "wsop" not in name.text or not (match := _SHAPE.match(name.text)):
        return False
    fields.set("project_code", "WSOP", RULE, "wsop")
    if match[1]:
        fields.set("clip_number", int(match[1]), RULE, match[1])
    set_year(fields, int(match[2]), RULE, match[2])
    if match[3]:
        fields.set("event_number", int(match[3]), RULE, f"ev {match[3]}")
    else:
        set_event(fields, "Main Event", RULE, "me")
    if amount := match[5] or match[7]:
        fields.set("buy_in", whole_amount(amount, match[6]), RULE, amount)
    _read_head(fields, match.end() + 1)
    read_clip_version(fields)
    return True


def _read_head(fields: NameFields, start: int) -> None:
    name = fields.name
    end = _read_stage_and_day(fields, start)
    if phrase := EVENT_BOOK.find_first(name.text, name.words, start, end):
        set_event(fields, phrase.meaning, RULE, name.shown[phrase.start : phrase.end])
    set_game(fields, start, end)


def _read_stage_and_day(fields: NameFields, start: int) -> int:
    """Set stage and day; return where the title starts at the latest."""
    place, title = start, None
    for word in fields.name.text[start:].split(" ", _WORDS_BEFORE_TITLE)[:_WORDS_BEFORE_TITLE]:
        if word == "ft":
            fields.set("stage", "final_table", RULE, word)
            title = title or place
        elif word == "final" and (match := STAGE.match(fields.name.text, place)):
            set_stage(fields, match, RULE)
            title = title or place
        elif word.startswith("day") and (match := _DAY.match(fields.name.text, place)):
            fields.set("day", int(match[1]), RULE, match[0])
            if match[2]:
                fields.set("flight", match[2].upper(), RULE, match[0])
            title = title or place
        elif title is not None and not fields.name.text.endswith("day", 0, place - 1):
            break
        place += len(word) + 1
    return title or place - 1
