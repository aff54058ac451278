"""Run the server's programs as a system user; under root as an unprivileged one."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pokervod_pipelines.errors import OperatorNeeded

CLEAN_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": os.defpath}
"""Environment of the programs: PostgreSQL reads PGPORT, PGDATA and others, and ours must not leak into it."""


@dataclass(frozen=True, slots=True)
class SystemUser:
    """Identify the system user that runs the server's programs."""

    uid: int
    gid: int

    def run(
        self, arguments: Sequence[str | Path], *, output: int = subprocess.DEVNULL, pass_fds: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end as this user, in a session of its own, with only the descriptors in ``pass_fds``.

        Raises ``OSError`` when it cannot be run at all.
        """
        uid, gid, others = (None, None, None) if self.uid == os.geteuid() else (self.uid, self.gid, ())
        return subprocess.run(
            arguments, cwd="/", env=CLEAN_ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, text=True, errors="replace", check=False, start_new_session=True,
            pass_fds=pass_fds, user=uid, group=gid, extra_groups=others,
        )  # fmt: skip

    def can_enter(self, folder: Path) -> bool:
        """Return whether this user can enter ``folder``; the system is asked, since modes alone do not tell."""
        if self.uid == os.geteuid():
            return os.access(folder, os.X_OK)
        try:
            return self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", folder]).returncode == 0
        except (OSError, subprocess.SubprocessError) as error:
            raise OperatorNeeded(
                f"PostgreSQL does not run as root, and this root may not run programs as user {self.uid} ({error}): "
                "run as another user, or set POKERVOD_DATABASE_URL to a server of your own"
            ) from error


def choose_user(data: Path, server_user: str) -> SystemUser:
    """Return the owner of existing data, since no other can serve them; else ourselves, or ``server_user`` under root.

    Raises ``OperatorNeeded`` when the data belong to another user or to root, or ``server_user`` is unknown.
    """
    us = os.geteuid()
    try:
        found = data.lstat()
    except FileNotFoundError:
        return SystemUser(us, os.getegid()) if us != 0 else _look_up(server_user)
    except PermissionError:
        found = data.parent.lstat()
    if found.st_uid == 0:
        raise OperatorNeeded(
            f"the database in {data} belongs to user 0, but PostgreSQL does not run as root: "
            "change its owner with chown -R"
        )
    if us not in {0, found.st_uid}:
        raise OperatorNeeded(
            f"the database in {data} belongs to user {found.st_uid}, but this process runs as user {us}: run it as the "
            "owner or as root, or change the owner with chown -R"
        )
    return SystemUser(found.st_uid, found.st_gid)


def _look_up(server_user: str) -> SystemUser:
    try:
        entry = pwd.getpwnam(server_user)
    except KeyError:
        raise OperatorNeeded(
            f"PostgreSQL does not run as root, and the user {server_user!r} that should run it is unknown: "
            "name another user"
        ) from None
    return SystemUser(entry.pw_uid, entry.pw_gid)
