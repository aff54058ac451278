"""Read files ahead in child processes: in order, whatever happens to the readers."""

import os
from functools import partial
from pathlib import Path

import pytest

from pokervod_pipelines.hands.readers import count_readers, read_ahead

HERE = os.getpid()


def read_text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def read_or_die(file: Path) -> str:
    """Die where the file says so, but only in a reader."""
    text = read_text(file)
    if text == "2" and os.getpid() != int(os.environ["IMPORTER"]):
        os._exit(1)
    return text


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = [tmp_path / f"{number}.json" for number in range(7)]
    for number, file in enumerate(made):
        file.write_text(str(number), encoding="utf-8")
    return made


def test_files_come_in_their_order_and_none_is_lost_where_a_reader_dies(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPORTER", str(HERE))

    assert list(read_ahead([partial(read_or_die, file) for file in files], 2)) == [str(number) for number in range(7)]


def test_whoever_stops_early_leaves_no_reader_behind(files: list[Path]) -> None:
    reading = read_ahead([partial(read_text, file) for file in files], 1)
    assert next(reading) == "0"
    reading.close()  # type: ignore[attr-defined]

    with pytest.raises(StopIteration):
        next(reading)


def test_readers_are_started_only_for_much(files: list[Path]) -> None:
    assert count_readers(files) == 0
    with files[0].open("ab") as file:
        file.truncate(9_000_000)
    assert count_readers(files) == min(os.cpu_count() or 1, 4)
    assert count_readers([*files[:1], Path("missing")]) <= 2
