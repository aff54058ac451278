"""Mount real file systems for a test: a share that hangs, a small disk, an empty folder in place of a share."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from pokervod_pipelines_tests.staged import fuse_share

KILLABLE, UNKILLABLE = signal.SIGSTOP, signal.SIGUSR1
"""How a share hangs: it takes no request any more, or takes each and answers none."""


MARK = "STAGED_BY"
"""Variable of the environment by which the processes of a test are found."""

END_SECONDS = 20.0


def need_mounts() -> None:
    """Skip the test where this user cannot mount."""
    if sys.platform != "linux" or os.geteuid() != 0 or not Path("/dev/fuse").exists():
        pytest.skip("mounting needs Linux, root and /dev/fuse")


@contextmanager
def mount_hanging(folder: Path, mount_point: Path, how: signal.Signals, at: str = "") -> Iterator[None]:
    """Serve the folder at the mount point, by a server that stopped answering, or does where a path ends in ``at``."""
    mount_point.mkdir(exist_ok=True)
    command = [sys.executable, fuse_share.__file__, folder, mount_point, str(int(how)), at]
    server = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert server.stdout is not None
    with server.stdout:
        assert server.stdout.readline(), "this system does not allow FUSE"
        if not at:
            server.send_signal(how)
        try:
            yield
        finally:
            server.kill()
            server.wait()
            unmount(mount_point)


@contextmanager
def mount_small(mount_point: Path, kilobytes: int) -> Iterator[None]:
    """Mount a file system in memory that has room for so much."""
    mount_point.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "small", mount_point], check=True)
    try:
        yield
    finally:
        unmount(mount_point)


@contextmanager
def mount_bound(folder: Path, mount_point: Path) -> Iterator[None]:
    """Show the folder at the mount point too."""
    subprocess.run(["mount", "--bind", folder, mount_point], check=True)
    try:
        yield
    finally:
        unmount(mount_point)


def fill(folder: Path, *, leave: int = 0) -> Path:
    """Fill the file system of the folder but for so many bytes by a file, and return it; nobody else can write then."""
    filler = folder / "filler"
    with filler.open("wb") as file, suppress(OSError):
        state = os.statvfs(folder)
        os.posix_fallocate(file.fileno(), 0, max(state.f_bavail * state.f_frsize - leave, 1))
    return filler


def list_left(mark: str) -> list[str]:
    """Return the commands of the processes that have this text in their environment, once they had time to end."""
    deadline = time.monotonic() + END_SECONDS
    while (left := [*_list_marked(mark)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def _list_marked(mark: str) -> Iterator[str]:
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark:
                yield " ".join(process.cmdline())


def unmount(mount_point: Path) -> None:
    """Take the file system away, whoever uses it."""
    subprocess.run(["umount", "--lazy", mount_point], check=True)
