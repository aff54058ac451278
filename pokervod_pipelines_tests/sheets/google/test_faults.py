"""Check that each failure is retried, or reported to the person who can act with what to do."""

import json
import logging
import socket
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.errors import BadInput, BadSettings, Conflict, PokervodError, Unavailable
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.google.client import GoogleClient
from pokervod_pipelines.sheets.google.workbook import ColumnValues, GoogleWorkbook
from pokervod_pipelines_tests.google import faults
from pokervod_pipelines_tests.google.answers import Refused
from pokervod_pipelines_tests.google.clock import VirtualClock
from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.google.faults import Call, Fault
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.sizes import cover

PASSING = {
    "429": faults.refuse_rate(),
    "429 with Retry-After": faults.refuse_rate(retry_after=7),
    "500": faults.broken(500),
    "502 in HTML": faults.broken(502, html=True),
    "503 with Retry-After": faults.broken(503, retry_after=9),
    "reset": faults.RESET,
    "cut off": faults.TRUNCATE,
    "HTML with 200": faults.GARBAGE,
}
CELLS = [ColumnValues("Hands!D1:D", ("Status", None, "ready"))]
Act = Callable[[GoogleWorkbook], object]

ACTS: dict[str, tuple[str, Act]] = {
    "revision": ("drive.get", lambda workbook: workbook.revision()),
    "layout": ("spreadsheets.get", lambda workbook: workbook.layout()),
    "tabs": ("values.batchGet", lambda workbook: workbook.tabs()),
    "write": ("values.batchUpdate", lambda workbook: workbook.write_values(CELLS)),
    "change": ("spreadsheets.batchUpdate", lambda workbook: workbook.change([grow(workbook)])),
}


def grow(workbook: GoogleWorkbook) -> dict[str, Any]:
    return {"appendDimension": {"sheetId": workbook.layout().tabs[0].sheet_id, "dimension": "COLUMNS", "length": 1}}


@dataclass(frozen=True)
class FixedAnswer(Fault):
    """Answer with a refusal in Google's own words."""

    body: tuple[tuple[str, Any], ...] = ()

    def refusal(self, call: Call) -> Refused:
        return Refused(self.status, {"error": {"code": self.status, "message": call.kind, **dict(self.body)}})


@pytest.mark.parametrize(("act", "fault"), cover([name for name in ACTS if name != "change"], PASSING), ids=str)
def test_transient_failures_are_retried(
    client: GoogleClient, google: Emulator, sheet: Spreadsheet, fault: str, act: str
) -> None:
    kind, perform = ACTS[act]
    google.fail_next(PASSING[fault], PASSING[fault], kind=kind)

    perform(client.open(sheet.id, "tracker"))

    assert google.count(kind) == 3


def test_a_call_that_hangs_is_cancelled_and_retried(
    make_client: Callable[..., GoogleClient], google: Emulator, sheet: Spreadsheet
) -> None:
    google.fail_next(faults.HANG)  # the question for a token
    google.fail_next(faults.HANG, kind="drive.get")

    assert make_client(seconds_per_call=0.2).open(sheet.id, "tracker").revision() == str(sheet.version)
    assert google.count("token") == google.count("drive.get") == 2


@pytest.mark.parametrize("fault", PASSING)
def test_a_token_is_asked_for_again(client: GoogleClient, google: Emulator, sheet: Spreadsheet, fault: str) -> None:
    google.fail_next(PASSING[fault], PASSING[fault], kind="token")

    assert client.open(sheet.id, "tracker").revision() == str(sheet.version)
    assert client.calls["token"] == 3


def test_each_attempt_is_counted_up_to_the_limit(
    make_client: Callable[..., GoogleClient], google: Emulator, sheet: Spreadsheet
) -> None:
    google.fault_source = lambda _: faults.broken(503)
    workbook = make_client(attempts=3).open(sheet.id, "tracker")

    google.fault_source = lambda call: faults.broken(503) if call.kind != "token" else None
    with pytest.raises(Unavailable):
        workbook.revision()

    assert workbook.calls["drive.files.get"] == google.count("drive.get") == 3


