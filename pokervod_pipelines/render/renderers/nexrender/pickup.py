"""The finished file's way from the farm's folder to where the instruction wants it.

Shares lag: a file that a node has written may be seen here late, or short. So it is taken when two looks agree, and
again when it changed while it was copied, since two workers of nexrender may take the same job.
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

LEAST_BYTES = 1024
"""What is smaller is no graphic."""

LOOK_SECONDS = 0.2
CHUNK = 1 << 20

Survey = tuple[tuple[str, int, int], ...]
"""Name, bytes and time of change of each file; a lone file has one."""


class _Stopped(Exception):
    """Nobody waits for the copy any more."""


async def pick_up(source: Path, target: Path, *, frames: int | None, seconds: float) -> None:
    """The target is a whole copy of what the farm wrote to ``source``: a file, or a folder of ``frames`` pictures.

    Raises ``SpoiledOutput`` when it is missing, tiny or short for so many seconds, and ``OSError`` as the disk does.
    """
    deadline = time.monotonic() + seconds
    before: Survey = ()
    while True:
        now = await asyncio.to_thread(survey, source)
        lack = find_lack(now, frames)
        if now == before and not lack:
            await run_stoppable(lambda stop: copy_whole(source, target, stop))
            before = await asyncio.to_thread(survey, source)
            if before == now:
                return
        if time.monotonic() > deadline and (lack or before):  # however slow we are, a sound file gets its second look
            fault = lack or "it is still being written"
            raise SpoiledOutput(
                f"{source}: the farm finished, but after {seconds:g} s {fault}; look at the render node"
            )
        before = now
        await asyncio.sleep(LOOK_SECONDS)


def survey(source: Path) -> Survey:
    """Return what lies there, in order; nothing when it does not exist."""
    try:
        paths = sorted(source.iterdir()) if source.is_dir() else [source]
        facts = [(path.name, path.stat()) for path in paths]
    except FileNotFoundError:
        return ()
    return tuple((name, fact.st_size, fact.st_mtime_ns) for name, fact in facts)


def find_lack(found: Survey, frames: int | None) -> str | None:
    """Return what the farm's file lacks, or None: missing, too small, or pictures missing."""
    if not found:
        return "nothing is there"
    if (size := sum(size for _, size, _ in found)) < LEAST_BYTES:
        return f"it has {size} bytes, which is no graphic"
    if frames is not None and len(found) != frames:
        return f"{len(found)} pictures are there, and not {frames}"
    return None


async def run_stoppable(work: Callable[[threading.Event], T]) -> T:
    """Return what the work returns in a thread; cancelled, it is stopped and its end awaited."""
    stop = threading.Event()
    task = asyncio.ensure_future(asyncio.to_thread(work, stop))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        with suppress(_Stopped, OSError):
            await task
        raise


def copy_whole(source: Path, target: Path, stop: threading.Event) -> None:
    """The target is there whole, on the disk, or not at all; pictures of a folder are called 00001.png onward."""
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
                raise _Stopped
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
    """Neither file nor folder is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
