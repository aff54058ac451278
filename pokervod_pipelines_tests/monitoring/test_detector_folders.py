"""Check what the detectors learn of the folders, and that one on a dead share keeps nobody waiting."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.files import SeenFile
from pokervod_pipelines.monitoring.detectors.reading_folders import FolderFiles, FolderFinder, read_folders, sort_files
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.arrivals import Arrivals


class Share:
    """List folders as a share does: at once, or not before it is back."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.asked = 0

    def list_arrivals(self, _: Engine, __: Settings) -> Arrivals:
        self.asked += 1
        self.answers.wait()
        return Arrivals(hands=(SeenFile("/drop/a.json", 1, 0),))


def test_a_share_that_hangs_is_asked_once_and_waited_for_shortly(
    engine: Engine, settings_factory: Callable[..., Settings]
) -> None:
    share, settings = Share(), settings_factory()
    finder = FolderFinder(find=share.list_arrivals, seconds=0.05)
    for _ in range(2):
        with pytest.raises(ArchiveUnavailable, match="not listed within"):
            finder.list_arrivals(engine, settings)
    assert share.asked == 1

    share.answers.set()
    finder.seconds = 10
    assert len(finder.list_arrivals(engine, settings).hands) == 1
    share.answers.clear()
    finder.seconds = 0.05
    assert len(finder.list_arrivals(engine, settings).hands) == 1, "as it was listed last"
    share.answers.set()


def test_a_folder_that_cannot_be_listed_says_why(
    engine: Engine, settings_factory: Callable[..., Settings], tmp_path: Path
) -> None:
    gone = str(tmp_path / "gone")

    found = read_folders(engine, settings_factory(hands={"drop_folders": [gone]}))

    assert found == {gone: FolderFiles(problem="cannot be listed: No such file or directory")}


def test_each_folder_has_its_own_files_and_problems() -> None:
    arrivals = Arrivals(
        hands=(SeenFile("/drop/a.json", 1, 2_000_000_000), SeenFile("/drop/sub/b.json", 1, 1_000_000_000)),
        exports=(SeenFile("/drop2/c.csv", 1, 5_000_000_000),),
        problems=(Problem("/away", "cannot be listed: no answer"), Problem("/drop/x.json", "is a link out")),
    )

    found = sort_files(["/drop", "/drop2", "/away"], arrivals)

    assert {name: (each.waiting, each.problem) for name, each in found.items()} == {
        "/drop": (2, ""),
        "/drop2": (1, ""),
        "/away": (0, "cannot be listed: no answer"),
    }
    assert [each.since and each.since.timestamp() for each in found.values()] == [1.0, 5.0, None]
