"""Restrict to its owner what an installation keeps: ``home`` with all it holds, and ``.env``.

An embedded server that root starts runs as another user, whose group alone may pass through ``home`` to the data.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import embedded_folder
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.processes.path_check import is_mounted
from pokervod_pipelines.settings import Settings

PASSABLE = 0o710
"""Mode of a folder through which a group may pass, without seeing what is in it."""

CHOSEN = frozenset({PASSABLE, 0o640})
"""Modes that give a right to a group on purpose: to the server's, or to that of a service that reads ``.env``."""


def restrict_access(settings: Settings, folder: Path) -> None:
    """Take the rights of others away; leave what belongs to another user, which ``find_accessible`` tells.

    What cannot be made or listed is for the command to say, which needs it.
    """
    with suppress(OSError):
        if settings.database_url is None:
            settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        _restrict_each(settings, folder)


def _restrict_each(settings: Settings, folder: Path) -> None:
    passage, group = (settings.home, embedded_folder(settings)), _find_server_group(settings)
    for path in (*_list_own(settings.home, folder), folder / ".env"):
        with suppress(OSError):
            if group is not None and path in passage:
                os.chown(path, -1, group)
                path.chmod(PASSABLE)
            elif excess := _find_excess(path):
                path.chmod(stat.S_IMODE(path.stat().st_mode) & ~excess)


def find_accessible(settings: Settings, folder: Path) -> list[Path]:
    """Return what others can enter or read."""
    return [path for path in (*islice(_list_own(settings.home, folder), 1), folder / ".env") if _find_excess(path)]


def _list_own(home: Path, folder: Path) -> Iterator[Path]:
    """Yield ``home`` and what is in it, nothing where others use it, too: ``/tmp``, or a folder around the project."""
    if home.is_dir() and not folder.resolve().is_relative_to(home.resolve()) and not home.stat().st_mode & stat.S_ISVTX:
        yield home
        yield from (each for each in home.iterdir() if not (is_mounted(each) or each.is_symlink()))


def _find_excess(path: Path) -> int:
    """Return the rights of others that nobody chose to give; none to a device such as ``/dev/null``, by a link."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return 0
    is_kept = (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and stat.S_IMODE(mode) not in CHOSEN
    return mode & 0o077 if is_kept else 0


def _find_server_group(settings: Settings) -> int | None:
    """Return the group of an embedded server that has to pass through ``home`` as another user than its owner."""
    if settings.database_url is not None or os.geteuid() != 0:
        return None
    with suppress(PokervodError):
        location = EmbeddedServer(embedded_folder(settings)).locate()
        is_outside = location.base != location.folder
        return None if is_outside or location.user.uid == settings.home.stat().st_uid else location.user.gid
    return None
