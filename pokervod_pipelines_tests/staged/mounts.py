"""Mount real file systems for a test: a share that hangs."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pokervod_pipelines_tests.staged import fuse_share

KILLABLE, UNKILLABLE = signal.SIGSTOP, signal.SIGUSR1
"""How a share hangs: it takes no request any more, or takes each and answers none."""


def need_mounts() -> None:
    """Skip the test where this user cannot mount."""
    if sys.platform != "linux" or os.geteuid() != 0 or not Path("/dev/fuse").exists():
        pytest.skip("mounting needs Linux, root and /dev/fuse")


@contextmanager
def mount_hanging(folder: Path, mount_point: Path, how: signal.Signals) -> Iterator[None]:
    """Serve the folder at the mount point, by a server that stopped answering."""
    mount_point.mkdir(exist_ok=True)
    server = subprocess.Popen([sys.executable, fuse_share.__file__, folder, mount_point], stdout=subprocess.PIPE)
    assert server.stdout is not None
    with server.stdout:
        assert server.stdout.readline(), "this system does not allow FUSE"
        server.send_signal(how)
        try:
            yield
        finally:
            server.kill()
            server.wait()
            unmount(mount_point)


def unmount(mount_point: Path) -> None:
    """Take the file system away, whoever uses it."""
    subprocess.run(["umount", "--lazy", mount_point], check=True)
