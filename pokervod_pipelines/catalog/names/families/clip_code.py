"""Coded clips: ``WCLA24-15``, ``WP23-05``, ``WE24-ME-01``, ``WP23-PE-04`` — series, two-digit year, kind, clip number.

``WP2015-01`` is none: it may mean WP 2015 or WP20-15.
"""

import re

from pokervod_pipelines.catalog.names.facts.event_name import tell_event
from pokervod_pipelines.catalog.names.facts.year import expand_year, tell_year
from pokervod_pipelines.catalog.names.reading import Reading
from pokervod_pipelines.catalog.names.vocabulary.events import CLIP_CODES
from pokervod_pipelines.catalog.names.vocabulary.series import PLACES, SERIES_CODES

RULE = "clip_code"

_SHAPE = re.compile(rf"(?:wc([a-z]{{2,4}})|(wp|we))(\d\d)(?: ({'|'.join(CLIP_CODES)}))? (\d{{1,3}})(?= |$)", re.ASCII)


def read_clip_code(reading: Reading) -> bool:
    """Tells series, year, kind and number of the clip."""
    text = reading.name.text
    if not text.startswith("w") or not (match := _SHAPE.match(text)):
        return False
    place, code, year, kind, number = match.groups()
    reading.tell("project_code", "WSOP", RULE, match[0])
    series = f"CIRCUIT {PLACES.get(place, place.upper())}" if place else SERIES_CODES[code]
    reading.tell("sub_series", series, RULE, place or code)
    tell_year(reading, expand_year(year), RULE, year)
    if kind:
        tell_event(reading, CLIP_CODES[kind], RULE, kind)
    reading.tell("clip_number", int(number), RULE, number)
    return True
