"""Check that a problem with the account's key is reported without any part of the key."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.google.credentials import EDIT_SHEETS, READ_SHEETS, load_account
from pokervod_pipelines_tests.google.emulator import Emulator

SECRET = "MIIEvQIBADANBgkqhkiG9w0"
KEY = f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"
HALF = {"type": "service_account", "client_email": "a@b.c", "token_uri": "https://x/token"}


@pytest.fixture(scope="module")
def key() -> dict[str, str]:
    with Emulator.start() as google:
        return google.make_service_account()


def test_an_account_is_given_as_json_or_as_the_path_of_a_file(
    settings_factory: Callable[..., Settings], key: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "key.json"
    file.write_text("\N{ZERO WIDTH NO-BREAK SPACE}" + json.dumps(key), encoding="utf-8")

    for value in (json.dumps(key), str(file), f"  {file}\n"):
        assert load_account(settings_factory(google_credentials=value)).email == key["client_email"]


@pytest.mark.parametrize(("write_back", "scope"), [(False, READ_SHEETS), (True, EDIT_SHEETS)])
def test_an_account_may_edit_only_where_some_sheet_is_written_to(
    settings_factory: Callable[..., Settings], key: dict[str, str], write_back: bool, scope: str
) -> None:
    sheets = [{"name": "tracker", "spreadsheet": "x" * 44, "write_back": write_back}]

    account = load_account(settings_factory(google_credentials=json.dumps(key), sheets=sheets))

    assert scope in account.credentials.scopes


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "is not set"),
        ("   ", "is not set"),
        ("/nowhere/key.json", "is not the path of a file"),
        (KEY, "is not the path of a file"),  # the key alone, pasted
        ("x" * 5000 + SECRET, "cannot be read"),  # longer than a file name may be
        (f"{SECRET}\0", "POKERVOD_GOOGLE_CREDENTIALS"),
        (f'{{"private_key": "{SECRET}', "is not the JSON of a service account"),
        (json.dumps({"type": "authorized_user", "refresh_token": SECRET}), "of type authorized_user"),
        (json.dumps({"type": SECRET}), "of another type"),
        (json.dumps({"private_key": KEY}), "of another type"),
        (json.dumps({**HALF, "client_email": ""}), "client_email, private_key missing"),
        (json.dumps({**HALF, "private_key": 5}), "private_key missing"),
        (json.dumps({**HALF, "private_key": KEY}), "private_key is damaged"),
        (json.dumps({**HALF, "private_key": SECRET}), "private_key is damaged"),
    ],
)
def test_what_is_wrong_is_reported_without_the_key(
    settings_factory: Callable[..., Settings], value: str | None, words: str
) -> None:
    with pytest.raises(BadSettings) as raised:
        load_account(settings_factory(google_credentials=value))

    assert words in str(raised.value)
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None or raised.value.__suppress_context__


@pytest.mark.parametrize("content", [b"", b"[1]", b"\xff\xfe\x00", b'"text"'])
def test_a_file_that_is_not_a_key_is_named(
    settings_factory: Callable[..., Settings], tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "key.json"
    file.write_bytes(content)

    with pytest.raises(BadSettings, match="JSON"):
        load_account(settings_factory(google_credentials=str(file)))


def test_an_account_shows_its_address_only(settings_factory: Callable[..., Settings], key: dict[str, Any]) -> None:
    account = load_account(settings_factory(google_credentials=json.dumps(key)))

    assert repr(account) == f"ServiceAccount(email='{key['client_email']}')"
