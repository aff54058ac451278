"""Withdraw, correct and restore stored hands; what a person decided stays, whatever the files report later."""

import pytest
from sqlalchemy import text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.interventions import correct_hand, restore_hand, withdraw_hand
from pokervod_pipelines.hands.listing import HandFilter, list_hands, read_hand
from pokervod_pipelines.hands.phh_export import export_phh
from pokervod_pipelines.hands.stored_replay import replay_hands
from pokervod_pipelines_tests.hands.hand_factory import read_history
from pokervod_pipelines_tests.hands.sessions import make_showdown, make_walk, write_session
from pokervod_pipelines_tests.hands.table import Table, table

__all__ = ["table"]

ANA = Actor(who="Ana", reason="misread card")


@pytest.fixture
def hand_id(table: Table) -> int:
    """Return the id of a stored premium hand, beside another hand."""
    table.write(write_session(make_walk(), make_showdown(at=3)))
    table.take()
    ((found,),) = table.ask("select id from hands where is_premium")
    return found


def list_ids(table: Table, *, withdrawn: bool = False) -> list[int]:
    with table.engine.connect() as connection:
        return [hand.hand_id for hand in list_hands(connection, HandFilter(withdrawn=withdrawn))]


def test_a_withdrawn_hand_counts_nowhere_until_it_is_restored(table: Table, hand_id: int) -> None:
    with table.engine.begin() as connection:
        withdraw_hand(connection, hand_id, actor=ANA)
    table.write(write_session(make_walk(), make_showdown(at=3), make_walk(at=6)))
    table.take()

    assert hand_id not in list_ids(table)
    assert list_ids(table, withdrawn=True) == [hand_id]
    assert table.ask("select count(*) from premium_hands") == [(0,)]
    assert table.ask("select payload ->> 'is_withdrawn', payload ->> 'by' from events where type = 'hand.changed'") == [
        ("true", "Ana")
    ]
    with table.engine.begin() as connection:
        restore_hand(connection, hand_id, actor=ANA)
    assert hand_id in list_ids(table)


def test_a_correction_stays_whatever_the_file_reports_and_is_restored(table: Table, hand_id: int) -> None:
    with table.engine.begin() as connection:
        stored = read_hand(connection, hand_id)
        corrected = read_history(export_phh(stored).replace("7c2d", "7c3d"))
        correct_hand(connection, hand_id, corrected, actor=ANA)
    table.write(write_session(make_showdown(at=3), make_walk(at=9)))
    report = table.take()

    assert report.problem_count == 0
    assert read(table, hand_id).find_seat(2).hole_cards == ("7c", "3d")
    assert (read(table, hand_id).source, read(table, hand_id).started_at) == ("rfid", stored.started_at)
    with table.engine.begin() as connection:
        restore_hand(connection, hand_id, actor=ANA)
    assert read(table, hand_id) == stored
    assert table.take().read == 1


def read(table: Table, hand_id: int) -> Hand:
    with table.engine.connect() as connection:
        return read_hand(connection, hand_id)


def test_what_nobody_changed_cannot_be_restored_and_a_withdrawn_hand_not_withdrawn(table: Table, hand_id: int) -> None:
    with table.engine.begin() as connection:
        with pytest.raises(Conflict, match="neither withdrawn nor corrected"):
            restore_hand(connection, hand_id, actor=ANA)
        withdraw_hand(connection, hand_id, actor=ANA)
        with pytest.raises(Conflict, match="withdrawn already"):
            withdraw_hand(connection, hand_id, actor=ANA)
        with pytest.raises(BadInput, match="unknown hand 999"):
            withdraw_hand(connection, 999, actor=ANA)


def test_a_hand_that_a_history_file_does_not_report_any_more_is_withdrawn(table: Table, hand_id: int) -> None:
    with table.engine.begin() as connection:
        exported = export_phh(read_hand(connection, hand_id))
    foreign = "\n".join(line for line in exported.splitlines() if not line.startswith("_pokervod"))
    file = table.write(foreign.encode(), "one.phh")
    table.take()
    (first,) = table.ask("select id from hands where source = 'manual'")
    file.write_text(foreign.replace("day = 4", "day = 5"), encoding="utf-8")

    report = table.take()

    assert "does not report any more" in report.problems[-1].what
    assert list_ids(table, withdrawn=True) == [first[0]]
    file.write_text(foreign, encoding="utf-8")
    table.take()
    assert first[0] in list_ids(table)


def test_a_correction_in_the_file_that_shortens_a_hand_is_reported(table: Table, hand_id: int) -> None:
    shorter = make_showdown(at=3)
    shorter["Events"] = shorter["Events"][:-1]
    table.write(write_session(make_walk(), shorter))

    first, second = table.take(), table.take()

    assert (first.changed, first.problem_count, second.problem_count) == (0, 1, 1)
    assert f"pokervod hands correct {hand_id}" in second.problems[0].what


def test_a_stored_hand_that_is_not_valid_has_a_finding_and_stops_nothing(table: Table, hand_id: int) -> None:
    with table.engine.begin() as connection:
        connection.execute(
            text("update hands set content = content || '{\"pot\": 1.5}' where id = :id"), {"id": hand_id}
        )
    replayed = replay_hands(table.engine)

    assert (replayed.hands, replayed.doubtful, replayed.left) == (2, 1, 0)
    assert table.ask("select hand_id, code from hand_findings") == [(hand_id, "invalid_content")]
    assert table.take(table.write(write_session(make_walk(), make_walk(at=20), EventTitle="New name"))).quarantined == 0