def test_every_transient_failure_has_the_same_text(
    make_client: Callable[..., GoogleClient], google: Emulator, sheet: Spreadsheet
) -> None:
    """Compare the texts, because a failure is reported again when its text changes."""
    texts = set()
    for fault in PASSING.values():
        google.fault_source = lambda call, fault=fault: fault if call.kind != "token" else None
        with pytest.raises(Unavailable) as raised:
            make_client(attempts=2).open(sheet.id, "tracker").revision()
        texts.add(str(raised.value))
        google.clock.sleep(60)  # longer than a breaker stays open

    assert len(texts) == 1
    assert "tracker" in texts.pop()


@pytest.mark.parametrize(("fault", "seconds"), [(faults.refuse_rate(), 60), (faults.refuse_rate(retry_after=7), 7)])
def test_after_too_many_calls_every_process_waits(
    make_client: Callable[..., GoogleClient], google: Emulator, sheet: Spreadsheet, fault: Fault, seconds: float
) -> None:
    first, second, start = make_client(attempts=1), make_client(), google.clock.now()
    google.fail_next(fault, kind="spreadsheets.get")
    with pytest.raises(Unavailable):
        first.open(sheet.id, "tracker").layout()

    second.open(sheet.id, "tracker").layout()

    assert (google.clock.now() - start).total_seconds() == pytest.approx(seconds, abs=0.1)


def test_a_wait_that_is_too_long_ends_the_pass(client: GoogleClient, google: Emulator, sheet: Spreadsheet) -> None:
    start = google.clock.now()
    for kind, fault in (
        ("drive.get", faults.broken(503, retry_after=3600)),
        ("spreadsheets.get", faults.refuse_rate(retry_after=3600)),
    ):
        google.fail_next(fault, kind=kind)

    for act in ("revision", "layout"):
        with pytest.raises(Unavailable):
            ACTS[act][1](client.open(sheet.id, "tracker"))

    assert google.clock.now() == start
    assert google.count("drive.get") == google.count("spreadsheets.get") == 1


def test_a_missing_server_is_unavailable(make_client: Callable[..., GoogleClient], account: dict[str, str]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"

        with pytest.raises(Unavailable):
            make_client(endpoint=nowhere).open("x" * 44, "tracker").revision()


@pytest.mark.parametrize("act", ACTS)
def test_a_token_that_dies_is_renewed(client: GoogleClient, google: Emulator, sheet: Spreadsheet, act: str) -> None:
    kind, perform = ACTS[act]
    client.open(sheet.id, "tracker").revision()

    google.revoke_tokens()
    perform(client.open(sheet.id, "tracker"))

    assert client.calls["token"] == 2
    assert google.calls[-1].kind == kind
    assert google.calls[-1].status == 200


def test_a_token_that_dies_in_the_middle_of_a_pass_is_renewed(
    client: GoogleClient, google: Emulator, sheet: Spreadsheet
) -> None:
    google.before_read(google.revoke_tokens, kind="spreadsheets.get")

    assert client.open(sheet.id, "tracker").tabs()[0].cells[1][1] == "a.mp4"
    assert client.calls["token"] == 2


def test_a_fresh_token_that_is_refused_is_for_the_administrator(
    client: GoogleClient, google: Emulator, sheet: Spreadsheet
) -> None:
    google.fail_next(*[faults.DEAD_TOKEN] * 3, kind="drive.get")

    with pytest.raises(BadSettings, match="does not accept new tokens of pokervod@"):
        client.open(sheet.id, "tracker").revision()


def test_a_revoked_key_is_for_the_administrator(
    client: GoogleClient, google: Emulator, account: dict[str, str], sheet: Spreadsheet
) -> None:
    del google.accounts.keys[account["client_email"]]

    words = r"the key of pokervod@.* in POKERVOD_GOOGLE_CREDENTIALS. The key was revoked.*account not found"
    with pytest.raises(BadSettings, match=words):
        client.open(sheet.id, "tracker").revision()

    assert google.count() == 1


@pytest.mark.parametrize(
    ("act", "words"),
    [("revision", "cannot see a sheet at"), ("layout", "no sheet found at"), ("tabs", "It was deleted")],
)
def test_a_sheet_that_was_deleted_for_good_is_named(
    client: GoogleClient, google: Emulator, sheet: Spreadsheet, act: str, words: str
) -> None:
    google.remove(sheet.id)

    with pytest.raises(BadInput, match=words):
        ACTS[act][1](client.open(sheet.id, "tracker"))


@pytest.mark.parametrize(
    ("act", "make_it_so", "error", "words"),
    [
        ("revision", lambda sheet, email: sheet.unshare(email), BadInput, "not shared: open it, press Share"),
        ("layout", lambda sheet, email: sheet.unshare(email), BadInput, "is not shared with pokervod@"),
        ("tabs", lambda sheet, email: sheet.unshare(email), BadInput, "is not shared with pokervod@"),
        ("revision", lambda sheet, _: sheet.trash(), BadInput, "is in Drive's trash. Restore it"),
        ("write", lambda sheet, email: sheet.share(email, "reader"), BadInput, "for reading only. Press Share"),
        ("change", lambda sheet, email: sheet.share(email, "reader"), BadInput, "for reading only. Press Share"),
        (
            "write",
            lambda sheet, _: sheet.rename_tab("Hands", "H"),
            Conflict,
            "changed before the write, so nothing was written",
        ),
    ],
)
def test_what_a_person_can_fix_is_named_and_not_retried(
    client: GoogleClient,
    google: Emulator,
    account: dict[str, str],
    sheet: Spreadsheet,
    act: str,
    make_it_so: Callable[[Spreadsheet, str], None],
    error: type[PokervodError],
    words: str,
) -> None:
    kind, perform = ACTS[act]
    make_it_so(sheet, account["client_email"])

    with pytest.raises(error) as raised:
        perform(client.open(sheet.id, "tracker"))

    assert words in str(raised.value)
    assert str(raised.value).startswith("tracker: ")
    assert all(google.count(each) <= 1 for each in {kind, "spreadsheets.get"})


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (
            FixedAnswer("fixed", 403, body=(("errors", [{"reason": "accessNotConfigured"}]),)),
            BadSettings,
            "Enable the Google",
        ),
        (
            FixedAnswer("fixed", 403, body=(("details", [{"reason": "SERVICE_DISABLED"}]),)),
            BadSettings,
            "Google Drive API",
        ),
        (
            FixedAnswer("fixed", 400, body=(("message", "This operation is not supported for this document"),)),
            BadInput,
            "Excel",
        ),
        (FixedAnswer("fixed", 418), BadInput, "Check that the sheet opens"),
    ],
)
def test_a_refusal_is_recognized_by_its_reason(
    client: GoogleClient, google: Emulator, sheet: Spreadsheet, answer: Fault, error: type[PokervodError], words: str
) -> None:
    google.fail_next(answer, kind="spreadsheets.get")

    with pytest.raises(error, match=words):
        client.open(sheet.id, "tracker").layout()


