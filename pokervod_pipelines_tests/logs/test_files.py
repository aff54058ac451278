"""Several processes write to one log at once: no line is lost, torn or doubled, and old logs stay within a bound."""

import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import pytest

from pokervod_pipelines.logs.files import LogHandler, delete_oldest, list_logs
from pokervod_pipelines.logs.lines import LineFormatter
from pokervod_pipelines.logs.reading import LogFilter, read_latest

WRITERS, LINES = 4, 400

WRITE = """
import logging, sys
from pathlib import Path
from zoneinfo import ZoneInfo
from pokervod_pipelines.logs.files import LogHandler
from pokervod_pipelines.logs.lines import LineFormatter

handler = LogHandler(Path(sys.argv[1]), file_bytes=10_000, kept_bytes=10_000_000)
handler.setFormatter(LineFormatter(ZoneInfo("UTC"), str))
log = logging.getLogger("pokervod_pipelines.nas.scan")
log.addHandler(handler)
log.setLevel(logging.INFO)
for number in range(int(sys.argv[3])):
    try:
        raise ValueError(f"{sys.argv[2]} {number}")
    except ValueError:
        log.info("%s %s %s", sys.argv[2], number, "x" * (number % 50), exc_info=number % 7 == 0)
"""


def make_handler(path: Path, *, file_bytes: int = 10_000, kept_bytes: int = 1_000_000) -> LogHandler:
    handler = LogHandler(path, file_bytes=file_bytes, kept_bytes=kept_bytes)
    handler.setFormatter(LineFormatter(ZoneInfo("Asia/Seoul"), str))
    return handler


def write(handler: LogHandler, text: str) -> None:
    handler.handle(logging.makeLogRecord({"name": "pokervod_pipelines.nas.scan", "levelname": "INFO", "msg": text}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs" / "run.log"


def test_processes_that_rotate_the_same_log_lose_and_tear_nothing(path: Path) -> None:
    command = [sys.executable, "-c", WRITE, str(path)]
    writers = [subprocess.Popen([*command, f"w{number}", str(LINES)]) for number in range(WRITERS)]
    assert [each.wait() for each in writers] == [0] * WRITERS

    logs = list_logs(path.parent)
    lines = [*read_latest(logs, LogFilter(), limit=None)]
    heads = [line.text.split("\n")[0].split(" ")[:2] for line in lines]
    assert sorted(heads) == sorted([f"w{each}", str(number)] for each in range(WRITERS) for number in range(LINES))
    assert all(line.text.count("Traceback") == (int(line.text.split()[1]) % 7 == 0) for line in lines)
    assert len(logs) > 5
    assert median(each.size for each in logs) < 10_000 + WRITERS * 600  # one may grow while its renamer sleeps
    raw = b"".join(each.path.read_bytes() for each in logs).decode()
    assert all(re.match(r"\d{4}-|    ", line) for line in raw.splitlines())


def test_a_log_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "home" / "logs" / "run.log"
    write(make_handler(path), "x")

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_closed_handler_and_a_deleted_folder_begin_again(path: Path) -> None:
    handler = make_handler(path)
    write(handler, "before")
    path.unlink()
    path.parent.rmdir()
    handler.close()
    write(handler, "after")

    assert path.read_text().endswith("after\n")
    assert len(path.read_text().splitlines()) == 1


def test_the_rest_of_a_write_that_was_cut_is_no_part_of_the_next_line(path: Path) -> None:
    path.write_text("2026-11-30T13:31:02.123+09:00 INFO nas 1 - - cut in the mid")
    write(make_handler(path), "whole")

    assert [line.text for line in read_latest(list_logs(path.parent), LogFilter(), limit=None)] == [
        "cut in the mid",
        "whole",
    ]


def test_a_log_that_cannot_be_written_is_said_once(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.parent.rmdir()
    path.parent.write_text("a file where the folder should be")
    handler = make_handler(path)
    write(handler, "one")
    write(handler, "two")

    assert capsys.readouterr().err.splitlines() == [
        f"{path}: the log cannot be written (File exists); the work goes on without it"
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_full_disk_is_said_once(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handler = make_handler(path)
    write(handler, "before")
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, handler._descriptor or -1)
    os.close(full)
    handler._open = lambda: handler._descriptor or -1  # type: ignore[method-assign]
    write(handler, "one")

    assert "No space left on device" in capsys.readouterr().err
    del handler._open
    write(handler, "after")
    assert [line.text for line in read_latest(list_logs(path.parent), LogFilter(), limit=None)] == ["before", "after"]


def test_lines_go_on_in_a_log_that_cannot_be_renamed_which_is_said_once(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.with_name(".rotation").mkdir()
    handler = make_handler(path, file_bytes=100)
    texts = [f"line {number}" for number in range(5)]
    for text in texts:
        write(handler, text)

    assert [line.text for line in read_latest(list_logs(path.parent), LogFilter(), limit=None)] == texts
    why = f"Is a directory: {path.with_name('.rotation')}"
    assert capsys.readouterr().err == (
        f"{path}: the full log cannot be renamed ({why}), so it grows; correct the rights in its folder\n"
    )


def test_the_oldest_of_the_process_with_most_is_deleted_first(path: Path) -> None:
    sizes = {"run.log.1": 500, "run.log.2": 500, "run.log.3": 500, "sync.log.1": 400, "dev.log": 9_000}
    for name, size in sizes.items():
        path.with_name(name).write_bytes(b"x" * size)
    delete_oldest(path.parent, 1_000)
    assert {each.path.name for each in list_logs(path.parent)} == {"run.log.3", "sync.log.1", "dev.log"}

    delete_oldest(path.parent, 0)
    assert {each.path.name for each in list_logs(path.parent)} == {"run.log.3", "sync.log.1", "dev.log"}
