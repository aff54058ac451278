"""Stop a server when its last user has ended, also by a kill: a program that starts beside the server.

It waits for the lock that every user shares, which the kernel gives it when none is left. It runs without any package,
so that it is small: ``python -I -S guard.py BASE PID_FILE``. The locks in ``BASE`` are those of ``location``.
"""

import fcntl
import os
import signal
import sys
import time
from pathlib import Path

STOP_SECONDS = 60.0
POLL_SECONDS = 0.05


def main(base: str, pid_file: str) -> None:
    """Wait for the last user of the server in ``base`` to end, then stop the server."""
    folder = Path(base)
    while True:
        with (folder / "users.lock").open("r+") as users:
            fcntl.flock(users, fcntl.LOCK_EX)
        with (folder / "start.lock").open("r+") as start:
            fcntl.flock(start, fcntl.LOCK_EX)
            start.truncate()
            start.write(str(os.getpid()))
            start.flush()
            if _is_free(folder / "server.lock"):
                return
            if _is_free(folder / "users.lock"):
                _stop(folder, Path(pid_file))
                return


def _is_free(lock: Path) -> bool:
    with lock.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _stop(folder: Path, pid_file: Path) -> None:
    """Stop the server as ``process.stop_server`` does; its lock shows that the number is its own.

    One that was just started has not written it yet.
    """
    deadline = time.monotonic() + STOP_SECONDS
    while not (number := _read_number(pid_file)) and time.monotonic() < deadline:
        if _is_free(folder / "server.lock"):
            return
        time.sleep(POLL_SECONDS)
    os.kill(int(number), signal.SIGINT)
    while not _is_free(folder / "server.lock") and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _read_number(pid_file: Path) -> str:
    return next(iter(pid_file.read_text().split()), "") if pid_file.exists() else ""


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OSError, ValueError):
        sys.exit(1)  # the folder was deleted: its server ends by itself
