"""Power losses at any moment: the next sync repairs everything, nothing is doubled, nothing is lost."""

import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pokervod_pipelines_tests.sync.house import House, build_house, write_file

ROUNDS = int(os.environ.get("POKERVOD_TEST_CRASH_ROUNDS", "4"))
"""How many syncs are killed; more for a longer look."""

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


def change_something(house: House, number: int) -> None:
    write_file(house.archive / f"ARCHIVE/PAD/PAD S13/pad-s13-ep{number:02}-001.mp4", 5_000_000 + number)
    with house.sheet.open("a", encoding="utf-8") as sheet:
        sheet.write(f"9{number},pad-s13-ep{number:02}-001,,0:01:10,0:01:55,★,,,Stone,,Bluff\n")


def test_syncs_killed_at_random_moments_leave_nothing_doubled_and_nothing_lost(tmp_path: Path) -> None:
    house = build_house(tmp_path / "killed")
    chance = random.Random(20261121)
    for number in range(ROUNDS):
        change_something(house, number)
        process = house.start("sync", "--json")
        time.sleep(chance.uniform(0.2, 8.0))
        house.kill_everything(process)

    after_crashes = house.sync()

    untouched = build_house(tmp_path / "untouched")
    for number in range(ROUNDS):
        change_something(untouched, number)
    untouched.sync()
    assert after_crashes["status"] == "success"
    assert [house.ask(query) for query in STATE] == [untouched.ask(query) for query in STATE]
    assert house.ask(DOUBLED) == []
    assert house.ask("select count(*) from nas_scans where status = 'running'") == [(0,)]


def test_two_syncs_at_once_do_the_work_once(tmp_path: Path, make_database: Callable[[bool], str]) -> None:
    house = build_house(tmp_path, database_url=make_database(True))
    documents = []
    both = [threading.Thread(target=lambda: documents.append(house.sync())) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()

    added = sorted(sum(library["counts"]["added"] for library in document["libraries"]) for document in documents)
    created = sorted(document["clips"][0]["counts"]["created"] for document in documents)
    assert added == [0, 62]
    assert created == [0, 20]
    assert house.ask(DOUBLED) == []
