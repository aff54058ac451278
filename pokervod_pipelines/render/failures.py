"""Why a graphic could not be made, as types: who can mend it, and so what becomes of the instruction.

::

    RenderFailure
    ├── Passing       what was asked did not answer this time: tried again, a retry is spent
    │   ├── TooSlow   it took longer, or was silent for longer, than its template may
    │   └── SpoiledOutput  a file was made that is not what was asked for
    ├── NoCapacity    no licence or no place is free, or a farm is away or set up wrongly: the renderer pauses and
    │                 resumes, no retry is spent
    ├── BadWorker     this machine is at fault (disk, rights, a missing program): another one may do it
    └── BadInstruction     the instruction or its template: the same again fails again, so it is not tried again

Whatever else is raised is unknown: tried again like a passing failure.
"""

import errno
from collections.abc import Mapping
from typing import ClassVar, Literal

from pokervod_pipelines.errors import BadInput, PokervodError, Unavailable

FailureKind = Literal["transient", "timeout", "capacity", "bad_worker", "bad_input", "unknown"]


class RenderFailure(PokervodError):
    """A graphic could not be made; the text says why, for a person."""

    kind: ClassVar[FailureKind] = "unknown"


class Passing(RenderFailure, Unavailable):
    """Something did not answer or broke off; trying again may help."""

    kind: ClassVar[FailureKind] = "transient"


class TooSlow(Passing):
    """It took longer, or said nothing for longer, than its template allows."""

    kind: ClassVar[FailureKind] = "timeout"


class SpoiledOutput(Passing):
    """A file was made, and it is not what was asked for; the text names every fault."""


class NoCapacity(RenderFailure, Unavailable):
    """No licence, no place or no machine is free at the renderer, or it cannot be reached as it is set up; it will be.

    The text says what to do: it is why the renderer pauses.
    """

    kind: ClassVar[FailureKind] = "capacity"


class BadWorker(RenderFailure, Unavailable):
    """This machine cannot do it; another one may."""

    kind: ClassVar[FailureKind] = "bad_worker"


class BadInstruction(RenderFailure, BadInput):
    """What is asked for cannot be made; a person mends the template or asks otherwise."""

    kind: ClassVar[FailureKind] = "bad_input"


MACHINE_ERRORS: Mapping[int, str] = {
    number: errno.errorcode[number]
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENOMEM)
}
"""What an ``OSError`` says of the machine it happened on; every other one may pass."""


def classify_failure(error: BaseException) -> FailureKind:
    """Return whose fault it is, by the type of the error alone; every error has an answer.

    >>> classify_failure(OSError(errno.ENOSPC, "no space")), classify_failure(TimeoutError())
    ('bad_worker', 'transient')
    """
    if isinstance(error, RenderFailure):
        return error.kind
    if isinstance(error, Unavailable):
        return "transient"
    if isinstance(error, BadInput):
        return "bad_input"
    if isinstance(error, MemoryError):
        return "bad_worker"
    if isinstance(error, OSError):
        return "bad_worker" if error.errno in MACHINE_ERRORS else "transient"
    return "unknown"
