"""Read part and session of a recording: ``Part 2``, ``Part II``, ``pt.2``, ``(1 of 3)``, ``1부``; ``Session 1``.

Also ``Hour 1``, ``second part``, a tape's ``P01``. "Best of 2 worlds" has no part, nor has "9 of 2" or "day 2 of 5".
"""

import re

from pokervod_pipelines.catalog.names.facts.count import COUNT, ORDINAL, read_count
from pokervod_pipelines.catalog.names.facts.counted import follows_counted
from pokervod_pipelines.catalog.names.name_fields import NameFields

_PART = re.compile(
    rf"(?<![a-z])(?:parte|partie|part|pt|teil|hour|파트)[ .#]*(?:no\.? ?)?({COUNT})(?: ?of ?\d{{1,2}})?(?!\w)", re.ASCII
)
_ORDINAL_PART = re.compile(rf"(?<!\w)({ORDINAL}) (?:part|hour)(?!\w)", re.ASCII)
_OF = re.compile(r"(?<![\w.,$€£#])(\d{1,2}) ?(?:of ?(\d{1,2})(?!\w)|/ ?(\d)$)", re.ASCII)
_PART_BEHIND = re.compile(r"(?<!\d)(\d{1,2}) ?부(?![가-힣])", re.ASCII)
_TAPE_PART = re.compile(r"(?<!\w)p(\d{1,2})(?!\w)", re.ASCII)
_SESSION = re.compile(rf"(?<![a-z])session[ .#]*({COUNT})(?!\w)", re.ASCII)


def read_part(fields: NameFields) -> None:
    """Set the part."""
    if found := find_part(fields.name.text):
        fields.set("part", *found)


def find_part(text: str) -> tuple[int, str, str] | None:
    """Return the part that the words call a part, the rule and these words; None if they have none.

    >>> find_part("main event day 2 part ii"), find_part("day 4 1 of 3")
    ((2, 'part', 'part ii'), (1, 'part_of', '1 of 3'))
    """
    if "part" in text or "pt" in text or "hour" in text or "teil" in text or "파트" in text:
        match = _PART.search(text) or _ORDINAL_PART.search(text)
        if match:
            return read_count(match[1]), "part", match[0]
    if (
        ("of" in text or "/" in text)
        and (match := _OF.search(text))
        and not follows_counted(text, match.start())
        and 1 <= int(match[1]) <= int(match[2] or match[3]) > 1
    ):
        return int(match[1]), "part_of", match[0]
    if "부" in text and (match := _PART_BEHIND.search(text)):
        return int(match[1]), "part", match[0]
    return None


def read_tape_part(fields: NameFields) -> None:
    """Set the part that an archive tape writes as ``P01``."""
    if match := _TAPE_PART.search(fields.name.text):
        fields.set("part", int(match[1]), "tape_part", match[0])


def read_session(fields: NameFields) -> None:
    """Set the session."""
    if "session" in fields.name.text and (match := _SESSION.search(fields.name.text)):
        fields.set("session", read_count(match[1]), "session", match[0])
