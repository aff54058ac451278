"""Read a count as people write it: ``2``, ``02``, ``two``, ``II``, ``second``, ``2nd``."""

import re

_WORDS = "one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905 - as one reads them
_ROMAN = "i ii iii iv v vi vii viii ix x xi xii".split()  # noqa: SIM905
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()  # noqa: SIM905

COUNTS = {word: number for words in (_WORDS, _ROMAN) for number, word in enumerate(words, 1)}
ORDINALS = {word: number for number, word in enumerate(_ORDINALS, 1)}

COUNT = rf"(?:\d{{1,2}}|{'|'.join(sorted(COUNTS, key=len, reverse=True))})"
ORDINAL = rf"(?:\d{{1,2}}(?:st|nd|rd|th)|{'|'.join(ORDINALS)})"

_ENDING = re.compile(r"(?<=\d)(?:st|nd|rd|th)$")


def read_count(words: str) -> int:
    """Return the number that a match of ``COUNT`` or ``ORDINAL`` means.

    >>> [read_count(words) for words in ("02", "two", "ii", "second", "2nd")]
    [2, 2, 2, 2, 2]
    """
    known = COUNTS.get(words) or ORDINALS.get(words)
    return known or int(_ENDING.sub("", words))
