"""Check that a library that is no longer in the settings is named, is retired only by a person, and returns whole."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.checks import CheckResult, Severity, report_part
from pokervod_pipelines.cli.app import app
from pokervod_pipelines.db.engine import CONNECT_ARGUMENTS
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.monitoring.evaluation import evaluate_all
from pokervod_pipelines.nas.health import check_archive
from pokervod_pipelines.nas.path_rules import MARKER
from pokervod_pipelines.nas.same_roots import NEXT_STEP
from pokervod_pipelines.settings import load_settings

Run = Callable[..., Any]

RETIRE = ("nas", "retire", "wsop")
BOTH = "libraries: [{name: wsop, root: nas, folder: WSOP}, {name: pad, root: nas, folder: PAD}]"
REMOVED = "libraries: [{name: pad, root: nas, folder: PAD}]"
CHECK = "every_library_is_in_the_settings"


def configure(libraries: str, roots: str = "{name: nas, path: nas}") -> None:
    text_ = f"archive_roots: [{roots}]\n{libraries}\nscan: {{settle_seconds: 0}}\n"
    Path("pokervod.yaml").write_text(text_, encoding="utf-8")


@pytest.fixture
def run(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return ``run(*words)``; the library that left the settings had a missing file, junk and two videos."""
    for path in (
        "WSOP/WSOP 2005 ME01.mp4",
        "WSOP/wsop_gone.mp4",
        "WSOP/WSOP 2005 Main 02.mp4",
        "WSOP/Thumbs.db",
        "PAD/pad.mp4",
    ):
        (tmp_path / "nas" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "nas" / path).write_bytes(path.encode() * 500)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    configure(BOTH)
    CliRunner().invoke(app, ["nas", "scan"], catch_exceptions=False)
    (tmp_path / "nas/WSOP/wsop_gone.mp4").unlink()
    CliRunner().invoke(app, ["nas", "scan"], catch_exceptions=False)
    build_catalog(engine, correlation_id="test")
    configure(REMOVED)
    return lambda *words: CliRunner().invoke(app, words)


