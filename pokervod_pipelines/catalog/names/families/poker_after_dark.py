"""Read Poker After Dark: ``pad-s12-ep01-002``, ``PAD_S13_EP22_BestOf_FinalLook_HiRes-017``.

The words between episode and the final three digits are the version; the digits are an internal number.
"""

import re

from pokervod_pipelines.catalog.names.name_fields import NameFields

RULE = "poker_after_dark"

_SHAPE = re.compile(
    r"(?:pad|poker after dark) (?:s|season )(\d{1,2}) ?(?:ep|e|episode )(\d{1,3})(?: (.*?))??(?: \d{3})?$", re.ASCII
)


def read_poker_after_dark(fields: NameFields) -> bool:
    """Set season, episode and version."""
    name = fields.name
    if not name.text.startswith("p") or not (match := _SHAPE.match(name.text)):
        return False
    fields.set("project_code", "PAD", RULE, "pad")
    fields.set("season", int(match[1]), RULE, match[1])
    fields.set("episode_number", int(match[2]), RULE, match[2])
    if match[3]:
        shown = name.shown[match.start(3) : match.end(3)]
        fields.set("version", shown.replace(" ", "_"), RULE, shown)
    return True
