"""Check with real processes that a killed scan changes nothing, and that two at once do the work once."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from pokervod_pipelines_tests.nas.conftest import Archive
from pokervod_pipelines_tests.sizes import thin

_SCAN = """
import os, signal, sys
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.nas import library_scan
from pokervod_pipelines.nas.store import files, staging
from pokervod_pipelines.settings import Settings

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

room, name = sys.argv[3].split(".")
setattr({"files": files, "staging": staging}[room], name, die)
library_scan.scan_library(
    make_engine(sys.argv[1]), Settings.model_validate_json(sys.argv[2]), "all", correlation_id="killed"
)
"""

MOMENTS = [
    "staging.add_entries",
    "staging.list_recent",
    "staging.separate_spellings",
    "files.update_bookkeeping",
    "files.insert_files",
    "staging.store_held_files",
    "files.count_totals",
]


@pytest.mark.parametrize("moment", thin(MOMENTS))
def test_a_scan_that_is_killed_changes_nothing_and_the_next_repairs_all(archive: Archive, moment: str) -> None:
    archive.fill("A", 3)
    archive.scan()
    (archive.root / "A/show-00.mp4").unlink()
    (archive.root / "A/show-01.mp4").rename(archive.root / "A/renamed.mp4")
    archive.write("A/new.mp4")
    archive.options["scan"] = {"settle_seconds": 0.01}
    states, events, ids = archive.states(), archive.events(), archive.ids()
    url = archive.engine.url.render_as_string(hide_password=False)

    killed = subprocess.run([sys.executable, "-c", _SCAN, url, archive.settings.model_dump_json(), moment], check=False)

    assert killed.returncode == -9
    assert (archive.states(), archive.events()) == (states, events)

    report = archive.scan()

    assert (report.added, report.moved, report.removed) == (1, 1, 1)
    assert archive.ids()["A/renamed.mp4"] == ids["A/show-01.mp4"]
    assert archive.ask("select status from nas_scans order by id") == ["completed", "failed", "completed"]
    assert len(archive.events()) == len(events) + 3


def test_two_scans_at_once_do_the_work_once(archive: Archive) -> None:
    archive.fill("A", 50)

    with ThreadPoolExecutor() as pool:
        reports = list(pool.map(lambda _: archive.scan(), range(3)))

    assert sorted((report.added, report.unchanged) for report in reports) == [(0, 50), (0, 50), (50, 0)]
    assert len(archive.events()) == 50


def test_two_libraries_of_one_root_scanned_at_once_share_their_moves(archive: Archive) -> None:
    archive.options["libraries"] = {"A": "A", "B": "B"}
    archive.fill("A", 20)
    archive.fill("B", 20)
    for name in ("A", "B"):
        archive.scan(name)
    before = archive.ids()
    for number in range(4):
        (archive.root / f"A/show-0{number}.mp4").rename(archive.root / f"B/from-a-{number}.mp4")

    with ThreadPoolExecutor() as pool:
        list(pool.map(archive.scan, ("A", "B")))

    assert [archive.ids()[f"B/from-a-{number}.mp4"] for number in range(4)] == [
        before[f"A/show-0{number}.mp4"] for number in range(4)
    ]
    assert len(archive.states()) == 40
