"""Read Poker After Dark: ``pad-s12-ep01-002``, ``Poker.After.Dark.S05E10``, ``PAD 5x12``, ``PAD_S13_EP22_HiRes-017``.

The words between the episode and the next number are the version; three digits at the end are an internal number.
"""

import re

from pokervod_pipelines.catalog.names.facts.episode import find_season_and_episode
from pokervod_pipelines.catalog.names.facts.part import find_part
from pokervod_pipelines.catalog.names.name_fields import NameFields

RULE = "poker_after_dark"

_SHOW = re.compile(r"(?:pad|poker ?after ?dark) (?=\w)", re.ASCII)
_VERSION = re.compile(r" ([^\d ]+(?: [^\d ]+)*?)(?= ?$| \w*\d)", re.ASCII)


def read_poker_after_dark(fields: NameFields) -> bool:
    """Set season, episode and version; the name itself or a folder names the show."""
    text = fields.name.text
    show = _SHOW.match(text) if text.startswith("p") else None
    if show is None and fields.folders.project != "PAD":
        return False
    match = find_season_and_episode(text)
    if match is None or match.start() != (show.end() if show else 0):
        return False
    if show:
        fields.set("project_code", "PAD", RULE, "pad")
    fields.set("season", int(match[1] or match[3]), RULE, match[0])
    fields.set("episode_number", int(match[2] or match[4]), RULE, match[0])
    _read_version(fields, match.end())
    return True


def _read_version(fields: NameFields, start: int) -> None:
    text = fields.name.text
    part = find_part(text)
    if match := _VERSION.match(text, start, text.find(part[2]) if part else len(text)):
        shown = fields.name.shown[match.start(1) : match.end(1)]
        fields.set("version", shown.replace(" ", "_"), RULE, shown)
