"""Start services as processes that outlive their starter, and kill them by the file that names them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
TIMEOUT_SECONDS = 90.0
ROOM = "pokervod_pipelines_tests.rollout.demo"


def run_module(name: str, *arguments: object) -> list[str]:
    """Return the command that runs a module of this folder."""
    return [sys.executable, "-m", f"{ROOM}.{name}", *map(str, arguments)]


def start(folder: Path, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Start the command under this name in the folder; kill what ran under it before."""
    stop(folder, name)
    (folder / "processes").mkdir(exist_ok=True)
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**(environment or os.environ), "PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _file(folder, name).write_text(str(process.pid))
    _CHILDREN[process.pid] = process


def stop(folder: Path, name: str) -> None:
    """Kill what runs under this name."""
    if not _file(folder, name).exists():
        return
    pid = int(_file(folder, name).read_text())
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    if pid in _CHILDREN:
        _CHILDREN.pop(pid).wait()
    _file(folder, name).unlink()


@contextmanager
def all_stopped_after(folder: Path) -> Iterator[None]:
    """Kill what was started in the folder, and print its output for a test that fails."""
    try:
        yield
    finally:
        for log in sorted(folder.glob("*.log")):
            sys.stderr.write(f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}\n")
        for each in sorted((folder / "processes").glob("*")):
            stop(folder, each.name)
        while _CHILDREN:  # those that somebody else killed
            _CHILDREN.popitem()[1].wait()


def wait_until(is_so: Callable[[], object], what: str) -> None:
    """Wait until it is so; fail after the timeout."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"timed out: {what}"
        time.sleep(0.05)


def _file(folder: Path, name: str) -> Path:
    return folder / "processes" / name


_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}
"""Hold the children of this process, which have to be waited for."""
