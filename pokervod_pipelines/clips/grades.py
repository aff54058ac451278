"""Parse the stars that a person gave a hand: one to three.

The grade A, B, C of a recorded hand is computed in ``hands``.
"""

import re

from pokervod_pipelines.errors import BadInput

STARS = "★⭐☆*✩✭✮✯⋆"
HOLLOW = "☆✩"
BEST_GRADE = 3
MAX_SHOWN = 60
INVISIBLE = re.compile("[\\s\ufe0e\ufe0f]+")
NUMBERED = re.compile(r"(?:grade|star|stars|별)?([1-3])(?:/3|stars?|개|점)?(?:\.0)?", re.IGNORECASE)


class UnknownGrade(BadInput):
    """Report a grade cell that has neither one to three stars nor a number from 1 to 3."""


def parse_grade(text: str) -> int | None:
    """Return 1 to 3, or None where the cell is blank.

    Stars count however they are drawn; hollow stars after filled ones (``★★☆``) are the scale, not the grade.

    Raises:
        UnknownGrade: the cell has another text.

    >>> parse_grade("★★★"), parse_grade("★★☆"), parse_grade("2"), parse_grade("")
    (3, 2, 2, None)

    """
    plain = INVISIBLE.sub("", text)
    if not plain:
        return None
    if set(plain) <= set(STARS):
        filled = sum(star not in HOLLOW for star in plain) or len(plain)
        if filled <= BEST_GRADE and len(plain) <= BEST_GRADE:
            return filled
    elif found := NUMBERED.fullmatch(plain):
        return int(found[1])
    raise UnknownGrade(f"Hand Grade: expected ★, ★★ or ★★★, got {text[:MAX_SHOWN]!r}")


def format_grade(grade: int) -> str:
    """Return the grade as stars.

    >>> format_grade(2)
    '★★'
    """
    return "★" * grade
