"""Check that no answer of Google loses or retires a row, and that each failure is reported once."""

import random
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from pokervod_pipelines.errors import BadInput, BadSettings, SuspiciousLoss, Unavailable
from pokervod_pipelines_tests.google import faults
from pokervod_pipelines_tests.sheets.google_harness import TAB, GoogleSheetHarness
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_line, make_lines
from pokervod_pipelines_tests.sizes import choose

MakeHarness = Callable[..., GoogleSheetHarness]
TEN_MINUTES = timedelta(minutes=10)


def failures(harness: GoogleSheetHarness) -> list[str]:
    rows = harness.execute("select payload ->> 'error' from events where type = 'sheets.sync.failed' order by id")
    return [row[0] for row in rows]


def removals(harness: GoogleSheetHarness) -> list[tuple[str, str]]:
    gone = [event for event in harness.events() if event[1] == "removed"]
    return gone + [event for event in harness.events() if event[0] == "hand.clip.retired"]


def test_a_cell_edited_by_a_person_is_one_changed_row_and_one_changed_clip(make_google_harness: MakeHarness) -> None:
    harness = make_google_harness(*make_lines(1, 2, 3))
    harness.sync_until_stable()
    before = len(harness.events())
    harness.book.type_cell(TAB, 3, "H", "QQ vs JJ")
    report = harness.sync_until_stable()

    assert (report.changed, report.added, report.removed) == (1, 0, 0)
    assert [event for event in harness.events()[before:] if event[0] != "sheets.sync.completed"] == [
        ("sheets.row.changed", "changed"),
        ("hand.clip.changed", ""),
    ]


def test_a_formulas_new_value_is_a_change(make_google_harness: MakeHarness) -> None:
    harness = make_google_harness(*make_lines(1), make_line(2, Hands="=H2"))
    harness.sync_until_stable()
    harness.book.type_cell(TAB, 2, "H", "QQ vs JJ")

    assert harness.sync_until_stable().changed == 2


@pytest.mark.parametrize(
    "edit",
    [
        lambda book: book.sort(TAB, "B", descending=True),
        lambda book: book.insert_column(TAB, 1, ["Remark"]),
        lambda book: book.insert_rows(TAB, 2, 3),
    ],
    ids=["sorted", "a column inserted", "blank rows inserted"],
)
def test_what_only_moves_is_no_change(make_google_harness: MakeHarness, edit: Callable[[object], object]) -> None:
    harness = make_google_harness(*make_lines(1, 2, 3))
    harness.sync_until_stable()
    edit(harness.book)
    report = harness.sync_until_stable()

    assert (report.changed, report.added, report.removed) == (0, 0, 0)


def test_a_tab_that_was_renamed_keeps_its_rows_and_clips(make_google_harness: MakeHarness) -> None:
    harness = make_google_harness(*make_lines(*range(1, 40)))
    harness.sync_until_stable()
    ids = harness.ids()
    harness.book.rename_tab(TAB, "WSOP 2025")
    harness.sync_until_stable()

    assert harness.ids() == ids
    assert removals(harness) == []


@pytest.mark.parametrize(
    "edit",
    [
        lambda book: book.delete_rows(TAB, 2, 25),
        lambda book: (book.add_tab("Other", [["a", "b"]]), book.delete_tab(TAB)),
        lambda book: book.rename_header(TAB, "File No.", "?"),
    ],
    ids=["most rows deleted", "the tab deleted", "the header deleted"],
)
def test_a_sheet_that_suddenly_lost_its_rows_retires_nothing(
    make_google_harness: MakeHarness, edit: Callable[[object], object]
) -> None:
    harness = make_google_harness(*make_lines(*range(1, 31)))
    harness.sync_until_stable()
    edit(harness.book)
    for _ in range(3):
        with suppress(SuspiciousLoss):
            harness.sync_until_stable()

    assert len(harness.ids()) == 30
    assert removals(harness) == []
    assert [error for error in failures(harness) if "--confirm-loss" not in error] == []
    assert len(failures(harness)) <= 1


def test_a_loss_that_was_on_purpose_is_confirmed(make_google_harness: MakeHarness) -> None:
    harness = make_google_harness(*make_lines(*range(1, 31)))
    harness.sync_until_stable()
    harness.book.delete_rows(TAB, 2, 25)
    report = harness.sync_until_stable(confirm_loss=True)

    assert (report.removed, len(harness.ids())) == (25, 5)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (lambda harness: harness.book.unshare(harness.account["client_email"]), BadInput, "hands"),
        (lambda harness: harness.book.trash(), BadInput, "hands"),
        (lambda harness: harness.google.remove(harness.book.id), BadInput, "hands"),
    ],
    ids=["no longer shared", "in the bin", "deleted for good"],
)
def test_what_a_person_has_to_fix_is_reported_once_and_not_retried(
    make_google_harness: MakeHarness, change: Callable[[GoogleSheetHarness], object], error: type[Exception], text: str
) -> None:
    harness = make_google_harness(*make_lines(1, 2))
    harness.sync_until_stable()
    change(harness)
    harness.google.forget_calls()
    for _ in range(3):
        with pytest.raises(error, match=text):
            harness.sync()

    assert harness.google.count() - harness.google.count("token") == 3
    assert len(failures(harness)) == 1
    assert len(harness.ids()) == 2


