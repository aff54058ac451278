"""What can go wrong, sorted by who can mend it.

::

    PokervodError
    ├── BadInput         a person mends a file, a sheet or a setting; the same input fails again
    │   └── BadSettings  the input is pokervod.yaml or the environment
    ├── Unavailable      something outside did not answer; the same call may succeed later
    │   └── ArchiveUnavailable  an archive root, or part of one, cannot be read as a whole
    ├── Conflict         somebody else holds it or was faster; look again, then decide
    └── OperatorNeeded   the system will not go on until a person has decided
        └── SuspiciousLoss      so much vanished at once that it looks like a mount, not like a deletion

Raise a leaf. The message is for the person named above: it says where (file, row, column, key) and what to do.
Only ``Unavailable`` is worth a retry.
"""


class PokervodError(Exception):
    """Something PokerVOD can name went wrong; its text is fit to show to a person as it is."""


class BadInput(PokervodError):
    """An input cannot be understood; the person who owns it mends it."""


class BadSettings(BadInput):
    """A setting is missing or wrong; the administrator mends it."""


class Unavailable(PokervodError):
    """Something outside did not answer or was not ready; trying again may help."""


class ArchiveUnavailable(Unavailable):
    """An archive root cannot be read as a whole, so nothing may be concluded from what was not seen."""


class Conflict(PokervodError):
    """Another process or person holds what was asked for, or changed it first."""


class OperatorNeeded(PokervodError):
    """An operator has to look and decide before this goes on."""


class SuspiciousLoss(OperatorNeeded):
    """More files vanished in one scan than people delete; an operator confirms or mends the mount."""
