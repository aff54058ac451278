"""Check that premium hands become instructions: once, kept up to date while pending, flagged afterwards."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest

from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.render.changes import InstructionChange, InstructionPlan
from pokervod_pipelines.render.instructions import apply_plan, make_instructions
from pokervod_pipelines.render.listing import find_orphans, list_instructions, show_versions
from pokervod_pipelines.render.store import read_in_force
from pokervod_pipelines_tests.render.render_database import DAY, FULL_HOUSE, RenderDatabase

_KILLED = """
import os, signal, sys
from datetime import date
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.render import instructions
from pokervod_pipelines.settings import Settings

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

instructions.append_events = die
instructions.make_instructions(
    make_engine(sys.argv[1]), Settings.model_validate_json(sys.argv[2]), day=date(2031, 5, 4), correlation_id="killed"
)
"""


def test_a_premium_hand_becomes_an_instruction_with_all_its_layers(database: RenderDatabase) -> None:
    hand_id = database.put_hand(12)

    report = database.make()

    (made,) = database.find()
    assert (report.triggers, report.created, report.problem_count) == (1, 1, 0)
    assert made.layers == {
        "player": "Ana Ruiz",
        "cards": [*FULL_HOUSE],
        "hole_cards": ["Kd", "Ks"],
        "board": ["Kh", "9c", "9d", "2c", "7h"],
        "rank": "Full House",
        "pot": 45_000,
        "event": "Main Event",
    }
    assert made.output == {
        "format": "mov_alpha",
        "width": 1920,
        "height": 1080,
        "fps": 30,
        "seconds": 8.0,
        "path": "{day}/{template}/{template}_{id}",
    }
    assert (made.state, made.priority, made.hand_id, made.broadcast_day) == ("pending", 2, hand_id, DAY)
    assert (made.by, made.reason) == ("rule premium_hand", "full house, hand 12 of Table 7")
    assert made.due_at == made.created_at
    assert database.events() == [("created", "")]


def test_a_hand_whose_name_cannot_be_drawn_is_reported_instead_of_made(database: RenderDatabase) -> None:
    database.put_hand(12, player="Ana 🏆")

    report = database.make()

    assert (report.created, report.problem_count) == (0, 1)
    assert "player: the fonts cannot draw 🏆 (U+1F3C6)" in report.problems[0].what


def test_making_again_writes_nothing(database: RenderDatabase) -> None:
    database.put_hand(1)
    database.put_hand(2)
    database.make()
    versions = database.versions()

    report = database.make()
    everything = database.make(None)

    assert (report.changed, report.unchanged, everything.changed) == (0, 2, 0)
    assert database.versions() == versions
    assert len(database.events()) == 2


def test_test_hands_and_hands_that_are_not_premium_trigger_nothing(database: RenderDatabase) -> None:
    database.put_hand(1, is_test=True)
    database.put_hand(2, is_premium=False)

    assert database.make().created == 0


def test_a_day_makes_its_own_hands_only(database: RenderDatabase) -> None:
    database.put_hand(1)

    assert database.make(date(2031, 5, 5)).created == 0
    assert database.make().created == 1
    assert database.make(date(2031, 5, 5)).changed == 0


def test_a_changed_hand_supersedes_a_pending_instruction(database: RenderDatabase) -> None:
    database.put_hand(1)
    database.make()
    database.put_hand(1, pot=60_000)

    report = database.make()

    old, new = database.find()
    assert (report.superseded, report.created) == (1, 0)
    assert (old.state, old.superseded_by, old.reason) == ("cancelled", new.id, "superseded: pot: 45,000 → 60,000")
    assert (new.state, new.version, new.layers["pot"]) == ("pending", 2, 60_000)
    assert database.events() == [("created", ""), ("created", ""), ("updated", "supersede")]
    assert [each.id for each in database.find(is_in_force=True)] == [new.id]
    with database.engine.connect() as connection:
        assert [each.version for each in show_versions(connection, old.id)] == [1, 2]


def test_a_running_instruction_is_stopped_and_replaced(database: RenderDatabase) -> None:
    database.put_hand(1)
    database.make()
    database.set_state(database.find()[0].id, "processing")
    database.put_hand(1, player="Eva Ruiz")

    database.make()

    old, new = database.find()
    assert (old.state, old.cancel_requested) == ("processing", "superseded: player: Ana Ruiz → Eva Ruiz")
    assert (old.superseded_by, new.state) == (new.id, "pending")


def test_a_completed_graphic_is_flagged_with_what_changed_and_not_remade(database: RenderDatabase) -> None:
    database.put_hand(1)
    database.make()
    database.set_state(database.find()[0].id, "completed")
    database.put_hand(1, pot=60_000)

    reports = [database.make(), database.make()]

    (made,) = database.find(is_flagged=True)
    assert [report.flagged for report in reports] == [1, 0]
    assert made.flagged == "pot: 45,000 → 60,000"

    database.put_hand(1)
    assert database.make().restored == 1
    assert not database.find(is_flagged=True)
    assert database.events() == [("created", ""), ("updated", "flag"), ("updated", "restore")]


def test_a_rule_with_again_remakes_a_completed_graphic(database: RenderDatabase) -> None:
    database.configure({"name": "premium_hand", "again": True})
    database.put_hand(1)
    database.make()
    database.set_state(database.find()[0].id, "completed")
    database.put_hand(1, pot=60_000)

    database.make()

    old, new = database.find()
    assert (old.state, old.flagged, old.superseded_by) == ("completed", "pot: 45,000 → 60,000", new.id)
    assert (new.state, new.version) == ("pending", 2)


@pytest.mark.parametrize(
    ("state", "becomes", "flagged", "cancel_requested"),
    [
        ("pending", "cancelled", False, False),
        ("processing", "processing", False, True),
        ("completed", "completed", True, False),
        ("failed", "failed", False, False),
    ],
)
def test_a_hand_that_is_not_premium_any_more_withdraws_its_instruction(
    database: RenderDatabase, state: str, becomes: str, flagged: bool, cancel_requested: bool
) -> None:
    database.put_hand(1)
    database.make()
    database.set_state(database.find()[0].id, state)
    database.put_hand(1, is_premium=False)

    reports = [database.make(), database.make()]

    (made,) = database.find()
    assert [report.withdrawn for report in reports] == [1, 0]
    assert (made.state, made.flagged is not None, made.cancel_requested is not None) == (
        becomes,
        flagged,
        cancel_requested,
    )
    assert "not premium any more" in (made.flagged or made.cancel_requested or made.reason) or state == "failed"
    assert made.withdrawn_at is not None

    database.put_hand(1)
    database.make()
    assert len(database.find()) == (2 if state in {"pending", "processing"} else 1)
    assert database.find()[-1].withdrawn_at is None
    assert database.make().changed == 0


def test_what_a_person_cancelled_stays_cancelled(database: RenderDatabase) -> None:
    database.put_hand(1)
    database.make()
    database.set_state(database.find()[0].id, "cancelled")
    database.put_hand(1, pot=60_000)

    assert database.make().changed == 0


def test_a_rule_that_no_longer_fits_withdraws_pending_instructions(database: RenderDatabase) -> None:
    database.put_hand(1)
    database.make()
    database.configure({"name": "premium_hand", "where": {"pot_at_least": 1_000_000}})

    assert database.make().withdrawn == 1
    assert database.find()[0].reason == "no rule makes it any more"


def test_a_changed_output_replaces_pending_instructions_only(database: RenderDatabase) -> None:
    first, _ = database.put_hand(1), database.put_hand(2)
    database.make()
    database.set_state(database.find(hand_id=first)[0].id, "completed")
    database.configure(output={"format": "mp4"})

    report = database.make()

    assert (report.superseded, report.flagged, report.unchanged) == (1, 0, 1)


def test_a_hand_that_cannot_be_drawn_is_a_problem_and_an_orphan(database: RenderDatabase) -> None:
    bad = database.put_hand(1, cards=("Kd", "Kd", "Kh", "9c", "9d"))
    database.put_hand(2)

    report = database.make()

    assert (report.created, report.problem_count) == (1, 1)
    assert "hand 1 of Table 7: layer 'cards' of premium_hand: duplicate cards: Kd;" in report.problems[0].what
    with database.engine.connect() as connection:
        assert [(orphan.hand_id, orphan.category) for orphan in find_orphans(connection, DAY)] == [(bad, "full_house")]
        assert find_orphans(connection, date(2031, 5, 5)) == []


def test_orphans_are_premium_hands_whose_instruction_was_never_made_or_is_withdrawn(database: RenderDatabase) -> None:
    hand_id = database.put_hand(1)
    with database.engine.connect() as connection:
        assert [orphan.hand_id for orphan in find_orphans(connection)] == [hand_id]
    database.make()
    with database.engine.connect() as connection:
        assert find_orphans(connection) == []
    database.configure({"name": "premium_hand", "where": {"pot_at_least": 1_000_000}})
    database.make()
    with database.engine.connect() as connection:
        assert [orphan.hand_id for orphan in find_orphans(connection)] == [hand_id]


def test_a_broken_rule_changes_nothing(database: RenderDatabase) -> None:
    database.put_hand(1)
    database.make()
    database.configure({"name": "premium_hand", "layers": {"nobody": "x"}})
    database.put_hand(2)

    with pytest.raises(BadSettings, match="unknown layer 'nobody'"):
        database.make()

    assert len(database.find()) == 1


def test_a_killed_call_leaves_nothing_and_the_next_does_all(database: RenderDatabase) -> None:
    database.put_hand(1)
    url = database.engine.url.render_as_string(hide_password=False)

    killed = subprocess.run([sys.executable, "-c", _KILLED, url, database.settings.model_dump_json()], check=False)

    assert killed.returncode == -9
    assert (database.find(), database.events()) == ([], [])
    assert database.make().created == 1
    assert database.events() == [("created", "")]


def test_a_row_that_a_worker_changed_first_is_left_to_the_next_call(database: RenderDatabase) -> None:
    database.put_hand(1)
    database.make()
    database.put_hand(1, pot=60_000)
    with database.engine.begin() as connection:
        (stored,) = read_in_force(connection, (), kinds=("premium_hand",), day=DAY)
    stale = InstructionPlan(
        new=(), changes=(InstructionChange(kind="withdraw", stored=stored, reason="gone"),), unchanged=0
    )
    database.set_state(stored.id, "processing")

    with database.engine.begin() as connection:
        done, postponed = apply_plan(connection, stale, correlation_id="test")

    assert (done, postponed) == ([], 1)
    assert (database.find()[0].state, database.find()[0].withdrawn_at) == ("processing", None)


def test_concurrent_calls_make_each_instruction_once(database: RenderDatabase) -> None:
    for number in range(20):
        database.put_hand(number)
    barrier = Barrier(4)

    def make_at_once(_: int) -> int:
        engine = make_engine(database.engine.url)
        barrier.wait()
        try:
            return make_instructions(engine, database.settings, day=DAY, correlation_id="race").created
        finally:
            engine.dispose()

    with ThreadPoolExecutor(4) as pool:
        created = [*pool.map(make_at_once, range(4))]

    assert sorted(created) == [0, 0, 0, 20]
    assert len(database.find()) == len(database.events()) == 20


def test_a_list_starts_with_running_instructions_then_the_next(database: RenderDatabase) -> None:
    for number in range(4):
        database.put_hand(number)
    database.make()
    first, second, third, fourth = (each.id for each in database.find())
    database.set_state(first, "completed")
    database.set_state(third, "processing")
    database.execute("update render_instructions set priority = 1 where id = :id", id=fourth)

    with database.engine.connect() as connection:
        assert [each.id for each in list_instructions(connection)] == [third, fourth, second, first]
