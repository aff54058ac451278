"""Check the way from a file in a drop folder to an instruction, repeated and in any order."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.hands.imports import import_hands
from pokervod_pipelines.monitoring.evaluation import evaluate_all
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.arrivals import REPEAT_SECONDS, find_arrivals
from pokervod_pipelines.workflows.day_stages import run_hands_stage, run_instructions_stage, run_tournaments_stage
from pokervod_pipelines.workflows.pending_events import read_pending_events
from pokervod_pipelines.workflows.stages import SyncRun
from pokervod_pipelines_tests.hands.sessions import make_showdown, make_side_pot, make_walk, write_session
from pokervod_pipelines_tests.processes.shares import record_processes
from pokervod_pipelines_tests.tournaments.exports import make_export, out, player

DAY = date(2031, 5, 4)
LONG_AGO = 1_700_000_000


@dataclass(frozen=True)
class Room:
    """Run the stages over a drop folder and an export folder."""

    engine: Engine
    settings: Settings
    drop: Path
    exports: Path

    def put(self, folder: Path, name: str, content: bytes, *, age_seconds: float = 60) -> Path:
        path = folder / name
        path.write_bytes(content)
        moment = time.time() - age_seconds
        os.utime(path, (moment, moment))
        return path

    def run(self, *, correlation_id: str = "r", day: date = DAY) -> tuple[dict[str, int], ...]:
        run = SyncRun(engine=self.engine, settings=self.settings, correlation_id=correlation_id)
        stages = (run_hands_stage, run_tournaments_stage, run_instructions_stage)
        return tuple(stage(run, day).counts for stage in stages)

    def ask(self, sql: str) -> list[Any]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql))]


@pytest.fixture
def room(engine: Engine, settings_factory: Callable[..., Settings], tmp_path: Path) -> Room:
    drop, exports = tmp_path / "table-1", tmp_path / "exports"
    drop.mkdir()
    exports.mkdir()
    settings = settings_factory(
        hands={"drop_folders": [drop], "settle_seconds": 0.2}, tournaments={"export_folders": [exports]}
    )
    return Room(engine, settings, drop, exports)


def test_a_premium_hand_in_the_drop_folder_becomes_one_instruction(room: Room) -> None:
    room.put(room.drop, "s.json", write_session(make_showdown(), make_walk(number=2, at=5)))
    hands, _, instructions = room.run()
    again = room.run(correlation_id="again")

    assert (hands["hands_created"], hands["premium"], instructions["created"]) == (2, 1, 1)
    assert (again[0]["hands_created"], again[0]["files_read"], again[2]["created"]) == (0, 0, 0)
    assert room.ask("select template, state, priority from render_instructions") == [("premium_hand", "pending", 2)]


def test_the_instructions_of_other_changed_days_are_made_too(room: Room) -> None:
    room.put(room.drop, "s.json", write_session(make_showdown()))
    counts = room.run(day=date(2031, 6, 1))

    assert (counts[0]["hands"], counts[2]["created"]) == (0, 1)


def test_a_session_that_grows_adds_its_new_hands_only(room: Room) -> None:
    room.put(room.drop, "s.json", write_session(make_walk()))
    room.run()
    room.put(room.drop, "s.json", write_session(make_walk(), make_showdown(number=2, at=9)), age_seconds=30)
    counts = room.run(correlation_id="later")

    assert (counts[0]["hands_created"], counts[0]["hands"], counts[2]["created"]) == (1, 2, 1)


def test_an_elimination_in_an_export_becomes_an_instruction_once(room: Room) -> None:
    room.put(room.exports, "chips.csv", make_export("player_chips", [player("Ana Ruiz"), player("Tom Berg")]).encode())
    room.run()
    room.put(
        room.exports, "chips.csv", make_export("player_chips", [player("Ana Ruiz"), out("Tom Berg")]).encode(),
        age_seconds=30,
    )  # fmt: skip
    counts = room.run(correlation_id="later", day=datetime.now(UTC).date())
    room.run(correlation_id="again", day=datetime.now(UTC).date())

    assert counts[1]["eliminated"] == 1
    assert [row[0] for row in room.ask("select template from render_instructions")] == ["elimination"]


def test_unfinished_files_are_left_and_files_without_a_session_are_reported(room: Room) -> None:
    room.put(room.drop, "new.json", write_session(make_walk()), age_seconds=0)
    room.put(room.drop, "half.json", write_session(make_walk())[:-40])
    room.put(room.drop, "odd.json", b'{"what": "is this"}')
    run = SyncRun(engine=room.engine, settings=room.settings, correlation_id="r")
    outcome = run_hands_stage(run, DAY)

    assert (outcome.counts["files_read"], outcome.counts["files_waiting"]) == (1, 1)
    assert outcome.counts["files_in_quarantine"] == 1
    assert any("odd.json" in problem.where for problem in outcome.problems)


def test_a_missing_drop_folder_is_not_an_empty_one(room: Room) -> None:
    room.drop.rmdir()
    run = SyncRun(engine=room.engine, settings=room.settings, correlation_id="r")

    with pytest.raises(Unavailable, match="table-1 cannot be listed"):
        run_hands_stage(run, DAY)


def test_a_run_that_died_after_the_hands_leaves_their_instructions_to_the_next(room: Room) -> None:
    room.put(room.drop, "s.json", write_session(make_showdown()))
    run_hands_stage(SyncRun(engine=room.engine, settings=room.settings, correlation_id="died"), DAY)
    with room.engine.connect() as connection:
        news = read_pending_events(connection)
    counts = room.run(correlation_id="next", day=date(2031, 7, 1))
    with room.engine.connect() as connection:
        after = read_pending_events(connection)

    assert news.days == (DAY,)
    assert (counts[0]["hands_created"], counts[2]["created"]) == (0, 1)
    assert after.is_empty


def test_a_file_that_vanishes_before_it_is_read_stops_no_other(room: Room) -> None:
    room.put(room.drop, "s.json", write_session(make_walk()))
    gone = room.drop / "gone.json"

    report = import_hands(room.engine, room.settings, [gone, room.drop], correlation_id="r", may_vanish=True)

    assert report.created == 1


# What is due


def test_a_finished_file_is_due_until_it_was_read(room: Room) -> None:
    path = room.put(room.drop, "s.json", write_session(make_walk()), age_seconds=0)
    patient = room.settings.hands.model_copy(update={"settle_seconds": 600})
    at_once = find_arrivals(room.engine, room.settings.model_copy(update={"hands": patient}))
    os.utime(path, (LONG_AGO, LONG_AGO))
    rested = find_arrivals(room.engine, room.settings)
    room.run()
    read = find_arrivals(room.engine, room.settings)

    assert (at_once.is_due, len(at_once.unfinished)) == (False, 1)
    assert at_once.describe() == "1 files are still being written"
    assert [file.path for file in rested.hands] == [str(path)]
    assert (read.is_due, read.describe()) == (False, "nothing new in the folders")


def test_an_export_is_due_until_it_was_read_and_again_when_it_is_new(room: Room) -> None:
    content = make_export("player_chips", [player("Ana Ruiz")]).encode()
    path = room.put(room.exports, "chips.csv", content)
    before = find_arrivals(room.engine, room.settings)
    room.run()
    read = find_arrivals(room.engine, room.settings)
    room.put(room.exports, "chips.csv", content, age_seconds=20)

    assert [file.path for file in before.exports] == [str(path)]
    assert not read.is_due
    assert find_arrivals(room.engine, room.settings).is_due


def test_a_file_that_was_copied_again_is_due_once(room: Room) -> None:
    path = room.put(room.drop, "s.json", write_session(make_walk()))
    room.run()
    os.utime(path, (LONG_AGO, LONG_AGO))
    touched = find_arrivals(room.engine, room.settings)
    room.run()

    assert touched.is_due
    assert not find_arrivals(room.engine, room.settings).is_due


def test_an_export_that_can_never_be_read_is_due_once_and_fails_its_check(room: Room) -> None:
    room.put(room.exports, "chips\u200b.csv", b"x")
    room.run()
    with room.engine.connect() as connection:
        result = evaluate_all(connection, room.settings)["every_export_was_read"]

    assert not find_arrivals(room.engine, room.settings).is_due
    assert "rename the file" in result.evidence[0]


def test_on_a_share_whose_clock_is_ahead_an_unchanged_file_is_finished(room: Room) -> None:
    room.put(room.drop, "s.json", write_session(make_walk()), age_seconds=-300)
    first = find_arrivals(room.engine, room.settings)
    second = find_arrivals(room.engine, room.settings, first)

    assert (first.is_due, second.is_due) == (False, True)


def test_the_same_arrivals_are_requested_again_only_after_a_while(room: Room) -> None:
    room.put(room.drop, "s.json", write_session(make_walk()))
    arrivals = find_arrivals(room.engine, room.settings)
    now = datetime.fromtimestamp(REPEAT_SECONDS * 1_000_000, UTC)

    assert arrivals.name(now) == arrivals.name(now.replace(second=30))
    assert arrivals.name(now) != arrivals.name(datetime.fromtimestamp(REPEAT_SECONDS * 1_000_001, UTC))


def test_the_files_of_a_share_are_found_and_dated_in_child_processes(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        room.put(room.drop, f"{number}.json", write_session(make_walk(at=number), ID=number))
        room.put(room.exports, f"{number}.csv", make_export("player_chips", [player("Ana")]).encode())
    room.put(room.drop, "none.json", b"{}")
    here = find_arrivals(room.engine, room.settings)
    days = here.list_days(room.settings, date(2020, 1, 1))
    started = record_processes(monkeypatch)

    there = find_arrivals(room.engine, room.settings)

    assert (there.hands, there.exports) == (here.hands, here.exports)
    assert started == ["path check", "share reader"] * 2
    assert there.list_days(room.settings, date(2020, 1, 1)) == days
    assert started == ["path check", "share reader"] * 3


def test_folders_that_cannot_be_listed_are_reported(room: Room) -> None:
    room.drop.rmdir()
    room.exports.rmdir()
    arrivals = find_arrivals(room.engine, room.settings)

    assert not arrivals.is_due
    assert arrivals.describe().count("cannot be listed: No such file") == 2


# Data checks


@pytest.mark.parametrize(
    ("sql", "check", "says"),
    [
        ("delete from render_instructions", "every_premium_hand_has_its_instruction", "#1"),
        (
            "update hand_sessions set hands_reported = 9",
            "hand_count_is_the_sessions",
            "9 in its fullest file, 0 of them unusable, 2 stored",
        ),
        ("update hands set winners = '[]' where is_premium", "every_showdown_has_a_winner", "#1"),
        (
            "insert into hand_findings (hand_id, found_by, position, code, street, message) "
            "select id, 'record', 50, 'duplicated_card', 'flop', 'As stands twice' from hands limit 1",
            "cards_are_unique",
            "As stands twice",
        ),
        (
            "insert into hand_findings (hand_id, found_by, position, code, street, message) "
            "select id, 'record', 51, 'chips_not_conserved', '', '7 are missing' from hands limit 1",
            "chips_are_conserved",
            "7 are missing",
        ),
        (
            "insert into hand_files (path, digest, size, mtime_ns, state, reason) "
            "values ('/x/odd.json', 'd', 1, 1, 'quarantined', 'no session')",
            "every_session_file_was_read",
            "/x/odd.json: no session",
        ),
        (  # a reason that names its file already, of a file that nobody writes any more
            "insert into hand_files (path, digest, size, mtime_ns, state, reason) "
            "values ('/x/cut.json', 'd', 1, 1, 'waiting', '/x/cut.json: the file ends in the middle')",
            "every_session_file_was_read",
            "/x/cut.json: the file ends in the middle",
        ),
    ],
)
def test_wrong_data_fail_exactly_one_check(room: Room, sql: str, check: str, says: str) -> None:
    room.put(room.drop, "s.json", write_session(make_showdown(), make_side_pot(number=2, at=9)))
    room.run()
    with room.engine.connect() as connection:
        before = evaluate_all(connection, room.settings)
    with room.engine.begin() as connection:
        connection.execute(text(sql))
        after = evaluate_all(connection, room.settings)

    assert {name for name, result in before.items() if not result.passed} == set()
    assert [name for name, result in after.items() if not result.passed] == [check]
    assert says in after[check].evidence[0]
    assert after[check].evidence[0].count("/x/") <= 1
    assert (after[check].looked_at or 0) >= after[check].evidence_count == 1
