"""Probe one file, from the cheapest question to the dearest. Runs in a child process.

Each question may decide; whether the file is still being written is asked last and overrules the rest.
"""

import os
import stat
import time
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from pokervod_pipelines.media.facts import MediaFacts, MediaStatus, Unplayable
from pokervod_pipelines.media.truncation import find_truncation

BLOCK_READ = 4_096
BLOCK_BYTES = 512
"""The unit of ``st_blocks``, whatever the disk's own blocks are (POSIX)."""

TOLERATED_BYTES = 1 << 20
"""A whole file may take so much less than its size on the disk: file systems pack ends and runs of zeros."""

RECENT_SECONDS = 2.0
WATCH_SECONDS, WATCH_EVERY = 1.0, 0.02
"""A file modified within the last ``RECENT_SECONDS`` is watched for so long, or until it changes again."""


def probe_file(path: str) -> MediaFacts:
    """Return the facts of the file now; whatever is wrong with it is a status with a reason."""
    try:
        before = os.stat(path)  # noqa: PTH116 - the path as it came
        facts = _probe(path, before)
        change = find_change(path, before)
    except (FileNotFoundError, NotADirectoryError):
        return MediaFacts(status=MediaStatus.MISSING, reason="file is missing")
    except OSError as error:
        return MediaFacts(status=MediaStatus.UNREADABLE, reason=f"cannot be read: {error.strerror or error}")
    facts = replace(facts, size=before.st_size, mtime_ns=before.st_mtime_ns)
    return replace(facts, status=MediaStatus.GROWING, reason=change) if change else facts


def _probe(path: str, status: os.stat_result) -> MediaFacts:
    if not stat.S_ISREG(status.st_mode):
        return MediaFacts(status=MediaStatus.UNREADABLE, reason="not a regular file")
    if status.st_size == 0:
        return MediaFacts(status=MediaStatus.BROKEN, reason="empty (0 bytes)")
    with Path(path).open("rb", buffering=0) as file:
        if holes := find_holes(file, status):
            return MediaFacts(status=MediaStatus.SPARSE, reason=holes)
        truncation = find_truncation(file, status.st_size)
    return _read_tracks(path, status.st_size, truncation)


def _read_tracks(path: str, size: int, truncation: str | None) -> MediaFacts:
    """Return what the tracks tell, which those of a truncated file may still do."""
    from pokervod_pipelines.media.tracks import read_tracks  # noqa: PLC0415 - PyAV costs more than 1,000 probes

    try:
        facts = read_tracks(path, size)
    except Unplayable as error:
        return MediaFacts(status=MediaStatus.BROKEN, reason=truncation or str(error))
    if truncation:
        return MediaFacts(status=MediaStatus.BROKEN, reason=truncation, **facts)
    return MediaFacts(status=MediaStatus.OK, **facts)


def find_holes(file: BinaryIO, status: os.stat_result) -> str | None:
    """Return why the file's content is not there, or None; read three blocks however long the file is."""
    size = status.st_size
    if _has_content(file, size - BLOCK_READ):
        return None
    stored = status.st_blocks * BLOCK_BYTES if hasattr(status, "st_blocks") else size
    if not _has_content(file, 0) and not _has_content(file, size // 2):
        return f"contains only zeros: {size:,} bytes long, {min(stored, size):,} of them stored on the disk"
    if 0 < stored < size - TOLERATED_BYTES:  # some network file systems report 0 for every file
        return f"the end is empty: {size:,} bytes long, {stored:,} of them stored on the disk. Copy the file again."
    return None


def find_change(path: str, before: os.stat_result) -> str | None:
    """Return how the file differs from ``before``, or None; watch one that was modified just now for a moment."""
    is_recent = abs(time.time() - before.st_mtime) < RECENT_SECONDS
    deadline = time.monotonic() + (WATCH_SECONDS if is_recent else 0)
    while True:
        now = os.stat(path)  # noqa: PTH116 - a path as it came, in a loop
        if now.st_size != before.st_size:
            return f"changed from {before.st_size:,} to {now.st_size:,} bytes while it was read"
        if now.st_mtime_ns != before.st_mtime_ns:
            return f"was modified while it was read, at {now.st_size:,} bytes"
        if time.monotonic() >= deadline:
            return None
        time.sleep(WATCH_EVERY)


def _has_content(file: BinaryIO, offset: int) -> bool:
    file.seek(max(offset, 0))
    block = file.read(BLOCK_READ)
    return block.count(0) < len(block)
