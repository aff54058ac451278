"""Read titles of events that do not name their series: ``#46: $250,000 Super High Roller``, ``Event #3 $5K PLO``.

An event number is enough; a day, a final table or a main event only inside a folder of a series with events.
"""

import re

from pokervod_pipelines.catalog.names.name_fields import NameFields

_NUMBERED = re.compile(r"(?<!\w)(?:event ?#?|#) ?\d{1,3}(?!\w)", re.ASCII)
_PRICED = re.compile(
    r"[$€£][\d.,]+[km]? (?:(?!gtd|prize|pot(?! limit))[^$€£]+ )??(?:final (?:table|day|four)|day \d)", re.ASCII
)
_TELLS = re.compile(r"(?<!\w)(?:day ?\d|final (?:table|day|four)|main event)", re.ASCII)
_WITH_EVENTS = frozenset({"WSOP", "MPP"})


def read_event_title(fields: NameFields) -> bool:
    """Match the name; its facts are read by the rules for titles of the series."""
    text = fields.name.text
    if _PRICED.match(text):
        return True
    if ("#" in text or "event" in text) and _NUMBERED.search(text):
        return True
    return fields.folders.project in _WITH_EVENTS and _TELLS.search(text) is not None
