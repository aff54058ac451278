"""Read part and session of a recording: ``Part 2``, ``Part1``, ``pt2``, ``Hour 1``, a tape's ``P01``; ``Session 1``."""

import re

from pokervod_pipelines.catalog.names.name_fields import NameFields

_PART = re.compile(r"(?<![a-z])(?:part|pt|hour) ?(\d{1,2})(?!\w)", re.ASCII)
_TAPE_PART = re.compile(r"(?<!\w)p(\d{1,2})(?!\w)", re.ASCII)
_SESSION = re.compile(r"(?<![a-z])session ?(\d{1,2})(?!\w)", re.ASCII)


def read_part(fields: NameFields) -> None:
    """Set the part."""
    text = fields.name.text
    if ("part" in text or "pt" in text or "hour" in text) and (match := _PART.search(text)):
        fields.set("part", int(match[1]), "part", match[0])


def read_tape_part(fields: NameFields) -> None:
    """Set the part that an archive tape writes as ``P01``."""
    if match := _TAPE_PART.search(fields.name.text):
        fields.set("part", int(match[1]), "tape_part", match[0])


def read_session(fields: NameFields) -> None:
    """Set the session."""
    if "session" in fields.name.text and (match := _SESSION.search(fields.name.text)):
        fields.set("session", int(match[1]), "session", match[0])
