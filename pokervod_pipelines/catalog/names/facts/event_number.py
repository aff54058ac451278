"""Read the number of an event in its series: ``Event #67``, ``Event29``, ``Event No. 5``, ``WSOPE #2``.

Not event numbers: the year after "Main Event", hashtags, money, and the number of a part or table ("Part #2").
"""

import re

from pokervod_pipelines.catalog.names.name_fields import NameFields

# What may not precede is checked behind the word, so that the search can skip to it.
_NUMBER = re.compile(
    r"(?:event(?<!main event) ?(?:no\.? ?|#)?|#(?<!\w#)(?<!part #)(?<! pt #)(?<!table #)(?<!day #)(?<!episode #))"
    r" ?(\d{1,3})(?![\w,.%]\w|\w)",
    re.ASCII,
)


def read_event_number(fields: NameFields) -> None:
    """Set the first event number."""
    text = fields.name.text
    if ("event" in text or "#" in text) and (match := _NUMBER.search(text)):
        fields.set("event_number", int(match[1]), "event_number", match[0])
