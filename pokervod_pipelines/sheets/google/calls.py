"""The calls that are made of Google's services: what each is named, whose quota it uses, where it is sent."""

import re
from dataclasses import dataclass
from enum import StrEnum

SHEETS_ROOT = "https://sheets.googleapis.com/"
DRIVE_ROOT = "https://www.googleapis.com/drive/"
DRIVE_FILES = f"{DRIVE_ROOT}v3/files"


class Service(StrEnum):
    """What Google counts apart; the key in ``api_budgets``."""

    READ = "sheets.read"
    WRITE = "sheets.write"
    DRIVE = "drive"


@dataclass(frozen=True, slots=True)
class Call:
    """A sort of call.

    ``repeatable`` says whether it does no harm twice: what was perhaps done is then done again. ``reads_ranges`` says
    whether it names tabs, which may be renamed meanwhile.
    """

    kind: str
    service: Service
    repeatable: bool = True
    reads_ranges: bool = False

    @property
    def writes(self) -> bool:
        """Whether it changes the sheet."""
        return self.service is Service.WRITE


CALLS = (
    (re.compile(r"GET /v4/spreadsheets/[^/:]+"), Call("spreadsheets.get", Service.READ)),
    (
        re.compile(r"POST /v4/spreadsheets/[^/:]+:batchUpdate"),
        Call("spreadsheets.batchUpdate", Service.WRITE, repeatable=False),
    ),
    (
        re.compile(r"GET /v4/spreadsheets/[^/:]+/values:batchGet"),
        Call("values.batchGet", Service.READ, reads_ranges=True),
    ),
    (re.compile(r"POST /v4/spreadsheets/[^/:]+/values:batchUpdate"), Call("values.batchUpdate", Service.WRITE)),
    (re.compile(r"GET /drive/v3/files"), Call("drive.files.list", Service.DRIVE)),
    (re.compile(r"GET /drive/v3/files/[^/]+"), Call("drive.files.get", Service.DRIVE)),
)
TOKEN = "token"  # noqa: S105 - the name of a call
"""The kind under which asking for a token is counted; it uses no quota."""


def name_call(method: str, address: str) -> Call:
    """The sort of call; one that we never make counts as a write that must not be repeated.

    >>> name_call("get", "https://sheets.googleapis.com/v4/spreadsheets/1x/values:batchGet").kind
    'values.batchGet'
    """
    line = f"{method.upper()} /{re.sub('^https?://[^/]*/', '', address).partition('?')[0]}"
    for pattern, call in CALLS:
        if pattern.fullmatch(line):
            return call
    return Call("other", Service.WRITE, repeatable=False)


def redirect(address: str, endpoint: str | None) -> str:
    """The address below another root than Google's, where one is set.

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
