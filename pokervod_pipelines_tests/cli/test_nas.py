"""Check what the commands of the inventory say where there is nothing to list, or where shares are not mounted."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import app
from pokervod_pipelines.errors import ArchiveUnavailable, BadInput, BadSettings
from pokervod_pipelines.nas.path_rules import MARKER

Run = Callable[[str], Any]

SETTINGS = """
archive_roots: [{name: nas, path: nas}, {name: other, path: other}]
libraries:
  - {name: wsop, root: nas, folder: WSOP}
  - {name: pad, root: nas, folder: PAD}
  - {name: rest, root: other}
scan: {settle_seconds: 0}
"""


@pytest.fixture
def run(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return ``run(words)`` in a folder with three libraries in two roots."""
    (tmp_path / "pokervod.yaml").write_text(SETTINGS, encoding="utf-8")
    for path in ("nas/WSOP/a.mp4", "nas/PAD/b.mp4", "other/c.mp4"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(path.encode())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    return lambda words: CliRunner().invoke(app, words.split())


def test_an_empty_list_of_missing_files_says_why_and_what_next(run: Run) -> None:
    assert "Nothing yet: `pokervod nas scan` reads the archive." in run("nas missing").output
    assert "Nothing yet: " in run("nas missing --library wsop").output

    run("nas scan")

    assert "Every known file is there; `pokervod nas scan` looks again." in run("nas missing").output
    assert "Nothing matches these filters." in run("nas missing --since yesterday").output


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("", "Missing options '--library' and '--below'. `pokervod nas missing` lists the files."),
        ("--preview", "Missing options '--library' and '--below'."),
        ("--library wsop", "Missing option '--below'."),
        ("--below .", "Missing option '--library'."),
    ],
)
@pytest.mark.parametrize("command", ["nas clear", "nas confirm-loss"])
def test_all_options_that_are_missing_are_named_at_once(run: Run, command: str, words: str, text: str) -> None:
    error = run(f"{command} {words}").exception

    assert isinstance(error, BadInput)
    assert text in str(error)


def test_libraries_that_fail_for_one_reason_are_named_together(run: Run, tmp_path: Path) -> None:
    run("nas scan")
    (tmp_path / "nas").rename(tmp_path / "unmounted")
    (tmp_path / "other" / MARKER).unlink()

    error = run("nas scan").exception

    assert isinstance(error, ArchiveUnavailable)
    first, second = str(error).splitlines()
    assert first.startswith(f"wsop, pad: {tmp_path}/nas: No such file or directory. Mount the share")
    assert second.startswith(f"rest: archive root 'other': the marker {tmp_path}/other/{MARKER} is missing")
    assert "3 of them only not seen: mount the share, then scan again" in run("nas missing").output


def test_many_files_are_counted_in_one_format(run: Run, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("""
            insert into nas_files (root, library, path, path_key, size, mtime_ns, inode, category, version_type,
                is_junk, state)
            select 'nas', 'wsop', n, n, 1, 1, n, 'video', '', false, 'unseen' from generate_series(1, 1074) n
        """)

    lines = run("nas missing --limit 20").output.splitlines()

    assert lines[0] == "1,074 files missing"
    assert lines[4].split()[:5] == ["wsop", "unseen", "1,074", "1.1", "kB"]
    assert "20 files missing longest" in lines
    assert lines[-2:] == [
        "1,054 more; a larger --limit shows them.",
        "1,074 of them only not seen: mount the share, then scan again.",
    ]
    assert len(lines) < 40
    assert len(json.loads(run("nas missing --limit 20 --json").output)) == 1074


def test_what_fits_is_listed_with_a_sum_of_each_library(run: Run, tmp_path: Path) -> None:
    run("nas scan")
    for path in ("nas/WSOP/a.mp4", "nas/PAD/b.mp4"):
        (tmp_path / path).unlink()
    run("nas scan")
    several, one = run("nas missing").output, run("nas missing --library wsop").output

    assert (several.count("2 files missing"), one.count("1 file missing")) == (2, 1)
    assert "files" not in one
    assert "more;" not in several


def test_a_root_is_accepted_by_its_name_and_with_a_reason(run: Run, tmp_path: Path) -> None:
    run("nas scan")
    (tmp_path / "other" / MARKER).unlink()

    assert isinstance(run("nas accept-folder --root othr --reason moved").exception, BadSettings)
    assert "--reason is required" in str(run("nas accept-folder --root other").exception)
    assert not (tmp_path / "other" / MARKER).exists()
    accepted = run("nas accept-folder --root other --reason moved")

    assert accepted.output.strip() == f"{tmp_path}/other is accepted; `pokervod nas scan` reads it again"
    assert run("nas scan").exit_code == 0
