"""Lay the sample out on a disk: sparse files, videos, workbooks, and a marker that says it is complete.

What is laid out is decided by ``archive``, ``videos`` and ``annotations``; raise ``VERSION`` whenever that changes.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.files import replace_file
from pokervod_pipelines.sample.annotations.archive_sheet import build_archive_sheet
from pokervod_pipelines.sample.annotations.clip_tracker import build_clip_tracker
from pokervod_pipelines.sample.annotations.iconik_sheet import build_iconik_sheet
from pokervod_pipelines.sample.archive import LIBRARIES, list_all, list_videos
from pokervod_pipelines.sample.entries import SampleFile, digest
from pokervod_pipelines.sample.videos import PLAYABLE, encode_video

VERSION = 1
MARKER = "sample.json"
ARCHIVE, SHEETS = "archive", "sheets"
SHEET_MTIME = 1_751_360_400

WORKBOOKS: dict[str, Callable[[], tuple[bytes, int]]] = {
    "metadata_archive.xlsx": build_archive_sheet,
    "iconik_metadata.csv": build_iconik_sheet,
    "clip_tracker.csv": build_clip_tracker,
}
"""File name → the function that returns its content and the number of rows that count."""

BYTES_A_BLOCK = 512
"""The unit of ``st_blocks``, whatever the file system's own blocks are."""

Progress = Callable[[str, int, int], None]
"""Called with a stage ("files", "videos", "workbooks"), how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleLayout:
    """Describe where the sample is and what it contains.

    ``files`` counts everything in the archive, ``videos`` the finished videos among it (not
    junk such as ``._name.mp4``), ``rows`` the annotation rows that count, the faulty ones of ``FAULTS`` included.
    ``libraries`` are (name, folder below ``archive_root``); each file is in one of them.
    """

    archive_root: Path
    workbooks: tuple[Path, ...]
    files: int
    videos: int
    rows: int
    libraries: tuple[tuple[str, str], ...]


def lay_out_sample(folder: Path, *, progress: Progress | None = None) -> SampleLayout:
    """Lay the sample out under ``folder``, the same each time, taking hardly any disk space, and return its layout.

    A complete sample is not touched, so what a person deletes or renames in it to try things out stays so. An
    interrupted one is completed; one of another version, known by its marker, is replaced.

    Raises:
        BadInput: the folder cannot be written to, or its file system has no sparse files.

    """
    try:
        marker = _read_marker(folder)
        if marker.get("version") != VERSION:
            if marker:
                _remove_other_version(folder)
            marker = _lay_out(folder, progress or _ignore_progress)
    except OSError as error:
        message = f"{folder}: the sample cannot be laid out here ({error}). Set POKERVOD_HOME to another folder."
        raise BadInput(message) from error
    return SampleLayout(
        archive_root=folder / ARCHIVE,
        workbooks=tuple(folder / SHEETS / name for name in WORKBOOKS),
        files=marker["files"],
        videos=marker["videos"],
        rows=marker["rows"],
        libraries=LIBRARIES,
    )


def _read_marker(folder: Path) -> dict[str, int]:
    """Return the content of the marker, nothing where it is missing or was cut off."""
    try:
        found = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remove_other_version(folder: Path) -> None:
    """Remove the sample, except the file by which a scan knows its archive again."""
    for path in [*(folder / ARCHIVE).glob("*"), folder / SHEETS]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif not path.name.startswith(".pokervod-"):
            path.unlink()
    (folder / MARKER).unlink()


def _lay_out(folder: Path, progress: Progress) -> dict[str, int]:
    _lay_out_files(folder / ARCHIVE, list_all(), progress)
    _lay_out_videos(folder / ARCHIVE, progress)
    rows = _lay_out_workbooks(folder / SHEETS, progress)
    marker = {
        "version": VERSION,
        "files": len(list_all()) + len(PLAYABLE),
        "videos": len(list_videos()) + len(PLAYABLE),
        "rows": rows,
    }
    replace_file(folder / MARKER, json.dumps(marker, indent=1).encode())
    return marker


def _lay_out_files(root: Path, files: Iterable[SampleFile], progress: Progress) -> None:
    total = len(list_all())
    for done, file in enumerate(files, start=1):
        path = root / file.path
        if not _is_laid_out(path, file):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as handle:
                handle.truncate(file.size)
            _check_sparse(path)
            os.utime(path, (file.mtime, file.mtime))
        if done % 100 == 0 or done == total:
            progress("files", done, total)


def _is_laid_out(path: Path, file: SampleFile) -> bool:
    """Return whether the file is complete; the time is set last, so it proves the rest."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    return (found.st_size, int(found.st_mtime)) == (file.size, file.mtime)


def _check_sparse(path: Path) -> None:
    """Refuse a file system that would really fill ten terabytes; accept one that does not report blocks."""
    found = path.stat()
    if getattr(found, "st_blocks", 0) * BYTES_A_BLOCK > max(found.st_size // 2, 1_000_000):
        path.unlink()
        message = f"{path.parent}: this file system does not support sparse files. Set POKERVOD_HOME to another folder."
        raise BadInput(message)


def _lay_out_videos(root: Path, progress: Progress) -> None:
    for done, video in enumerate(PLAYABLE, start=1):
        path, mtime = root / video.path, video.entry.mtime
        if not path.exists() or int(path.stat().st_mtime) != mtime:
            path.parent.mkdir(parents=True, exist_ok=True)
            encode_video(video, path)
            os.utime(path, (mtime, mtime))
        progress("videos", done, len(PLAYABLE))


def _lay_out_workbooks(folder: Path, progress: Progress) -> int:
    """Write the workbooks and return how many of their rows count."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = 0
    for done, (name, build) in enumerate(WORKBOOKS.items(), start=1):
        content, count = build()
        replace_file(folder / name, content)
        mtime = SHEET_MTIME + digest(name) % 10_000
        os.utime(folder / name, (mtime, mtime))
        rows += count
        progress("workbooks", done, len(WORKBOOKS))
    return rows


def _ignore_progress(_stage: str, _done: int, _total: int) -> None:
    """Ignore the progress."""
