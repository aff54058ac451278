"""Read GGMillion$: ``250507_Super High Roller Poker FINAL TABLE with Joey ingram``; half of the names are undated."""

import re

from pokervod_pipelines.catalog.names.facts.event_name import set_event
from pokervod_pipelines.catalog.names.facts.players import split_people
from pokervod_pipelines.catalog.names.name_fields import NameFields

RULE = "ggmillions"

_SHAPE = re.compile(
    r"(?:\d{6,8} )?(?:(?:ggmillions?\$?|ggpoker) )?(?:(super high roller poker)|(?<=ggmillion[s$] )high rollers?)"
    r"(.*?)(?: with (.+))?$",
    re.ASCII,
)


def read_ggmillions(fields: NameFields) -> bool:
    """Set project, show and players; date and stage are read by the rules for streams."""
    name = fields.name
    if "high roller" not in name.text or "wsop" in name.text or not (match := _SHAPE.match(name.text)):
        return False
    fields.set("project_code", "GGMILLIONS", RULE, match[1] or match[0])
    if match[1]:
        set_event(fields, "Super High Roller Poker", RULE, match[1])
    if match[3]:
        people = name.shown[match.start(3) : match.end(3)]
        fields.set("players", split_people(people), RULE, people)
    return True
