"""The shelf of templates: a worker runs for days, and people add, change and break templates meanwhile."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from pokervod_pipelines.render.templates import BadTemplate, TemplateFiles, list_files, read_templates

Look = Callable[[], TemplateFiles]
"""Returns what the files of the templates say now."""

Mark = tuple[Path, tuple[int, ...]]
"""A file, and what of it changes with its content: when it was written, its size, which file it is."""

_log = logging.getLogger(__name__)


class Shelf:
    """The templates of the package and of the folders. What was handed out before is not changed by a next look.

    Raises ``BadTemplate`` for a folder that is not there.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._lock = threading.Lock()
        self._is_away = False
        self._marks = mark_files(folders)
        self._files = TemplateFiles()
        self._read()

    def look(self) -> TemplateFiles:
        """Return what the files say now; read only when one is another than before. From any thread.

        Where a folder cannot be listed, what was there is there still: a share that is away takes no graphic away.
        """
        with self._lock:
            try:
                marks = mark_files(self._folders)
                if marks != self._marks:
                    self._read()
                    self._marks = marks
                self._is_away = False
            except BadTemplate as error:
                self._tell_away(error)
            return self._files

    def _read(self) -> None:
        self._files = read_templates(self._folders)
        for name, fault in self._files.faults.items():
            _log.warning("graphics of %s cannot be made until it is mended: %s", name, fault)

    def _tell_away(self, error: BadTemplate) -> None:
        if not self._is_away:
            _log.warning("templates are used as they were, their folder cannot be listed: %s", error)
        self._is_away = True


def mark_files(folders: Sequence[Path]) -> list[Mark]:
    """Return a mark of every template's file. Raises ``BadTemplate`` where a folder cannot be listed."""
    return [(path, _mark(path)) for folder in folders for path in list_files(folder)]


def _mark(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_mtime_ns, found.st_size, found.st_ino)
