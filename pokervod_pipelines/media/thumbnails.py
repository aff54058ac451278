"""Draw thumbnails: frames of videos as small JPEG files, drawn once and then found in a cache folder."""

import hashlib
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from pokervod_pipelines.files import replace_file
from pokervod_pipelines.media.facts import Unplayable
from pokervod_pipelines.media.reader import describe_failure, draw_frame, limit_reading, read_videos
from pokervod_pipelines.media.store import list_playable
from pokervod_pipelines.settings import Settings

RETRY_SECONDS = 24 * 3600.0
DRAWING = 2
"""Raised when the same file gives another image; older thumbnails are then not used."""

_IMAGE, _REASON = ".jpg", ".txt"


@dataclass(frozen=True, slots=True, order=True)
class FrameKey:
    """Identify a thumbnail: the file, its very bytes, the time in it in ms, and the width of the image."""

    file_id: int
    size: int
    mtime_ns: int
    at_ms: int
    width: int

    @property
    def digest(self) -> str:
        """Return the name under which the thumbnail is stored; a changed file gives another."""
        text = f"{DRAWING} {self.file_id} {self.size} {self.mtime_ns} {self.at_ms} {self.width}"
        return hashlib.sha256(text.encode()).hexdigest()[:40]


class ThumbnailCache:
    """Store thumbnails below ``folder``, and beside them why one could not be drawn.

    The folder may be deleted at any time; thumbnails are then drawn again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find_path(self, key: FrameKey) -> Path:
        """Return the path of the thumbnail, whether it exists or not."""
        return self._find_path(key, _IMAGE)

    def put(self, key: FrameKey, jpeg: bytes) -> Path:
        """Store the thumbnail, whole or not at all, and return its path."""
        self._write(self.find_path(key), jpeg)
        self._find_path(key, _REASON).unlink(missing_ok=True)
        return self.find_path(key)

    def put_reason(self, key: FrameKey, reason: str) -> None:
        """Store why there is no thumbnail; it is not retried for a day."""
        self._write(self._find_path(key, _REASON), reason.encode())

    def is_done(self, key: FrameKey) -> bool:
        """Return whether the thumbnail exists, or could not be drawn within the last day."""
        if self.find_path(key).is_file():
            return True
        reason = self._find_path(key, _REASON)
        return reason.is_file() and reason.stat().st_mtime > time.time() - RETRY_SECONDS

    def _find_path(self, key: FrameKey, suffix: str) -> Path:
        return self.folder / key.digest[:2] / f"{key.digest}{suffix}"

    def _write(self, target: Path, content: bytes) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, content)


def open_thumbnail_cache(settings: Settings) -> ThumbnailCache:
    """Return the cache of this installation."""
    return ThumbnailCache(settings.home / "thumbnails")


def draw_thumbnails(
    engine: Engine, settings: Settings, frames: Sequence[tuple[int, int]], *, width: int, pass_seconds: float
) -> dict[tuple[int, int], Path]:
    """Return the thumbnails of these frames (file id, ms from its start) that exist or could be drawn in the time.

    A file that is only too slow is tried again at the next call. Raises as ``read_videos`` does.
    """
    started = time.monotonic()
    cache = open_thumbnail_cache(settings)
    roots = {library.name: settings.root_of(library).path for library in settings.libraries}
    with engine.connect() as connection:
        files = {file.file_id: file for file in list_playable(connection, sorted({each for each, _ in frames}))}
    keys, paths = {}, {}
    for file_id, at_ms in frames:
        file = files.get(file_id)
        if file is not None and file.library in roots:
            keys[file_id, at_ms] = key = FrameKey(file_id, file.size, file.mtime_ns, at_ms, width)
            paths[key] = str(roots[file.library] / file.path)
    missing = {key: path for key, path in sorted(paths.items()) if not cache.is_done(key)}
    _draw_missing(cache, missing, settings, started + pass_seconds / 2, pass_seconds / 2)
    return {frame: path for frame, key in keys.items() if (path := cache.find_path(key)).is_file()}


def _draw_missing(
    cache: ThumbnailCache, missing: dict[FrameKey, str], settings: Settings, deadline: float, longest_seconds: float
) -> None:
    seconds = min(settings.media.seconds_per_file, longest_seconds)
    limits = limit_reading(len(missing), workers=settings.media.workers, seconds=seconds, deadline=deadline)
    calls = ((key, path, partial(draw_frame, path, key.at_ms, key.width)) for key, path in missing.items())
    with closing(read_videos(calls, limits)) as answers:
        for key, answer in answers:
            if isinstance(answer, bytes):
                cache.put(key, answer)
            elif isinstance(answer, Unplayable | OSError):
                cache.put_reason(key, describe_failure(answer))
