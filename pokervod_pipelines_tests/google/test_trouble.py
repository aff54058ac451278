"""Check tokens, quotas and faults, as a client sees them."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import google.auth.exceptions
import gspread
import pytest
import requests
from google.auth import jwt
from openpyxl import Workbook

from pokervod_pipelines_tests.google import faults
from pokervod_pipelines_tests.google.accounts import GRANT
from pokervod_pipelines_tests.google.client import connect, read_signer
from pokervod_pipelines_tests.google.clock import VirtualClock
from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.google.faults import Call, Fault
from pokervod_pipelines_tests.google.quota import Quota

Ask = Callable[[], Any]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def world(clock: VirtualClock) -> Iterator[Emulator]:
    with Emulator.start(
        clock=clock, quota=Quota(reads_per_minute=5, writes_per_minute=2, drive_per_minute=4)
    ) as google:
        google.add_workbook({"Hands": [["File"], ["a.mp4"]]}, title="Tracker")
        yield google


@pytest.fixture
def client(world: Emulator) -> Iterator[gspread.Client]:
    account = world.make_service_account()
    for sheet in world.spreadsheets.values():
        sheet.share(account["client_email"], "writer")
    with connect(world, account) as connected:
        yield connected


@pytest.fixture
def read(world: Emulator, client: gspread.Client) -> Ask:
    (identity,) = world.spreadsheets
    return lambda: client.http_client.values_get(identity, "Hands!A1:A2")["values"]


@pytest.fixture
def write(world: Emulator, client: gspread.Client) -> Ask:
    (identity,) = world.spreadsheets
    body = {"valueInputOption": "RAW", "data": [{"range": "Hands!A2", "values": [["written"]]}]}
    return lambda: client.http_client.values_batch_update(identity, body)


def sign(account: dict[str, str], **claims: object) -> str:
    now = int(time.time())
    payload = {"iss": account["client_email"], "aud": account["token_uri"], "iat": now, "exp": now + 3600, "scope": "x"}
    signed: bytes = jwt.encode(read_signer(account["private_key"]), payload | claims)  # type: ignore[no-untyped-call]
    return signed.decode()


def ask_token(world: Emulator, assertion: str, grant: str = GRANT) -> requests.Response:
    return requests.post(f"{world.root}/token", data={"grant_type": grant, "assertion": assertion}, timeout=10)


def test_a_signed_assertion_is_granted(world: Emulator) -> None:
    answer = ask_token(world, sign(world.make_service_account()))

    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "expires_in", "token_type"}


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "stranger@example.com"}, "Invalid grant: account not found"),
        ({"aud": "https://elsewhere.example/token"}, "Invalid JWT: Failed audience check."),
        ({"exp": int(time.time()) - 4000, "iat": int(time.time()) - 7000}, "Invalid JWT: Token must be a short-lived"),
        ({"exp": int(time.time()) + 9000}, "Invalid JWT: Token must be a short-lived"),
        ({"exp": "soon"}, "Bad Request"),
    ],
)
def test_a_wrong_claim_is_no_grant(world: Emulator, claims: dict[str, object], reason: str) -> None:
    answer = ask_token(world, sign(world.make_service_account(), **claims))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert answer.json()["error_description"].startswith(reason)


@pytest.mark.parametrize("forge", [lambda text: text[:-8] + "AAAAAAAA", lambda text: "nonsense", lambda text: ""])
def test_a_forged_signature_is_no_grant(world: Emulator, forge: Callable[[str], str]) -> None:
    answer = ask_token(world, forge(sign(world.make_service_account())))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer invented"}])
@pytest.mark.parametrize("path", ["/v4/spreadsheets/x", "/drive/v3/files"])
def test_nobody_is_served_without_a_token(world: Emulator, header: dict[str, str], path: str) -> None:
    answer = requests.get(world.root + path, headers=header, timeout=10)

    assert answer.status_code == 401
    assert answer.json()["error"]["status"] == "UNAUTHENTICATED"


def test_an_unknown_path_is_html(world: Emulator) -> None:
    answer = requests.get(f"{world.root}/v9/spreadsheets", timeout=10)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_a_dead_token_is_replaced_by_google_auth_itself(
    world: Emulator, clock: VirtualClock, read: Ask, how: str
) -> None:
    read()

    world.revoke_tokens() if how == "revoked" else clock.sleep(3600)

    assert read() == [["File"], ["a.mp4"]]
    assert [(call.kind, call.status) for call in world.calls[2:]] == [
        ("values.get", 401),
        ("token", 200),
        ("values.get", 200),
    ]


def test_a_removed_account_is_refused(world: Emulator, read: Ask) -> None:
    world.accounts.keys.clear()

    with pytest.raises(google.auth.exceptions.RefreshError, match="account not found"):
        read()


def test_reads_and_writes_have_their_own_quota_of_each_minute(
    world: Emulator, clock: VirtualClock, read: Ask, write: Ask
) -> None:
    for _ in range(5):
        read()
    write()

    with pytest.raises(gspread.exceptions.APIError) as refused:
        read()

    assert refused.value.error["status"] == "RESOURCE_EXHAUSTED"
    assert refused.value.error["message"].startswith(
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' of service "
        "'sheets.googleapis.com'"
    )
    assert refused.value.error["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"
    assert "Retry-After" not in refused.value.response.headers
    write()
    with pytest.raises(gspread.exceptions.APIError, match="Write requests"):
        write()
    clock.sleep(60)
    read()
    assert [call.status for call in world.calls if call.kind == "values.get"] == [200] * 5 + [429, 200]


def test_drive_refuses_with_403(client: gspread.Client) -> None:
    for _ in range(4):
        client.list_spreadsheet_files()

    with pytest.raises(gspread.exceptions.APIError) as refused:
        client.list_spreadsheet_files()

    assert refused.value.code == 403
    assert refused.value.error["errors"][0]["reason"] == "rateLimitExceeded"


def test_every_answer_is_dated_by_the_emulators_clock(world: Emulator, clock: VirtualClock) -> None:
    clock.sleep(75)

    answer = requests.get(f"{world.root}/v4/spreadsheets/x", timeout=10)

    assert answer.headers["Date"] == "Mon, 05 Jan 2026 12:01:15 GMT"


@pytest.mark.parametrize(
    ("fault", "code", "headers"),
    [
        (faults.refuse_rate(), 429, {}),
        (faults.refuse_rate(retry_after=7), 429, {"Retry-After": "7"}),
        (faults.broken(500), 500, {}),
        (faults.broken(503), 503, {}),
        (faults.broken(502, html=True), -1, {"Content-Type": "text/html; charset=UTF-8"}),
    ],
)
def test_a_refusal_reaches_the_client_once(
    world: Emulator, read: Ask, fault: Fault, code: int, headers: dict[str, str]
) -> None:
    read()
    world.fail_next(fault)

    with pytest.raises(gspread.exceptions.APIError) as refused:
        read()

    assert refused.value.code == code
    assert refused.value.response.status_code == fault.status
    assert headers.items() <= dict(refused.value.response.headers).items()
    assert world.calls[-1].fault == fault.name
    assert read() == [["File"], ["a.mp4"]]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.RESET, requests.ConnectionError),
        (faults.TRUNCATE, requests.exceptions.ChunkedEncodingError),
        (faults.GARBAGE, requests.JSONDecodeError),
    ],
)
def test_a_broken_answer_breaks_the_call_and_not_the_next(
    world: Emulator, read: Ask, fault: Fault, error: type[Exception]
) -> None:
    read()
    world.fail_next(fault)

    with pytest.raises(error):
        read()

    assert world.calls[-1].status == fault.status
    assert read() == [["File"], ["a.mp4"]]


def test_a_hanging_call_ends_when_the_client_gives_up(world: Emulator, client: gspread.Client, read: Ask) -> None:
    read()
    world.fail_next(faults.HANG)
    client.http_client.set_timeout(0.05)

    with pytest.raises(requests.ReadTimeout):
        read()

    client.http_client.set_timeout(10)
    assert read() == [["File"], ["a.mp4"]]


def test_a_fault_strikes_a_call_of_its_kind(world: Emulator, read: Ask, write: Ask) -> None:
    world.fail_next(faults.broken(500), kind="values.batchUpdate")

    read()

    with pytest.raises(gspread.exceptions.APIError):
        write()


@pytest.mark.parametrize(
    ("fault", "text"),
    [(faults.RESET, "a.mp4"), (faults.RESET.after_execution(), "written"), (faults.TRUNCATE, "written")],
)
def test_a_lost_answer_may_be_of_a_write_that_was_done(world: Emulator, write: Ask, fault: Fault, text: str) -> None:
    (sheet,) = world.spreadsheets.values()
    write()
    sheet.type_cell("Hands", 2, 1, "a.mp4")
    world.fail_next(fault, kind="values.batchUpdate")

    with pytest.raises(requests.RequestException):
        write()

    assert sheet.shown("Hands") == [["File"], [text]]


def test_a_dead_token_costs_one_more_token(world: Emulator, read: Ask) -> None:
    read()
    world.fail_next(faults.DEAD_TOKEN)

    read()

    assert world.count("token") == 2


def test_a_storm_is_the_same_for_the_same_seed(clock: VirtualClock) -> None:
    call = Call("GET", "values.get", clock.now())

    first, again = faults.random_storm(7, 0.3), faults.random_storm(7, 0.3)
    struck = [first(call) for _ in range(500)]

    assert struck == [again(call) for _ in range(500)]
    assert 100 < sum(fault is not None for fault in struck) < 200
    assert faults.random_storm(7, 1)(Call("POST", "token", clock.now())) is None


def test_a_storm_ends_and_nothing_was_lost_that_was_answered(world: Emulator, clock: VirtualClock, write: Ask) -> None:
    """Ten emulated minutes in well under a second: a client that waits a minute after each failure."""
    (sheet,) = world.spreadsheets.values()
    before, done = sheet.version, 0
    world.fault_source = faults.random_storm(3, 0.5)
    ends = clock.time() + 600

    while clock.time() < ends:
        try:
            write()
            done += 1
        except (gspread.exceptions.APIError, requests.RequestException):
            clock.sleep(30)
        clock.sleep(30)

    assert done >= 3
    assert sheet.version >= before + done
    assert all(count <= 3 for count in world.quota.spent.values())


def control(root: str, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{root}/control/{path}", data), timeout=10) as answer:
        return json.load(answer)


def test_another_process_edits_the_sheet_by_the_control_api(tmp_path: Path) -> None:
    book = Workbook()
    tab = book.active
    assert tab is not None
    tab.append(["File"])
    tab.append(["b.mp4"])
    book.save(tmp_path / "tracker.xlsx")
    command = [sys.executable, "-m", "pokervod_pipelines_tests.google", "--workbook", str(tmp_path / "tracker.xlsx")]
    command += ["--credentials", str(tmp_path / "account.json")]

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        try:
            assert process.stdout is not None
            answer = json.loads(process.stdout.readline())
            root = answer["root"]
            account = json.loads((tmp_path / "account.json").read_text(encoding="utf-8"))
            control(root, "edit", {"op": "insert", "tab": "Sheet", "at": 2, "rows": [["c.mp4"]]})
            control(root, "edit", {"op": "type", "tab": "Sheet", "row": 4, "column": "A", "value": "a.mp4"})
            control(root, "edit", {"op": "sort", "tab": "Sheet", "column": "A"})
            control(root, "faults", {"faults": [{"name": "refuse", "status": 429}], "kind": "drive.list"})
            assert ask_files(root, account) == 429
            assert control(root, "calls")["count"] == {"token": 1, "drive.list": 1}
            shown = control(root, "sheet")["tabs"]["Sheet"]["shown"]
        finally:
            process.terminate()

    assert shown == [["File"], ["a.mp4"], ["b.mp4"], ["c.mp4"]]
    assert process.returncode == 0
    assert answer["spreadsheets"].keys() == {"tracker.xlsx"}


def ask_files(root: str, account: dict[str, str]) -> int:
    form = {"grant_type": GRANT, "assertion": sign(account)}
    token = requests.post(account["token_uri"], data=form, timeout=10).json()["access_token"]
    return requests.get(f"{root}/drive/v3/files", headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code
