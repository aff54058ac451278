"""Check that a sheet is read where it reads differently, whatever Drive tells of its version and however late."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from pokervod_pipelines.errors import SuspiciousLoss
from pokervod_pipelines.settings.rooms import SheetSource
from pokervod_pipelines.sheets.polling import (
    UNCHANGED,
    PollDecision,
    ReadRequest,
    decide,
    dump_memory,
    find_in_use,
    find_unread,
    load_memory,
    observe_sheets,
    record_refusals,
)
from pokervod_pipelines.sheets.rotation import READ_ALREADY, compare_sheets
from pokervod_pipelines.workflows.stages import SyncRun, run_clips_stage, run_sheets_stage
from pokervod_pipelines.workflows.statuses import run_statuses_stage
from pokervod_pipelines_tests.google import faults
from pokervod_pipelines_tests.google.clock import SystemClock
from pokervod_pipelines_tests.google.locales import LOCALES
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.sheets.google_harness import TAB, GoogleSheetHarness
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_line, make_lines

MakeHarness = Callable[..., GoogleSheetHarness]
Act = Callable[[GoogleSheetHarness], object]
LAG = timedelta(minutes=2)


@dataclass
class Poller:
    """Poll the sheets of a harness as the sensor does, and run what is requested."""

    harness: GoogleSheetHarness
    memory: dict[str, ReadRequest] = field(default_factory=dict)
    last: PollDecision | None = None

    def poll(self, *, later: timedelta = timedelta()) -> list[str]:
        """Return the sheets that are requested now."""
        engine, settings = self.harness.engine, self.harness.settings
        now = datetime.now(UTC) + later
        seen = observe_sheets(engine, settings, settings.sheets)
        record_refusals(engine, seen, "test")
        decision = decide(
            seen,
            load_memory(dump_memory(self.memory)),
            unread=find_unread(engine, seen, settings.sheets),
            now=now,
            gather_seconds=0.0,
            in_use=find_in_use(engine, settings.sheets),
        )
        self.last = compare_sheets(engine, settings, seen, decision, now=now)
        self.memory = self.last.memory
        return [name for name, _, _ in self.last.due]

    def poll_and_run(self) -> list[str]:
        """Poll, and run the stages of each sheet that is requested."""
        names = self.poll()
        for name in names:
            run_stages(self.harness, name)
        return names

    @property
    def keys(self) -> list[str]:
        assert self.last is not None
        return [key for _, _, key in self.last.due]

    @property
    def reasons(self) -> dict[str, str]:
        assert self.last is not None
        return dict(self.last.reasons)


def run_stages(harness: GoogleSheetHarness, name: str = "hands", *, full: bool = False) -> None:
    """Run the stages of a sheet as a run of the sensor does, or by hand where ``full``."""
    run = SyncRun(engine=harness.engine, settings=harness.settings, correlation_id="test", full=full)
    run_sheets_stage(run, name, reread=True)
    run_clips_stage(run, name)
    run_statuses_stage(run, name)


@pytest.fixture
def make_harness(make_google_harness: MakeHarness) -> MakeHarness:
    """Return a harness with an archive of twelve shows, in the time of the system, whose quota is never used up."""

    def make(*lines: object, **options: object) -> GoogleSheetHarness:
        options = {"write_back": True, "calls_per_minute": 10_000, "rotation_share": 0.8, **options}
        harness = make_google_harness(*lines or make_lines(1, 2, 3), **options)
        harness.google.quota.reads_per_minute = harness.google.quota.writes_per_minute = 10**9
        harness.google.clock = harness.book.clock = SystemClock()
        harness.add_files(*(f"a/show {number}.mp4" for number in range(1, 13)))
        run_stages(harness)
        return harness

    return make


def configure(harness: GoogleSheetHarness, books: dict[str, Spreadsheet]) -> None:
    """Configure these sheets, with write-back."""
    sources = tuple(SheetSource(name=name, spreadsheet=book.id, write_back=True) for name, book in books.items())
    harness.settings = harness.settings.model_copy(update={"sheets": sources})


def refill(harness: GoogleSheetHarness) -> None:
    """Make the next reading in rotation possible at once."""
    harness.execute("update api_budgets set calls = 1 where service = 'sheets.rotation'")


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


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_that_drive_does_not_tell_is_found_by_reading(make_harness: MakeHarness, name: str) -> None:
    harness = make_harness()
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


def test_drive_telling_of_an_edit_that_was_read_starts_no_run(make_harness: MakeHarness) -> None:
    harness = make_harness()
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


def test_our_own_write_starts_no_run_when_drive_tells_of_it_late(make_harness: MakeHarness) -> None:
    harness = make_harness()
    harness.book.type_cell(TAB, 2, "B", "show 9")
    harness.book.drive_lag = LAG
    run_stages(harness)
    poller = Poller(harness)
    during = poller.poll()
    harness.book.drive_lag = timedelta()
    refill(harness)

    assert (during, poller.poll(), poller.reasons) == ([], [], {"hands": READ_ALREADY})


def test_an_edit_after_the_reading_is_requested_with_one_comparison(make_harness: MakeHarness) -> None:
    harness = make_harness()
    harness.book.type_cell(TAB, 2, "B", "show 9")
    harness.google.forget_calls()

    assert Poller(harness).poll() == ["hands"]
    assert (harness.google.count("spreadsheets.get"), harness.google.count("values.batchGet")) == (1, 1)


def test_an_edit_long_after_the_reading_is_requested_without_a_comparison(make_harness: MakeHarness) -> None:
    harness = make_harness()
    harness.execute("update sheet_states set read_at = read_at - interval '1 hour'")
    harness.book.type_cell(TAB, 2, "B", "show 9")
    harness.google.forget_calls()

    assert Poller(harness).poll() == ["hands"]
    assert [call.kind for call in harness.google.calls] == ["drive.list"]


def test_an_edit_of_a_column_that_no_rule_reads_is_requested_when_drive_tells_of_it(make_harness: MakeHarness) -> None:
    harness = make_harness(tabs={TAB: [(*COLUMNS, "Room"), (*make_line(1), "Lucky")]})
    harness.book.type_cell(TAB, 2, len(COLUMNS) + 1, "Sunny")

    assert Poller(harness).poll() == ["hands"]


def test_a_clock_in_a_column_that_no_rule_reads_starts_no_run(make_harness: MakeHarness) -> None:
    harness = make_harness(tabs={TAB: [(*COLUMNS, "Now"), (*make_line(1), "=NOW()*1000000")]})
    poller = Poller(harness)
    found = []
    for _ in range(5):
        refill(harness)
        found += poller.poll()

    assert (found, harness.google.count("values.batchGet") > 5) == ([], True)


@pytest.mark.parametrize("formula", ["=NOW()*1000000", '=IF(B2="","",NOW()*86400000)', "=NOW()&A2"])
def test_an_edit_beside_a_clock_is_written_once(make_harness: MakeHarness, formula: str) -> None:
    harness = make_harness(tabs={TAB: [(*COLUMNS, "Seen"), *((*make_line(n), formula) for n in (1, 2, 3))]})
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
    make_harness: MakeHarness, refuse: Act, restore: Act, words: str
) -> None:
    harness = make_harness()
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
    make_harness: MakeHarness, prepare: Callable[[Spreadsheet], object]
) -> None:
    harness = make_harness()
    prepare(harness.book)
    harness.book.insert_rows(TAB, 5, [make_line(5)])
    poller = Poller(harness)

    found = [poller.poll_and_run() for _ in range(3)]

    assert found == [["hands"], [], []]
    assert [row["PokerVOD State"] for row in harness.shown()] == ["ready"] * 4


def test_a_request_is_not_repeated_while_its_run_is_pending(make_harness: MakeHarness) -> None:
    harness = make_harness()
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


def test_sheets_are_compared_in_turn_and_only_those_that_changed_are_read(make_harness: MakeHarness) -> None:
    harness = make_harness()
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


def test_rotation_keeps_to_its_share_of_the_quota(make_harness: MakeHarness) -> None:
    harness = make_harness(calls_per_minute=10_000, rotation_share=0.0)
    poller = Poller(harness)
    harness.google.forget_calls()
    for _ in range(3):
        poller.poll()

    assert {call.kind for call in harness.google.calls} <= {"token", "drive.list"}


@pytest.mark.parametrize("fault", [faults.broken(503), faults.RESET, faults.GARBAGE])
def test_a_comparison_that_fails_is_reported_and_changes_nothing(make_harness: MakeHarness, fault: object) -> None:
    harness = make_harness(attempts=1)
    poller = Poller(harness)
    poller.poll()
    refill(harness)
    harness.google.fail_next(fault, kind="values.batchGet")  # type: ignore[arg-type]

    assert poller.poll() == []
    assert "could not be compared: hands: Google cannot be reached" in poller.reasons["hands"]


def test_by_hand_a_sheet_is_always_read(make_harness: MakeHarness) -> None:
    harness = make_harness()
    harness.book.drive_lag = LAG
    harness.book.type_cell(TAB, 2, "B", "show 9")
    run_stages(harness, full=True)

    assert harness.shown()[0]["PokerVOD File"] == "a/show 9.mp4"


def test_a_sheet_whose_address_changed_is_a_new_sheet(make_harness: MakeHarness) -> None:
    harness = make_harness(*make_lines(*range(1, 25)))
    other = harness.google.add_workbook({TAB: [COLUMNS, *make_lines(7)]})
    other.share(harness.account["client_email"], "writer")
    poller = Poller(harness)
    poller.poll()
    while other.version < harness.book.version:
        other.touch()
    configure(harness, {"hands": other})
    expected = (["hands"], [f"hands:{other.id}:{other.version}"])
    first, former, before = harness.book, harness.book.fingerprint(), other.fingerprint()
    harness.book = other
    requested = (poller.poll(), poller.keys)
    run = SyncRun(engine=harness.engine, settings=harness.settings, correlation_id="test")
    run_statuses_stage(run, "hands")  # before it was read: nothing of the former sheet is written into it
    after = other.fingerprint()
    result = run_sheets_stage(run, "hands", known_revision=str(other.version))
    run_stages(harness)

    assert requested == expected
    assert before == after
    assert (result.counts["rows"], result.counts["removed"]) == (1, 23)
    assert "The address in the settings changed" in result.problems[0].what
    assert [row["PokerVOD File"] for row in harness.shown()] == ["a/show 7.mp4"]
    assert first.fingerprint() == former


def copy_book(harness: GoogleSheetHarness) -> Spreadsheet:
    """Return a copy as File, Make a copy makes it: the ids and named ranges of the rows are copied too."""
    book = harness.google.add_workbook({TAB: [COLUMNS]})
    book.grids = [grid.copy() for grid in harness.book.grids]
    book.areas = deepcopy(harness.book.areas)
    book.share(harness.account["client_email"], "writer")
    book.touch()
    return book


def list_rows(harness: GoogleSheetHarness) -> list[tuple[int, str]]:
    """Return the ids of the rows in the sheet with those of their clips."""
    return [
        tuple(row)
        for row in harness.execute("""
            select r.id, c.id from sheet_rows r left join hand_clips c on c.sheet_row_id = r.id and c.retired_at is null
            where r.retired_at is null order by 1
        """)
    ]


def test_rows_keep_their_clips_in_a_copy_at_another_address(make_harness: MakeHarness) -> None:
    harness = make_harness()
    before = list_rows(harness)
    copied = copy_book(harness)
    configure(harness, {"hands": copied})
    harness.book = copied
    poller = Poller(harness)
    requested = poller.poll_and_run()
    refill(harness)

    assert (requested, poller.poll()) == (["hands"], [])
    assert list_rows(harness) == before
    assert {row["PokerVOD State"] for row in harness.shown()} == {"ready"}


def test_rows_return_with_the_former_address(make_harness: MakeHarness) -> None:
    harness = make_harness(*make_lines(*range(1, 25)))
    before, former = [row for row, _ in list_rows(harness)], harness.book
    other = harness.google.add_workbook({TAB: [COLUMNS, *make_lines(1)]})
    other.share(harness.account["client_email"], "writer")
    configure(harness, {"hands": other})
    run_stages(harness)
    between = len(list_rows(harness))
    configure(harness, {"hands": former})
    run_stages(harness)

    assert (between, [row for row, _ in list_rows(harness)]) == (1, before)


@pytest.mark.parametrize("tabs", [{"Notes": [["ask Kim"]]}, {"Hands": []}])
def test_a_new_address_without_a_readable_tab_keeps_the_rows(
    make_harness: MakeHarness, tabs: dict[str, list[list[object]]]
) -> None:
    harness = make_harness(*make_lines(*range(1, 25)))
    before = list_rows(harness)
    other = harness.google.add_workbook(tabs)
    other.share(harness.account["client_email"], "writer")
    configure(harness, {"hands": other})
    with pytest.raises(SuspiciousLoss, match="24 of 24 rows vanished"):
        run_stages(harness)

    assert list_rows(harness) == before
