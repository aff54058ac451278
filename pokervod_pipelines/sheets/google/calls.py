"""Name the calls to Google's services: the kind of each, whose quota it uses, where it is sent."""

import re
from dataclasses import dataclass
from enum import StrEnum

SHEETS_ROOT = "https://sheets.googleapis.com/"
DRIVE_ROOT = "https://www.googleapis.com/drive/"
DRIVE_FILES = f"{DRIVE_ROOT}v3/files"


class QuotaGroup(StrEnum):
    """List what Google counts separately; the key in ``api_budgets``."""

    READ = "sheets.read"
    WRITE = "sheets.write"
    DRIVE = "drive"


@dataclass(frozen=True, slots=True)
class Call:
    """Describe a kind of call.

    ``repeatable`` means that it may safely be made twice, so one without an answer is retried.
    """

    kind: str
    service: QuotaGroup
    repeatable: bool = True

    @property
    def writes(self) -> bool:
        """Tell whether it changes the sheet."""
        return self.service is QuotaGroup.WRITE


CALLS = (
    (re.compile(r"GET /v4/spreadsheets/[^/:]+"), Call("spreadsheets.get", QuotaGroup.READ)),
    (
        re.compile(r"POST /v4/spreadsheets/[^/:]+:batchUpdate"),
        Call("spreadsheets.batchUpdate", QuotaGroup.WRITE, repeatable=False),
    ),
    (re.compile(r"GET /v4/spreadsheets/[^/:]+/values:batchGet"), Call("values.batchGet", QuotaGroup.READ)),
    (re.compile(r"POST /v4/spreadsheets/[^/:]+/values:batchUpdate"), Call("values.batchUpdate", QuotaGroup.WRITE)),
    (re.compile(r"GET /drive/v3/files"), Call("drive.files.list", QuotaGroup.DRIVE)),
    (re.compile(r"GET /drive/v3/files/[^/]+"), Call("drive.files.get", QuotaGroup.DRIVE)),
)
TOKEN = "token"  # noqa: S105 - the name of a call
"""The kind under which requests for a token are counted; they use no quota."""


def name_call(method: str, address: str) -> Call:
    """Return the kind of call; an unknown one counts as a write that must not be repeated.

    >>> name_call("get", "https://sheets.googleapis.com/v4/spreadsheets/1x/values:batchGet").kind
    'values.batchGet'
    """
    line = f"{method.upper()} /{re.sub('^https?://[^/]*/', '', address).partition('?')[0]}"
    for pattern, call in CALLS:
        if pattern.fullmatch(line):
            return call
    return Call("other", QuotaGroup.WRITE, repeatable=False)


def redirect(address: str, endpoint: str | None) -> str:
    """Return the address below another root than Google's, where one is set.

    >>> redirect("https://www.googleapis.com/drive/v3/files", "http://127.0.0.1:8080")
    'http://127.0.0.1:8080/drive/v3/files'
    """
    if endpoint is None:
        return address
    if address.startswith(SHEETS_ROOT):
        return f"{endpoint}/{address.removeprefix(SHEETS_ROOT)}"
    if address.startswith(DRIVE_ROOT):
        return f"{endpoint}/drive/{address.removeprefix(DRIVE_ROOT)}"
    return address
