"""Where files go that are no sessions, each with its reason beside it. Nothing is ever deleted.

A file of a drop folder is moved, so that the folder holds only what can be read; any other file is only copied,
because somebody keeps it there.
"""

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pokervod_pipelines.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The folder, and the drop folders whose files may be moved into it."""

    folder: Path
    drop_folders: Sequence[Path] = ()

    def name_place(self, file: Path, digest: str) -> Path:
        """Return where a file of that content goes: the same content goes to the same place."""
        return self.folder / f"{file.stem[:120]}.{digest[:12]}{file.suffix}"

    def keep(self, file: Path, digest: str, raw: bytes, reason: str) -> Path:
        """The content and its reason are in the folder, whatever happens to the file; returns the place.

        Raises ``Unavailable`` where the folder cannot be written.
        """
        place = self.name_place(file, digest)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write(place.with_name(f"{place.name}.reason.txt"), f"{file}\n{reason}\n".encode("utf-8", "replace"))
            if not place.exists():
                _write(place, raw)
        except OSError as error:
            message = f"{self.folder}: cannot be written ({error.strerror}): mend the quarantine folder"
            raise Unavailable(message) from error
        return place

    def take(self, file: Path, place: Path, seen: os.stat_result) -> bool:
        """A file of a drop folder, unchanged since it was ``seen``, leaves it for ``place``; tells whether it did."""
        if not any(file.is_relative_to(folder) for folder in self.drop_folders):
            return False
        try:
            now = file.stat()
            if (now.st_size, now.st_mtime_ns, now.st_ino) != (seen.st_size, seen.st_mtime_ns, seen.st_ino):
                return False
            file.replace(place)
        except OSError as error:
            if error.errno in {errno.EXDEV, errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS}:
                return False  # the copy is kept, the file stays
            raise
        return True


def _write(path: Path, raw: bytes) -> None:
    """The file is there whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
