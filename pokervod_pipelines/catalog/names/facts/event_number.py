"""Read the number of an event in its series: ``Event #67``, ``Event29``, ``BRACELET EVENT #13``, ``WSOPE #2``.

Not event numbers: the year after "Main Event", hashtags, money.
"""

import re

from pokervod_pipelines.catalog.names.name_fields import NameFields

_NUMBER = re.compile(r"(?:(?<!main )event ?#?|(?<!\w)#) ?(\d{1,3})(?![\w,.%]\w|\w)", re.ASCII)


def read_event_number(fields: NameFields) -> None:
    """Set the first event number."""
    text = fields.name.text
    if ("event" in text or "#" in text) and (match := _NUMBER.search(text)):
        fields.set("event_number", int(match[1]), "event_number", match[0])
