"""What ends a process or a thread is in the log, and a warning that cannot be told fails nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pokervod_pipelines.logs.files import list_logs
from pokervod_pipelines.logs.lines import LogLine
from pokervod_pipelines.logs.reading import LogFilter, read_latest

COMMAND = """
import sys, threading
import typer
from pathlib import Path
from pokervod_pipelines.logs.start import start_log
from pokervod_pipelines.settings import load_settings

app = typer.Typer(pretty_exceptions_enable=False)

@app.command()
def fail() -> None:
    for _ in range(2):
        start_log(load_settings(folder=Path.cwd()), "sync")
    thread = threading.Thread(target=lambda: int("of a thread"))
    thread.start()
    thread.join()
    int("of the command")

app()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pokervod.yaml").write_text("archive_roots: [{name: a, path: a}]")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read_log(folder: Path) -> list[LogLine]:
    return [*read_latest(list_logs(folder / ".pokervod" / "logs"), LogFilter(), limit=10)]


def test_what_ends_a_command_and_a_thread_is_logged_once_and_still_printed(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", COMMAND], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert [line.text.split("\n")[0] for line in read_log(folder)] == ["a thread ends", "the process ends"]
    for text, line in zip(("of a thread", "of the command"), read_log(folder), strict=True):
        error = f"ValueError: invalid literal for int() with base 10: '{text}'"
        assert line.text.endswith(error)
        assert done.stderr.count(error) == 1


WARN = """
import logging, sys
from pathlib import Path
from pokervod_pipelines.logs.start import start_log
from pokervod_pipelines.settings import load_settings

start_log(load_settings(folder=Path.cwd()), "sync")
if sys.argv[1:]:
    sys.stderr.close()
logging.getLogger("pokervod_pipelines.nas").warning("%d files", "many")
logging.getLogger("pokervod_pipelines.nas").warning("goes on")
print("ended")
"""


@pytest.mark.parametrize(("words", "place"), [([], os.devnull), (["close"], os.devnull), ([], "/dev/full")])
def test_a_warning_that_cannot_be_told_is_logged_and_fails_nothing(folder: Path, words: list[str], place: str) -> None:
    if not Path(place).exists():
        pytest.skip("this system has no disk that is always full")
    with Path(place).open("w") as errors:
        done = subprocess.run([sys.executable, "-c", WARN, *words], stdout=-1, stderr=errors, text=True, check=False)

    assert done.stdout == "ended\n"
    assert [line.text for line in read_log(folder)] == ["%d files ('many',)", "goes on"]
