"""Check that the doctor asks Google about each sheet once, and names what a person has to do."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.checks import CheckResult, Severity
from pokervod_pipelines.policies.blocks import BREAKER
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.health import check_access, check_sheets
from pokervod_pipelines_tests.google import faults
from pokervod_pipelines_tests.google.answers import Refused
from pokervod_pipelines_tests.google.clock import VirtualClock
from pokervod_pipelines_tests.google.emulator import Emulator, Tabs
from pokervod_pipelines_tests.google.faults import Call, Fault
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_lines

HANDS: Tabs = {"Hands": [COLUMNS, *make_lines(1, 2)]}
NOTES: Tabs = {"Notes": [["Ask Kim about day 3"], ["and about day 4"]]}


@dataclass
class Checkup:
    """Check sheets at an emulated Google."""

    google: Emulator
    account: dict[str, str]
    engine: Engine | None
    make_settings: Callable[..., Settings]

    def add(self, tabs: Tabs, role: str = "writer") -> Spreadsheet:
        book = self.google.add_workbook(tabs)
        if role:
            book.share(self.account["client_email"], role)
        return book

    def check(self, *identities: str, **options: Any) -> list[CheckResult]:
        """Return the result of each sheet, which is to be written to."""
        return check_sheets(self.configure(*identities, **options), self.engine, clock=self.google.clock)

    def check_cheaply(self, *identities: str) -> list[CheckResult]:
        """Return the result of each sheet without reading one."""
        assert self.engine is not None
        return check_access(self.configure(*identities), self.engine, clock=self.google.clock)

    def configure(self, *identities: str, **options: Any) -> Settings:
        return self.make_settings(
            sheets=[
                {"name": f"sheet{place}", "spreadsheet": identity, "write_back": True, **options}
                for place, identity in enumerate(identities)
            ],
            google={"endpoint": self.google.root, "seconds_per_call": 1},
            google_credentials=json.dumps(self.account),
        )


@pytest.fixture
def checkup(engine: Engine, settings_factory: Callable[..., Settings]) -> Iterator[Checkup]:
    with Emulator.start(clock=VirtualClock()) as google:
        yield Checkup(google, google.make_service_account(), engine, settings_factory)


def put_into_trash(checkup: Checkup) -> str:
    book = checkup.add(HANDS)
    book.trash()
    return book.id


def add_office_file(checkup: Checkup) -> str:
    book = checkup.google.add_office_file()
    book.share(checkup.account["client_email"], "writer")
    return book.id


PARTS: dict[str, tuple[Callable[[Checkup], str], str]] = {
    "sound": (lambda checkup: checkup.add(HANDS).id, ""),
    "not shared": (lambda checkup: checkup.add(HANDS, "").id, "is not shared with pokervod@"),
    "read only": (lambda checkup: checkup.add(HANDS, "reader").id, "for reading only. Press Share and make it Editor"),
    "not found": (lambda checkup: "x" * 44, "no sheet found at https://docs.google.com/spreadsheets/d/xxx"),
    "in the trash": (put_into_trash, "is in Drive's trash"),
    "an Excel file": (add_office_file, "is an Excel file in Drive. Save it as a Google sheet"),
    "no header": (lambda checkup: checkup.add(NOTES).id, "Tab Notes: No header row in the first"),
    "blank": (lambda checkup: checkup.add({"Sheet1": []}).id, "No tab has a header of annotations"),
    "another table": (
        lambda checkup: checkup.add({"Aliases": [["Alias", "Player"], ["a", "b"]]}).id,
        "Tab Aliases: No header row",
    ),
}


@pytest.mark.parametrize("name", PARTS)
def test_each_sheet_is_named_with_what_to_do(checkup: Checkup, name: str) -> None:
    make, words = PARTS[name]
    (result,) = checkup.check(make(checkup))

    assert (result.passed, result.severity is Severity.ERROR or result.passed) == (not words, True)
    assert words in result.next_step
    assert result.summary.startswith("https://docs.google.com/")


def test_a_sheet_is_asked_for_once(checkup: Checkup) -> None:
    results = checkup.check(*(checkup.add(HANDS).id for _ in range(3)))

    assert [result.passed for result in results] == [True] * 3
    assert Counter(call.kind for call in checkup.google.calls) == {
        "token": 1,
        "spreadsheets.get": 3,
        "values.batchGet": 3,
        "drive.get": 3,
    }
    assert not [call for call in checkup.google.calls if call.method == "POST" and call.kind != "token"]


def test_notes_beside_tabs_that_are_read_are_a_warning(checkup: Checkup) -> None:
    (result,) = checkup.check(checkup.add({**HANDS, **NOTES}).id)
    (left_out,) = checkup.check(checkup.add({**HANDS, **NOTES}).id, skip_tabs=["notes"])

    assert (result.passed, result.severity) == (False, Severity.WARNING)
    assert "Tab Notes: No header row" in result.next_step
    assert left_out.passed


def test_a_sheet_that_is_only_read_may_be_shared_for_reading(checkup: Checkup) -> None:
    (result,) = checkup.check(checkup.add(HANDS, "reader").id, write_back=False)

    assert result.passed


@dataclass(frozen=True)
class DisabledApi(Fault):
    """Refuse the calls of an API that the project does not have."""

    def refusal(self, call: Call) -> Refused:
        return Refused(403, {"error": {"code": 403, "message": "x", "details": [{"reason": "SERVICE_DISABLED"}]}})


@pytest.mark.parametrize(
    ("service", "kind"), [("spreadsheets.", "spreadsheets.get"), ("drive.", "drive.files.get")], ids=["Sheets", "Drive"]
)
def test_an_api_that_is_off_is_named(checkup: Checkup, service: str, kind: str) -> None:
    identity = checkup.add(HANDS).id
    checkup.google.fault_source = lambda call: DisabledApi("off", 403) if call.kind.startswith(service) else None
    (result,) = checkup.check(identity)

    assert f"does not allow {kind}. Enable the Google Sheets API and the Google Drive API." in result.next_step


def test_without_an_answer_the_other_sheets_are_not_asked_for(checkup: Checkup) -> None:
    identities = [checkup.add(HANDS).id for _ in range(3)]
    checkup.google.fault_source = lambda call: faults.broken(503) if call.kind != "token" else None
    results = checkup.check(*identities)

    assert checkup.google.count("spreadsheets.get") == 2
    assert "cannot be reached" in results[0].next_step
    assert [result.next_step.partition(",")[0] for result in results[1:]] == ["Not asked for"] * 2


def test_without_the_database_google_is_not_asked_but_the_account_is_checked(checkup: Checkup) -> None:
    """It was opened once, which upgraded an older schema under the processes that still ran on it."""
    checkup.engine = None
    (result,) = checkup.check(checkup.add(HANDS).id)

    assert (result.passed, result.severity) == (False, Severity.WARNING)
    assert "Not asked for, since the database does not answer or has another schema" in result.next_step
    assert checkup.google.calls == []
    checkup.account = {"type": "authorized_user"}
    assert "expected the key of a service account" in checkup.check("x" * 44)[0].next_step


def test_a_missing_account_is_reported_for_each_sheet(checkup: Checkup) -> None:
    checkup.account = {"type": "authorized_user"}
    results = checkup.check("x" * 44, "y" * 44)

    assert ["expected the key of a service account" in result.next_step for result in results] == [True, True]
    assert checkup.google.calls == []


def test_a_cheap_check_makes_one_call_for_all_sheets_and_names_one_that_is_not_shared(checkup: Checkup) -> None:
    results = checkup.check_cheaply(*(checkup.add(HANDS).id for _ in range(3)))
    calls = Counter(call.kind for call in checkup.google.calls)
    (alone,) = checkup.check_cheaply(checkup.add(HANDS, "").id)

    assert [each.passed for each in results] == [True] * 3
    assert sum(calls.values()) - calls["token"] == 1
    assert not alone.passed
    assert "or it is not shared: open it, press Share" in alone.next_step


def test_a_cheap_check_calls_nothing_while_the_breaker_is_open_and_says_so(checkup: Checkup) -> None:
    identity = checkup.add(HANDS).id
    checkup.google.fault_source = lambda call: faults.broken(503) if call.kind != "token" else None
    for _ in range(BREAKER.failures):
        failed = checkup.check_cheaply(identity)
    checkup.google.fault_source = lambda call: None
    made = len(checkup.google.calls)
    (open_,) = checkup.check_cheaply(identity)

    assert not failed[0].passed
    assert len(checkup.google.calls) == made
    assert not open_.passed
    assert "does not answer" in open_.next_step
