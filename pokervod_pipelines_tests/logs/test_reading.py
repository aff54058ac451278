"""Lines are the same whether a log is read from its beginning or from its end, in blocks of any size."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pokervod_pipelines.logs import reading
from pokervod_pipelines.logs.files import list_logs
from pokervod_pipelines.logs.reading import LogFilter, find_oldest, read_latest

START = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def make_line(second: int, text: str) -> str:
    at = (START + timedelta(seconds=second)).isoformat(timespec="milliseconds")
    return f"{at} {'WARNING' if second % 3 else 'INFO'} nas 1 - - {text}\n"


LATE = (3, 1, 2, 5, 4, 6)
CONTENTS = {
    "whole lines": "".join(make_line(each, f"line {each}") for each in range(9)),
    "written late": "".join(make_line(each, f"line {each}") for each in LATE),
    "further lines": make_line(1, "failed\n    Traceback\n\n    한글\n    ValueError") + make_line(2, "두 번째"),
    "cut at the top": "    ValueError: of a line that was deleted\n" + make_line(1, "one"),
    "cut at the end": make_line(1, "one") + make_line(2, "two")[:-4],
    "no line break": make_line(1, "one")[:-1],
    "no line": "\n\nx\n\x00\x00\n",
    "nothing": "",
}


@pytest.mark.parametrize("block_bytes", [1, 7, 64, reading.BLOCK_BYTES])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_the_newest_lines_are_the_end_of_all_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, block_bytes: int
) -> None:
    monkeypatch.setattr(reading, "BLOCK_BYTES", block_bytes)
    (tmp_path / "sync.log").write_text(content, encoding="utf-8")
    (tmp_path / "dev.log").write_text(make_line(2, "of another process"), encoding="utf-8")
    logs = list_logs(tmp_path)
    with (tmp_path / "sync.log").open("a") as log:
        log.write(make_line(9, "after the logs were listed"))

    for filters in (LogFilter(), LogFilter(level="warning"), LogFilter(process="sync")):
        lines = [*read_latest(logs, filters, limit=None)]
        assert [line.at for line in lines] == sorted(line.at for line in lines)
        assert "after the logs were listed" not in {line.text for line in lines}
        for limit in range(len(lines) + 2):
            assert [*read_latest(logs, filters, limit=limit)] == lines[max(0, len(lines) - limit) :]


def test_logs_that_are_renamed_and_deleted_meanwhile_are_read_as_far_as_they_are_there(tmp_path: Path) -> None:
    for name, second in (("sync.log", 1), ("dev.log", 2), ("run.log", 3)):
        (tmp_path / name).write_text(make_line(second, name))
    logs = list_logs(tmp_path)
    (tmp_path / "sync.log").rename(tmp_path / "sync.log.20261130T120200.000000Z")
    (tmp_path / "sync.log").write_text(make_line(4, "another file"))
    (tmp_path / "dev.log").unlink()

    for limit in (None, 5):
        assert [line.text for line in read_latest(logs, LogFilter(), limit=limit)] == ["sync.log", "run.log"]
    assert find_oldest(logs) == START + timedelta(seconds=1)
