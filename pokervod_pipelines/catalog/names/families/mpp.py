"""Read Mediterranean Poker Party: ``$5M GTD   $5K MPP Main Event – Day 3 Session 1``.

Guarantee, buy-in, the event in its own words up to day or stage. ``$5M GTD`` alone is not enough: WSOP Cyprus starts
with it too.
"""

import re

from pokervod_pipelines.catalog.names.facts.event_name import set_event
from pokervod_pipelines.catalog.names.name_fields import NameFields

RULE = "mpp"

_SHAPE = re.compile(
    r"\$[\d.,]+[km]? gtd \$[\d.,]+k? (.+?)"
    r"(?= day \d| final (?:table|four|day(?! \d))| (?:part|pt)[ .]?\w{1,3}(?!\w)|$)",
    re.ASCII,
)


def read_mpp(fields: NameFields) -> bool:
    """Set the event; money, day, session and stage are read by the rules for streams."""
    name = fields.name
    if "gtd" not in name.text or not (match := _SHAPE.match(name.text)) or "wsop" in name.text:
        return False
    if " mpp " in name.text:
        fields.set("project_code", "MPP", RULE, "mpp")
    event = name.shown[match.start(1) : match.end(1)]
    set_event(fields, event, RULE, event)
    return True
