"""Define the errors, sorted by who can act.

::

    PokervodError
    ├── BadInput         a person corrects a file, a sheet or a setting; the same input fails again
    │   └── BadSettings  the input is pokervod.yaml or the environment
    ├── Unavailable      something outside did not answer; the same call may succeed later
    │   └── ArchiveUnavailable  an archive root, or part of one, cannot be read
    ├── Conflict         another process or person has it or was faster; look again, then decide
    ├── AccessRefused    who asks may not do it
    │   ├── NotLoggedIn      who asks is unknown: log in
    │   ├── NotAllowed       the role of who asks does not allow it: ask an administrator
    │   └── LoginThrottled   too many logins failed: wait
    └── OperatorNeeded   the work stops until a person has decided
        └── SuspiciousLoss      so many files vanished at once that a lost mount is suspected

Raise a leaf. The message is for the person named above: it says where (file, row, column, key) and what to do.
Only ``Unavailable`` is worth a retry, unless it says that something does not exist.
"""


class PokervodError(Exception):
    """Report an error that PokerVOD knows; its text can be shown to a person as it is."""


class BadInput(PokervodError):
    """Report an invalid input; the person who owns it corrects it."""


class BadSettings(BadInput):
    """Report a missing or wrong setting; the administrator corrects it."""


class Unavailable(PokervodError):
    """Report that something outside did not answer or was not ready; a retry may help.

    Where ``is_absent`` the file or share does not exist, or did not answer for as long as one waits for a sleeping
    disk; a retry within the same run would find the same.
    """

    def __init__(self, message: str = "", *, is_absent: bool = False) -> None:
        super().__init__(message)
        self.is_absent = is_absent


class ArchiveUnavailable(Unavailable):
    """Report that an archive root cannot be read as a whole, so a file that was not seen may still exist."""


class Conflict(PokervodError):
    """Report that another process or person has what was requested, or changed it first."""


class AccessRefused(PokervodError):
    """Report that who asks may not do it; the text tells nothing about what they may not see."""


class NotLoggedIn(AccessRefused):
    """Report that nobody, or nobody known, is logged in: one answer for all reasons, so that none can be guessed."""


class NotAllowed(AccessRefused):
    """Report that the role of who asks does not allow it; an administrator can change that."""


class LoginThrottled(AccessRefused):
    """Report that too many logins failed, and how long the next one has to wait."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OperatorNeeded(PokervodError):
    """Report that an operator has to look and decide before the work continues."""


class SuspiciousLoss(OperatorNeeded):
    """Report that more files vanished in one scan than people delete; an operator confirms it or fixes the mount."""
