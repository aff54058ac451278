"""Ask whether folders and files answer, in a process of its own: a call into a dead share may never return.

Nothing ends such a call, and a process with one cannot end either, not even by a kill. So whoever opens a place on a
share asks first; the process that got stuck is left behind. A local disk is looked at without one.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.processes import look
from pokervod_pipelines.processes.look import find_fault

ANSWER_SECONDS = 20.0
"""Disks of a sleeping server need up to 15 s to spin up."""

REMEMBERED_SECONDS = 30.0
"""Places on a mount that did not answer are not asked again for so long, nor while the process stuck there lives.

So a hundred clips wait once, not each, and a poller leaves one stuck process behind, not one for each poll.
"""

LEAST_SECONDS = 3.0
"""Give a busy machine so long to start a process."""

IS_SILENT = "does not answer"

LOCAL = frozenset(
    """
    apfs btrfs exfat ext2 ext3 ext4 f2fs iso9660 overlay ramfs squashfs tmpfs vfat xfs zfs
    """.split()  # noqa: SIM905 - as one reads them
)
"""File systems that no server and no other process answers for; their places are looked at in this process."""

MAX_LINKS = 40

_silent: dict[str, tuple[float, subprocess.Popen[bytes]]] = {}


def find_faults(places: Iterable[Path], seconds: float = ANSWER_SECONDS) -> dict[Path, str]:
    """Return what is wrong with each place, or "", after ``seconds`` at the latest; all are asked at the same time."""
    seconds = max(seconds, LEAST_SECONDS)
    wanted = {place: os.path.abspath(place) for place in places}  # noqa: PTH100 - resolving a link may hang
    shared = [path for path in dict.fromkeys(wanted.values()) if is_on_share(path)]
    asked = [path for path in shared if not _is_known_silent(path)]
    answers = _ask(asked, seconds) if asked else {}
    answers |= {path: find_fault(path) for path in wanted.values() if path not in shared}
    silent = f"{IS_SILENT} (waited {seconds:g} s)"
    return {place: answers.get(path, silent) for place, path in wanted.items()}


def require_answer(*places: Path, seconds: float = ANSWER_SECONDS) -> None:
    """Raise ``ArchiveUnavailable`` where a place does not answer; any other fault is the reader's to find."""
    for place, fault in find_faults(places, seconds).items():
        if fault.startswith(IS_SILENT):
            raise ArchiveUnavailable(f"{place}: {fault}. Check the mount and its server, then run it again.")


def is_on_share(path: str) -> bool:
    """Return whether the path leads to a share, by its links too; nothing on a share is touched."""
    mounts = _read_mounts()
    for _ in range(MAX_LINKS):
        if not _is_local(path, mounts):
            return True
        link = _find_link(path, mounts)
        if link is None:
            return False
        with suppress(OSError):
            target = os.path.join(os.path.dirname(link), os.readlink(link))  # noqa: PTH115, PTH118, PTH120 - texts
            path = os.path.normpath(target + path[len(link) :])
    return False


def _find_link(path: str, mounts: Mapping[str, str]) -> str | None:
    """Return the first link on the way to the path."""
    for end in [*(end for end, letter in enumerate(path) if letter == os.sep and end), len(path)]:
        if _is_local(path[:end], mounts) and os.path.islink(path[:end]):  # noqa: PTH114 - texts
            return path[:end]
    return None


def _is_local(path: str, mounts: Mapping[str, str]) -> bool:
    while path not in mounts and path not in {os.sep, ""}:
        path = path.rpartition(os.sep)[0] or os.sep
    return mounts.get(path) in LOCAL


def _read_mounts() -> dict[str, str]:
    """Return the type of each mounted file system; empty, so that nothing is local, on a system without the list."""
    with suppress(OSError):
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        return {_unescape(line.split(" ")[4]): line.partition(" - ")[2].partition(" ")[0] for line in lines}
    return {}


def _unescape(text: str) -> str:
    """Return the path with its blanks, which the list shows as octal numbers."""
    return _NUMBER.sub(lambda found: chr(int(found[1], 8)), text)


_NUMBER = re.compile(r"\\([0-7]{3})")


def _is_known_silent(path: str) -> bool:
    return any(
        path == mount or path.startswith(f"{mount}{os.sep}")
        for mount, (until, process) in [*_silent.items()]
        if until > time.monotonic() or process.poll() is None
    )


def _ask(paths: list[str], seconds: float) -> dict[str, str]:
    """Return what was found at each path that answered, and remember where the others stopped."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", look.__file__, *paths],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what reads our own error output would wait for a process that is left behind
    )
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        output = error.output or b""
        process.kill()
        threading.Thread(target=process.communicate, name="end of a stuck process", daemon=True).start()
    answers: dict[str, str] = {}
    seen = dict.fromkeys(paths, 0)
    for line in output.decode().splitlines():
        number, _, found = line.partition(" ")
        path = paths[int(number)]
        if found.startswith("="):
            answers[path] = found[1:]
        else:
            seen[path] = int(found)
    for path in set(paths) - set(answers):
        end = path.find(os.sep, seen[path] + 1)
        stopped = path if end < 0 else path[:end]
        if stopped in _read_mounts():
            _silent[stopped] = time.monotonic() + REMEMBERED_SECONDS, process
    return answers
