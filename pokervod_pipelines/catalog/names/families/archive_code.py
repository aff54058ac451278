"""Read archive tapes with series and two-digit year in one word: ``WS12_Show_10_ME06_NB``, ``WSOPE08_Episode_1_H264``.

Also ``WSOP13_ME01_NB``, ``WSOP14_APAC_MAIN_EVENT-SHOW 1``, ``WSE13-ME02_EuroSport_NB_TEXT``.

``FINAL`` and ``NB`` are states of the tape, ``4CH`` and ``60``/``90`` its sound and minutes.
"""

import re

from pokervod_pipelines.catalog.names.facts.year import expand_year, set_year
from pokervod_pipelines.catalog.names.name_fields import NameFields
from pokervod_pipelines.catalog.names.vocabulary.series import APAC, SERIES_CODES

RULE = "archive_code"

_SHAPE = re.compile(r"(wsope|wsop|wse|ws)(\d\d)(?= )(?: (apac)(?!\w))?", re.ASCII)


def read_archive_code(fields: NameFields) -> bool:
    """Set the code's series and year; what follows is read by the rules for archive titles."""
    text = fields.name.text
    if not text.startswith("ws") or not (match := _SHAPE.match(text)):
        return False
    fields.set("project_code", "WSOP", RULE, match[1])
    set_year(fields, expand_year(match[2]), RULE, match[2])
    if series := APAC if match[3] else SERIES_CODES[match[1]]:
        fields.set("sub_series", series, RULE, match[3] or match[1])
    return True
