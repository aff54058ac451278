"""Check what is said, what is lost (nothing) and what heals when disks are full and shares are not mounted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pokervod_pipelines.render.outputs.marker import MARKER
from pokervod_pipelines_tests.hands.sessions import make_showdown, write_session
from pokervod_pipelines_tests.staged.mounts import fill, mount_bound, mount_small, need_mounts
from pokervod_pipelines_tests.sync.installation import SETTINGS, Installation, build_installation, write_file

pytestmark = pytest.mark.long

GRAPHIC = (
    "render enqueue --template elimination --layer player=Ana --layer place=9th --seconds 1 --format mp4 --reason x"
)
WORKER = "render worker --until-empty --name staged"
KNOWN = (
    "select (select count(*) from nas_files where not is_junk and state <> 'missing'),"
    " (select count(*) from sheet_rows where retired_at is null), (select count(*) from hand_clips),"
    " (select count(*) from hands), (select count(*) from render_instructions),"
    " (select count(*) from render_instructions where state = 'completed')"
)
HOME_KILOBYTES = 250_000
"""Enough for the database, its copy of the programs, and Dagster's."""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Return an installation that was synced; its home, its renders and its quarantine are disks of their own."""
    need_mounts()
    made = build_installation(tmp_path_factory.mktemp("disks"))
    for name in ("renders", "quarantine", "backups"):
        (made.folder / name).mkdir()
    rooms = "hands: {quarantine: quarantine}\nrender: {outputs: renders, queue: {retry_seconds: 0}}\n"
    (made.folder / "pokervod.yaml").write_text(SETTINGS + rooms, encoding="utf-8")
    (made.folder / "good.json").write_bytes(write_session(make_showdown()))
    (made.folder / "bad.json").write_text("[]")
    with mount_small(made.folder / ".pokervod", HOME_KILOBYTES), mount_small(made.folder / "quarantine", 400):
        made.sync()
        yield made


@contextmanager
def full(disk: Path) -> Iterator[None]:
    filler = fill(disk)
    try:
        yield
    finally:
        filler.unlink()


def say(installation: Installation, command: str, *expected: int) -> str:
    """Run the command, and return what it said, which is never a traceback."""
    done = installation.run(*command.split(), COLUMNS="300")
    assert done.returncode in (expected or (0,)), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def is_all_there(installation: Installation, before: list[tuple[int, ...]]) -> bool:
    return all(now >= was for now, was in zip(installation.ask(KNOWN)[0], before[0], strict=True))


def test_a_full_disk_of_the_database_is_named_and_heals(installation: Installation) -> None:
    before = installation.ask(KNOWN)
    write_file(installation.archive / "ARCHIVE/PAD/PAD S13/pad-s13-ep01-001.mp4", 5_000_000)

    with full(installation.folder / ".pokervod"):
        said = say(installation, "sync", 1, 3)  # at its start, or in a stage

    assert "free space on" in said
    assert f"{installation.folder}/.pokervod" in said
    assert is_all_there(installation, before)
    say(installation, "sync")
    assert installation.ask(KNOWN)[0][0] == before[0][0] + 1


def test_a_full_disk_of_the_quarantine_is_named_and_heals(installation: Installation) -> None:
    (hands,) = installation.ask("select count(*) from hands")

    with full(installation.folder / "quarantine"):
        said = say(installation, "hands import bad.json", 1)

    assert f"{installation.folder}/quarantine" in said
    assert "free space" in said
    assert (installation.folder / "bad.json").exists()
    assert installation.ask("select count(*) from hands") == [hands]
    say(installation, "hands import good.json bad.json", 2)
    assert sorted(each.suffix for each in (installation.folder / "quarantine").iterdir()) == [".json", ".txt"]


def test_a_full_disk_of_backups_leaves_no_half_backup(installation: Installation) -> None:
    backups = installation.folder / "backups"
    with mount_small(backups, 60):
        said = say(installation, "db backup backups/a.dump", 3)

        assert "free space" in said
        assert not list(backups.iterdir())


def test_a_full_disk_of_the_outputs_keeps_the_request_and_heals(installation: Installation) -> None:
    renders = installation.folder / "renders"
    with mount_small(renders, 20_000):
        say(installation, GRAPHIC)
        with full(renders):
            without_marker = say(installation, WORKER, 3)
        assert f"free space on {renders}" in without_marker
        say(installation, WORKER)

        say(installation, f"{GRAPHIC} --id full")
        with full(renders):
            said = say(installation, WORKER)
        assert f"free space on {renders}" in said
        say(installation, "render workers --reinstate staged --reason freed")
        say(installation, WORKER)
        assert len([*renders.rglob("*.mp4")]) == 2


def test_an_unmounted_outputs_folder_is_never_filled(installation: Installation) -> None:
    renders = installation.folder / "renders"
    with mount_small(renders, 20_000):
        say(installation, "render accept-folder --reason new")
        say(installation, f"{GRAPHIC} --id first")
        say(installation, WORKER)
    assert not list(renders.iterdir())
    say(installation, f"{GRAPHIC} --id second")

    said = say(installation, WORKER)
    doctor = say(installation, "doctor", 1)

    assert f"{renders}: the marker {MARKER} is missing" in said
    assert "mount the share" in said
    assert f"{renders} has no marker {MARKER}" in doctor
    assert not list(renders.iterdir())


def test_an_unmounted_source_is_unseen_and_comes_back(installation: Installation) -> None:
    before = installation.ask(KNOWN)
    real = installation.folder / "real"
    installation.archive.rename(real)
    installation.archive.mkdir()
    with mount_bound(real, installation.archive):
        say(installation, "sync")

    said = say(installation, "sync", 1)

    assert "Mount the share" in said
    assert "nothing has to be cleared" in " ".join(said.split())
    assert not list(installation.archive.iterdir())
    states = "select state, count(*) from nas_files where not is_junk group by 1"
    assert installation.ask(states) == [("unseen", before[0][0])]
    assert installation.ask(KNOWN) == before
    doctor = say(installation, "doctor", 1)
    assert "is empty" in doctor
    with mount_bound(real, installation.archive):
        say(installation, "sync")
        assert installation.ask(states) == [("present", before[0][0])]
