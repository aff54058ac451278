"""Make a film to read, one to break, and an inventory with the files of a folder."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.media.films import Film, make_film, make_old

INSERT = text("""
    insert into nas_files (root, library, path, path_key, size, mtime_ns, inode, category, version_type, is_junk, state,
        state_since, first_seen_at, changed_at)
    values ('disk', 'films', :path, :path, :size, :mtime_ns, 0, :category, 'generic', :is_junk, :state,
        now(), now(), now())
    on conflict (root, path_key) do update set size = excluded.size, mtime_ns = excluded.mtime_ns
    returning id
""")


@pytest.fixture(scope="session")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a whole film, not to be changed."""
    return make_film(tmp_path_factory.mktemp("reel") / "reel.mp4", Film(frames=50, sounds=[("eng", 2)]))


@pytest.fixture
def film(reel: Path, tmp_path: Path) -> Path:
    """Return a copy of the film, to break."""
    return make_old(Path(shutil.copy(reel, tmp_path / "film.mp4")))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return the folder of the library ``films``."""
    folder = tmp_path / "disk"
    folder.mkdir()
    return folder


@pytest.fixture
def settings(archive: Path, settings_factory: Callable[..., Settings]) -> Settings:
    """Return settings with the archive."""
    return settings_factory(
        archive_roots=[{"name": "disk", "path": str(archive)}],
        libraries=[{"name": "films", "root": "disk"}],
    )


Register = Callable[..., int]


@pytest.fixture
def register(engine: Engine, archive: Path) -> Register:
    """Return a function that puts a file into the inventory as a scan would, and returns its id."""

    def put(name: str, *, category: str = "video", is_junk: bool = False, state: str = "present") -> int:
        path = archive / name
        size, mtime_ns = (path.stat().st_size, path.stat().st_mtime_ns) if path.exists() else (1, 1)
        row = {"path": name, "size": size, "mtime_ns": mtime_ns}
        with engine.begin() as connection:
            return int(connection.scalar(INSERT, row | {"category": category, "is_junk": is_junk, "state": state}) or 0)

    return put