@pytest.mark.parametrize(
    ("act", "status", "reason", "words"),
    [
        ("change", 400, "", "Invalid requests[0].appendDimension: This action would increase the number of cells "
         "in the workbook above the limit of 10000000 cells."),
        ("change", 400, "", "Invalid requests[0].addNamedRange: Cannot add named range: too many named ranges."),
        ("write", 400, "", "Your input contains more than the maximum of 50000 characters in a single cell."),
        ("write", 400, "", "Range (Hands!Z1:Z9) exceeds grid limits. Max rows: 9, max columns: 6"),
        ("write", 400, "", "Requested writing within range [Hands!H1:H9], but tried writing to row [10]"),
        ("tabs", 400, "", "Unable to parse range: 'Hands'"),
        ("layout", 400, "", "Precondition check failed."),
        ("revision", 403, "domainPolicy", "The domain administrators have disabled Drive apps."),
        ("revision", 403, "insufficientPermissions", "Insufficient Permission: Request had insufficient scopes."),
        ("layout", 403, "CONSUMER_SUSPENDED", "Permission denied: Consumer 'project_number:9' has been suspended."),
        ("revision", 403, "forbidden", "Permission denied: Consumer 'project_number:9' has been suspended."),
        ("layout", 403, "CONSUMER_INVALID", "Project #9 has been deleted."),
        ("layout", 403, "BILLING_DISABLED", "This API method requires billing to be enabled."),
        ("tabs", 403, "SECURITY_POLICY_VIOLATED", "Request is prohibited by organization's policy. vpcServiceControls"),
        ("write", 403, "USER_PROJECT_DENIED", "Caller does not have required permission to use project 9."),
        ("write", 413, "", "Request payload size exceeds the limit: 10485760 bytes."),
    ],
)  # fmt: skip
def test_an_unknown_refusal_is_quoted(
    client: GoogleClient, google: Emulator, sheet: Spreadsheet, act: str, status: int, reason: str, words: str
) -> None:
    kind, perform = ACTS[act]
    google.fail_next(
        FixedAnswer("fixed", status, body=(("message", words), ("errors", [{"reason": reason}]))), kind=kind
    )

    with pytest.raises(PokervodError) as raised:
        perform(client.open(sheet.id, "tracker"))

    assert str(raised.value).startswith("tracker: ")
    assert str(raised.value).endswith(f'Google said: "{words}"')
    assert google.count(kind) == 1


