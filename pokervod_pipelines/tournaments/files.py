"""Read an export from the disk once it is complete.

The tournament system writes into the folder that is read here, so a file may be half written. ``table`` and what
follows read its text.
"""

import errno
import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from pokervod_pipelines.errors import BadInput, Unavailable
from pokervod_pipelines.files import SeenFile, read_file
from pokervod_pipelines.processes.path_check import is_on_share
from pokervod_pipelines.processes.share_reader import Access, Report, access_path, stat_entry
from pokervod_pipelines.text.encodings import decode, ends_inside_character

LARGEST_FILE = 64 * 1024 * 1024
"""Bytes; ten thousand players take one."""

CLOCKS_APART = timedelta(days=1)
EXPORT_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
"""Errors of a file that the next export just replaced, and of a link that leads nowhere."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFile:
    """Hold the bytes of an export that did not change while they were read; ``seen_at`` is when it was written."""

    path: Path
    content: bytes
    digest: str
    seen_at: datetime
    is_fresh: bool


def find_exports(path: Path, report: Report) -> list[SeenFile]:
    """Return the file as given, or what may be exports in the folder, by name; skip temporary files.

    A file that cannot be read is one without a size and a time. A link of a local folder to a share is not followed,
    since it may hang: ``read_export_file`` refuses it.
    """
    if not path.is_dir():
        with suppress(OSError):
            return [_see(path, path.stat())]
        return [SeenFile(str(path), 0, 0)]
    found, is_local = [], not is_on_share(path)
    for child in sorted(path.iterdir()):
        report(child)
        if child.suffix.lower() in EXPORT_SUFFIXES and not child.name.startswith((".", "~")):
            try:
                status = stat_entry(child, is_local=is_local)
            except OSError as error:
                if error.errno in NO_FILE:
                    continue
                raise
            if stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
                found.append(_see(child, status))
    return found


def _see(path: Path, status: os.stat_result) -> SeenFile:
    return SeenFile(str(path), status.st_size, status.st_mtime_ns)


def stat_export(path: Path, _: Report) -> os.stat_result:
    """Return the state of a file as ``find_exports`` lists it, as a call of ``access_path``."""
    return stat_entry(path, is_local=not is_on_share(path.parent))


def read_export_file(path: Path, *, quiet_time: timedelta, access: Access = access_path) -> ExportFile:
    """Return the file's bytes; ``is_fresh`` if it was written less than ``quiet_time`` ago.

    Raises:
        Unavailable: it changes, is not there, or does not answer.
        BadInput: it cannot be an export, or is a link out of its folder.

    """
    if not str(path).isprintable():
        raise BadInput(f"{str(path)!r}: the name contains unprintable characters; rename the file")
    return access(path, partial(_read_export, quiet_time=quiet_time))


def _read_export(path: Path, report: Report, *, quiet_time: timedelta) -> ExportFile:
    try:
        if path.is_symlink() and not path.resolve().is_relative_to(path.parent.resolve()):
            raise BadInput(f"{path}: is a link out of its folder; put the file itself there")
        reading = read_file(path, report, limit=LARGEST_FILE)
    except RuntimeError:  # of `resolve`
        raise BadInput(f"{path}: is a link that leads to itself; put the file itself there") from None
    except OSError as error:
        raise Unavailable(f"{path}: cannot be read now ({error.strerror or error}); it will be retried") from None
    if stat.S_ISDIR(reading.before.st_mode):
        raise BadInput(f"{path}: expected a file, got a folder; name the exports in it")
    size = reading.after.st_size
    if size > LARGEST_FILE:
        raise BadInput(f"{path}: {size:,} bytes are too large for an export; check what was put there")
    if reading.was_changed:
        raise Unavailable(f"{path}: is still being written; it will be read when it stops changing")
    seen_at, age = _date_file(path, reading.after.st_mtime_ns)
    digest = hashlib.sha256(reading.content).hexdigest()
    return ExportFile(path=path, content=reading.content, digest=digest, seen_at=seen_at, is_fresh=age < quiet_time)


def _date_file(path: Path, mtime_ns: int) -> tuple[datetime, timedelta]:
    now = datetime.now(UTC)
    try:
        written = EPOCH + timedelta(microseconds=mtime_ns // 1000)
    except OverflowError:
        raise BadInput(f"{path}: the file time is after the year 9999; copy the file again") from None
    if written > now + CLOCKS_APART:
        message = f"{path}: file time {written:%Y-%m-%d} is in the future; set the clock of the exporting machine"
        raise BadInput(f"{message}, and export again: until then newer exports would count as older")
    return written, now - written


def decode_export(file: ExportFile) -> str:
    """Return the text.

    Raises:
        Unavailable: it is still being written.
        BadInput: its encoding is not certain; names the likely one and the place.

    """
    try:
        return decode(file.content, file=file.path)
    except BadInput:
        if file.is_fresh:
            raise Unavailable(f"{file.path}: may be incomplete; it will be read when it stops changing") from None
        if ends_inside_character(file.content) and not file.content[:-1].isascii():  # one byte may be "é" of Windows
            raise Unavailable(f"{file.path}: ends inside a character; it will be read when it is complete") from None
        raise
