"""Test that chips keep their history and an elimination is reported once, and again only after it was withdrawn."""

from datetime import timedelta
from typing import Any

import pytest

from pokervod_pipelines.tournaments.imports import ImportStatus
from pokervod_pipelines.tournaments.queries import list_chip_counts, list_eliminations, read_leaderboard
from pokervod_pipelines_tests.tournaments.exports import NOON, Office, Row, out, player

ELIMINATED = "tournament.player.eliminated"


def take(office: Office, minute: int, *rows: Row) -> Any:
    return office.take_rows("player_chips", *rows, minute=minute)


def test_a_player_who_goes_out_is_told_once_however_often_exports_say_so(office: Office) -> None:
    take(office, 0, player("Ana"), player("Bo"))
    report = take(office, 40, player("Ana"), out("Bo", rank=18, table_number=4, seat_number=2))
    take(office, 80, player("Ana"), out("Bo", rank=18, table_number=4, seat_number=2))
    take(office, 120, player("Ana"), out("Bo", rank=17))

    assert report.eliminated == 1
    (event,) = office.events(ELIMINATED)
    assert event == {
        "tournament_number": "21",
        "player_key": "bo",
        "player": "Bo",
        "elimination": 1,
        "eliminated_at": (NOON + timedelta(minutes=40)).isoformat(),
        "place": 18,
        "table_number": 4,
        "seat_number": 2,
        "was_seen_playing": True,
    }


def test_one_who_is_out_when_first_seen_is_marked_as_such(office: Office) -> None:
    take(office, 0, out("Bo"))

    (event,) = office.events(ELIMINATED)
    assert event["was_seen_playing"] is False


def test_a_withdrawn_elimination_is_told_and_a_later_one_counts_again(office: Office) -> None:
    take(office, 0, player("Bo"))
    take(office, 10, out("Bo"))
    take(office, 20, player("Bo"))
    withdrawn = office.ask(list_eliminations, NOON)
    take(office, 30, out("Bo"))

    assert withdrawn == []
    assert [event["elimination"] for event in office.events(ELIMINATED)] == [1, 2]
    assert [e["player"] for e in office.events("tournament.changed") if e["what"] == "elimination withdrawn"] == ["Bo"]
    (elimination,) = office.ask(list_eliminations, NOON)
    assert (elimination.elimination, elimination.eliminated_at) == (2, NOON + timedelta(minutes=30))


def test_an_older_export_adds_to_the_history_and_leaves_the_present(office: Office) -> None:
    take(office, 0, player("Bo", 500))
    take(office, 80, out("Bo", rank=9))
    events = office.count_events()

    report = office.take_rows("player_chips", player("Bo", 700), minute=40, name="late.csv")

    assert report.status is ImportStatus.IMPORTED
    assert [line.chips for line in office.ask(list_chip_counts, "21", "bo")] == [500, 700, 0]
    assert office.chips() == {"Bo": 0}
    assert [event["kind"] for event in office.events()[events:]] == ["player_chips"]  # that it was imported, no more


def test_an_older_export_that_knew_of_the_elimination_dates_it_back_in_silence(office: Office) -> None:
    take(office, 0, player("Bo"))
    take(office, 80, out("Bo"))
    office.take_rows("player_chips", out("Bo"), minute=40, name="late.csv")

    assert len(office.events(ELIMINATED)) == 1
    assert office.ask(list_eliminations, NOON)[0].eliminated_at == NOON + timedelta(minutes=40)


def test_players_missing_from_an_export_keep_their_state_and_when_they_were_last_seen(office: Office) -> None:
    take(office, 0, player("Ana", 900), player("Bo", 500))
    take(office, 40, player("Ana", 950))

    assert office.chips() == {"Ana": 950, "Bo": 500}
    lines = office.ask(read_leaderboard, "21")
    assert [(line.player, line.seen_at) for line in lines] == [("Ana", NOON + timedelta(minutes=40)), ("Bo", NOON)]


def test_a_line_that_breaks_leaves_its_player_as_he_was(office: Office) -> None:
    take(office, 0, player("Ana", 900), player("Bo", 500))

    report = take(office, 40, player("Ana", 950), player("Bo", "lots"))

    assert office.chips() == {"Ana": 950, "Bo": 500}
    assert "player_chips.csv:3: column chips: 'lots'" in report.problems[0]


@pytest.mark.parametrize(
    "change", [{"chips": 7}, {"rank": 7}, {"table_number": 7}, {"seat_number": 7}, {"is_eliminated": 1}], ids=str
)
def test_each_change_is_a_line_of_the_history_and_no_change_is_none(office: Office, change: dict[str, Any]) -> None:
    take(office, 0, player("Bo"))
    take(office, 10, player("Bo"))
    take(office, 20, {**player("Bo"), **change})

    first, second = office.ask(list_chip_counts, "21", "bo")
    assert (first.last_seen_at, second.first_seen_at) == (NOON + timedelta(minutes=10), NOON + timedelta(minutes=20))


def test_a_name_in_another_spelling_is_the_same_player(office: Office) -> None:
    take(office, 0, player("ANA RUIZ"))
    take(office, 10, player("Ana  Ruiz"))

    assert office.chips() == {"Ana Ruiz": 1000}


def test_players_of_two_tournaments_are_kept_apart(office: Office) -> None:
    take(office, 0, player("Ana", 1), player("Ana", 2, tournament_number=22))
    take(office, 10, out("Ana", tournament_number=22))

    assert [line.chips for line in office.ask(read_leaderboard, "21")] == [1]
    assert [each.tournament_number for each in office.ask(list_eliminations, NOON)] == ["22"]


def test_the_leaderboard_is_by_chips_without_those_who_are_out(office: Office) -> None:
    take(office, 0, *(player(f"P{n}", n * 100) for n in range(1, 13)), out("Gone"))

    lines = office.ask(read_leaderboard, "21", limit=3)
    assert [(line.position, line.player, line.chips) for line in lines] == [
        (1, "P12", 1200),
        (2, "P11", 1100),
        (3, "P10", 1000),
    ]
    assert len(office.ask(read_leaderboard, "21")) == 9


def test_eliminations_are_listed_from_and_before_a_time(office: Office) -> None:
    take(office, 0, player("Ana"), player("Bo"))
    take(office, 10, out("Ana"), player("Bo"))
    take(office, 20, out("Ana"), out("Bo"))

    ten, twenty = NOON + timedelta(minutes=10), NOON + timedelta(minutes=20)
    assert [each.player for each in office.ask(list_eliminations, ten)] == ["Ana", "Bo"]
    assert [each.player for each in office.ask(list_eliminations, ten, twenty)] == ["Ana"]
    assert [each.player for each in office.ask(list_eliminations, twenty)] == ["Bo"]
