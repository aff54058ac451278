"""Folders outside the project that only we write to: homes for data, and short ones for sockets.

Each is verified by owner and mode before it is trusted, for the parent of some is everybody's.
"""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from pokervod_pipelines.db.embedded.account import Account
from pokervod_pipelines.errors import OperatorNeeded

SOCKET_FILE = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 103
"""Bytes of a socket's whole path: 107 on Linux, 103 on macOS."""

HOMES = (Path("/var/lib/pokervod"), Path("/var/tmp/pokervod-0"))  # noqa: S108 - verified before it is trusted
"""Homes for data and binaries that root's server account cannot reach where they are, best first."""


def choose_socket_folder(data: Path, account: Account) -> Path:
    """The folder for the server's socket: the data folder, or a short private one if no client could name that."""
    # libpq splits a host at commas, and takes it as UTF-8.
    is_nameable = str(data).isprintable() and "," not in str(data)
    if is_nameable and len(os.fsencode(data / SOCKET_FILE)) <= SOCKET_PATH_LIMIT:
        return data
    short = f"pokervod-{digest_path(data)}"
    for parent in _temporary_folders():
        if _is_safe_parent(parent) and account.can_enter(parent):
            return make_private(parent / short, account)
    raise OperatorNeeded(
        f"the path {data} is too long for a socket and no temporary folder is safe: set TMPDIR to a short path "
        "of your own, or POKERVOD_HOME to a shorter one"
    )


def make_private(folder: Path, account: Account) -> Path:
    """``folder`` exists, belongs to ``account`` and nobody else may enter; if not, raises ``OperatorNeeded``."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        if account.uid != os.geteuid():
            os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
        raise OperatorNeeded(
            f"{folder} is not a private folder of user {account.uid} and may be a trap: "
            "see whose it is, remove it, and try again"
        )
    return folder


def open_home(homes: Sequence[Path], account: Account) -> Path:
    """The first home that is ours alone to write to and that ``account`` can enter; made if missing."""
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
        if is_ours and account.can_enter(home):
            return home
    raise OperatorNeeded(
        f"the server's user {account.uid} needs a folder that it can enter, and none of "
        f"{', '.join(map(str, homes))} is one that only root writes to: make one (mode 0755, owner root)"
    )


def _temporary_folders() -> Iterator[Path]:
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime)
    yield Path(tempfile.gettempdir())
    yield Path("/tmp")  # noqa: S108 - what is made in it is verified


def _is_safe_parent(folder: Path) -> bool:
    """Whether nobody but us and root can replace what we make in ``folder``, and its path is short."""
    try:
        found = folder.stat()
    except OSError:
        return False
    is_guarded = bool(found.st_mode & stat.S_ISVTX) or not found.st_mode & 0o022
    is_short = len(os.fsencode(folder)) + len(f"/pokervod-{digest_path(folder)}/{SOCKET_FILE}") <= SOCKET_PATH_LIMIT
    return is_guarded and is_short and found.st_uid in {0, os.geteuid()} and "," not in str(folder)


def digest_path(path: Path) -> str:
    """A short name that stands for ``path``."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
