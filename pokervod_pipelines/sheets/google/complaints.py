"""What is told to the person who can act when Google will not: which sheet, whose address, what to do.

The texts hold nothing that differs from one failure to the next, since a failure is announced again when its text
changes; the particulars of each try are in the log.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pokervod_pipelines.errors import BadInput, BadSettings, Conflict, PokervodError, Unavailable
from pokervod_pipelines.sheets.google.calls import Call
from pokervod_pipelines.sheets.google.credentials import VARIABLE
from pokervod_pipelines.sheets.google.verdicts import Trouble


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call is about: the name people use, the address to open, the account that asked."""

    name: str
    address: str
    email: str

    @classmethod
    def of_sheet(cls, spreadsheet_id: str, name: str, email: str) -> "Subject":
        """The subject of calls about one sheet."""
        return cls(name, f"https://docs.google.com/spreadsheets/d/{spreadsheet_id}", email)


def explain(trouble: Trouble, subject: Subject, call: Call) -> PokervodError:
    """The error to raise for this trouble."""
    if trouble is Trouble.CHANGED_MEANWHILE:
        return _explain_change(subject, call)
    make, text = COMPLAINTS.get(trouble, PASSING)
    return make(text.format(name=subject.name, address=subject.address, email=subject.email, call=call.kind))


def explain_unclear(subject: Subject, call: Call) -> Unavailable:
    """The error for a change of which nobody knows whether it was made."""
    return Unavailable(f"{subject.name}: Google did not say whether {call.kind} was done; the next pass looks")


def explain_trash(subject: Subject) -> BadInput:
    """The error for a sheet that lies in Drive's trash."""
    return BadInput(f"{subject.name}: the sheet {subject.address} is in Drive's trash; restore it, or unset it")


def explain_change_meanwhile(name: str) -> Unavailable:
    """The error for a sheet of which half was read before an edit and half after."""
    return Unavailable(f"{name}: the sheet was changed while it was read; it is read again next time")


def explain_incomplete(name: str) -> Unavailable:
    """The error for an answer that lacks what it should hold."""
    return Unavailable(f"{name}: Google's answer is incomplete; the next pass asks again")


def _explain_change(subject: Subject, call: Call) -> PokervodError:
    if not call.writes:
        return explain_change_meanwhile(subject.name)
    return Conflict(
        f"{subject.name}: the sheet was changed meanwhile, so nothing was written; the next pass looks again"
    )


PASSING: tuple[Callable[[str], PokervodError], str] = (
    Unavailable,
    "{name}: Google cannot be reached or is too busy; what is known stays as it is, and the next pass tries again",
)
COMPLAINTS: dict[Trouble, tuple[Callable[[str], PokervodError], str]] = {
    Trouble.NOT_SHARED: (
        BadInput,
        "{name}: the sheet {address} is not shared with {email}; open it, press Share and add that address",
    ),
    Trouble.READ_ONLY: (
        BadInput,
        "{name}: the sheet {address} is shared with {email} for reading only; press Share and make it Editor",
    ),
    Trouble.PROTECTED: (
        BadInput,
        "{name}: a protected range of {address} covers the columns of ours; let {email} edit it (Data, Protect sheets)",
    ),
    Trouble.GONE: (
        BadInput,
        "{name}: there is no sheet at {address}; it was deleted, or the address in the settings is wrong",
    ),
    Trouble.NOT_FOUND_IN_DRIVE: (
        BadInput,
        "{name}: {email} finds no sheet at {address}; it was deleted, the address in the settings is wrong, or it is "
        "not shared: open it, press Share and add that address",
    ),
    Trouble.NO_GOOGLE_SHEET: (
        BadInput,
        "{name}: {address} is an Excel file in Drive; save it as a Google sheet (File menu) and set its new address",
    ),
    Trouble.API_DISABLED: (
        BadSettings,
        "the Google project of {email} does not allow {call}: enable the Google Sheets API and the Google Drive API",
    ),
    Trouble.KEY_REFUSED: (
        BadSettings,
        f"Google does not accept the key of {{email}} in {VARIABLE}: it was revoked, the account deleted, or this "
        "machine's clock is wrong; set the clock or make a new key",
    ),
    Trouble.TOKEN: (
        BadSettings,
        f"Google does not accept fresh tokens of {{email}} for {{call}}: make a new key and set {VARIABLE}",
    ),
    Trouble.REFUSED: (
        BadInput,
        "{name}: Google refuses {call} of {address}; check the address in the settings, and that the sheet opens",
    ),
}
