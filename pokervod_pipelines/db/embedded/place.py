"""Where an embedded server lives: its data, log, locks and socket, and the account that may enter them.

Normally all is in the folder asked for. A server started by root runs under an unprivileged account; if that account
cannot enter the folder, the data go to a home of ours outside, and a pointer file in the folder says where. No folder
that we did not make is ever opened to anybody. Starting and stopping do not belong here.
"""

import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pokervod_pipelines.db.embedded.account import Account, choose_account
from pokervod_pipelines.db.embedded.private import HOMES, digest_path, open_home
from pokervod_pipelines.errors import BadInput, OperatorNeeded

POINTER = "data.place"
OWNER_NOTE = "belongs-to"


@dataclass(frozen=True, slots=True)
class Place:
    """Where one server lives; ``base`` is ``folder`` itself or a home of ours outside."""

    folder: Path
    base: Path
    account: Account

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder; 0700, of the account."""
        return self.base / "data"

    @property
    def log_file(self) -> Path:
        """What the server said; kept short by ``process.bound_log``."""
        return self.base / "server.log"

    @property
    def users_lock(self) -> Path:
        """Shared by every process that uses the server."""
        return self.base / "users.lock"

    @property
    def start_lock(self) -> Path:
        """Held by the one process that starts or stops the server."""
        return self.base / "start.lock"

    @property
    def server_lock(self) -> Path:
        """Held by the server and its children through an inherited descriptor: held means that one of them lives."""
        return self.base / "server.lock"


def find_place(folder: Path, server_user: str, homes: Sequence[Path] = HOMES) -> Place:
    """The place of ``folder`` as far as it is settled; nothing is made.

    Raises ``OperatorNeeded`` when the data are there but belong to somebody else.
    """
    if any(ord(character) < 32 for character in str(folder)):
        raise BadInput(f"the folder {str(folder)!r} has a control character in its name; choose another one")
    base = _read_pointer(folder, homes) or folder
    return Place(folder, base, choose_account(base / "data", server_user))


def settle_place(folder: Path, server_user: str, homes: Sequence[Path] = HOMES) -> Place:
    """The place of ``folder``, made if missing and reachable for its account.

    Raises ``OperatorNeeded`` when data exist where their account cannot go, or the folder is a copy of another.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = find_place(folder, server_user, homes)
    if place.base != folder:
        _refuse_copy(place)
    if place.account.can_enter(place.base):
        return place
    if place.data.exists():
        raise OperatorNeeded(
            f"user {place.account.uid}, who owns the database in {place.data}, cannot enter that folder any more: "
            "let him through, or move the database to where he can go"
        )
    return replace(place, base=_settle_outside(place, homes))


def forget_place(place: Place) -> None:
    """The data are gone, and so are the pointer and the home outside, if there was one."""
    shutil.rmtree(place.data, ignore_errors=True)
    place.log_file.unlink(missing_ok=True)
    if place.base != place.folder:
        (place.folder / POINTER).unlink(missing_ok=True)
        shutil.rmtree(place.base, ignore_errors=True)


def _read_pointer(folder: Path, homes: Sequence[Path]) -> Path | None:
    pointer = folder / POINTER
    try:
        base = Path(os.fsdecode(pointer.read_bytes().rstrip(b"\n")))
    except FileNotFoundError:
        return None
    # Whoever may write to the folder must not lead root to any other place.
    if base.parent not in homes:
        raise OperatorNeeded(f"{pointer} leads to {base}, which is outside {', '.join(map(str, homes))}: remove it")
    return base


def _refuse_copy(place: Place) -> None:
    note = place.base / OWNER_NOTE
    if not note.exists():
        raise OperatorNeeded(
            f"{place.folder / POINTER} says that the database is in {place.base}, which is gone: bring it back, or "
            "remove the pointer to begin with an empty one"
        )
    first = Path(os.fsdecode(note.read_bytes()))
    pointer = first / POINTER
    if first == place.folder:
        return
    if pointer.exists() and Path(os.fsdecode(pointer.read_bytes().rstrip(b"\n"))) == place.base:
        raise OperatorNeeded(
            f"{place.folder} is a copy of {first}, and both say that their database is in {place.base}: remove "
            f"{place.folder / POINTER} to begin with an empty database here"
        )
    note.write_bytes(os.fsencode(place.folder))


def _settle_outside(place: Place, homes: Sequence[Path]) -> Path:
    """Make a home outside and point to it; of two at once the first one's is used by both."""
    home = open_home(homes, place.account)
    base = home / f"{digest_path(place.folder)}-{secrets.token_hex(4)}"
    base.mkdir()
    base.chmod(0o755)
    (base / OWNER_NOTE).write_bytes(os.fsencode(place.folder))
    draft = place.folder / f"{POINTER}.{base.name}"
    draft.write_bytes(os.fsencode(base) + b"\n")
    try:
        (place.folder / POINTER).hardlink_to(draft)
    except FileExistsError:
        shutil.rmtree(base)
    finally:
        draft.unlink()
    return _read_pointer(place.folder, homes) or base
