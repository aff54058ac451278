"""Check that a sync repairs what power losses left: nothing is doubled, nothing is lost."""

import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines_tests.sync.installation import Installation, build_installation, write_file

KILLED_SYNCS = 12

STATE = (
    "select path, size, state from nas_files order by path",
    "select e.key, count(*) from episodes e join episode_files f on f.episode_id = e.id group by 1 order by 1",
    "select r.row_number, r.match_status, c.in_ms, c.out_ms, c.problem from sheet_rows r"
    " join hand_clips c on c.sheet_row_id = r.id order by 1",
)
DOUBLED = """
    select type, payload ->> 'file_id' from events where type = 'nas.file.added' group by 1, 2 having count(*) > 1
    union all select type, payload ->> 'clip_id' from events where type = 'hand.clip.created' group by 1, 2
    having count(*) > 1
"""


def change_something(installation: Installation, number: int) -> None:
    write_file(installation.archive / f"ARCHIVE/PAD/PAD S13/pad-s13-ep{number:02}-001.mp4", 5_000_000 + number)
    with installation.sheet.open("a", encoding="utf-8") as sheet:
        sheet.write(f"9{number},pad-s13-ep{number:02}-001,,0:01:10,0:01:55,★,,,Stone,,Bluff\n")


@pytest.mark.long
def test_syncs_killed_at_random_moments_leave_nothing_doubled_and_nothing_lost(tmp_path: Path) -> None:
    installation = build_installation(tmp_path / "killed")
    chance = random.Random(20261121)
    for number in range(KILLED_SYNCS):
        change_something(installation, number)
        process = installation.start("sync", "--json")
        time.sleep(chance.uniform(0.2, 8.0))
        installation.kill_everything(process)

    after_crashes = installation.sync()

    untouched = build_installation(tmp_path / "untouched")
    for number in range(KILLED_SYNCS):
        change_something(untouched, number)
    untouched.sync()
    assert after_crashes["status"] == "success"
    assert [installation.ask(query) for query in STATE] == [untouched.ask(query) for query in STATE]
    assert installation.ask(DOUBLED) == []
    assert installation.ask("select count(*) from nas_scans where status = 'running'") == [(0,)]


@pytest.mark.long
def test_two_syncs_at_once_do_the_work_once(tmp_path: Path, database_url: str) -> None:
    installation = build_installation(tmp_path, database_url=database_url)
    documents = []
    both = [threading.Thread(target=lambda: documents.append(installation.sync())) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()

    added = sorted(sum(library["counts"]["added"] for library in document["libraries"]) for document in documents)
    created = sorted(document["clips"][0]["counts"]["created"] for document in documents)
    assert added == [0, 62]
    assert created == [0, 20]
    assert installation.ask(DOUBLED) == []


@pytest.mark.long
def test_a_database_that_dies_during_a_sync_is_told_in_one_line_and_one_error(tmp_path: Path) -> None:
    installation = build_installation(tmp_path)
    process = installation.start("sync")
    assert process.stderr is not None
    assert any(line.startswith("ok     nas") for line in process.stderr)
    pid = EmbeddedServer(tmp_path / ".pokervod" / "postgres").status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    told = process.communicate(timeout=120)[1].splitlines()

    assert process.returncode == 1
    assert told.count("…      the database does not answer; waiting for it") == 1
    assert [line for line in told if not line.startswith(("ok", "failed", "…"))] == told[-1:]
    assert told[-1].startswith("error: the database connection failed: ")
    assert installation.sync()["status"] == "success"
