"""Tell what a number counts by the word before it."""

from pokervod_pipelines.catalog.names.vocabulary.counted import COUNTED, COUNTED_ELSEWHERE


def follows_counted(text: str, place: int) -> bool:
    """Return whether the word before the place names a thing that is counted: its number is that of nothing else.

    >>> follows_counted("main event hand #12", 16), follows_counted("wsope #2", 6)
    (True, False)
    """
    word = text[:place].rstrip().rpartition(" ")[2]
    return word in COUNTED or word in COUNTED_ELSEWHERE
