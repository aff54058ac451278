"""Replay stored hands: once each, and again when they change."""

from pokervod_pipelines.hands.stored_replay import replay_hands
from pokervod_pipelines_tests.hands.sessions import make_player, make_showdown, make_walk, write_session
from pokervod_pipelines_tests.hands.table import Table, table

__all__ = ["table"]


def make_wrong_stack() -> dict[str, object]:
    hand = make_showdown(at=3)
    hand["Players"][1] = make_player(2, end=99_800, cards="7c 2d")
    hand["Players"][0] = make_player(1, end=101_400, cards="as ah")
    return hand


def test_each_hand_is_replayed_once_and_its_findings_are_stored(table: Table) -> None:
    table.write(write_session(make_walk(), make_wrong_stack()))
    table.take()

    first, second = replay_hands(table.engine), replay_hands(table.engine)

    assert (first.hands, first.doubtful, first.left) == (2, 1, 0)
    assert (second.hands, second.left) == (0, 0)
    assert {code for (code,) in table.ask("select code from hand_findings where found_by = 'rules'")} == {"wrong_stack"}


def test_a_changed_hand_is_replayed(table: Table) -> None:
    file = table.write(write_session(make_wrong_stack()))
    table.take()
    replay_hands(table.engine)
    file.write_bytes(write_session(make_showdown(at=3)))
    table.take()

    assert replay_hands(table.engine).hands == 1
    assert table.ask("select * from hand_findings") == []


def test_the_next_call_replays_what_the_time_limit_left(table: Table) -> None:
    table.write(write_session(make_walk()))
    table.take()

    assert replay_hands(table.engine, seconds_limit=0).left == 1
    assert replay_hands(table.engine).hands == 1
