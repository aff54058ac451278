"""One look into one file, from the cheapest question to the dearest. Runs in the child.

Each question may settle the matter; whether the file is still growing is asked last and overrules the rest.
"""

import os
import stat
from dataclasses import replace
from pathlib import Path

from pokervod_pipelines.media.extents import find_cut
from pokervod_pipelines.media.facts import MediaFacts, MediaStatus
from pokervod_pipelines.media.signs import find_change, find_holes


def examine_file(path: str) -> MediaFacts:
    """What is to be known of the file now; whatever is wrong with it is a status with a reason."""
    try:
        before = os.stat(path)  # noqa: PTH116 - the path as it came
        facts = _examine(path, before)
        change = find_change(path, before)
    except (FileNotFoundError, NotADirectoryError):
        return MediaFacts(status=MediaStatus.GONE, reason="is not there any more")
    except OSError as error:
        return MediaFacts(status=MediaStatus.UNREADABLE, reason=f"cannot be read: {error.strerror or error}")
    facts = replace(facts, size=before.st_size, mtime_ns=before.st_mtime_ns)
    return replace(facts, status=MediaStatus.GROWING, reason=change) if change else facts


def _examine(path: str, status: os.stat_result) -> MediaFacts:
    if not stat.S_ISREG(status.st_mode):
        return MediaFacts(status=MediaStatus.UNREADABLE, reason="is no regular file")
    if status.st_size == 0:
        return MediaFacts(status=MediaStatus.BROKEN, reason="is empty: 0 bytes")
    with Path(path).open("rb", buffering=0) as file:
        if holes := find_holes(file, status):
            return MediaFacts(status=MediaStatus.SPARSE, reason=holes)
        cut = find_cut(file, status.st_size)
    return _read(path, status.st_size, cut)


def _read(path: str, size: int, cut: str | None) -> MediaFacts:
    """The tracks of the file, which a file that is cut off may still tell."""
    from pokervod_pipelines.media.tracks import Unplayable, read_tracks  # noqa: PLC0415 - PyAV costs more than 1,000 looks

    try:
        told = read_tracks(path, size)
    except Unplayable as error:
        return MediaFacts(status=MediaStatus.BROKEN, reason=cut or str(error))
    if cut:
        return MediaFacts(status=MediaStatus.BROKEN, reason=cut, **told)
    return MediaFacts(status=MediaStatus.OK, **told)
