"""Check that whatever ends a stage is named with its cause and what to do next."""

import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from socket import gaierror
from ssl import SSLCertVerificationError, SSLEOFError

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from pokervod_pipelines.errors import ArchiveUnavailable, BadInput, OperatorNeeded, PokervodError, Unavailable
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.failures import name_failure


def fail(number: int, place: str | None = "/mnt/nas/a.mp4") -> OSError:
    return OSError(number, os.strerror(number), place)


def fail_statement(cause: Exception) -> OperationalError:
    return OperationalError("insert", {}, cause)


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (BadInput("row 3: no file name"), BadInput, ["row 3: no file name"]),
        (fail(errno.ENOENT), Unavailable, ["/mnt/nas/a.mp4: No such file", "mount the share, or correct the path"]),
        (fail(errno.ENOTDIR), Unavailable, ["Not a directory", "correct the path"]),
        (fail(errno.EIO), Unavailable, ["/mnt/nas/a.mp4: Input/output error: mount the share again, or check"]),
        (fail(errno.ESTALE), Unavailable, ["Stale file handle: mount the share again"]),
        (fail(errno.EHOSTDOWN), Unavailable, ["/mnt/nas/a.mp4: Host is down: mount the share again"]),
        (fail(errno.EHOSTUNREACH), Unavailable, ["/mnt/nas/a.mp4: No route to host: mount the share again"]),
        (fail(errno.ENOTCONN), Unavailable, ["endpoint is not connected: mount the share again"]),
        (fail(errno.ETIMEDOUT), Unavailable, ["/mnt/nas/a.mp4: Connection timed out: mount the share again"]),
        (fail(errno.EIO, None), Unavailable, ["Input/output error: mount the share again, or check"]),
        (fail(errno.EACCES), OperatorNeeded, ["/mnt/nas/a.mp4: Permission denied", "the right to it"]),
        (fail(errno.EROFS), OperatorNeeded, ["Read-only file system", "the right to it"]),
        (fail(errno.ENOSPC), OperatorNeeded, ["No space left on device: free space on /"]),
        (fail(errno.EDQUOT), OperatorNeeded, ["quota exceeded: free space on /"]),
        (fail(errno.ENOSPC, None), OperatorNeeded, ["No space left on device: free space on /"]),
        (TimeoutError("no answer"), Unavailable, ["no answer: the service does not answer"]),
        (TimeoutError(), Unavailable, ["TimeoutError: the service does not answer"]),
        (ConnectionResetError(), Unavailable, ["ConnectionResetError: the service does not answer"]),
        (fail(errno.ECONNREFUSED, None), Unavailable, ["Connection refused: the service does not answer"]),
        (fail(errno.EHOSTUNREACH, None), Unavailable, ["No route to host: the service does not answer"]),
        (fail(errno.ENETUNREACH, None), Unavailable, ["Network is unreachable: the service does not answer"]),
        (fail(errno.EADDRNOTAVAIL, None), Unavailable, ["Cannot assign requested address: the service does not"]),
        (fail(errno.EPIPE, None), Unavailable, ["Broken pipe: the service does not answer"]),
        (gaierror(-2, "Name or service not known"), Unavailable, ["service not known: the service does not answer"]),
        (SSLEOFError(8, "violation of protocol"), Unavailable, ["violation of protocol: the service does not answer"]),
        (SSLCertVerificationError(1, "expired"), OperatorNeeded, ["expired: check the certificate"]),
        (fail(errno.EMFILE), OperatorNeeded, ["Too many open files: raise the limit", "`ulimit -n`"]),
        (fail(errno.ENFILE, None), OperatorNeeded, ["Too many open files in system: raise the limit"]),
        (fail(errno.EAGAIN, None), OperatorNeeded, ["temporarily unavailable: raise the limit", "`ulimit -u`"]),
        (fail(errno.ENOMEM, None), OperatorNeeded, ["Cannot allocate memory: end other programs"]),
        (fail(errno.ENAMETOOLONG), OperatorNeeded, ["File name too long: shorten or correct the name"]),
        (fail(errno.ELOOP), OperatorNeeded, ["Too many levels of symbolic links: shorten or correct the name"]),
        (fail(errno.EISDIR), OperatorNeeded, ["/mnt/nas/a.mp4: Is a directory: move elsewhere what is in its place"]),
        (fail(errno.EEXIST), OperatorNeeded, ["/mnt/nas/a.mp4: File exists: move elsewhere what is in its place"]),
        (fail(errno.EINVAL, None), Unavailable, ["Invalid argument: look into the log of this run"]),
        (OSError(), Unavailable, ["OSError: look into the log of this run"]),
        (MemoryError(), OperatorNeeded, ["the memory is full: end other programs"]),
        (ValueError("bad row\nmore"), OperatorNeeded, ["unexpected ValueError: bad row.", "report it with the log"]),
        (AssertionError(), OperatorNeeded, ["unexpected AssertionError"]),
        (fail_statement(psycopg.errors.DiskFull("no room")), OperatorNeeded, ["no room; free space on it"]),
        (fail_statement(psycopg.errors.AdminShutdown("bye")), Unavailable, ["the database connection failed: bye"]),
    ],
)
def test_a_failure_names_its_cause_and_the_next_step(
    settings_factory: Callable[..., Settings], error: Exception, kind: type[PokervodError], told: list[str]
) -> None:
    named = name_failure(error, settings_factory())

    assert type(named) is kind
    assert [each for each in told if each not in str(named)] == []


@pytest.mark.parametrize(
    ("error", "is_absent"),
    [(fail(errno.ENOENT), True), (fail(errno.EIO), False), (ArchiveUnavailable("x", is_absent=True), True)],
)
def test_what_does_not_exist_is_told_from_what_does_not_answer(
    settings_factory: Callable[..., Settings], error: Exception, is_absent: bool
) -> None:
    named = name_failure(error, settings_factory())

    assert isinstance(named, Unavailable)
    assert named.is_absent is is_absent


def test_the_disk_with_the_least_space_is_named(settings_factory: Callable[..., Settings], tmp_path: Path) -> None:
    full = Path("/proc")  # a file system without any space
    settings = settings_factory(home=tmp_path)

    assert "free space on /proc," in str(name_failure(fail(errno.ENOSPC, str(full / "self" / "x")), settings))


def test_a_full_disk_is_named_where_no_folder_takes_a_file(
    settings_factory: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python finds its folder of temporary files by writing one, which a full disk refuses too."""
    monkeypatch.setenv("TMPDIR", "/proc")
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/proc"])
    settings = settings_factory(home=tmp_path)

    assert "free space on /proc," in str(name_failure(fail(errno.ENOSPC), settings))
