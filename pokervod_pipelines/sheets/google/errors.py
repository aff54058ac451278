"""Make the errors for the person who can act when Google refuses: which sheet, whose address, what to do.

The texts contain nothing that differs from one attempt to the next, since a failure is reported again when its text
changes; the details of each attempt are in the log. What we do not know the remedy for is quoted in Google's words.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pokervod_pipelines.errors import BadInput, BadSettings, Conflict, PokervodError, Unavailable
from pokervod_pipelines.sheets.google.calls import Call
from pokervod_pipelines.sheets.google.credentials import VARIABLE
from pokervod_pipelines.sheets.google.responses import CallFailure, FailureKind


@dataclass(frozen=True, slots=True)
class Subject:
    """Name what a call is about: the name people use, the address to open, the account that asked."""

    name: str
    address: str
    email: str

    @classmethod
    def of_sheet(cls, spreadsheet_id: str, name: str, email: str) -> "Subject":
        """Return the subject of calls about one sheet."""
        return cls(name, f"https://docs.google.com/spreadsheets/d/{spreadsheet_id}", email)


def make_error(failure: CallFailure, subject: Subject, call: Call) -> PokervodError:
    """Return the error to raise for this failure."""
    make, text = MESSAGES.get(failure.kind, TRANSIENT)
    if failure.kind is FailureKind.CHANGED_MEANWHILE and call.writes:
        make, text = CHANGED_BEFORE_WRITE
    said = f' Google said: "{failure.words}"' if failure.words and failure.kind in QUOTED else ""
    return make(text.format(name=subject.name, address=subject.address, email=subject.email, call=call.kind) + said)


def make_unclear_error(subject: Subject, call: Call) -> Unavailable:
    """Return the error for a change that may or may not have been made."""
    return Unavailable(f"{subject.name}: Google did not confirm {call.kind}. The next sync checks whether it was done.")


def make_trash_error(subject: Subject) -> BadInput:
    """Return the error for a sheet in Drive's trash."""
    return BadInput(
        f"{subject.name}: the sheet {subject.address} is in Drive's trash. Restore it, or remove it from the settings."
    )


def make_read_only_error(subject: Subject) -> BadInput:
    """Return the error for a sheet that is to be written to and cannot be."""
    return BadInput(READ_ONLY.format(name=subject.name, address=subject.address, email=subject.email))


def make_incomplete_error(name: str) -> Unavailable:
    """Return the error for an answer that lacks a required part."""
    return Unavailable(f"{name}: Google's answer is incomplete. The next sync asks again.")


Message = tuple[Callable[[str], PokervodError], str]

TRANSIENT: Message = (
    Unavailable,
    "{name}: Google cannot be reached or is too busy. The rows stay as they were, and the next sync tries again.",
)
CHANGED_BEFORE_WRITE: Message = (
    Conflict,
    "{name}: the sheet changed before the write, so nothing was written. The next sync tries again.",
)
READ_ONLY = "{name}: the sheet {address} is shared with {email} for reading only. Press Share and make it Editor."
QUOTED = {FailureKind.CHANGED_MEANWHILE, FailureKind.KEY_REFUSED, FailureKind.TOKEN, FailureKind.REFUSED}
MESSAGES: dict[FailureKind, Message] = {
    FailureKind.CHANGED_MEANWHILE: (
        Unavailable,
        "{name}: the sheet changed while it was read. The next sync reads it again.",
    ),
    FailureKind.NOT_SHARED: (
        BadInput,
        "{name}: the sheet {address} is not shared with {email}. Open it, press Share and add that address.",
    ),
    FailureKind.READ_ONLY: (BadInput, READ_ONLY),
    FailureKind.PROTECTED: (
        BadInput,
        "{name}: a protected range of {address} covers the PokerVOD columns. "
        "Let {email} edit it (Data, Protect sheets).",
    ),
    FailureKind.NOT_FOUND: (
        BadInput,
        "{name}: no sheet found at {address}. It was deleted, or the address in the settings is wrong.",
    ),
    FailureKind.NOT_FOUND_IN_DRIVE: (
        BadInput,
        "{name}: {email} cannot see a sheet at {address}. It was deleted, the address in the settings is wrong, "
        "or it is not shared: open it, press Share and add that address.",
    ),
    FailureKind.NOT_A_GOOGLE_SHEET: (
        BadInput,
        "{name}: {address} is an Excel file in Drive. Save it as a Google sheet (File menu) and set its new address.",
    ),
    FailureKind.API_DISABLED: (
        BadSettings,
        "The Google project of {email} does not allow {call}. Enable the Google Sheets API and the Google Drive API.",
    ),
    FailureKind.KEY_REFUSED: (
        BadSettings,
        f"Google does not accept the key of {{email}} in {VARIABLE}. The key was revoked, the account was deleted, or "
        "the clock of this machine is wrong. Set the clock, or make a new key.",
    ),
    FailureKind.TOKEN: (
        BadSettings,
        f"Google does not accept new tokens of {{email}} for {{call}}. Make a new key and set {VARIABLE}.",
    ),
    FailureKind.REFUSED: (
        BadInput,
        "{name}: Google refuses {call} of {address}. Check that the sheet opens, and ask whoever manages the Google "
        "account or project of {email}.",
    ),
}
