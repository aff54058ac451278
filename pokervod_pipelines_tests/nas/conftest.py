"""Make a small real archive on disk, its settings, and queries of its inventory."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.nas.file_system import LOCAL, FileSystem
from pokervod_pipelines.nas.library_scan import scan_library
from pokervod_pipelines.nas.report import ScanReport
from pokervod_pipelines.settings import Settings

_FIRST_MTIME = 1_600_000_000


@dataclass
class Archive:
    """Hold an archive root of the test's own and its inventory; the only library is ``all``."""

    engine: Engine
    root: Path
    make_settings: Callable[..., Settings]
    options: dict[str, Any] = field(default_factory=dict)
    written: int = 0

    def write(self, path: str, size: int = 5_000) -> Path:
        """Write a file of that size with a time of its own, long ago."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as stream:
            stream.truncate(size)
        self.written += 1
        os.utime(file, (_FIRST_MTIME, _FIRST_MTIME + self.written))
        return file

    def fill(self, folder: str, count: int) -> None:
        """Write ``count`` videos into the folder, each with a size and time of its own."""
        for number in range(count):
            self.write(f"{folder}/show-{number:02}.mp4", 10_000 + self.written)

    @property
    def settings(self) -> Settings:
        scan = {"settle_seconds": 0, "stall_seconds": 20} | self.options.get("scan", {})
        libraries = self.options.get("libraries", {"all": "."})
        return self.make_settings(
            archive_roots=[{"name": "main", "path": self.options.get("root", self.root)}],
            libraries=[{"name": name, "root": "main", "folder": folder} for name, folder in libraries.items()],
            scan=scan,
        )

    def scan(self, library: str = "all", fs: FileSystem = LOCAL, **options: Any) -> ScanReport:
        """Scan the library."""
        return scan_library(self.engine, self.settings, library, correlation_id="test", fs=fs, **options)

    def ask(self, query: str, **parameters: Any) -> list[Any]:
        """Return the rows of a query; of one column its values."""
        with self.engine.connect() as connection:
            rows = connection.execute(text(query), parameters).all()
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    def states(self) -> dict[str, str]:
        """Return the state of every row by path."""
        return dict(self.ask("select path, state from nas_files"))

    def ids(self) -> dict[str, int]:
        """Return the ids of the present rows by path."""
        return dict(self.ask("select path, id from nas_files where state = 'present'"))

    def events(self) -> list[tuple[str, str]]:
        """Return type and path of every file event so far, in order."""
        return self.ask("select type, payload->>'path' from events where type like 'nas.file.%' order by id")


@pytest.fixture
def archive(engine: Engine, tmp_path: Path, settings_factory: Callable[..., Settings]) -> Archive:
    """Return an empty archive root and an empty inventory."""
    root = tmp_path / "archive"
    root.mkdir()
    return Archive(engine, root, settings_factory)
