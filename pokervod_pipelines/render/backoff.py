"""How long to wait before the next try: longer each time, and never all at once."""

import random

GROWTH = 3.0
LONGEST_SECONDS = 600.0


def find_wait(first_seconds: float, tries: int, *, luck: float | None = None) -> float:
    """Return the seconds to wait after ``tries`` failed ones before it: between half and one and a half of the step.

    ``luck`` from 0 to 1 stands for chance.

    >>> [find_wait(5, tries, luck=0.5) for tries in (0, 1, 2, 9)]
    [5.0, 15.0, 45.0, 600.0]
    """
    step = min(LONGEST_SECONDS, first_seconds * GROWTH ** min(tries, 20))
    return step * (0.5 + (random.random() if luck is None else luck))  # noqa: S311 - no secret hangs on it
