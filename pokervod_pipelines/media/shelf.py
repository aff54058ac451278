"""The folder of thumbnails: one file a picture, named after what it shows, and beside it why one could not be made.

Nothing in it is worth keeping: the folder may be deleted at any time and is filled again.
"""

import hashlib
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

RETRY_SECONDS = 24 * 3600.0

_PICTURE, _REASON = ".jpg", ".txt"


@dataclass(frozen=True, slots=True, order=True)
class Shot:
    """A frame wanted: the file, the very bytes of it that are meant, the place in it, and how wide the picture is."""

    file_id: int
    size: int
    mtime_ns: int
    at_ms: int
    width: int

    @property
    def key(self) -> str:
        """The name by which the picture is found; a changed file gives another."""
        text = f"{self.file_id} {self.size} {self.mtime_ns} {self.at_ms} {self.width}"
        return hashlib.sha256(text.encode()).hexdigest()[:40]


class Shelf:
    """The thumbnails below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, shot: Shot) -> Path:
        """Where the shot's picture is, or would be."""
        return self._place(shot.key, _PICTURE)

    def put(self, shot: Shot, jpeg: bytes) -> Path:
        """The picture is in its place, whole; returns the place."""
        self._write(self.place(shot), jpeg)
        self._place(shot.key, _REASON).unlink(missing_ok=True)
        return self.place(shot)

    def put_reason(self, shot: Shot, reason: str) -> None:
        """It is on record why there is no picture, and since when."""
        self._write(self._place(shot.key, _REASON), reason.encode())

    def list_done(self) -> set[str]:
        """The keys of all pictures, and of those that could not be made and need not be tried again yet."""
        done = set()
        since = time.time() - RETRY_SECONDS
        for path in self.folder.glob("[0-9a-f][0-9a-f]/*"):
            if path.suffix == _PICTURE or (path.suffix == _REASON and path.stat().st_mtime > since):
                done.add(path.stem)
        return done

    def is_done(self, shot: Shot) -> bool:
        """Whether ``list_done`` has the shot, without looking at all others."""
        reason = self._place(shot.key, _REASON)
        return self.place(shot).is_file() or (reason.is_file() and reason.stat().st_mtime > time.time() - RETRY_SECONDS)

    def _place(self, key: str, suffix: str) -> Path:
        return self.folder / key[:2] / f"{key}{suffix}"

    def _write(self, target: Path, content: bytes) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}-{os.getpid()}-{threading.get_ident()}")
        try:
            unfinished.write_bytes(content)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
