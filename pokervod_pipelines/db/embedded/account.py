"""The system account that runs the server's programs; under root an unprivileged one.

Only who runs a program, and how, belongs here; where files go is told in ``place``.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pokervod_pipelines.errors import OperatorNeeded

CLEAN_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": os.defpath}
"""PostgreSQL reads PGPORT, PGDATA and others; nothing of ours may leak into it."""


@dataclass(frozen=True, slots=True)
class Account:
    """The system account under which the server's programs run."""

    uid: int
    gid: int

    def run(
        self, arguments: Sequence[str | Path], *, output: int = subprocess.DEVNULL, keep: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end as this account, in a session of its own, passing on only descriptors in ``keep``.

        Raises ``OSError`` when it cannot be run at all.
        """
        user, group, others = (None, None, None) if self.uid == os.geteuid() else (self.uid, self.gid, ())
        return subprocess.run(
            arguments, cwd="/", env=CLEAN_ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, text=True, errors="replace", check=False, start_new_session=True,
            pass_fds=keep, user=user, group=group, extra_groups=others,
        )  # fmt: skip

    def can_enter(self, folder: Path) -> bool:
        """Whether this account reaches ``folder``; asked of the system, since modes alone do not tell."""
        if self.uid == os.geteuid():
            return os.access(folder, os.X_OK)
        try:
            return self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", folder]).returncode == 0
        except (OSError, subprocess.SubprocessError) as error:
            raise OperatorNeeded(
                f"PostgreSQL refuses to run as root and this root may not run programs as user {self.uid} ({error}): "
                "run as another user, or set POKERVOD_DATABASE_URL to a server of your own"
            ) from error


def choose_account(data: Path, server_user: str) -> Account:
    """The owner of existing data, for nobody else can serve them; else ourselves, or ``server_user`` under root.

    Raises ``OperatorNeeded`` when the data are somebody else's or root's, or there is no such user.
    """
    us = os.geteuid()
    try:
        found = data.lstat()
    except FileNotFoundError:
        return Account(us, os.getegid()) if us != 0 else _look_up(server_user)
    except PermissionError:
        found = data.parent.lstat()
    if found.st_uid == 0 or us not in {0, found.st_uid}:
        raise OperatorNeeded(
            f"the database in {data} belongs to user {found.st_uid} and this is user {us}: run as its owner or as "
            f"root, or give it away with chown -R (never to root, as whom PostgreSQL will not run)"
        )
    return Account(found.st_uid, found.st_gid)


def _look_up(server_user: str) -> Account:
    try:
        entry = pwd.getpwnam(server_user)
    except KeyError:
        raise OperatorNeeded(
            f"PostgreSQL refuses to run as root and there is no user {server_user!r} to run it: name another one"
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)
