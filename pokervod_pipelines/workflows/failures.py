"""Name whatever ends a stage: the cause in words, and what a person does next."""

import errno
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pokervod_pipelines.db.failures import DatabaseError, translate_error
from pokervod_pipelines.errors import OperatorNeeded, PokervodError, Unavailable
from pokervod_pipelines.settings import Settings

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR})


def name_failure(error: Exception, settings: Settings) -> PokervodError:
    """Return the error as one of ours; one that nobody foresaw is a bug and says so."""
    if isinstance(error, PokervodError):
        return error
    if isinstance(error, DatabaseError):
        return translate_error(error)
    if isinstance(error, OSError):
        return _name_system_error(error, settings)
    if isinstance(error, MemoryError):
        return OperatorNeeded("the memory is full: end other programs, or give this machine more, then run it again")
    text = next(iter(str(error).strip().splitlines()), "")
    return OperatorNeeded(
        f"unexpected {type(error).__name__}: {text}. This is a bug of PokerVOD: report it with the log of this run"
    )


def _name_system_error(error: OSError, settings: Settings) -> PokervodError:
    place = str(error.filename or "")
    text = f"{place}: {error.strerror or error}" if place else str(error.strerror or error)
    if error.errno in FULL:
        temporary = os.environ.get("TMPDIR", "/tmp")  # noqa: S108 - `tempfile` finds it by writing a file
        fullest = _find_fullest([place, settings.home, settings.renders, temporary])
        return OperatorNeeded(f"{text}: free space on {fullest}, then run it again")
    if error.errno in REFUSED:
        return OperatorNeeded(f"{text}: give the user of this process the right to it, then run it again")
    advice = "mount the share, or correct the path in the settings" if error.errno in ABSENT else "check its disk"
    return Unavailable(f"{text}: {advice}, then run it again", is_absent=error.errno in ABSENT)


def _find_fullest(places: Iterable[str | Path]) -> str:
    """Return the mount with the least free space; the system does not say which one a write was for."""
    free: dict[str, int] = {}
    for place in filter(None, map(str, places)):
        with suppress(OSError, StopIteration):
            mount = next(each for each in (Path(place), *Path(place).parents) if each.is_mount())
            free[str(mount)] = shutil.disk_usage(mount).free
    return min(free, key=lambda each: free[each]) if free else "the disk"