def test_ten_minutes_without_an_answer_lose_nothing_and_are_reported_once(make_google_harness: MakeHarness) -> None:
    harness = make_google_harness(*make_lines(1, 2, 3))
    harness.sync_until_stable()
    began = harness.google.clock.now()
    harness.google.fault_source = lambda _: faults.broken(503)
    while harness.google.clock.now() - began < TEN_MINUTES:
        with pytest.raises(Unavailable):
            harness.sync()
        harness.google.clock.sleep(5)
    harness.google.fault_source = None
    harness.google.clock.sleep(60)
    harness.book.type_cell(TAB, 2, "H", "QQ vs JJ")
    report = harness.sync()

    assert (report.changed, report.removed) == (1, 0)
    assert len(failures(harness)) == 1
    assert max(harness.google.quota.spent.values()) <= 60


@pytest.mark.parametrize("seed", range(choose(1, long=5)))
def test_a_storm_of_ten_minutes_loses_nothing_and_keeps_to_the_quota(
    make_google_harness: MakeHarness, seed: int
) -> None:
    harness = make_google_harness(*make_lines(*range(1, 9)), write_back=True)
    harness.sync_until_stable()
    chance, began = random.Random(seed), harness.google.clock.now()
    harness.google.fault_source = faults.random_storm(seed=seed, share=0.35, spared=())
    while harness.google.clock.now() - began < TEN_MINUTES:
        harness.google.clock.sleep(chance.uniform(1, 20))
        harness.book.type_cell(TAB, chance.randint(2, 9), "H", f"{chance.randint(2, 9)}{chance.randint(2, 9)} vs JJ")
        if chance.random() < 0.2:
            harness.google.revoke_tokens()
        with suppress(Unavailable, BadSettings):  # three fresh tokens in a row may be refused
            harness.sync_until_stable()
    harness.google.fault_source = None
    harness.sync_until_stable()

    hands = [row["Hands"] for row in harness.shown()]
    stored = harness.execute("select content ->> 'hands' from sheet_rows where retired_at is null order by row_number")
    clips = harness.execute("""
        select hands from hand_clips c join sheet_rows r on r.id = c.sheet_row_id
        where c.retired_at is null order by r.row_number
    """)
    assert [row[0] for row in stored] == [row[0] for row in clips] == hands
    assert removals(harness) == []
    assert max(harness.google.quota.spent.values()) <= 60
    assert {row["PokerVOD State"] for row in harness.shown()} == {"no video"}


PASS = """
import sys
from sqlalchemy import create_engine
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.sync import sync_sheet

engine = create_engine(sys.argv[1])
settings = Settings.model_validate_json(sys.argv[2])
print("ready", flush=True)
key = sys.stdin.readline().strip()
settings = settings.model_copy(update={"google_credentials": type(settings).model_validate(
    {"home": "/nowhere", "google_credentials": key}).google_credentials})
print(sync_sheet(engine, settings, "hands", correlation_id="t").added)
"""


def test_two_processes_at_once_do_the_work_once(make_google_harness: MakeHarness) -> None:
    harness = make_google_harness(*make_lines(*range(1, 21)))
    plain = harness.settings.model_dump_json(exclude={"google_credentials", "database_url", "dagster_database_url"})
    url = harness.engine.url.render_as_string(hide_password=False)
    both = [
        subprocess.Popen(
            [sys.executable, "-c", PASS, url, plain],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for each in both:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    key = harness.settings.google_credentials
    assert key is not None
    for each in both:
        assert each.stdin is not None
        each.stdin.write(key.get_secret_value().replace("\n", "") + "\n")
        each.stdin.flush()
    answers = sorted(int(each.communicate()[0]) for each in both)

    assert answers == [0, 20]
    assert harness.google.count("values.batchGet") == 1
    assert len([event for event in harness.events() if event == ("sheets.row.changed", "added")]) == 20


def test_calls_stay_few_however_many_tabs_there_are(make_google_harness: MakeHarness) -> None:
    tabs = {f"Day {number}": [COLUMNS, *make_lines(number)] for number in range(1, 9)}
    harness = make_google_harness(tabs=tabs)
    changed = harness.sync()
    unchanged = harness.sync()

    assert (changed.calls, unchanged.calls) == (3, 1)
