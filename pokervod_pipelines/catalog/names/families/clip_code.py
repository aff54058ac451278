"""Read coded clips: ``WCLA24-15``, ``WP23-05``, ``WE24-ME-01``, ``WP23-PE-04``: series, year, kind, clip number.

A series or kind that the vocabulary lacks is read by its shape, in capitals only (``WV22-HB-02``, not
``Wide24_cam_02``), and shown as it is written.

``WP2015-01`` is not read: it may mean WP 2015 or WP20-15.
"""

import re

from pokervod_pipelines.catalog.names.facts.event_name import set_event
from pokervod_pipelines.catalog.names.facts.year import expand_year, set_year
from pokervod_pipelines.catalog.names.name_fields import NameFields
from pokervod_pipelines.catalog.names.vocabulary.events import CLIP_CODES, EPISODE_CODES
from pokervod_pipelines.catalog.names.vocabulary.series import PLACES, SERIES_CODES

RULE = "clip_code"

_SHAPE = re.compile(r"(?:wc([a-z]{2,4})|(w[a-z]{1,4}))(\d\d)(?: ([a-z]{2,3}))? (\d{1,3})(?= |$)", re.ASCII)

# The other known codes are those of tapes, but where a kind of clip follows; WPT is the World Poker Tour.
_CLIP_SERIES = frozenset({"wp", "we"})
_SHORTEST_CODE = 2
_OTHER_TOUR = "wpt"
_NO_KINDS = frozenset({"be", "cd", "day", "dvd", "ev", "nb", "nc", "pt", "vol"})


def read_clip_code(fields: NameFields) -> bool:
    """Set series, year, kind and number of the clip."""
    text = fields.name.text
    if not text.startswith("w") or not (match := _SHAPE.match(text)):
        return False
    place, code, year, kind, number = match.groups()
    if kind in _NO_KINDS or not _is_code(
        place, code, kind, is_capital=match[0].upper() == fields.name.shown[: match.end()]
    ):
        return False
    fields.set("project_code", "WSOP", RULE, match[0])
    if series := f"CIRCUIT {PLACES.get(place, place.upper())}" if place else SERIES_CODES.get(code, code.upper()):
        fields.set("sub_series", series, RULE, place or code)
    set_year(fields, expand_year(year), RULE, year)
    if kind:
        set_event(fields, CLIP_CODES.get(kind, kind.upper()), RULE, kind)
    fields.set("clip_number", int(number), RULE, number)
    return True


def _is_code(place: str | None, code: str | None, kind: str | None, *, is_capital: bool) -> bool:
    """Return whether the letters name a series of clips; without a kind ("Wed24-01") only two unknown letters do."""
    if place is not None:
        return is_capital or place in PLACES
    if code in SERIES_CODES:
        return code in _CLIP_SERIES or (kind is not None and kind not in EPISODE_CODES)
    is_clip = len(kind) == _SHORTEST_CODE or kind in CLIP_CODES if kind else len(str(code)) == _SHORTEST_CODE
    return is_capital and code != _OTHER_TOUR and is_clip
