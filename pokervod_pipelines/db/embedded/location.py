"""Locate the files of an embedded server: data, log, locks; and the system user that owns them.

Normally they are in the folder asked for. A server started by root runs as an unprivileged user; if that user cannot
enter the folder, the data are in a home outside, and a pointer file in the folder names it. A folder that we did not
create is never opened to anybody.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pokervod_pipelines.db.embedded.folders import HOMES, digest_path, open_home
from pokervod_pipelines.db.embedded.system_user import SystemUser, choose_user
from pokervod_pipelines.errors import BadInput, OperatorNeeded

POINTER = "data.place"
OWNER_FILE = "belongs-to"


@dataclass(frozen=True, slots=True)
class ServerLocation:
    """Name the files of one server; ``base`` is ``folder`` itself or a folder in a home outside."""

    folder: Path
    base: Path
    user: SystemUser

    @property
    def data(self) -> Path:
        """Return PostgreSQL's data folder; only the server's user may enter it."""
        return self.base / "data"

    @property
    def log_file(self) -> Path:
        """Return the server's log; ``process.rotate_log`` limits its size."""
        return self.base / "server.log"

    @property
    def users_lock(self) -> Path:
        """Return the file that every process that uses the server locks, shared."""
        return self.base / "users.lock"

    @property
    def start_lock(self) -> Path:
        """Return the file that a process locks while it starts or stops the server."""
        return self.base / "start.lock"

    @property
    def server_lock(self) -> Path:
        """Return the file that the server and its children lock by an inherited descriptor, as long as one lives."""
        return self.base / "server.lock"

    @property
    def guard_lock(self) -> Path:
        """Return the file that the guard locks, which stops the server after its last user."""
        return self.base / "guard.lock"


def find_location(folder: Path, server_user: str, homes: Sequence[Path] = HOMES) -> ServerLocation:
    """Return the location of the server of ``folder``; create nothing.

    Raises ``OperatorNeeded`` when the data belong to another user.
    """
    if any(ord(character) < 32 for character in str(folder)):
        raise BadInput(f"the name of the folder {str(folder)!r} contains a control character; choose another folder")
    base = _read_pointer(folder, homes) or folder
    return ServerLocation(folder, base, choose_user(base / "data", server_user))


def prepare_location(
    folder: Path, server_user: str, homes: Sequence[Path] = HOMES, *, is_serving: Callable[[ServerLocation], bool]
) -> ServerLocation:
    """Return the location of the server of ``folder``; create it, in reach of the server's user, if it is missing.

    While one is serving there is nothing to find out: whether its user can enter is asked by a program, which a process
    with threads starts at its own risk.

    Raises ``OperatorNeeded`` when the server's user cannot enter the folder of existing data, or the folder is a copy.
    """
    folder.mkdir(parents=True, exist_ok=True)
    location = find_location(folder, server_user, homes)
    if location.base != folder:
        _refuse_copy(location)
    if is_serving(location) or location.user.can_enter(location.base):
        return location
    if location.data.exists():
        raise OperatorNeeded(
            f"user {location.user.uid}, who owns the database in {location.data}, cannot enter that folder: "
            "give the user the right to enter it, or move the database to a folder that the user can enter"
        )
    return replace(location, base=_create_outside(location, homes))


def erase_location(location: ServerLocation) -> None:
    """Delete the data, and the pointer and the folder outside if there is one."""
    shutil.rmtree(location.data, ignore_errors=True)
    location.log_file.unlink(missing_ok=True)
    if location.base != location.folder:
        (location.folder / POINTER).unlink(missing_ok=True)
        shutil.rmtree(location.base, ignore_errors=True)


def _read_pointer(folder: Path, homes: Sequence[Path]) -> Path | None:
    pointer = folder / POINTER
    try:
        base = Path(os.fsdecode(pointer.read_bytes().rstrip(b"\n")))
    except FileNotFoundError:
        return None
    # Whoever may write to the folder must not lead root anywhere else.
    if base.parent not in homes:
        raise OperatorNeeded(f"{pointer} names {base}, which is outside {', '.join(map(str, homes))}: delete {pointer}")
    return base


def _refuse_copy(location: ServerLocation) -> None:
    note = location.base / OWNER_FILE
    if not note.exists():
        raise OperatorNeeded(
            f"{location.folder / POINTER} names {location.base} as the folder of the database, which is missing: "
            "restore it, or remove the file to start with an empty database"
        )
    first = Path(os.fsdecode(note.read_bytes()))
    pointer = first / POINTER
    if first == location.folder:
        return
    if pointer.exists() and Path(os.fsdecode(pointer.read_bytes().rstrip(b"\n"))) == location.base:
        raise OperatorNeeded(
            f"{location.folder} is a copy of {first}, and both name {location.base} as the folder of their database: "
            f"remove {location.folder / POINTER} to start with an empty database here"
        )
    note.write_bytes(os.fsencode(location.folder))


def _create_outside(location: ServerLocation, homes: Sequence[Path]) -> Path:
    """Create a folder outside and point to it; of two processes at once both use that of the first."""
    home = open_home(homes, location.user)
    base = home / f"{digest_path(location.folder)}-{secrets.token_hex(4)}"
    base.mkdir(mode=0o700)
    os.chown(base, -1, location.user.gid)
    base.chmod(0o710)
    (base / OWNER_FILE).write_bytes(os.fsencode(location.folder))
    draft = location.folder / f"{POINTER}.{base.name}"
    draft.write_bytes(os.fsencode(base) + b"\n")
    try:
        (location.folder / POINTER).hardlink_to(draft)
    except FileExistsError:
        shutil.rmtree(base)
    finally:
        draft.unlink()
    return _read_pointer(location.folder, homes) or base
