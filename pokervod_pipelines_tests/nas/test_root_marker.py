"""Check that an archive root is known again by its marker, whatever is mounted in its place."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import ArchiveUnavailable, SuspiciousLoss
from pokervod_pipelines.nas.library_scan import scan_library
from pokervod_pipelines.nas.missing import confirm_loss, list_lost
from pokervod_pipelines.nas.path_rules import MARKER
from pokervod_pipelines.nas.root_marker import accept_root
from pokervod_pipelines_tests.nas.conftest import Archive
from pokervod_pipelines_tests.nas.test_mount_changes import ChangingDisk, run

EDITOR = Actor(who="Ana", reason="new server")
OTHER_ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def full(archive: Archive) -> Archive:
    """Return an archive of nine videos that was scanned once, and so has its marker."""
    archive.fill("WSOP", 6)
    archive.fill("PAD", 3)
    archive.scan()
    return archive


def read_id(archive: Archive) -> str:
    return str(json.loads((archive.root / MARKER).read_text())["id"])


def known(archive: Archive) -> list[str | None]:
    """Return the markers that the completed scans found, oldest first."""
    return archive.ask("select marker from nas_scans where status = 'completed' order by id")


def accept(archive: Archive) -> str | None:
    return accept_root(archive.engine, archive.settings.root("main"), 20, actor=EDITOR)


def unmount(archive: Archive) -> None:
    archive.root.rename(archive.root.with_name("elsewhere"))
    archive.root.mkdir()


def leave_stray_file(archive: Archive) -> None:
    unmount(archive)
    archive.write("notes.txt")


def mount_another_archive(archive: Archive) -> None:
    leave_stray_file(archive)
    write_marker(json.dumps({"id": OTHER_ID}).encode())(archive)


def mount_one_with_the_same_names(archive: Archive) -> None:
    shutil.copytree(archive.root, archive.root.with_name("elsewhere"))
    write_marker(json.dumps({"id": OTHER_ID}).encode())(archive)


def delete_marker(archive: Archive) -> None:
    (archive.root / MARKER).unlink()


def copy_without_hidden_files(archive: Archive) -> None:
    unmount(archive)
    elsewhere = archive.root.with_name("elsewhere")
    shutil.copytree(elsewhere, archive.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))


def make_marker_a_folder(archive: Archive) -> None:
    delete_marker(archive)
    (archive.root / MARKER).mkdir()


def write_marker(content: bytes) -> Callable[[Archive], object]:
    return lambda archive: (archive.root / MARKER).write_bytes(content)


REPLACED = {
    "a stray file below the mount": (leave_stray_file, "is missing"),
    "another archive": (mount_another_archive, "is that of another archive"),
    "another archive with the same names": (mount_one_with_the_same_names, "is that of another archive"),
    "the marker was deleted": (delete_marker, "is missing"),
    "a copy without hidden files": (copy_without_hidden_files, "is missing"),
    "the marker is a folder": (make_marker_a_folder, "is damaged or may not be read"),
    "the marker is empty": (write_marker(b""), "is damaged"),
    "the marker was cut off": (write_marker(b'{"id": "0123'), "is damaged"),
}


@pytest.mark.parametrize("case", REPLACED)
def test_a_root_that_is_not_the_known_one_changes_nothing_until_it_is_accepted(full: Archive, case: str) -> None:
    replace, fault = REPLACED[case]
    ids, events = full.ids(), full.events()
    replace(full)

    for _ in range(2):
        with pytest.raises(ArchiveUnavailable, match=fault) as raised:
            full.scan()

    assert raised.value.is_absent
    assert f"archive root 'main': the marker {full.root}/{MARKER} {fault}" in str(raised.value)
    assert "Mount the share, then scan again" in str(raised.value)
    assert full.states() == dict.fromkeys(ids, "unseen")
    assert full.events() == events
    assert full.ask("select error from nas_scans order by id desc limit 1") == [str(raised.value)]
    with pytest.raises(ArchiveUnavailable, match=fault):
        list_lost(full.engine, full.settings, library="all", below="")
    with pytest.raises(ArchiveUnavailable, match=fault):
        confirm_loss(full.engine, full.settings, library="all", below="", actor=EDITOR)
    assert full.states() == dict.fromkeys(ids, "unseen")


@pytest.mark.parametrize("replace", [delete_marker, copy_without_hidden_files, mount_one_with_the_same_names])
def test_an_accepted_root_is_scanned_as_before(full: Archive, replace: Callable[[Archive], object]) -> None:
    ids, before = full.ids(), read_id(full)
    replace(full)

    marker = accept(full)
    report = full.scan()

    assert (report.unchanged + report.moved, report.missing, report.unseen) == (9, 0, 0)
    assert full.ids() == ids
    assert marker == read_id(full) != before
    assert known(full)[-1] == marker
    recorded = full.ask("select kind, by, reason, value ->> 'marker', before ->> 'marker' from decisions")
    assert recorded == [("nas.root", "Ana", "new server", marker, before)]
    [event] = full.ask("select payload from events where type = 'nas.root.accepted'")
    assert event == {"root": "main", "marker": marker, "before": before, "by": "Ana", "reason": "new server"}


def test_a_root_that_is_empty_or_not_there_is_not_accepted(full: Archive) -> None:
    unmount(full)

    with pytest.raises(ArchiveUnavailable, match="Mount it, then accept it again"):
        accept(full)

    full.root.rmdir()
    with pytest.raises(ArchiveUnavailable, match="Mount it, then accept it again"):
        accept(full)


def test_the_right_share_that_comes_back_is_complete_at_once(full: Archive) -> None:
    ids = full.ids()
    mount_another_archive(full)
    with pytest.raises(ArchiveUnavailable):
        full.scan()
    shutil.rmtree(full.root)
    full.root.with_name("elsewhere").rename(full.root)

    report = full.scan()

    assert (report.unchanged, report.missing, report.unseen) == (9, 0, 0)
    assert full.ids() == ids


def test_a_marker_is_no_file_of_the_library(full: Archive) -> None:
    marker = (full.root / MARKER).read_bytes()
    full.options["scan"] = {"keep": [".pokervod*", "*.json"]}
    shutil.copy(full.root / MARKER, full.root / "PAD" / MARKER)

    report = full.scan()

    assert (report.seen, report.junk, report.held, report.added, report.links) == (9, 0, 0, 0, 0)
    assert len(full.states()) == 9
    assert (full.root / MARKER).read_bytes() == marker
    assert {*json.loads(marker)} == {"id", "accepted_by", "reason", "at"}
    assert known(full) == [read_id(full)] * 2


@pytest.mark.parametrize("junk", [[], [".DS_Store", "Thumbs.db"]])
def test_a_root_without_content_is_not_marked(archive: Archive, junk: list[str]) -> None:
    for name in junk:
        archive.write(name)

    archive.scan()

    assert not (archive.root / MARKER).exists()
    assert known(archive) == [None]


def test_a_root_that_was_scanned_before_markers_is_marked_once_a_scan_completes(full: Archive) -> None:
    delete_marker(full)
    with full.engine.begin() as connection:
        connection.exec_driver_sql("update nas_scans set root = null, marker = null")
    shutil.rmtree(full.root / "WSOP")

    with pytest.raises(SuspiciousLoss):
        full.scan()
    assert not (full.root / MARKER).exists()

    full.write("WSOP/show-00.mp4", 10_000)
    confirm_loss(full.engine, full.settings, library="all", below="WSOP", actor=EDITOR)
    full.scan()
    assert known(full)[-1] == read_id(full)


def test_the_marker_of_another_installation_is_kept(archive: Archive) -> None:
    archive.fill("WSOP", 2)
    write_marker(json.dumps({"id": OTHER_ID}).encode())(archive)

    archive.scan()

    assert known(archive) == [OTHER_ID]
    assert read_id(archive) == OTHER_ID


@pytest.mark.parametrize("content", [b"", b"[]", b'{"accepted_by": "Ana"}'])
def test_a_damaged_marker_of_a_root_that_was_never_marked_is_left_alone(archive: Archive, content: bytes) -> None:
    archive.fill("WSOP", 2)
    write_marker(content)(archive)

    assert archive.scan().added == 2

    assert (archive.root / MARKER).read_bytes() == content
    assert known(archive) == [None]


def test_an_older_snapshot_with_the_marker_follows_the_rules_of_losses(full: Archive) -> None:
    snapshot = full.root.with_name("snapshot")
    shutil.copytree(full.root, snapshot)
    full.fill("GOG", 1)
    full.scan()
    full.root.rename(full.root.with_name("elsewhere"))
    snapshot.rename(full.root)

    report = full.scan()

    assert (report.unchanged, report.removed) == (9, 1)


def test_a_root_that_lost_all_but_its_marker_is_a_suspicious_loss(full: Archive) -> None:
    shutil.rmtree(full.root / "WSOP")
    shutil.rmtree(full.root / "PAD")

    with pytest.raises(SuspiciousLoss, match="9 of 9 files"):
        full.scan()

    assert confirm_loss(full.engine, full.settings, library="all", below="", actor=EDITOR) == 9


def test_libraries_of_one_root_have_one_marker(archive: Archive) -> None:
    archive.options["libraries"] = {"wsop": "WSOP", "main-event": "WSOP/ME", "rest": "."}
    for folder in ("WSOP/ME", "WSOP", "PAD"):
        archive.fill(folder, 2)

    assert [archive.scan(name).added for name in archive.options["libraries"]] == [2, 2, 2]
    assert known(archive) == [read_id(archive)] * 3

    delete_marker(archive)
    for name in archive.options["libraries"]:
        with pytest.raises(ArchiveUnavailable, match="accept-folder --root main"):
            archive.scan(name)
    accept(archive)
    assert [archive.scan(name).unchanged for name in archive.options["libraries"]] == [2, 2, 2]


def test_a_library_that_is_added_to_a_root_expects_its_marker(full: Archive) -> None:
    full.options["libraries"] = {"all": ".", "gog": "GOG"}
    full.fill("GOG", 2)
    delete_marker(full)

    with pytest.raises(ArchiveUnavailable, match="archive root 'main'"):
        full.scan("gog")


def test_a_root_inside_another_one_has_a_marker_of_its_own(full: Archive) -> None:
    inner = full.root / "PAD"
    settings = full.make_settings(
        archive_roots=[{"name": "main", "path": full.root}, {"name": "pad", "path": inner}],
        libraries=[{"name": "all", "root": "main"}, {"name": "inner", "root": "pad"}],
        scan={"settle_seconds": 0},
    )
    scan = partial(scan_library, full.engine, settings, correlation_id="test")

    assert scan("inner").added == 3
    assert scan("all").unchanged == 9

    assert read_id(full) != json.loads((inner / MARKER).read_text())["id"]
    (inner / MARKER).unlink()
    with pytest.raises(ArchiveUnavailable, match="archive root 'pad'"):
        scan("inner")
    assert scan("all").unchanged == 9


def test_shares_that_are_mounted_at_each_others_place_are_told_apart(archive: Archive) -> None:
    folders = {name: archive.root / name for name in ("one", "two")}
    archive.fill("one", 2)
    archive.fill("two", 2)
    settings = archive.make_settings(
        archive_roots=[{"name": name, "path": folder} for name, folder in folders.items()],
        libraries=[{"name": name, "root": name} for name in folders],
        scan={"settle_seconds": 0},
    )
    scan = partial(scan_library, archive.engine, settings, correlation_id="test")
    assert [scan(name).added for name in folders] == [2, 2]

    folders["one"].rename(archive.root / "aside")
    folders["two"].rename(folders["one"])
    (archive.root / "aside").rename(folders["two"])

    for name in folders:
        with pytest.raises(ArchiveUnavailable, match=f"archive root '{name}': .* is that of another archive"):
            scan(name)


def test_a_marker_that_never_ends_is_given_up(full: Archive) -> None:
    delete_marker(full)
    os.mkfifo(full.root / MARKER)
    full.options["scan"] = {"stall_seconds": 0.2}

    with pytest.raises(ArchiveUnavailable, match=f"{MARKER}: does not answer"):
        full.scan()


def test_scans_at_once_write_one_marker(archive: Archive) -> None:
    names = {f"lib{number}": f"F{number}" for number in range(4)}
    archive.options["libraries"] = names
    for folder in names.values():
        archive.fill(folder, 2)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(archive.scan, names))

    assert known(archive) == [read_id(archive)] * 4


def test_a_share_that_is_replaced_during_the_scan_changes_nothing(full: Archive) -> None:
    full.write("PAD/new.mp4")
    before = full.states()

    with pytest.raises(ArchiveUnavailable, match="is that of another archive"):
        full.scan(fs=ChangingDisk("/PAD", lambda: write_marker(json.dumps({"id": OTHER_ID}).encode())(full)))

    assert full.states() == before


def test_a_root_on_a_share_is_marked_and_known_again(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pokervod_pipelines.processes.path_check.LOCAL", frozenset())
    archive.fill("WSOP", 2)
    archive.scan()
    assert known(archive) == [read_id(archive)]

    write_marker(b"[]")(archive)
    with pytest.raises(ArchiveUnavailable, match="is damaged"):
        archive.scan()

    accept(archive)
    assert archive.scan().unchanged == 2


@pytest.fixture
def read_only(archive: Archive) -> Iterator[Archive]:
    """Return an archive of six videos on a file system that is mounted read-only."""
    if os.geteuid() != 0 or not run("mount", "-t", "tmpfs", "tmpfs", archive.root):
        pytest.skip("this machine does not allow mounts")
    archive.fill("WSOP", 6)
    assert run("mount", "-o", "remount,ro", archive.root)
    yield archive
    run("umount", "-l", archive.root)


def test_a_root_that_cannot_be_written_to_has_no_marker_and_no_error(read_only: Archive) -> None:
    assert read_only.scan().added == 6
    assert read_only.scan().unchanged == 6

    assert known(read_only) == [None, None]
    assert [*read_only.root.iterdir()] == [read_only.root / "WSOP"]

    assert run("mount", "-o", "remount,rw", read_only.root)
    read_only.scan()
    assert known(read_only)[-1] == read_id(read_only)


def test_an_accepted_root_that_cannot_be_written_to_needs_no_marker(read_only: Archive) -> None:
    read_only.scan()
    with read_only.engine.begin() as connection:
        connection.exec_driver_sql(f"update nas_scans set marker = '{OTHER_ID}'")
    with pytest.raises(ArchiveUnavailable, match="is missing"):
        read_only.scan()

    assert accept(read_only) is None

    assert read_only.scan().unchanged == 6


def test_a_full_disk_has_no_marker_and_no_error(archive: Archive) -> None:
    if os.geteuid() != 0 or not run("mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=3", "tmpfs", archive.root):
        pytest.skip("this machine does not allow mounts")
    try:
        archive.write("WSOP/show.mp4")
        assert archive.scan().added == 1
        assert [*archive.root.iterdir()] == [archive.root / "WSOP"]
    finally:
        run("umount", "-l", archive.root)
