"""Read archive tapes named by series, year and little else: ``WSOP_2003-01``, ``WSOP_1983``, ``wsop-1973-me-nobug``.

Also ``WSOP_2009_31-1``, ``1987 World Series of Poker 1``, ``2009 WSOP ME01``, ``WSOP_2011_32_ME26``. A bare number
after the year may count shows or tapes: it is ``seq``. Anything else in such a name is read as a title.
"""

import re

from pokervod_pipelines.catalog.names.facts.event_name import set_event
from pokervod_pipelines.catalog.names.facts.year import set_year
from pokervod_pipelines.catalog.names.name_fields import NameFields

RULE = "archive_tape"

_SHAPE = re.compile(
    r"(?:((?:19|20)\d\d) (wsop|world series of poker)|(wsop|world series of poker) ((?:19|20)\d\d))"
    r"(?: (\d{1,3})(?: (\d))?)?(?: (me)(\d{1,2})?)?(?: (nobug))?$",
    re.ASCII,
)


def read_archive_tape(fields: NameFields) -> bool:
    """Set year, tape number and part, and the main event's episode; return whether the name has this form."""
    name = fields.name
    if not name.text[-1:].isalnum() or not (match := _SHAPE.match(name.text)):
        return False
    year_before, word_behind, word_before, year_behind, tape, part, main_event, episode, version = match.groups()
    year = year_before or year_behind
    fields.set("project_code", "WSOP", RULE, word_before or word_behind)
    set_year(fields, int(year), RULE, year)
    if tape:
        fields.set("seq", int(tape), RULE, tape)
    if part:
        fields.set("part", int(part), RULE, f"{tape} {part}")
    if main_event:
        set_event(fields, "Main Event", RULE, main_event)
    if episode:
        fields.set("episode_number", int(episode), RULE, f"{main_event}{episode}")
    if version:
        shown = name.shown[match.start(9) : match.end(9)]
        fields.set("version", shown, RULE, shown)
    return True