@pytest.mark.parametrize(
    ("words", "quoted"),
    [("one\ntwo\x1b[31m\u202e three", "one two [31m three"), ("x" * 9_000, "x" * 299 + "…"), ("", "")],
)
def test_a_quotation_is_one_short_line(
    client: GoogleClient, google: Emulator, sheet: Spreadsheet, words: str, quoted: str
) -> None:
    google.fail_next(FixedAnswer("fixed", 400, body=(("message", words),)), kind="spreadsheets.get")

    with pytest.raises(BadInput) as raised:
        client.open(sheet.id, "tracker").layout()

    assert str(raised.value).partition(' Google said: "')[2].removesuffix('"') == quoted


@pytest.mark.parametrize("act", ["revision", "layout", "tabs", "write"])
def test_an_incomplete_answer_is_not_an_empty_sheet(
    client: GoogleClient, google: Emulator, sheet: Spreadsheet, act: str
) -> None:
    kind, perform = ACTS[act]
    google.fail_next(FixedAnswer("fixed", 200), kind=kind)

    with pytest.raises(Unavailable, match="answer is incomplete"):
        perform(client.open(sheet.id, "tracker"))


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded"])
def test_drives_reasons_for_too_many_calls_are_recognized(
    client: GoogleClient, google: Emulator, sheet: Spreadsheet, reason: str
) -> None:
    google.fail_next(FixedAnswer("fixed", 403, body=(("errors", [{"reason": reason}]),)), kind="drive.get")

    assert client.open(sheet.id, "tracker").revision() == str(sheet.version)


@pytest.mark.parametrize(
    "fault",
    [
        faults.RESET,
        faults.RESET.after_execution(),
        faults.TRUNCATE,
        faults.GARBAGE,
        faults.broken(503).after_execution(),
    ],
)
def test_a_change_that_may_have_been_made_is_not_made_twice(
    client: GoogleClient, google: Emulator, sheet: Spreadsheet, fault: Fault
) -> None:
    google.fail_next(fault, kind="spreadsheets.batchUpdate")

    with pytest.raises(Unavailable, match=r"did not confirm spreadsheets\.batchUpdate"):
        ACTS["change"][1](client.open(sheet.id, "tracker"))

    assert google.count("spreadsheets.batchUpdate") == 1


@pytest.mark.parametrize("fault", [faults.refuse_rate(), faults.DEAD_TOKEN])
def test_a_refused_change_is_made_when_it_is_allowed(
    client: GoogleClient, google: Emulator, sheet: Spreadsheet, fault: Fault
) -> None:
    google.fail_next(fault, kind="spreadsheets.batchUpdate")
    workbook = client.open(sheet.id, "tracker")
    columns = workbook.layout().tabs[0].column_count

    workbook.change([grow(workbook)])

    assert workbook.layout().tabs[0].column_count == columns + 1


def test_no_message_contains_a_secret(
    engine: Engine,
    settings_factory: Callable[..., Settings],
    google: Emulator,
    account: dict[str, str],
    clock: VirtualClock,
    sheet: Spreadsheet,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = settings_factory(google={"endpoint": google.root, "attempts": 2}, google_credentials=json.dumps(account))
    client = GoogleClient(engine, settings, clock=clock)
    said = [repr(client), repr(client.open(sheet.id, "tracker")), repr(settings), repr(vars(client))]
    client.open(sheet.id, "tracker").revision()
    tokens = [*google.accounts.tokens]

    for fault in (*PASSING.values(), faults.DEAD_TOKEN, FixedAnswer("fixed", 403), FixedAnswer("fixed", 400)):
        google.fault_source = lambda _, fault=fault: fault
        with pytest.raises(PokervodError) as raised:
            client.open(sheet.id, "tracker").revision()
        said += traceback.format_exception(raised.value)
    client.close()

    words = "\n".join((*said, caplog.text, *(str(vars(record)) for record in caplog.records)))
    assert not any(secret in words for secret in (*tokens, "ya29.", account["private_key"][40:80], "PRIVATE KEY"))
