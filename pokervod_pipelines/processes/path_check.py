"""Check whether folders and files answer, in a process of its own: a call into a dead share may never return.

Nothing ends such a call, and a process with one cannot end either, not even by a kill. So whoever opens a path on a
share asks first; the process that got stuck is left behind. A local disk is read without one.
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
from pokervod_pipelines.processes import path_check_child
from pokervod_pipelines.processes.path_check_child import check_path

ANSWER_SECONDS = 20.0
"""Disks of a sleeping server need up to 15 s to spin up."""

REMEMBERED_SECONDS = 30.0
"""Paths below one that did not answer are not asked again for so long, nor while the process stuck there lives.

So a hundred clips wait once, not each, and a poller leaves one stuck process behind, not one for each poll.
"""

LEAST_SECONDS = 3.0
"""Give a busy machine so long to start a process."""

NO_ANSWER = "does not answer"

LOCAL = frozenset(
    """
    apfs btrfs exfat ext2 ext3 ext4 f2fs iso9660 overlay ramfs squashfs tmpfs vfat xfs zfs
    """.split()  # noqa: SIM905 - as one reads them
)
"""File systems that no server and no other process answers for; their paths are checked in this process."""

MAX_LINKS = 40

_unanswered: dict[str, tuple[float, subprocess.Popen[bytes]]] = {}


def check_paths(paths: Iterable[Path], seconds: float = ANSWER_SECONDS) -> dict[Path, str]:
    """Return what is wrong with each path, or "", after ``seconds`` at the latest; all are asked at the same time.

    A file has ``IS_FILE``, which is wrong only where a folder is expected.
    """
    seconds, mounts = max(seconds, LEAST_SECONDS), read_mounts()
    given = dict.fromkeys(paths)
    shared = {path: full for path in given if _leads_to_share(full := _make_absolute(path), mounts)}
    asked = [full for full in dict.fromkeys(shared.values()) if not _is_known_unanswered(full)]
    answers = _ask(asked, seconds, mounts) if asked else {}
    none = describe_wait(seconds)
    return {path: answers.get(shared[path], none) if path in shared else check_path(str(path)) for path in given}


def require_answer(*paths: Path, seconds: float = ANSWER_SECONDS) -> None:
    """Raise ``ArchiveUnavailable`` where a path does not answer; anything else is the reader's to find."""
    for path, fault in check_paths(paths, seconds).items():
        if fault.startswith(NO_ANSWER):
            raise make_unanswered(path, fault)


def make_unanswered(path: object, fault: str) -> ArchiveUnavailable:
    """Return the error of a path that does not answer, which a run does not try again: it has waited."""
    return ArchiveUnavailable(f"{path}: {fault}. Check the mount and its server, then run it again.", is_absent=True)


def describe_wait(seconds: float) -> str:
    """Return what is wrong with a path that did not answer for so long."""
    return f"{NO_ANSWER} (waited {seconds:g} s)"


def is_on_share(*paths: Path, mounts: Mapping[str, str] | None = None) -> bool:
    """Return whether a path leads to a share, by its links too, or has one below; nothing on a share is touched.

    Whoever asks for thousands of paths gives the ``mounts``, which take longer to read than to look up.
    """
    mounts = read_mounts() if mounts is None else mounts
    found = [_follow_links(_make_absolute(path), mounts) for path in paths]
    return any(place is None or _has_share_below(place, mounts) for place in found)


def leads_to_share(path: Path, mounts: Mapping[str, str]) -> bool:
    """Return whether a path leads to a share, by its links too; one of a local disk with a share below does not."""
    return _leads_to_share(_make_absolute(path), mounts)


def is_mounted(path: Path) -> bool:
    """Return whether something is mounted at the path, which is not touched: a dead share would never answer."""
    return _make_absolute(path) in read_mounts()


def _make_absolute(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - resolving a link may hang


def _leads_to_share(path: str, mounts: Mapping[str, str]) -> bool:
    return _follow_links(path, mounts) is None


def _follow_links(path: str, mounts: Mapping[str, str]) -> str | None:
    """Return the path that this one leads to by its links, None for one on a share."""
    for _ in range(MAX_LINKS):
        if not _is_local(path, mounts):
            return None
        link = _find_link(path, mounts)
        if link is None:
            return path
        with suppress(OSError):
            target = os.path.join(os.path.dirname(link), os.readlink(link))  # noqa: PTH115, PTH118, PTH120 - texts
            path = os.path.normpath(target + path[len(link) :])
    return path


def _has_share_below(path: str, mounts: Mapping[str, str]) -> bool:
    below = path.rstrip(os.sep) + os.sep
    return any(point.startswith(below) and kind not in LOCAL for point, kind in mounts.items())


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


def read_mounts() -> dict[str, str]:
    """Return the type of each mounted file system; empty, so that nothing is local, on a system without the list."""
    with suppress(OSError):
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        return {_unescape(line.split(" ")[4]): line.partition(" - ")[2].partition(" ")[0] for line in lines}
    return {}


def _unescape(text: str) -> str:
    """Return the path with its blanks, which the list shows as octal numbers."""
    return _NUMBER.sub(lambda found: chr(int(found[1], 8)), text)


_NUMBER = re.compile(r"\\([0-7]{3})")


def _is_known_unanswered(path: str) -> bool:
    return any(
        path == stopped or path.startswith(f"{stopped}{os.sep}")
        for stopped, (until, process) in [*_unanswered.items()]
        if until > time.monotonic() or process.poll() is None
    )


def _ask(paths: list[str], seconds: float, mounts: Mapping[str, str]) -> dict[str, str]:
    """Return what was found at each path that answered, and remember where the others stopped."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", path_check_child.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what reads our own error output would wait for a process that is left behind
    )
    try:
        output, _ = process.communicate("\0".join(paths).encode("utf-8", "surrogateescape"), timeout=seconds)
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
        if _leads_to_share(stopped, mounts):
            _unanswered[stopped] = time.monotonic() + REMEMBERED_SECONDS, process
    return answers
