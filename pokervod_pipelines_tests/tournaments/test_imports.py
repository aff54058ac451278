"""Test that exports become the state of tournaments, once each; what is empty, cut or broken takes nothing away."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pokervod_pipelines.errors import BadInput, SuspiciousLoss, Unavailable
from pokervod_pipelines.processes.share_reader import access_path
from pokervod_pipelines.tournaments.files import find_exports
from pokervod_pipelines.tournaments.imports import ImportStatus
from pokervod_pipelines.tournaments.kinds import ExportKind
from pokervod_pipelines.tournaments.queries import list_level_ends, read_blinds, read_payouts, read_schedule
from pokervod_pipelines.tournaments.store import read_stamps
from pokervod_pipelines_tests.processes.shares import record_processes
from pokervod_pipelines_tests.sizes import choose
from pokervod_pipelines_tests.tournaments.exports import GOOD, HEADERS, NOON, Office, make_export, out, player

DAY = date(2025, 7, 15)


def describe(office: Office) -> list[tuple[str, str, int]]:
    return [tuple(row) for row in office.query("select tournament_number, status, current_level from tournaments")]


def test_a_folder_of_all_five_is_imported_and_a_second_time_says_nothing(office: Office) -> None:
    for kind in ExportKind:
        office.write(kind, GOOD[kind])
    first = office.take_all()
    state, events = office.state(), office.count_events()
    second = office.take_all()

    assert first.count(ImportStatus.IMPORTED) == second.count(ImportStatus.UNCHANGED) == 5
    assert first.changed == 5
    assert first.problems == ()
    assert {event["kind"] for event in office.events("tournament.imported")} == set(ExportKind)
    assert (office.state(), office.count_events()) == (state, events)


@pytest.mark.parametrize("kind", list(ExportKind))
def test_the_same_content_under_a_new_name_or_time_tells_nothing(office: Office, kind: ExportKind) -> None:
    office.take_rows(kind, GOOD[kind])
    events = office.count_events()

    again = [office.take_rows(kind, GOOD[kind], minute=5), office.take_rows(kind, GOOD[kind], minute=9, name="x.csv")]

    assert [report.status for report in again] == [ImportStatus.UNCHANGED] * 2
    assert office.count_events() == events


def test_all_exports_on_a_share_are_read_by_one_child_oldest_first(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(choose(20, long=500)):
        office.write(ExportKind.PLAYER_CHIPS, player("Ana", 1_000 + number), minute=-number, name=f"{number:03}.csv")
    office.write_text("x", name="link.csv", minute=-999)
    (office.folder / "out.csv").symlink_to("/etc/hostname")
    here = office.take_all()
    started = record_processes(monkeypatch)

    there = office.take_all()

    assert [report.path.name for report in there.files] == [report.path.name for report in here.files]
    assert there.count(ImportStatus.UNCHANGED) == len(here.files) - 2
    assert there.problems == here.problems
    assert started == ["path check", "share reader"]


def test_a_refused_link_to_a_share_is_known_as_it_is_listed(office: Office) -> None:
    """Otherwise it is due again with every look at the folder."""
    (office.folder / "a.csv").symlink_to("/proc/version")

    report = office.take_all()

    assert report.count(ImportStatus.REFUSED) == 1
    (listed,) = access_path(office.folder, find_exports)
    size, seen_at = office.ask(read_stamps)[listed.path]
    assert (size, seen_at.timestamp()) == (listed.size, pytest.approx(listed.mtime_ns / 1e9, abs=1e-3))


@pytest.mark.parametrize("kind", list(ExportKind))
@pytest.mark.parametrize("rest", ["", "header"])
def test_an_empty_export_after_a_full_one_is_doubted_until_confirmed(
    office: Office, kind: ExportKind, rest: str
) -> None:
    office.take_rows(kind, GOOD[kind])
    state, events = office.state(), office.count_events()
    content = "" if not rest else ",".join(HEADERS[kind]) + "\n"
    path = office.write_text(content, name=f"{kind}.csv", minute=10)

    with pytest.raises(SuspiciousLoss, match=r"has no rows, but .* had some; nothing was removed"):
        office.take(path)
    (report,) = office.take_all().files
    assert report.status is ImportStatus.DOUBTFUL
    office.take(path, confirm_loss=True)

    assert office.take(path).status is ImportStatus.UNCHANGED
    assert (office.state(), office.count_events()) == (state, events)


def test_an_empty_export_under_another_name_is_doubted_too(office: Office) -> None:
    office.take_rows("player_chips", player("Ana"), name="level 1.csv")

    with pytest.raises(SuspiciousLoss):
        office.take_rows("player_chips", minute=10, name="level 2.csv")


def test_a_header_alone_before_the_first_rows_is_nothing_to_doubt(office: Office) -> None:
    assert office.take_rows("player_chips").rows == 0


@pytest.mark.parametrize("cut", ["tournament_number,pla", "Bo", "Bo,40", "Bo,4000,1,3,2,FALS"])
def test_an_export_that_is_being_written_changes_nothing_and_is_read_when_it_is_whole(office: Office, cut: str) -> None:
    office.take_rows("player_chips", player("Ana", 1), player("Bo", 2))
    state = office.state()
    whole = make_export("player_chips", [player("Ana", 3), player("Bo", 4000)])
    part = whole[: whole.index(cut) + len(cut)]

    with pytest.raises(Unavailable):
        office.take(office.write_text(part, name="player_chips.csv", minute=1))
    before = office.state()
    office.take(office.write_text(whole, name="player_chips.csv", minute=2))

    assert before == state
    assert office.chips() == {"Ana": 3, "Bo": 4000}


def test_wherever_an_export_is_cut_nobody_is_gone_or_out(office: Office) -> None:
    office.take_rows("player_chips", player("Ana"), player("Bo"))
    whole = make_export("player_chips", [player("Ana"), player("Bo")])
    for size in range(0, len(whole), 3):
        office.take_all(office.write_text(whole[:size], name="player_chips.csv", minute=size + 1))

    assert office.chips() == {"Ana": 1000, "Bo": 1000}
    assert office.events("tournament.player.eliminated") == []


def test_a_file_begun_a_moment_ago_without_an_end_is_waited_for(office: Office) -> None:
    path = office.folder / "player_chips.csv"
    path.write_text(make_export("player_chips", [player("Ana")]).rstrip("\n"))

    with pytest.raises(Unavailable, match="may be incomplete"):
        office.take(path)


def test_a_refused_file_is_known_with_its_reason_and_stops_no_other(office: Office) -> None:
    office.write_text("place_start,amount\n1,5\n", name="payout_structure.csv")
    office.write("player_chips", player("Ana"))

    report = office.take_all()

    assert report.count(ImportStatus.REFUSED) == report.count(ImportStatus.IMPORTED) == 1
    assert "the column tournament_number is missing" in report.problems[0]
    (error,) = office.query("select error from tournament_files where error is not null")[0]
    assert error == report.problems[0]


def test_a_file_that_was_mended_is_imported(office: Office) -> None:
    path = office.write_text("tournament_number,player_name,chips,is_eliminated\n21,Ana,x,no\n", name="p.csv")
    for _ in range(2):
        with pytest.raises(BadInput):
            office.take(path)
    office.take_rows("player_chips", player("Ana"), minute=1, name="p.csv")

    assert office.query("select error from tournament_files") == [(None,)]
    assert office.chips() == {"Ana": 1000}


def test_an_absent_file_is_reported(office: Office) -> None:
    report = office.take_all(office.folder / "absent.csv")

    assert report.count(ImportStatus.WAITING) == 1


def test_files_are_imported_in_the_order_in_which_they_were_written(office: Office) -> None:
    office.write("player_chips", out("Ana"), minute=20, name="a.csv")
    office.write("player_chips", player("Ana"), minute=10, name="b.csv")

    assert [report.path.name for report in office.take_all().files] == ["b.csv", "a.csv"]
    assert office.events("tournament.player.eliminated")[0]["was_seen_playing"] is True


def test_a_level_ends_when_an_export_is_at_a_later_one(office: Office) -> None:
    for minute, cells in enumerate(
        ({"status": "upcoming", "current_level": ""}, *({"current_level": n} for n in (1, 2, 2, 5)))
    ):
        office.take_rows("tournament_data", cells, minute=minute)
    office.take_rows("tournament_data", {"status": "done", "current_level": 5}, minute=9)

    ends = [(event["level"], event["next_level"]) for event in office.events("tournament.level.ended")]
    listed = office.ask(list_level_ends, NOON)
    assert ends == [(end.level, end.next_level) for end in listed] == [(1, 2), (4, 5), (5, None)]
    assert [end.ended_at - NOON for end in listed] == [timedelta(minutes=minute) for minute in (2, 4, 9)]
    assert listed[0].tournament == "Harbour Main Event"


def test_a_cancelled_tournament_ends_no_level(office: Office) -> None:
    office.take_rows("tournament_data", {"current_level": 3})
    office.take_rows("tournament_data", {"status": "cancelled"}, minute=1)

    assert office.events("tournament.level.ended") == []
    assert office.ask(list_level_ends, NOON) == []


def test_an_older_export_does_not_turn_a_tournament_back_even_with_a_newer_time(office: Office) -> None:
    office.take_rows("tournament_data", {"current_level": 12})
    office.take_rows("tournament_data", {"current_level": 11}, minute=-40, name="late.csv")
    report = office.take_rows("tournament_data", {"current_level": 9}, minute=40, name="copied.csv")

    assert describe(office) == [("21", "running", 12)]
    assert "level 9, but it was already running, level 12. Treated as an older export" in report.problems[0]


def test_a_tournament_that_was_really_turned_back_goes_on_from_there(office: Office) -> None:
    office.take_rows("tournament_data", {"current_level": 12})
    path = office.write("tournament_data", {"current_level": 9}, minute=10)
    office.take(path)
    office.take(path, confirm_loss=True)
    turned_back = describe(office)
    office.take_rows("tournament_data", {"current_level": 10}, minute=20)

    assert turned_back == [("21", "running", 9)]
    assert [event["level"] for event in office.events("tournament.level.ended")] == [9]


def test_what_changed_of_a_tournament_is_told(office: Office) -> None:
    office.take_rows("tournament_data", {})
    office.take_rows("tournament_data", {"remaining_players": 17, "prize_pool": "$330,000"}, minute=1)

    events = office.events("tournament.changed")
    assert [(event["is_new"], event["fields"]) for event in events] == [
        (True, []),
        (False, ["remaining_players", "prize_pool"]),
    ]


def test_payouts_in_force_are_those_of_the_newest_export_of_their_tournament(office: Office) -> None:
    places = [{"place_start": place, "place_end": place, "amount": 1000 - place} for place in (1, 2, 3)]
    office.take_rows("payout_structure", *places, {"tournament_number": 22})
    office.take_rows("payout_structure", {"place_start": 1, "place_end": 3, "amount": "999.50"}, minute=10)
    office.take_rows("payout_structure", *places, minute=5, name="late.csv")

    assert [(row.place_start, row.place_end, row.amount) for row in office.ask(read_payouts, "21")] == [
        (1, 3, Decimal("999.50"))
    ]
    assert len(office.ask(read_payouts, "22")) == 1
    assert [event.get("tournament_number") for event in office.events("tournament.changed")] == ["21", "22", "21"]


def test_a_broken_line_takes_no_payout_away(office: Office) -> None:
    places = [{"place_start": place, "place_end": place} for place in (1, 2, 3)]
    office.take_rows("payout_structure", *places)
    office.take_rows("payout_structure", places[0], {**places[1], "amount": "?"}, places[2], minute=10)

    assert [row.place_start for row in office.ask(read_payouts, "21")] == [1, 2, 3]


def test_blinds_are_listed_with_each_break_after_its_level(office: Office) -> None:
    pause = {"small_blind": "", "big_blind": "", "is_break": "TRUE"}
    office.take_rows("blind_structure", {"level": 2}, {"level": 1}, {"level": 1, **pause})

    assert [(row.level, row.is_break) for row in office.ask(read_blinds, "21")] == [(1, False), (1, True), (2, False)]


def test_a_slot_that_was_moved_is_on_air_once(office: Office) -> None:
    office.take_rows("broadcast_schedule", {}, {"date": "2025-07-16"})
    office.take_rows("broadcast_schedule", {"time_start": "20:00"}, minute=10)

    assert [slot.starts_at.hour for slot in office.ask(read_schedule, DAY)] == [19]
    assert len(office.ask(read_schedule, DAY + timedelta(days=1))) == 1


def test_a_path_that_no_database_holds_is_refused(office: Office) -> None:
    path = Path(str(office.folder) + "/bad\udcff.csv")

    with pytest.raises(BadInput, match="rename the file"):
        office.take(path)
