"""Name whatever ends a stage: the cause in words, and what a person does next."""

import errno
import os
from socket import gaierror
from ssl import SSLCertVerificationError, SSLError

from pokervod_pipelines.db.failures import DatabaseError, translate_error
from pokervod_pipelines.errors import OperatorNeeded, PokervodError, Unavailable
from pokervod_pipelines.files import find_full_disk
from pokervod_pipelines.settings import Settings

ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR})
UNREACHABLE = frozenset({errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETUNREACH, errno.EADDRNOTAVAIL})
LOST = UNREACHABLE | {errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.ENODEV, errno.ENXIO}
"""What a share says of a file once its server is unreachable; of no file, those of ``UNREACHABLE`` are of a service."""

NO_ANSWER = "the service does not answer; check that it runs, its address and the network"
MORE_MEMORY = "end other programs, or give this machine more"
STEPS = (
    ({errno.EACCES, errno.EPERM, errno.EROFS}, "give the user of this process the right to it"),
    ({errno.EMFILE, errno.ENFILE}, "raise the limit of open files (`ulimit -n`, `LimitNOFILE=` of a unit)"),
    ({errno.EAGAIN}, "raise the limit of processes (`ulimit -u`, `TasksMax=` of a unit)"),
    ({errno.ENOMEM}, MORE_MEMORY),
    ({errno.ENAMETOOLONG, errno.ELOOP}, "shorten or correct the name"),
    ({errno.EISDIR, errno.EEXIST}, "move elsewhere what is in its place"),
)
"""What a person does; a retry finds the same."""


def name_failure(error: Exception, settings: Settings) -> PokervodError:
    """Return the error as one of ours; one that nobody foresaw is a bug and says so."""
    if isinstance(error, PokervodError):
        return error
    if isinstance(error, DatabaseError):
        return translate_error(error)
    if isinstance(error, OSError):
        return _name_system_error(error, settings)
    if isinstance(error, MemoryError):
        return OperatorNeeded(f"the memory is full: {MORE_MEMORY}, then run it again")
    text = next(iter(str(error).strip().splitlines()), "")
    return OperatorNeeded(
        f"unexpected {type(error).__name__}: {text}. This is a bug of PokerVOD: report it with the log of this run"
    )


def _name_system_error(error: OSError, settings: Settings) -> PokervodError:
    place, cause = str(error.filename or ""), error.strerror or str(error) or type(error).__name__
    text = f"{place}: {cause}" if place else cause
    if isinstance(error, SSLCertVerificationError):
        return OperatorNeeded(f"{text}: check the certificate, and the clock of this machine, then run it again")
    if isinstance(error, SSLError):  # its numbers are those of OpenSSL
        return Unavailable(f"{text}: {NO_ANSWER}, then run it again")
    temporary = os.environ.get("TMPDIR", "/tmp")  # noqa: S108 - `tempfile` finds it by writing a file
    if disk := find_full_disk(error, place, settings.home, settings.renders, temporary):
        return OperatorNeeded(f"{text}: free space on {disk}, then run it again")
    if step := next((step for numbers, step in STEPS if error.errno in numbers), ""):
        return OperatorNeeded(f"{text}: {step}, then run it again")
    return Unavailable(f"{text}: {_advise(error)}, then run it again", is_absent=error.errno in ABSENT)


def _advise(error: OSError) -> str:
    """Return what to do about a file, a share or a service that may be back at the next attempt."""
    if error.errno in ABSENT:
        return "mount the share, or correct the path in the settings"
    is_of_service = isinstance(error, (ConnectionError, TimeoutError, gaierror)) or error.errno in UNREACHABLE
    if is_of_service and not error.filename:
        return NO_ANSWER
    if error.errno in LOST:
        return "mount the share again, or check its disk"
    return "check its disk and the log of this run" if error.filename else "look into the log of this run"
