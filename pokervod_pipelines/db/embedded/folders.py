"""Create folders outside the project that only we write to: homes for data, and short ones for sockets.

Owner and mode of each are verified before it is trusted, since everybody may write to the parent of some.
"""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from pokervod_pipelines.db.embedded.system_user import SystemUser
from pokervod_pipelines.errors import OperatorNeeded

SOCKET_FILE = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 103
"""Bytes of a socket's whole path: 107 on Linux, 103 on macOS."""

HOMES = (Path("/var/lib/pokervod"), Path("/var/tmp/pokervod-0"))  # noqa: S108 - verified before it is trusted
"""Folders for data and binaries that the server's user cannot reach where they are, best first."""


def choose_socket_folder(data: Path, user: SystemUser) -> Path:
    """Return the folder of the server's socket: the data folder, or a short private one if no client could name it."""
    # libpq splits a host at commas, and reads it as UTF-8.
    is_nameable = str(data).isprintable() and "," not in str(data)
    if is_nameable and len(os.fsencode(data / SOCKET_FILE)) <= SOCKET_PATH_LIMIT:
        return data
    short = f"pokervod-{digest_path(data)}"
    for parent in _temporary_folders():
        if _is_safe_parent(parent) and user.can_enter(parent):
            return make_private_folder(parent / short, user)
    raise OperatorNeeded(
        f"the path {data} is too long for a socket, and no temporary folder is safe: set TMPDIR to a short folder "
        "that only you write to, or POKERVOD_HOME to a shorter path"
    )


def make_private_folder(folder: Path, user: SystemUser) -> Path:
    """Create the folder for ``user`` alone; raise ``OperatorNeeded`` when it exists and others may enter it."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        if user.uid != os.geteuid():
            os.chown(folder, user.uid, user.gid, follow_symlinks=False)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user.uid or found.st_mode & 0o077:
        raise OperatorNeeded(
            f"{folder} must belong to user {user.uid} and be closed to other users; one of them may have made it: "
            "check its owner, remove it, and retry"
        )
    return folder


def open_home(homes: Sequence[Path], user: SystemUser) -> Path:
    """Return the first home that only we write to and that ``user`` can enter; create it if missing."""
    for home in homes:
        try:
            home.mkdir(parents=True)
            home.chmod(0o755)
        except FileExistsError:
            pass
        except OSError:
            continue
        found = home.lstat()
        is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
        if is_ours and user.can_enter(home):
            return home
    raise OperatorNeeded(
        f"the server's user {user.uid} needs a folder that it can enter and only root writes to, and none of "
        f"{', '.join(map(str, homes))} is one: create one (mode 0755, owner root)"
    )


def _temporary_folders() -> Iterator[Path]:
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime)
    yield Path(tempfile.gettempdir())
    yield Path("/tmp")  # noqa: S108 - what is made in it is verified


def _is_safe_parent(folder: Path) -> bool:
    """Return whether only we and root can replace what we create in ``folder``, and its path is short."""
    try:
        found = folder.stat()
    except OSError:
        return False
    is_protected = bool(found.st_mode & stat.S_ISVTX) or not found.st_mode & 0o022
    is_short = len(os.fsencode(folder)) + len(f"/pokervod-{digest_path(folder)}/{SOCKET_FILE}") <= SOCKET_PATH_LIMIT
    return is_protected and is_short and found.st_uid in {0, os.geteuid()} and "," not in str(folder)


def digest_path(path: Path) -> str:
    """Return a short name for ``path``."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
