"""Ask whether folders and files answer, in a process of its own: a call into a dead share may never return.

Nothing ends such a call, and a process with one cannot end either, not even by a kill. So whoever opens a place on a
share asks first; the process that got stuck is left behind.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from pokervod_pipelines.errors import ArchiveUnavailable

ANSWER_SECONDS = 20.0
"""Disks of a sleeping server need up to 15 s to spin up."""

REMEMBERED_SECONDS = 30.0
"""Places on a mount that did not answer are not asked again for so long, nor while the process stuck there lives.

So a hundred clips wait once, not each, and a poller leaves one stuck process behind, not one for each poll.
"""

LEAST_SECONDS = 3.0
"""A busy machine needs so long to start a process."""

IS_ABSENT, IS_EMPTY, IS_SILENT = "does not exist", "is empty", "does not answer"

_PROGRAM = f"""
import os, stat, sys, threading

def look(number, place):
    try:
        for end in [end for end, each in enumerate(place) if each == os.sep] + [len(place)]:
            mode = os.stat(place[:end] or os.sep).st_mode
            os.write(1, f"{{number}} {{end}}\\n".encode())
        found = ""
        if stat.S_ISDIR(mode):
            with os.scandir(place) as entries:
                found = "" if next(entries, None) else "{IS_EMPTY}"
    except FileNotFoundError:
        found = "{IS_ABSENT}"
    except OSError as error:
        found = error.strerror or str(error)
    os.write(1, f"{{number}} ={{found}}\\n".encode())

for numbered in enumerate(sys.argv[1:]):
    threading.Thread(target=look, args=numbered).start()
"""
"""It looks at every folder above a place first, to find the one that stopped answering."""

_silent: dict[str, tuple[float, subprocess.Popen[bytes]]] = {}


def find_faults(places: Iterable[Path], seconds: float = ANSWER_SECONDS) -> dict[Path, str]:
    """Return what is wrong with each place, or "", after ``seconds`` at the latest; all are asked at the same time."""
    seconds = max(seconds, LEAST_SECONDS)
    wanted = {place: os.path.abspath(place) for place in places}  # noqa: PTH100 - resolving a link may hang
    asked = [path for path in dict.fromkeys(wanted.values()) if not _is_known_silent(path)]
    answers = _ask(asked, seconds) if asked else {}
    silent = f"{IS_SILENT} (waited {seconds:g} s)"
    return {place: answers.get(path, silent) for place, path in wanted.items()}


def require_answer(*places: Path, seconds: float = ANSWER_SECONDS) -> None:
    """Raise ``ArchiveUnavailable`` where a place does not answer; any other fault is the reader's to find."""
    for place, fault in find_faults(places, seconds).items():
        if fault.startswith(IS_SILENT):
            raise ArchiveUnavailable(f"{place}: {fault}. Check the mount and its server, then run it again.")


def _is_known_silent(path: str) -> bool:
    return any(
        path == mount or path.startswith(f"{mount}{os.sep}")
        for mount, (until, process) in [*_silent.items()]
        if until > time.monotonic() or process.poll() is None
    )


def _ask(paths: list[str], seconds: float) -> Mapping[str, str]:
    """Return what was found at each path that answered, and remember where the others stopped."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _PROGRAM, *paths],
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
        if _is_mount_point(stopped):
            _silent[stopped] = time.monotonic() + REMEMBERED_SECONDS, process
    return answers


def _is_mount_point(path: str) -> bool:
    """Return whether Linux lists it as one; asking the path itself would hang."""
    with suppress(OSError):
        return f" {path} " in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    return False
