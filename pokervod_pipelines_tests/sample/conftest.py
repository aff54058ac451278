"""Lay the sample out once for every worker, and copy it for tests that change it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pokervod_pipelines.sample import SampleLayout, lay_out_sample

MAX_COPIED_BYTES = 5_000_000

Snapshot = dict[str, tuple[int, int]]


@pytest.fixture(scope="session")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> SampleLayout:
    """Return the whole sample, which tests must not change."""
    return lay_out_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def copied(laid_out: SampleLayout, tmp_path: Path) -> Path:
    """Return the folder of a sample of the test's own, sparse where the original is."""
    source, target = laid_out.archive_root.parent, tmp_path / "copy"
    shutil.copytree(source, target, copy_function=copy_sparse)
    return target


def copy_sparse(source: str, target: str) -> str:
    """Copy a file as ``shutil.copy2`` does, a large one without its content, which is nothing but zeros."""
    status = Path(source).stat()
    if status.st_size <= MAX_COPIED_BYTES:
        return shutil.copy2(source, target)
    with Path(target).open("wb") as handle:
        handle.truncate(status.st_size)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    return target


@pytest.fixture
def snapshot() -> Callable[[Path], Snapshot]:
    """Return a function that lists every file below a folder with its size and modification time."""

    def take(folder: Path) -> Snapshot:
        files = [Path(base) / name for base, _, names in os.walk(folder) for name in names]
        return {path.relative_to(folder).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}

    return take
