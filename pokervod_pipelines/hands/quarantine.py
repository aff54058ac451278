"""Quarantine files that cannot be read, each with its reason beside it. Nothing is ever deleted.

A file of a drop folder is moved, so that the folder holds only what can be read; any other file is only copied,
because somebody keeps it there.
"""

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.files import find_full_disk, replace_file
from pokervod_pipelines.processes.share_reader import Report, access_path


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Name the quarantine folder, and the drop folders whose files may be moved into it."""

    folder: Path
    drop_folders: Sequence[Path] = ()

    def name_copy(self, file: Path, digest: str) -> Path:
        """Return the path for a file of that content; the same content has the same path."""
        return self.folder / f"{file.stem[:120]}.{digest[:12]}{file.suffix}"

    def store_copy(self, file: Path, digest: str, raw: bytes, reason: str) -> Path:
        """Write the content and its reason to the folder and return the path of the copy.

        Raises ``Unavailable`` where the folder cannot be written.
        """
        copy = self.name_copy(file, digest)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            note = f"{file}\n{reason}\n".encode("utf-8", "replace")
            replace_file(copy.with_name(f"{copy.name}.reason.txt"), note, sync=True)
            if not copy.exists():
                replace_file(copy, raw, sync=True)
        except OSError as error:
            disk = find_full_disk(error, self.folder)
            advice = f"free space on {disk}, then run it again" if disk else "correct the quarantine folder"
            raise Unavailable(f"{self.folder}: cannot be written ({error.strerror}); {advice}") from error
        return copy

    def move_original(self, file: Path, copy: Path, seen: os.stat_result) -> bool:
        """Move a file of a drop folder to ``copy`` if it is unchanged since it was ``seen``; return whether it was."""
        if not any(file.is_relative_to(folder) for folder in self.drop_folders):
            return False
        return access_path(file, partial(_move, copy=copy.absolute(), seen=seen))


def _move(file: Path, _: Report, *, copy: Path, seen: os.stat_result) -> bool:
    try:
        now = file.stat()
        if (now.st_size, now.st_mtime_ns, now.st_ino) != (seen.st_size, seen.st_mtime_ns, seen.st_ino):
            return False
        file.replace(copy)
    except OSError as error:
        if error.errno in {errno.EXDEV, errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS}:
            return False  # the copy is kept, the file stays
        raise
    return True
