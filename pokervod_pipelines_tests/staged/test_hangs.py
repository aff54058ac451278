"""Check that a share which never answers ends each command at its limit, also where nothing can be killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pokervod_pipelines_tests.clips.export.burnt import Shape, burn_video
from pokervod_pipelines_tests.hands.sessions import make_showdown, write_session
from pokervod_pipelines_tests.staged.mounts import (
    KILLABLE,
    MARK,
    UNKILLABLE,
    list_left,
    mount_hanging,
    need_mounts,
)
from pokervod_pipelines_tests.sync.installation import SETTINGS, Installation, build_installation

pytestmark = pytest.mark.long

LIMIT_SECONDS = 120
"""A busy machine's; alone, the slowest command takes 35 s."""

PLACES = ("archive", "sheets", "drop", "exports", "renders", "templates")
SILENT = "does not answer"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Return an installation that was synced, with all that it reads below ``real``."""
    need_mounts()
    made = build_installation(tmp_path_factory.mktemp("hangs"))
    real = made.folder / "real"
    for name in PLACES:
        (real / name).mkdir(parents=True)
    (made.folder / "archive").rename(real / "archive")
    (made.folder / "sheets").rename(real / "sheets")
    for name in ("a", "b"):
        (real / "drop" / f"{name}.json").write_bytes(write_session(make_showdown()))
    put_on_share(made.folder)
    assert made.run("sync").returncode == 0
    return made


def put_on_share(folder: Path, *names: str, probe: bool = False) -> None:
    """Write settings in which these places are on the share, the others on the disk."""
    at = {name: f"{'share' if name in names else 'real'}/{name}" for name in PLACES}
    settings = SETTINGS.replace("path: archive", f"path: {at['archive']}").replace(
        "sheets/notes", f"{at['sheets']}/notes"
    )
    if probe:
        settings = settings.replace("{enabled: false}", "{seconds_per_file: 5}")
    rooms = (
        f"hands: {{drop_folders: [{at['drop']}]}}\n"
        f"tournaments: {{export_folders: [{at['exports']}]}}\n"
        f"render: {{outputs: {at['renders']}, templates: {at['templates']}}}\n"
    )
    (folder / "pokervod.yaml").write_text(settings + rooms, encoding="utf-8")


@pytest.mark.parametrize("how", [KILLABLE, UNKILLABLE])
@pytest.mark.parametrize(
    ("place", "command"),
    [
        ("archive", "nas scan --library WSOP"),
        ("archive", "sync"),
        ("archive", "doctor"),
        ("sheets", "sheets sync"),
        ("sheets", "doctor"),
        ("drop", "doctor"),
        ("exports", "doctor"),
        ("renders", "render worker --until-empty"),
        ("renders", "render accept-folder --reason x"),
        ("renders", "doctor"),
        ("templates", "render templates"),
        ("templates", "doctor"),
    ],
)
def test_a_command_ends_at_its_limit_and_names_what_does_not_answer(
    installation: Installation, place: str, command: str, how: signal.Signals
) -> None:
    put_on_share(installation.folder, place)
    with mount_hanging(installation.folder / "real", installation.folder / "share", how):
        said = run_to_its_limit(installation, command)

    assert f"share/{place}" in said
    assert SILENT in said
    assert list_left(str(installation.folder)) == []


@pytest.mark.parametrize("how", [KILLABLE, UNKILLABLE])
@pytest.mark.parametrize("place", ["archive", "renders"])
def test_metrics_have_all_figures_but_the_space_of_what_does_not_answer(
    installation: Installation, place: str, how: signal.Signals
) -> None:
    put_on_share(installation.folder, place)
    with mount_hanging(installation.folder / "real", installation.folder / "share", how):
        said = run_to_its_limit(installation, "metrics", status=0)

    assert f"share/{place}: {SILENT} (waited 4 s)" in said
    assert "free of" in said
    assert list_left(str(installation.folder)) == []


@pytest.mark.parametrize("how", [KILLABLE, UNKILLABLE])
@pytest.mark.parametrize(
    ("place", "stop_at", "command"),
    [
        ("archive", "WSOP 1980", "nas scan --library WSOP"),
        ("archive", ".pokervod-archive.json", "nas scan --library WSOP"),
        ("archive", ".pokervod-archive.json", "nas accept-folder --root nas --reason x"),
        ("archive", ".pokervod-archive.json", "doctor"),
        ("archive", "PAD S12", "sync"),
        ("archive", "wsop-1980-me-nobug.mp4", "sync"),
        ("sheets", "notes.csv", "sheets sync"),
        ("sheets", "notes.csv", "sync"),
        ("sheets", "notes.csv", "doctor"),
        ("drop", "drop", "hands import share/drop"),
        ("drop", "b.json", "hands import share/drop"),
        ("drop", "b.json", "hands import share/drop/a.json share/drop/b.json"),
    ],
)
def test_a_share_that_stops_while_it_is_read_ends_the_command_and_nothing_is_lost(
    installation: Installation, place: str, stop_at: str, command: str, how: signal.Signals
) -> None:
    before = count_known(installation)
    put_on_share(installation.folder, place, probe=stop_at.endswith(".mp4"))
    with mount_hanging(installation.folder / "real", installation.folder / "share", how, stop_at):
        said = run_to_its_limit(installation, command)

    assert f"share/{place}" in said
    assert SILENT in said
    assert list_left(str(installation.folder)) == []
    assert all(now >= was for now, was in zip(count_known(installation), before, strict=True))


CUT = """
from pokervod_pipelines.clips.export import cut
from pokervod_pipelines_tests.clips.export.burnt import Shape
from pokervod_pipelines_tests.clips.export.test_cut import clip_of
cut.CUT_SECONDS = 5
cut.cut_media(clip_of(share / "a.mov", Shape()), share / "a.mov", share.parent / "cut" / "cut.mov")
"""
READ_EXPORT = """
from datetime import timedelta
from pathlib import Path
from pokervod_pipelines.processes.share_reader import access_path
from pokervod_pipelines.tournaments.files import find_exports, read_export_file
read_export_file(Path(access_path(share, find_exports)[0].path), quiet_time=timedelta(0))
"""


@pytest.mark.parametrize("how", [KILLABLE, UNKILLABLE])
@pytest.mark.parametrize(("stop_at", "code"), [("a.mov", CUT), ("b.csv", READ_EXPORT), ("real", READ_EXPORT)])
def test_what_no_command_reaches_in_a_small_installation_ends_too(
    tmp_path: Path, stop_at: str, code: str, how: signal.Signals
) -> None:
    need_mounts()
    for name in ("real", "cut"):
        (tmp_path / name).mkdir()
    burn_video(tmp_path / "real" / "a.mov", Shape())
    (tmp_path / "real" / "b.csv").write_text("Place,Player\n1,Ana\n", encoding="utf-8")
    begin = f"from pathlib import Path; share = Path({str(tmp_path / 'share')!r})\n"
    with mount_hanging(tmp_path / "real", tmp_path / "share", how, stop_at):
        command = [sys.executable, "-c", begin + code]
        environ = {**os.environ, MARK: str(tmp_path)}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)

    assert "ArchiveUnavailable" in done.stderr
    assert SILENT in done.stderr
    assert list((tmp_path / "cut").iterdir()) == []
    assert list_left(str(tmp_path)) == []


def run_to_its_limit(installation: Installation, command: str, *, status: int = 1) -> str:
    """Run a command that fails, or not, and return what it said; without any of its processes left it is waited for."""
    process = installation.start(*command.split(), COLUMNS="300", **{MARK: str(installation.folder)})
    try:
        out, errors = process.communicate(timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"pokervod {command} hangs")
    assert process.returncode == status, errors
    return out + errors


def count_known(installation: Installation) -> tuple[int, ...]:
    """Count what the database has: files that are not missing, rows and clips."""
    return installation.ask(
        "select (select count(*) from nas_files where not is_junk and state in ('present', 'unseen')),"
        " (select count(*) from sheet_rows where retired_at is null), (select count(*) from hand_clips),"
        " (select count(*) from hands)"
    )[0]


@pytest.mark.parametrize("how", [KILLABLE, UNKILLABLE])
def test_the_doctor_says_of_each_of_twelve_roots_what_is_wrong_within_ten_seconds(
    installation: Installation, tmp_path: Path, how: signal.Signals
) -> None:
    """The time is what it takes longer than with roots that answer: a busy machine takes long for that, too."""
    faults = ("", "is empty", "does not exist", SILENT) * 3
    for number, fault in enumerate(faults):
        (tmp_path / "local" / str(number) / ("" if fault else "shows")).mkdir(parents=True)
        if fault == "does not exist":
            (tmp_path / "local" / str(number)).rmdir()
        (tmp_path / "share").mkdir(exist_ok=True)
    at = ["share" if fault == SILENT else "local" for fault in faults]
    seconds = {}
    for name in ("healthy", "hanging"):
        folders = at if name == "hanging" else ["local"] * len(faults)
        roots = [f"{{name: r{number}, path: {each}/{number}}}" for number, each in enumerate(folders)]
        libraries = [f"{{name: L{number}, root: r{number}}}" for number in range(len(faults))]
        text = f"archive_roots: [{', '.join(roots)}]\nlibraries: [{', '.join(libraries)}]\n"
        (tmp_path / "pokervod.yaml").write_text(text, encoding="utf-8")
        with mount_hanging(tmp_path / "local", tmp_path / "share", how):
            began = time.monotonic()
            done = Installation(tmp_path).run("doctor", COLUMNS="300", **{MARK: str(tmp_path)})
            seconds[name] = time.monotonic() - began

    lines = {line.split()[2].rstrip(":"): line for line in done.stdout.splitlines() if " library L" in line}
    assert {name: [fault for fault in {*faults} - {""} if fault in line] for name, line in lines.items()} == {
        f"L{number}": [fault] if fault else [] for number, fault in enumerate(faults)
    }
    assert seconds["hanging"] - seconds["healthy"] < 10
    assert list_left(str(tmp_path)) == []


def test_nothing_is_lost_and_the_next_sync_heals(installation: Installation) -> None:
    put_on_share(installation.folder, "archive", "sheets")
    with mount_hanging(installation.folder / "real", installation.folder / "share", UNKILLABLE):
        installation.sync(expect=1)
    states = installation.ask("select state, count(*) from nas_files where not is_junk group by 1")
    rows = installation.ask("select count(*) from sheet_rows where retired_at is null")
    put_on_share(installation.folder)

    assert (states, rows) == ([("unseen", 60)], [(20,)])
    installation.sync()
    assert installation.ask("select state, count(*) from nas_files where not is_junk group by 1") == [("present", 60)]
