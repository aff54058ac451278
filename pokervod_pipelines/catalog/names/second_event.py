"""Finds where a name stops speaking of its first event: ``Main Event Day 1B & $100K PLO Final Table``.

What stands behind the joint (buy-in, game, stage) belongs to the second event and must not be told of the first.
"""

import re

_JOINT = re.compile(r" & (?=[$€£]\d|#\d|event ?#?\d)", re.ASCII)
_FIRST_EVENT = re.compile(r"event|day ?\d|#\d|final table", re.ASCII)


def find_second_event(text: str) -> int | None:
    """Where the first event's words end; None if the name speaks of one event only.

    >>> find_second_event("wsop 2025 main event day 1b & $100k plo final table")
    27
    """
    joint = _JOINT.search(text)
    return joint.start() if joint and _FIRST_EVENT.search(text, 0, joint.start()) else None
