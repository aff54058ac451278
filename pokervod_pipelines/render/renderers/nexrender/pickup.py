"""Copy the finished file from the farm's folder to the target.

Shares lag: a file that a node has written may appear here late, or short. So it is copied when two listings agree, and
again when it changed during the copy, because two workers of nexrender may take the same job.
"""

import asyncio
import os
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pokervod_pipelines.render.failures import SpoiledOutput

T = TypeVar("T")

MIN_BYTES = 1024
"""Smaller files cannot be graphics."""

POLL_SECONDS = 0.2
CHUNK = 1 << 20

FileListing = tuple[tuple[str, int, int], ...]
"""Name, size and modification time of each file; a single file has one entry."""


class CopyStopped(Exception):
    """Raised when the copy was cancelled."""


async def pick_up(source: Path, target: Path, *, frames: int | None, seconds: float) -> None:
    """Copy what the farm wrote to ``source``, a file or a folder of ``frames`` pictures, whole to the target.

    Raises ``SpoiledOutput`` when it is missing, tiny or incomplete for ``seconds``, and ``OSError`` as the disk does.
    """
    deadline = time.monotonic() + seconds
    before: FileListing = ()
    while True:
        now = await asyncio.to_thread(list_files, source)
        defect = find_defect(now, frames)
        if now == before and not defect:
            await run_stoppable(lambda stop: copy_whole(source, target, stop))
            before = await asyncio.to_thread(list_files, source)
            if before == now:
                return
        if time.monotonic() > deadline and (defect or before):  # however slow we are, a valid file is listed twice
            fault = defect or "it is still being written"
            raise SpoiledOutput(f"{source}: the farm finished, but after {seconds:g} s {fault}; check the render node")
        before = now
        await asyncio.sleep(POLL_SECONDS)


def list_files(source: Path) -> FileListing:
    """Return the files at the path, in order; nothing when it does not exist."""
    try:
        paths = sorted(source.iterdir()) if source.is_dir() else [source]
        facts = [(path.name, path.stat()) for path in paths]
    except FileNotFoundError:
        return ()
    return tuple((name, fact.st_size, fact.st_mtime_ns) for name, fact in facts)


def find_defect(found: FileListing, frames: int | None) -> str | None:
    """Return what is wrong with the farm's file, or None: missing, too small, or pictures missing."""
    if not found:
        return "the file is missing"
    if (size := sum(size for _, size, _ in found)) < MIN_BYTES:
        return f"it has {size} bytes, too small for a graphic"
    if frames is not None and len(found) != frames:
        return f"{len(found)} pictures, expected {frames}"
    return None


async def run_stoppable(work: Callable[[threading.Event], T]) -> T:
    """Return the result of the work in a thread; when cancelled, stop it and wait for its end."""
    stop = threading.Event()
    task = asyncio.ensure_future(asyncio.to_thread(work, stop))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        with suppress(CopyStopped, OSError):
            await task
        raise


def copy_whole(source: Path, target: Path, stop: threading.Event) -> None:
    """Write the target whole to the disk, or not at all; pictures of a folder become 00001.png and so on."""
    part = target.with_name(f".{target.name}.part")
    remove(part)
    remove(target)
    try:
        if source.is_dir():
            part.mkdir()
            for number, picture in enumerate(sorted(source.iterdir()), 1):
                _copy_file(picture, part / f"{number:05d}.png", stop)
            _sync_folder(part)
        else:
            _copy_file(source, part, stop)
        part.replace(target)
        _sync_folder(target.parent)
    finally:
        remove(part)


def _copy_file(source: Path, target: Path, stop: threading.Event) -> None:
    with source.open("rb") as reading, target.open("xb") as writing:
        while chunk := reading.read(CHUNK):
            if stop.is_set():
                raise CopyStopped
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Delete the file or folder."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
