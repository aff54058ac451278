"""Find where the words of a name's first event end: ``Main Event Day 1B & $100K PLO Final Table``.

What follows (buy-in, game, stage) belongs to the second event.
"""

import re

_JOINT = re.compile(r" & (?=[$€£]\d|#\d|event ?#?\d)", re.ASCII)
_FIRST_EVENT = re.compile(r"event|day ?\d|#\d|final table", re.ASCII)


def find_second_event(text: str) -> int | None:
    """Return where the first event's words end; None if the name has one event only.

    >>> find_second_event("wsop 2025 main event day 1b & $100k plo final table")
    27
    """
    joint = _JOINT.search(text)
    return joint.start() if joint and _FIRST_EVENT.search(text, 0, joint.start()) else None
