"""What a file's outside tells before a demuxer opens it: no content, or still being written. Runs in the child."""

import os
import time
from typing import BinaryIO

BLOCK_READ = 4_096
BLOCK_BYTES = 512
"""The unit of ``st_blocks``, whatever the disk's own blocks are (POSIX)."""

TOLERATED_BYTES = 1 << 20
"""So much less than its size a whole file may take on the disk: file systems pack ends and runs of zeros."""

RESTLESS_SECONDS = 2.0
WATCH_SECONDS, WATCH_EVERY = 1.0, 0.02
"""A file changed within the last ``RESTLESS_SECONDS`` is watched for so long, or until it changes again."""


def find_holes(file: BinaryIO, status: os.stat_result) -> str | None:
    """Why the file's content is not there, or None; reads three blocks however long the file is."""
    size = status.st_size
    if _holds_something(file, size - BLOCK_READ):
        return None
    stored = status.st_blocks * BLOCK_BYTES if hasattr(status, "st_blocks") else size
    if not _holds_something(file, 0) and not _holds_something(file, size // 2):
        return f"holds nothing but zeros: {size:,} bytes long, {min(stored, size):,} of them stored on the disk"
    if 0 < stored < size - TOLERATED_BYTES:  # some network file systems say 0 for every file
        return f"its end is empty: {size:,} bytes long, {stored:,} of them stored on the disk; copy it again"
    return None


def find_change(path: str, before: os.stat_result) -> str | None:
    """How the file differs from ``before``, or None; one that was changed just now is watched for a moment."""
    young = abs(time.time() - before.st_mtime) < RESTLESS_SECONDS
    deadline = time.monotonic() + (WATCH_SECONDS if young else 0)
    while True:
        now = os.stat(path)  # noqa: PTH116 - a path as it came, in a loop
        if now.st_size != before.st_size:
            return f"went from {before.st_size:,} to {now.st_size:,} bytes while it was read"
        if now.st_mtime_ns != before.st_mtime_ns:
            return f"was written to while it was read, at {now.st_size:,} bytes"
        if time.monotonic() >= deadline:
            return None
        time.sleep(WATCH_EVERY)


def _holds_something(file: BinaryIO, offset: int) -> bool:
    file.seek(max(offset, 0))
    block = file.read(BLOCK_READ)
    return block.count(0) < len(block)
