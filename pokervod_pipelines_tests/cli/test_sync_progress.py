"""Check that the progress of a sync fits the terminal, also while Dagster has a pipe in place of standard error."""

import os
import re
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pokervod_pipelines.cli.sync_progress import ProgressLine, show_progress
from pokervod_pipelines.workflows.stage_result import StageResult

ERROR = (
    "/srv/productions/archive-of-the-house/ARCHIVE/: folder 'WSOP' is missing. Mount the share, "
    "or correct the library's folder in the settings."
)

QUIET_SECONDS = 1.0


@contextmanager
def open_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Make standard error a terminal of 80 columns; yield the end that reads what is shown."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    reader, writer = os.openpty()
    os.set_blocking(reader, False)
    with os.fdopen(os.dup(writer), "w") as shown, monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", shown)
        yield reader
    os.close(writer)  # open until here: what was not read is lost with the last writer
    os.close(reader)


def print_stages(progress: ProgressLine) -> None:
    progress.advanced("nas", "WSOP", 3)
    progress.finished(StageResult(stage="nas", name="WSOP", seconds=0.0, error=ERROR))
    progress.finished(StageResult(stage="nas", name="PAD", seconds=0.25, error=None))
    progress.waiting("waits for another `pokervod sync` of this installation to end")


def read_lines(reader: int) -> list[str]:
    """Return what a person sees, without the lines that were replaced; the terminal passes it on in parts."""
    parts = b""
    while select.select([reader], [], [], QUIET_SECONDS)[0]:
        parts += os.read(reader, 65_536)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", parts.decode()).replace("\r\n", "\n")
    return [line.rsplit("\r", 1)[-1] for line in shown.split("\n")]


def test_lines_are_wrapped_between_words_also_while_dagster_takes_the_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_terminal(monkeypatch) as terminal:
        with show_progress() as progress, (tmp_path / "taken").open("w") as taken:
            os.dup2(taken.fileno(), sys.stderr.fileno())
            print_stages(progress)
        lines = read_lines(terminal)

    assert max(map(len, lines)) <= 80
    assert lines[:5] == [
        "failed nas      WSOP",
        "/srv/productions/archive-of-the-house/ARCHIVE/: folder 'WSOP' is missing. Mount",
        "the share, or correct the library's folder in the settings.",
        "ok     nas      PAD                        0.25 s",
        "…      waits for another `pokervod sync` of this installation to end",
    ]
    assert (tmp_path / "taken").read_text() == ""


def test_without_a_terminal_each_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress() as progress:
        print_stages(progress)
        progress.close()

    failed, done, waits = capsys.readouterr().err.splitlines()
    assert failed == f"failed nas      WSOP                     {ERROR}"
    assert done == "ok     nas      PAD                        0.25 s"
    assert waits.startswith("…      waits for another")


def test_brackets_in_names_and_paths_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    error = "/srv/[red]/a [/] b \\[x]: no such file"
    with open_terminal(monkeypatch) as terminal:
        with show_progress() as progress:
            progress.started("nas", "[/]")
            progress.finished(StageResult(stage="nas", name="[bold]", seconds=0.0, error=error))
        lines = read_lines(terminal)

    assert lines[0] == f"failed nas      [bold]                   {error}"