def ask(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def evaluate(engine: Engine) -> dict[str, CheckResult]:
    """Return the checks of the archive that do not pass."""
    with engine.connect() as connection:
        results = evaluate_all(connection, load_settings()).items()
    return {name: each for name, each in results if not each.passed and name != "every_name_was_understood"}


def read_output(result: Any) -> str:
    return " ".join(f"{result.output} {result.exception or ''}".split())


IDS = "select id, path, state, library from nas_files where state = 'present' order by id"


def test_a_library_that_was_removed_from_the_settings_is_named_once_with_the_next_step(
    run: Run, engine: Engine
) -> None:
    configure(BOTH)
    assert evaluate(engine).keys() == {"no_file_is_missing"}
    configure(REMOVED)
    (check,) = evaluate(engine).values()

    assert (check.name, check.summary, check.evidence) == (
        CHECK,
        "1 library is no longer in the settings.",
        ("wsop: 3 files in root nas",),
    )
    assert "`pokervod nas retire LIBRARY --reason …` (first `--preview`)" in check.next_step
    line = "No longer in the settings: wsop (3 files). Retire with `pokervod nas retire wsop --reason …`"
    for words in ("scan", "missing", "duplicates"):
        assert line in read_output(run("nas", words))
    Path("nas").rename("unmounted")
    shown = run("nas", "scan")
    assert shown.exit_code
    assert line in " ".join(shown.output.split())


def test_a_failed_scan_of_a_removed_library_counts_no_more(run: Run, engine: Engine) -> None:
    configure(BOTH)
    Path("nas/WSOP").rename("elsewhere")
    assert run("nas", "scan").exit_code
    assert {"every_library_was_read", "every_file_was_seen"} <= evaluate(engine).keys()
    configure(REMOVED)

    assert evaluate(engine).keys() == {CHECK}


def test_a_preview_lists_the_files_and_changes_nothing(run: Run, engine: Engine) -> None:
    before = ask(engine, IDS), ask(engine, "select id from events")

    listed = read_output(run(*RETIRE, "--preview"))

    assert "3 files would be retired: wsop of root nas" in listed
    assert "WSOP 2005 ME01.mp4" in listed
    assert "Thumbs.db" not in listed
    assert "--reason is required" in read_output(run(*RETIRE))
    assert (ask(engine, IDS), ask(engine, "select id from events")) == before


def test_a_preview_waits_for_no_one_who_changes_the_files(
    run: Run, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CONNECT_ARGUMENTS, "options", "-c lock_timeout=1s")
    with engine.connect() as connection:
        connection.execute(text("select from nas_files for update"))

        assert "3 files would be retired" in read_output(run(*RETIRE, "--preview"))


def test_a_retired_library_leaves_the_catalog_and_returns_with_its_ids(run: Run, engine: Engine) -> None:
    ids = ask(engine, IDS)

    printed = read_output(run(*RETIRE, "--reason", "the series is over", "--by", "kim"))

    assert "3 files of wsop retired `pokervod sync` builds the catalog without them" in printed
    assert evaluate(engine) == {}
    assert ask(engine, "select library, state from nas_files where library = 'wsop'") == [("wsop", "cleared")] * 4
    signed = "select distinct payload ->> 'by', payload ->> 'reason' from events where type = 'nas.file.cleared'"
    assert ask(engine, signed) == [("kim", "the series is over")]
    audit = "select kind, by, subject ->> 'library', jsonb_array_length(value -> 'file_ids') from decisions"
    assert ask(engine, audit) == [("nas.retirement", "kim", "wsop", 4)]
    build_catalog(engine, correlation_id="test")
    assert ask(engine, "select f.path from video_files join nas_files f on f.id = file_id") == [("PAD/pad.mp4",)]
    assert "Every known file is there" in read_output(run("nas", "missing"))

    configure(BOTH)
    assert run("nas", "scan").exit_code == 0
    build_catalog(engine, correlation_id="test")
    assert ask(engine, IDS) == ids
    assert evaluate(engine) == {}


@pytest.mark.parametrize(
    ("library", "says"),
    [
        ("pad", "pad: the settings have this library, so it would be scanned again. Remove it there first."),
        ("wsopp", "unknown library 'wsopp'; did you mean `wsop`?"),
    ],
)
@pytest.mark.parametrize("how", [("--preview",), ("--reason", "x")])
def test_only_a_library_that_is_no_longer_in_the_settings_is_retired(
    run: Run, library: str, says: str, how: tuple[str, ...]
) -> None:
    refused = run("nas", "retire", library, *how)

    assert isinstance(refused.exception, BadInput)
    assert says in read_output(refused)


@pytest.mark.parametrize(
    "words",
    [
        ("scan", "--library", "wsop"),
        ("clear", "--library", "wsop", "--below", "PAD", "--reason", "x"),
        ("clear", "--library", "wsop", "--below", "WSOP", "--preview"),
        ("confirm-loss", "--library", "wsop", "--below", "WSOP", "--reason", "x"),
        ("missing", "--library", "wsop", "--since", "2h", "--until", "1h"),
    ],
)
def test_a_library_that_is_only_stored_is_no_unknown_one(run: Run, words: tuple[str, ...]) -> None:
    refused = run("nas", *words)

    assert isinstance(refused.exception, BadInput)
    assert "wsop: no longer in the settings. Add it to `libraries` there to scan it, or retire" in read_output(refused)


def test_files_that_another_library_contains_are_its_own(run: Run, engine: Engine) -> None:
    configure("libraries: [{name: all, root: nas}]")

    assert evaluate(engine).keys() == {"no_file_is_missing"}
    assert "unknown library 'wsop'; known: none" in read_output(run(*RETIRE, "--preview"))


def test_of_a_library_with_another_folder_only_what_is_outside_is_retired(run: Run, engine: Engine) -> None:
    configure("libraries: [{name: wsop, root: nas, folder: PAD}]")
    run("nas", "scan")
    (check,) = evaluate(engine).values()
    assert check.evidence == ("wsop: 3 files in root nas",)

    assert "3 files of wsop retired" in read_output(run(*RETIRE, "--reason", "x"))
    assert [path for _, path, *_ in ask(engine, IDS)] == ["PAD/pad.mp4"]
    assert evaluate(engine) == {}


def test_one_disk_under_the_name_of_another_root_is_no_copy_of_itself(run: Run, engine: Engine) -> None:
    configure("libraries: [{name: all, root: disk}]", "{name: disk, path: nas}")
    run("nas", "scan")

    printed = read_output(run("nas", "duplicates"))

    assert "0 groups" in printed
    assert "settings: pad (1 file), wsop (3 files). Retire with `pokervod nas retire pad wsop --reason …`" in printed
    assert "wsop: 3 files in root nas" in evaluate(engine)[CHECK].evidence
    assert "did you mean `wsop`?" in read_output(run("nas", "retire", "pad", "wsob", "--reason", "x"))
    assert evaluate(engine)[CHECK].evidence_count == 2
    assert "1 file of pad retired 3 files of wsop retired" in read_output(
        run("nas", "retire", "pad", "wsop", "--reason", "x")
    )
    assert CHECK not in evaluate(engine)


RENAMED = "root disk has the marker of nas, which is no longer in the settings: it counts twice"
COPIED = "root nas has the marker of copy: one archive, or a copy of it, counts twice"


def test_a_root_with_another_name_is_named_until_it_is_one_again(run: Run, engine: Engine) -> None:
    configure("libraries: [{name: pad, root: disk, folder: PAD}]", "{name: disk, path: nas}")
    assert RENAMED in read_output(run("nas", "scan"))

    check = evaluate(engine)["every_root_is_known_once"]
    assert (check.summary, check.evidence) == ("1 root has the marker of another one.", (RENAMED,))
    assert check_archive(engine, load_settings())[1:] == [replace(each, severity=Severity.WARNING) for each in NOTES]

    assert "1 file of pad retired 3 files of wsop retired" in read_output(
        run("nas", "retire", "pad", "wsop", "--reason", "x")
    )
    build_catalog(engine, correlation_id="test")
    assert evaluate(engine) == {}
    assert [each.name for each in check_archive(engine, load_settings())] == ["library pad"]
    assert [path for _, path, *_ in ask(engine, IDS)] == ["PAD/pad.mp4"]


NOTES = (
    report_part(
        "library pad",
        "1 file in root nas, no longer in the settings",
        "retire it with `pokervod nas retire pad --reason …` (first `--preview`), or add it again",
    ),
    report_part(
        "library wsop",
        "3 files in root nas, no longer in the settings",
        "retire it with `pokervod nas retire wsop --reason …` (first `--preview`), or add it again",
    ),
    report_part("archive roots", RENAMED, NEXT_STEP),
)


def test_two_roots_with_one_marker_are_named_until_one_has_its_own(run: Run, engine: Engine) -> None:
    shutil.copytree("nas", "copy", copy_function=shutil.copy2)
    roots = "{name: nas, path: nas}, {name: copy, path: copy}"
    configure(f"{BOTH[:-1]}, {{name: second, root: copy}}]", roots)
    run("nas", "scan")
    assert evaluate(engine)["every_root_is_known_once"].evidence == (COPIED,)

    Path("copy", MARKER).unlink()
    run("nas", "accept-folder", "--root", "copy", "--reason", "a copy")

    assert run("nas", "scan").exit_code == 0
    build_catalog(engine, correlation_id="test")
    assert evaluate(engine).keys() == {"no_file_is_missing"}
