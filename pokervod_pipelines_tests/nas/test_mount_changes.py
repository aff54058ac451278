"""Check with real mounts that a scan during which its mount changes fails, and that nothing is missing for it."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.nas.file_system import LocalFileSystem
from pokervod_pipelines_tests.nas.conftest import Archive


@dataclass
class ChangingDisk(LocalFileSystem):
    """Call ``change`` once, right before or after the folder whose path ends in ``folder`` is listed."""

    folder: str
    change: Callable[[], object]
    after: bool = False
    is_done: bool = field(default=False, init=False)

    def scandir(self, path: str, /) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        is_due = path.endswith(self.folder) and not self.is_done
        self.is_done = self.is_done or is_due
        if is_due and not self.after:
            self.change()
        listing = super().scandir(path)
        if is_due and self.after:
            self.change()
        return listing


def run(*command: object) -> bool:
    return subprocess.run([str(part) for part in command], capture_output=True, check=False).returncode == 0


def mount(place: Path) -> None:
    assert run("mount", "-t", "tmpfs", "tmpfs", place)


@pytest.fixture(scope="module")
def _needs_mounts(tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("probe")
    if os.geteuid() != 0 or not run("mount", "-t", "tmpfs", "tmpfs", place):
        pytest.skip("this machine does not allow mounts")
    run("umount", "-l", place)


@pytest.fixture
def mounted(archive: Archive, _needs_mounts: None) -> Iterator[Archive]:
    """Return an archive on a mount with a sub-mount ``PAD``, scanned once; the folders below it exist unmounted too."""
    for folder in ("WSOP/2024", "PAD/S12"):
        (archive.root / folder).mkdir(parents=True)
    mount(archive.root)
    (archive.root / "PAD").mkdir()
    mount(archive.root / "PAD")
    archive.fill("WSOP/2023", 3)
    archive.fill("WSOP/2024", 3)
    archive.fill("PAD/S12", 3)
    archive.scan()
    yield archive
    for place in (archive.root / "PAD", archive.root, archive.root):
        run("umount", "-l", place)


def remount(place: Path) -> None:
    """Take the mount away and put an empty one there."""
    run("umount", "-l", place)
    mount(place)


CHANGES = {
    "the top is unmounted at once": ("archive", True, lambda root: run("umount", "-l", root)),
    "the top is unmounted in the middle": ("/WSOP", True, lambda root: run("umount", "-l", root)),
    "the top is unmounted before a folder": ("/WSOP/2024", False, lambda root: run("umount", "-l", root)),
    "the top is unmounted at the end": ("/S12", True, lambda root: run("umount", "-l", root)),
    "another file system takes the top": ("/WSOP", True, remount),
    "another one is mounted over the top": ("/WSOP", True, mount),
    "the sub-mount is unmounted": ("/PAD", False, lambda root: run("umount", "-l", root / "PAD")),
    "the sub-mount is unmounted after its listing": ("/PAD", True, lambda root: run("umount", "-l", root / "PAD")),
    "the sub-mount is replaced": ("/PAD", True, lambda root: remount(root / "PAD")),
    "the sub-mount is unmounted at the end": ("/2023", True, lambda root: run("umount", "-l", root / "PAD")),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_scan_under_a_mount_that_changes_fails_and_nothing_is_missing(mounted: Archive, case: str) -> None:
    folder, after, change = CHANGES[case]
    before, events = mounted.ids(), mounted.events()

    with pytest.raises(
        ArchiveUnavailable, match=r"mount changed during the scan|Mount the share|vanished while it was read"
    ):
        mounted.scan(fs=ChangingDisk(folder, lambda: change(mounted.root), after))

    assert set(mounted.states().values()) <= {"present", "unseen"}
    assert set(mounted.states()) == set(before)
    assert mounted.events() == events
    assert mounted.ask("select status from nas_scans order by id") == ["completed", "failed"]


@pytest.mark.usefixtures("_needs_mounts")
@pytest.mark.parametrize("name", ["PAD", "PAD 최종 (1)"])
def test_a_bind_mount_that_is_taken_away_fails_the_scan(archive: Archive, name: str) -> None:
    archive.fill("WSOP", 3)
    (archive.root / name / "S12").mkdir(parents=True)
    elsewhere = archive.root.with_name("elsewhere")
    (elsewhere / "S12").mkdir(parents=True)
    (elsewhere / "S12/show.mp4").write_bytes(b"x" * 7_777)
    assert run("mount", "--bind", elsewhere, archive.root / name)
    try:
        assert archive.scan().added == 4

        with pytest.raises(ArchiveUnavailable, match="mount changed during the scan"):
            archive.scan(fs=ChangingDisk(f"/{name}", lambda: run("umount", "-l", archive.root / name)))
    finally:
        run("umount", "-l", archive.root / name)

    assert archive.states()[f"{name}/S12/show.mp4"] == "unseen"


def test_a_scan_under_mounts_that_stay_is_complete(mounted: Archive) -> None:
    (mounted.root / "PAD/S12/show-01.mp4").unlink()

    report = mounted.scan()

    assert (report.status, report.removed, report.unchanged) == ("completed", 1, 8)


def test_a_top_that_is_replaced_during_the_scan_fails_it(archive: Archive) -> None:
    archive.fill("A", 3)
    archive.fill("B", 3)
    archive.scan()

    def replace() -> None:
        archive.root.rename(archive.root.with_name("elsewhere"))
        (archive.root / "A").mkdir(parents=True)
        (archive.root / "B").mkdir()

    with pytest.raises(ArchiveUnavailable, match="mount changed during the scan"):
        archive.scan(fs=ChangingDisk("archive", replace, after=True))

    assert set(archive.states().values()) == {"unseen"}
