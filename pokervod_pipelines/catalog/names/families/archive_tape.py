"""Archive tapes whose name is series, year and little else: ``WSOP_2003-01``, ``WSOP_1983``, ``wsop-1973-me-nobug``.

Also ``WSOP_2009_31-1``, ``1987 World Series of Poker 1``, ``2009 WSOP ME01``, ``WSOP_2011_32_ME26``. A bare number
after the year may count shows or tapes: it is ``seq``. What else such a name may say is a title's business.
"""

import re

from pokervod_pipelines.catalog.names.facts.event_name import tell_event
from pokervod_pipelines.catalog.names.facts.year import tell_year
from pokervod_pipelines.catalog.names.reading import Reading

RULE = "archive_tape"

_SHAPE = re.compile(
    r"(?:((?:19|20)\d\d) (wsop|world series of poker)|(wsop|world series of poker) ((?:19|20)\d\d))"
    r"(?: (\d{1,3})(?: (\d))?)?(?: (me)(\d{1,2})?)?(?: (nobug))?$",
    re.ASCII,
)


def read_archive_tape(reading: Reading) -> bool:
    """Tells year, tape number and part, and the episode of the main event."""
    name = reading.name
    if not name.text[-1:].isalnum() or not (match := _SHAPE.match(name.text)):
        return False
    year_before, word_behind, word_before, year_behind, tape, part, main_event, episode, version = match.groups()
    year = year_before or year_behind
    reading.tell("project_code", "WSOP", RULE, word_before or word_behind)
    tell_year(reading, int(year), RULE, year)
    if tape:
        reading.tell("seq", int(tape), RULE, tape)
    if part:
        reading.tell("part", int(part), RULE, f"{tape} {part}")
    if main_event:
        tell_event(reading, "Main Event", RULE, main_event)
    if episode:
        reading.tell("episode_number", int(episode), RULE, f"{main_event}{episode}")
    if version:
        shown = name.shown[match.start(9) : match.end(9)]
        reading.tell("version", shown, RULE, shown)
    return True
