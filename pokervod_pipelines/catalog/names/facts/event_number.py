"""Read the number of an event in its series: ``Event #67``, ``Event29``, ``Event No. 5``, ``WSOPE #2``.

Not event numbers: the year after "Main Event", hashtags, money, the number of something else ("Part #2", "Hand #12").
"""

import re

from pokervod_pipelines.catalog.names.facts.counted import follows_counted
from pokervod_pipelines.catalog.names.name_fields import NameFields

# What may not precede is checked behind the word, so that the search can skip to it.
_NUMBER = re.compile(
    r"(?:event(?<!main event) ?(?:no\.? ?|#)?|#(?<!\w#))"
    r" ?(\d{1,3})(?![\w,.%]\w|\w)",
    re.ASCII,
)


def read_event_number(fields: NameFields) -> None:
    """Set the first event number."""
    text = fields.name.text
    if not ("event" in text or "#" in text):
        return
    for match in _NUMBER.finditer(text):
        if not (match[0].startswith("#") and follows_counted(text, match.start())):
            fields.set("event_number", int(match[1]), "event_number", match[0])
            return
