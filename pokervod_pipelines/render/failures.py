"""Classify why a graphic could not be rendered: the type says who can fix it, and so what happens to the job.

::

    RenderFailure
    ├── TransientFailure    something did not answer this time: retried, a retry is spent
    │   ├── TooSlow         it took longer, or reported no progress for longer, than its limits allow
    │   └── SpoiledOutput   the file differs from its instruction
    ├── NoCapacity          no licence or render node is free, or a farm is away or misconfigured: the renderer pauses
    │                       and resumes, no retry is spent
    ├── BadWorker           this machine is at fault (disk, rights, a missing program): another one may render it
    └── BadInstruction      the instruction or its template is wrong: never retried

Any other error is unknown: retried like a transient failure.
"""

import errno
from collections.abc import Mapping
from typing import ClassVar, Literal

from pokervod_pipelines.errors import BadInput, PokervodError, Unavailable
from pokervod_pipelines.files import find_full_disk

FailureKind = Literal["transient", "timeout", "capacity", "bad_worker", "bad_input", "unknown"]


class RenderFailure(PokervodError):
    """Report that a graphic could not be rendered; the text says why, for a person."""

    kind: ClassVar[FailureKind] = "unknown"


class TransientFailure(RenderFailure, Unavailable):
    """Report that something did not answer or broke off; a retry may help."""

    kind: ClassVar[FailureKind] = "transient"


class TooSlow(TransientFailure):
    """Report that a render took longer, or showed no progress for longer, than its limits allow."""

    kind: ClassVar[FailureKind] = "timeout"


class SpoiledOutput(TransientFailure):
    """Report that the rendered file differs from its instruction; the text names every difference."""


class NoCapacity(RenderFailure, Unavailable):
    """Report that no licence or render node is free, or that the renderer cannot be reached as it is configured.

    The text says what to do: it is the reason of the pause.
    """

    kind: ClassVar[FailureKind] = "capacity"


class BadWorker(RenderFailure, Unavailable):
    """Report that this machine cannot render it; another one may."""

    kind: ClassVar[FailureKind] = "bad_worker"


class BadInstruction(RenderFailure, BadInput):
    """Report that the instruction cannot be rendered; a person corrects the template or the request."""

    kind: ClassVar[FailureKind] = "bad_input"


MACHINE_ERRORS: Mapping[int, str] = {
    number: errno.errorcode[number]
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENOMEM)
}
"""The ``OSError`` numbers that blame the machine; every other one may pass."""


def classify_failure(error: BaseException) -> FailureKind:
    """Return the kind of the failure, by the type of the error alone; every error has one.

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


def describe_failure(error: BaseException) -> str:
    """Return the failure as its instruction records it, with what to do where a disk is full.

    >>> describe_failure(OSError(errno.EACCES, "Permission denied", "/mnt/a.mov"))
    '/mnt/a.mov: Permission denied'
    """
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error) or type(error).__name__
    disk = find_full_disk(error, error.filename or "")
    return ": ".join(filter(None, (str(error.filename or ""), error.strerror, disk and f"free space on {disk}")))
