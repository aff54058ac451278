"""Read coded clips: ``WCLA24-15``, ``WP23-05``, ``WE24-ME-01``, ``WP23-PE-04``: series, year, kind, clip number.

``WP2015-01`` is not read: it may mean WP 2015 or WP20-15.
"""

import re

from pokervod_pipelines.catalog.names.facts.event_name import set_event
from pokervod_pipelines.catalog.names.facts.year import expand_year, set_year
from pokervod_pipelines.catalog.names.name_fields import NameFields
from pokervod_pipelines.catalog.names.vocabulary.events import CLIP_CODES
from pokervod_pipelines.catalog.names.vocabulary.series import PLACES, SERIES_CODES

RULE = "clip_code"

_SHAPE = re.compile(rf"(?:wc([a-z]{{2,4}})|(wp|we))(\d\d)(?: ({'|'.join(CLIP_CODES)}))? (\d{{1,3}})(?= |$)", re.ASCII)


def read_clip_code(fields: NameFields) -> bool:
    """Set series, year, kind and number of the clip."""
    text = fields.name.text
    if not text.startswith("w") or not (match := _SHAPE.match(text)):
        return False
    place, code, year, kind, number = match.groups()
    fields.set("project_code", "WSOP", RULE, match[0])
    series = f"CIRCUIT {PLACES.get(place, place.upper())}" if place else SERIES_CODES[code]
    fields.set("sub_series", series, RULE, place or code)
    set_year(fields, expand_year(year), RULE, year)
    if kind:
        set_event(fields, CLIP_CODES[kind], RULE, kind)
    fields.set("clip_number", int(number), RULE, number)
    return True
