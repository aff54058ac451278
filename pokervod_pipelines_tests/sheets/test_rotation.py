"""Check that a sheet is read where it reads differently, whatever Drive tells of its version and however late."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from pydantic import SecretStr

from pokervod_pipelines.sheets.polling import (
    UNCHANGED,
)
from pokervod_pipelines.sheets.rotation import READ_ALREADY
from pokervod_pipelines_tests.google import faults
from pokervod_pipelines_tests.google.locales import LOCALES
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.sheets.google_harness import TAB, GoogleSheetHarness
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_line, make_lines
from pokervod_pipelines_tests.sheets.poller import MakeHarness, Poller, configure, refill, run_stages
from pokervod_pipelines_tests.sizes import choose

Act = Callable[[GoogleSheetHarness], object]
LAG = timedelta(minutes=2)


EDITS: dict[str, Callable[[Spreadsheet], object]] = {
    "another video": lambda book: book.type_cell(TAB, 2, "B", "show 9"),
    "a row at the end": lambda book: book.insert_rows(TAB, 5, [make_line(4)]),
    "a row in the middle": lambda book: book.insert_rows(TAB, 3, [make_line(4)]),
    "a deleted row": lambda book: book.delete_rows(TAB, 3),
    "a sorted tab": lambda book: book.sort(TAB, "B", descending=True),
    "another tab": lambda book: book.add_tab("Day 2", [COLUMNS, *make_lines(5)]),
    "a renamed tab": lambda book: book.rename_tab(TAB, "Day 1"),
    "a moved column": lambda book: book.insert_column(TAB, 1, ["Remark"]),
    "a broken header": lambda book: book.rename_header(TAB, "File No.", "?"),
    "a pin": lambda book: book.type_cell(TAB, 2, book.shown(TAB)[0].index("Pin") + 1, "show 8.mp4"),
    "a cleared status": lambda book: book.type_cell(TAB, 2, book.shown(TAB)[0].index("PokerVOD State") + 1, ""),
    "a deleted column of ours": lambda book: book.delete_column(TAB, book.shown(TAB)[0].index("PokerVOD File") + 1),
    "a correction": lambda book: book.add_tab("PokerVOD Aliases", [("Alias", "Player"), ("The Prince", "Vicky Coren")]),
}


@pytest.mark.parametrize("name", choose([*EDITS][::3], long=[*EDITS]))
def test_an_edit_that_drive_does_not_tell_is_found_by_reading(make_polled_harness: MakeHarness, name: str) -> None:
    harness = make_polled_harness()
    poller = Poller(harness)
    before = (poller.poll(), poller.reasons)
    harness.book.drive_lag = LAG
    EDITS[name](harness.book)
    refill(harness)
    found = poller.poll_and_run()
    refill(harness)

    assert before == ([], {"hands": UNCHANGED})
    assert found == ["hands"]
    assert poller.poll() == []


def test_drive_telling_of_an_edit_that_was_read_starts_no_run(make_polled_harness: MakeHarness) -> None:
    harness = make_polled_harness()
    poller = Poller(harness)
    poller.poll()
    harness.book.drive_lag = LAG
    harness.book.type_cell(TAB, 2, "B", "show 9")
    refill(harness)
    found = poller.poll_and_run()
    harness.book.drive_lag = timedelta()
    refill(harness)
    told = (poller.poll(), poller.reasons)

    assert found == ["hands"]
    assert told == ([], {"hands": READ_ALREADY})
    assert poller.poll() == []
    assert poller.reasons == {"hands": UNCHANGED}


def test_our_own_write_starts_no_run_when_drive_tells_of_it_late(make_polled_harness: MakeHarness) -> None:
    harness = make_polled_harness()
    harness.book.type_cell(TAB, 2, "B", "show 9")
    harness.book.drive_lag = LAG
    run_stages(harness)
    poller = Poller(harness)
    during = poller.poll()
    harness.book.drive_lag = timedelta()
    refill(harness)

    assert (during, poller.poll(), poller.reasons) == ([], [], {"hands": READ_ALREADY})


def test_an_edit_after_the_reading_is_requested_with_one_comparison(make_polled_harness: MakeHarness) -> None:
    harness = make_polled_harness()
    harness.book.type_cell(TAB, 2, "B", "show 9")
    harness.google.forget_calls()

    assert Poller(harness).poll() == ["hands"]
    assert (harness.google.count("spreadsheets.get"), harness.google.count("values.batchGet")) == (1, 1)


def test_an_edit_long_after_the_reading_is_requested_without_a_comparison(make_polled_harness: MakeHarness) -> None:
    harness = make_polled_harness()
    harness.execute("update sheet_states set read_at = read_at - interval '1 hour'")
    harness.book.type_cell(TAB, 2, "B", "show 9")
    harness.google.forget_calls()

    assert Poller(harness).poll() == ["hands"]
    assert [call.kind for call in harness.google.calls] == ["drive.list"]


def test_an_edit_of_a_column_that_no_rule_reads_is_requested_when_drive_tells_of_it(
    make_polled_harness: MakeHarness,
) -> None:
    harness = make_polled_harness(tabs={TAB: [(*COLUMNS, "Room"), (*make_line(1), "Lucky")]})
    harness.book.type_cell(TAB, 2, len(COLUMNS) + 1, "Sunny")

    assert Poller(harness).poll() == ["hands"]


def test_a_clock_in_a_column_that_no_rule_reads_starts_no_run(make_polled_harness: MakeHarness) -> None:
    harness = make_polled_harness(tabs={TAB: [(*COLUMNS, "Now"), (*make_line(1), "=NOW()*1000000")]})
    poller = Poller(harness)
    found = []
    for _ in range(5):
        refill(harness)
        found += poller.poll()

    assert (found, harness.google.count("values.batchGet") > 5) == ([], True)


@pytest.mark.parametrize("formula", ["=NOW()*1000000", '=IF(B2="","",NOW()*86400000)', "=NOW()&A2"])
def test_an_edit_beside_a_clock_is_written_once(make_polled_harness: MakeHarness, formula: str) -> None:
    harness = make_polled_harness(tabs={TAB: [(*COLUMNS, "Seen"), *((*make_line(n), formula) for n in (1, 2, 3))]})
    poller = Poller(harness)
    poller.poll_and_run()
    harness.google.forget_calls()
    harness.book.type_cell(TAB, 2, "H", "QQ vs JJ")

    found = [poller.poll_and_run() for _ in range(4)]

    assert (found, harness.google.count("values.batchUpdate")) == ([["hands"], [], [], []], 1)


@pytest.mark.parametrize(
    ("refuse", "restore", "words"),
    [
        (lambda harness: harness.book.trash(), lambda harness: harness.book.restore(), "is in Drive's trash"),
        (
            lambda harness: harness.book.unshare(harness.account["client_email"]),
            lambda harness: harness.book.share(harness.account["client_email"], "writer"),
            "cannot see a sheet",
        ),
    ],
)
def test_a_sheet_that_a_person_has_to_restore_is_told_at_once_and_read_afterwards(
    make_polled_harness: MakeHarness, refuse: Act, restore: Act, words: str
) -> None:
    harness = make_polled_harness()
    poller = Poller(harness)
    poller.poll_and_run()
    refuse(harness)
    found = [poller.poll_and_run() for _ in range(3)]

    ((error, told),) = harness.execute(
        "select error, (select count(*) from events where type = 'sheets.sync.failed') from sheet_states"
    )
    assert (found, words in error, told) == ([[], [], []], True, 1)

    restore(harness)
    harness.book.type_cell(TAB, 2, "H", "QQ vs JJ")
    assert [poller.poll_and_run() for _ in range(2)] == [["hands"], []]
    assert harness.execute("select error from sheet_states") == [(None,)]


def forget_the_key(harness: GoogleSheetHarness) -> None:
    harness.settings = harness.settings.model_copy(update={"google_credentials": None})


def damage_the_key(harness: GoogleSheetHarness) -> None:
    harness.settings = harness.settings.model_copy(update={"google_credentials": SecretStr("{")})


def change_the_key(harness: GoogleSheetHarness) -> None:
    other = {**harness.account, "client_email": "deleted@example.org"}
    harness.settings = harness.settings.model_copy(update={"google_credentials": SecretStr(json.dumps(other))})


@pytest.mark.parametrize("refuse", [forget_the_key, damage_the_key, change_the_key])
def test_a_key_that_a_person_has_to_replace_is_told_of_every_sheet(
    make_polled_harness: MakeHarness, refuse: Act
) -> None:
    harness = make_polled_harness()
    other = harness.google.add_workbook({TAB: [COLUMNS, *make_lines(5)]})
    other.share(harness.account["client_email"], "writer")
    configure(harness, {"hands": harness.book, "more": other})
    run_stages(harness, "more")
    good, poller = harness.settings, Poller(harness)
    poller.poll()
    refuse(harness)
    found = [poller.poll() for _ in range(3)]
    errors = harness.execute("select error from sheet_states where error like '%POKERVOD_GOOGLE_CREDENTIALS%'")
    told = harness.execute("select count(*) from events where type = 'sheets.sync.failed'")

    harness.settings = good
    assert (found, len(errors), told) == ([[], [], []], 2, [(2,)])
    assert sorted(poller.poll(later=timedelta(minutes=30))) == ["hands", "more"]


def test_an_unanswered_poll_is_no_error_of_the_sheets(make_polled_harness: MakeHarness) -> None:
    harness = make_polled_harness(attempts=1)
    poller = Poller(harness)
    harness.google.fail_next(faults.broken(503), kind="drive.list")

    assert poller.poll() == []
    assert harness.execute("select error from sheet_states") == [(None,)]


def end_our_names_early(book: Spreadsheet) -> None:
    for name, place in book.areas.named.items():
        book.areas.named[name] = place._replace(area=place.area.clipped(3, book.grid(TAB).columns))


def sort_by_a_filter(book: Spreadsheet) -> None:
    book.set_filter(TAB, "A1:K4")
    book.sort_filter(TAB, "B", descending=True)


@pytest.mark.parametrize(
    "prepare",
    [
        pytest.param(lambda book: setattr(book, "locale", LOCALES["de_DE"]), id="another country"),
        pytest.param(lambda book: book.merge(TAB, "B2:B3"), id="merged cells"),
        pytest.param(lambda book: book.protect(TAB, "A:K"), id="people's columns protected"),
        pytest.param(end_our_names_early, id="names that end early"),
        pytest.param(sort_by_a_filter, id="sorted by an older filter"),
    ],
)
def test_edits_start_one_run_after_which_every_row_has_its_state(
    make_polled_harness: MakeHarness, prepare: Callable[[Spreadsheet], object]
) -> None:
    harness = make_polled_harness()
    prepare(harness.book)
    harness.book.insert_rows(TAB, 5, [make_line(5)])
    poller = Poller(harness)

    found = [poller.poll_and_run() for _ in range(3)]

    assert found == [["hands"], [], []]
    assert [row["PokerVOD State"] for row in harness.shown()] == ["ready"] * 4


def test_a_request_is_not_repeated_while_its_run_is_pending(make_polled_harness: MakeHarness) -> None:
    harness = make_polled_harness()
    poller = Poller(harness)
    poller.poll()
    harness.book.drive_lag = LAG
    harness.book.type_cell(TAB, 2, "B", "show 9")
    refill(harness)
    requests = [poller.poll()]
    first = poller.keys
    for later in (timedelta(minutes=1), timedelta(minutes=11)):
        refill(harness)
        requests.append(poller.poll(later=later))

    assert requests == [["hands"], [], ["hands"]]
    assert first != poller.keys


def test_sheets_are_compared_in_turn_and_only_those_that_changed_are_read(make_polled_harness: MakeHarness) -> None:
    harness = make_polled_harness()
    books = [harness.google.add_workbook({TAB: [COLUMNS, *make_lines(number)]}) for number in (5, 6, 7)]
    for book in books:
        book.share(harness.account["client_email"], "writer")
    configure(harness, {f"sheet_{place}": book for place, book in enumerate([harness.book, *books])})
    for place in range(4):
        run_stages(harness, f"sheet_{place}")
    poller = Poller(harness)
    poller.poll()
    books[1].drive_lag = LAG
    books[1].type_cell(TAB, 2, "B", "show 9")
    found = []
    for _ in range(8):
        refill(harness)
        harness.google.forget_calls()
        found += poller.poll()
        assert harness.google.count("spreadsheets.get") == 1

    assert found == ["sheet_2"]


def test_rotation_keeps_to_its_share_of_the_quota(make_polled_harness: MakeHarness) -> None:
    harness = make_polled_harness(calls_per_minute=10_000, rotation_share=0.0)
    poller = Poller(harness)
    harness.google.forget_calls()
    for _ in range(3):
        poller.poll()

    assert {call.kind for call in harness.google.calls} <= {"token", "drive.list"}


@pytest.mark.parametrize("fault", [faults.broken(503), faults.RESET, faults.GARBAGE])
def test_a_comparison_that_fails_is_reported_and_changes_nothing(
    make_polled_harness: MakeHarness, fault: object
) -> None:
    harness = make_polled_harness(attempts=1)
    poller = Poller(harness)
    poller.poll()
    refill(harness)
    harness.google.fail_next(fault, kind="values.batchGet")  # type: ignore[arg-type]

    assert poller.poll() == []
    assert "could not be compared: hands: Google cannot be reached" in poller.reasons["hands"]


@pytest.mark.parametrize("kind", ["spreadsheets.get", "values.batchGet"])
@pytest.mark.parametrize("fault", [faults.broken(503), faults.refuse_rate(), faults.RESET])
def test_a_comparison_that_fails_is_left_for_a_later_tick(
    make_polled_harness: MakeHarness, kind: str, fault: faults.Fault
) -> None:
    harness = make_polled_harness()
    poller = Poller(harness)
    poller.poll()
    before = poller.memory["hands"].compared_at
    refill(harness)
    harness.google.forget_calls()
    harness.google.fail_next(fault, kind=kind)

    assert poller.poll() == []
    assert (harness.google.count(kind), poller.memory["hands"].compared_at > before) == (1, True)


@pytest.mark.parametrize("fault", [faults.broken(503), faults.refuse_rate(), faults.RESET])
def test_versions_that_cannot_be_asked_for_are_left_for_a_later_tick(
    make_polled_harness: MakeHarness, fault: faults.Fault
) -> None:
    harness = make_polled_harness()
    poller = Poller(harness)
    poller.poll()
    harness.google.forget_calls()
    harness.google.fail_next(fault, kind="drive.list")

    assert (poller.poll(), [call.kind for call in harness.google.calls]) == ([], ["drive.list"])
    assert "could not be checked" in poller.reasons["hands"]


def test_a_token_that_died_early_is_renewed_within_the_poll(make_polled_harness: MakeHarness) -> None:
    harness = make_polled_harness()
    poller = Poller(harness)
    poller.poll()
    harness.google.fail_next(faults.DEAD_TOKEN, kind="drive.list")

    assert (poller.poll(), poller.reasons) == ([], {"hands": UNCHANGED})


def test_tokens_that_are_all_refused_are_told_by_the_poll(make_polled_harness: MakeHarness) -> None:
    harness = make_polled_harness()
    harness.google.fail_next(*[faults.DEAD_TOKEN] * 3, kind="drive.list")

    assert Poller(harness).poll() == []
    assert "does not accept new tokens" in harness.execute("select error from sheet_states")[0][0]


def test_by_hand_a_sheet_is_always_read(make_polled_harness: MakeHarness) -> None:
    harness = make_polled_harness()
    harness.book.drive_lag = LAG
    harness.book.type_cell(TAB, 2, "B", "show 9")
    run_stages(harness, full=True)

    assert harness.shown()[0]["PokerVOD File"] == "a/show 9.mp4"
