"""Create (initdb), start, probe and stop the server process.

Whether a server is alive is never read from ``postmaster.pid``, whose number may belong to another process after a
reboot: the server and its children inherit a locked descriptor, and the kernel releases the lock with the last of them.
Every function that changes something must be called under the start lock.
"""

import enum
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from pokervod_pipelines.db.embedded.binaries import Binaries
from pokervod_pipelines.db.embedded.folders import SOCKET_FILE, choose_socket_folder
from pokervod_pipelines.db.embedded.location import ServerLocation
from pokervod_pipelines.db.embedded.locks import POLL_SECONDS, is_held, open_exclusive, open_owned
from pokervod_pipelines.db.embedded.system_user import SystemUser
from pokervod_pipelines.errors import Conflict, OperatorNeeded, Unavailable

GUARD = Path(__file__).with_name("guard.py")
PORT = 5432
SUPERUSER = "postgres"
LOG_LIMIT = 8_000_000
"""Bytes; a longer log is moved to ``server.log.1`` at the next start or join, so there are never more than two."""

NEEDED_TO_START = 1_000_000
"""Bytes; with less a server may fail without being able to log why."""

SETTINGS = {
    "autovacuum_max_workers": "2",
    "fsync": "on",
    "io_method": "sync",
    "jit": "off",
    "listen_addresses": "",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %d ",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "max_connections": "200",
    "max_wal_senders": "0",
    "port": str(PORT),
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "unix_socket_permissions": "0700",
    "wal_level": "minimal",
}
"""A server for one machine: sockets only, durable, few helpers (``io_method=sync`` saves three processes)."""

_INITDB = (
    f"--username={SUPERUSER}", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8",
    "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
)  # fmt: skip


class Readiness(enum.Enum):
    """Tell how a server answers a new client."""

    READY = "ready"
    BUSY = "starting, recovering or shutting down"
    NO_ANSWER = "no answer"


def probe_server(location: ServerLocation) -> tuple[Readiness, Path]:
    """Return how the server answers, and the folder of the socket that was asked; change nothing."""
    lines = _read_pid_file(location)[4:5]
    for folder in (*(Path(os.fsdecode(line)) for line in lines if line), location.data):
        if (folder / SOCKET_FILE).exists() and (answer := _ping(folder)) is not Readiness.NO_ANSWER:
            return answer, folder
    return Readiness.NO_ANSWER, location.data


def is_alive(location: ServerLocation) -> bool:
    """Return whether the server, or a child that outlived it, still has the data open."""
    return is_held(location.server_lock) or probe_server(location)[0] is not Readiness.NO_ANSWER


def is_ready(location: ServerLocation) -> bool:
    """Return whether the server takes clients."""
    return probe_server(location)[0] is Readiness.READY


def ensure_guard(location: ServerLocation) -> None:
    """Start the program that stops the server after its last user, unless it runs."""
    lock = open_exclusive(location.guard_lock)
    if lock is None:
        return
    try:
        command: list[str | Path] = [sys.executable, "-I", "-S", GUARD, location.base, location.data / "postmaster.pid"]
        _run_detached(SystemUser(os.geteuid(), os.getegid()), command, output=subprocess.DEVNULL, lock=lock)
    finally:
        os.close(lock)


def read_pid(location: ServerLocation) -> int | None:
    """Return the process id that the server wrote; trust it only while the server answers."""
    first = _read_pid_file(location)[:1]
    return int(first[0]) if first and first[0].isdigit() else None


def find_running(location: ServerLocation, timeout_seconds: float) -> Path | None:
    """Return the folder of the socket of the running server; None once it is certain that none is running.

    Waits while one starts, recovers or stops; raises ``Conflict`` when that takes longer than ``timeout_seconds``.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        answer, folder = probe_server(location)
        if answer is Readiness.READY:
            return folder
        if answer is Readiness.NO_ANSWER and not is_held(location.server_lock) and not _find_processes(location.data):
            return None
        if time.monotonic() > deadline:
            raise Conflict(_describe_processes(location, timeout_seconds))
        time.sleep(POLL_SECONDS)


def start_server(
    location: ServerLocation, binaries: Binaries, extra: Mapping[str, str], timeout_seconds: float
) -> Path:
    """Start a server, creating its data if missing; return the folder of its socket once it is ready.

    Raises ``OperatorNeeded`` when it cannot start, ``Unavailable`` when that takes longer than ``timeout_seconds``.
    """
    _prepare_data(location, binaries)
    log_start = _launch(location, binaries, extra)
    deadline = time.monotonic() + timeout_seconds
    while (found := probe_server(location))[0] is not Readiness.READY:
        if not is_held(location.server_lock):
            raise OperatorNeeded(_explain_failure(location, log_start))
        if time.monotonic() > deadline:
            raise Unavailable(
                f"the embedded PostgreSQL in {location.data} is not ready after {timeout_seconds:g} s; it may be "
                f"recovering from a crash: retry later, and see {location.log_file}"
            )
        time.sleep(POLL_SECONDS)
    return found[1]


def stop_server(location: ServerLocation, timeout_seconds: float) -> bool:
    """Stop the server (fast shutdown); return whether one was running. Raises ``Conflict`` when it does not end."""
    if not is_alive(location):
        return False
    sockets = probe_server(location)[1]
    for number, seconds in ((signal.SIGINT, timeout_seconds), (signal.SIGQUIT, 5.0)):
        deadline = time.monotonic() + seconds
        if probe_server(location)[0] is not Readiness.NO_ANSWER and (pid := read_pid(location)) is not None:
            os.kill(pid, number)
        while time.monotonic() < deadline:
            if not is_alive(location):
                _remove_short_folder(location, sockets)
                return True
            time.sleep(POLL_SECONDS)
    raise Conflict(_describe_processes(location, timeout_seconds))


def rotate_log(log_file: Path) -> None:
    """Move the content of a log longer than ``LOG_LIMIT`` to ``.1``. The server may be writing to it."""
    if log_file.exists() and log_file.stat().st_size > LOG_LIMIT:
        shutil.copyfile(log_file, log_file.with_name(f"{log_file.name}.1"), follow_symlinks=False)
        os.truncate(log_file, 0)


def _remove_short_folder(location: ServerLocation, sockets: Path) -> None:
    if sockets != location.data:
        with suppress(OSError):  # not empty
            sockets.rmdir()


def _ping(folder: Path) -> Readiness:
    where = make_conninfo(host=str(folder), port=PORT, user=SUPERUSER, dbname=SUPERUSER, connect_timeout=2)
    answers = {Ping.OK: Readiness.READY, Ping.REJECT: Readiness.BUSY}
    return answers.get(Ping(PGconn.ping(where.encode())), Readiness.NO_ANSWER)


def _read_pid_file(location: ServerLocation) -> list[bytes]:
    try:
        return (location.data / "postmaster.pid").read_bytes().split(b"\n")
    except FileNotFoundError:
        return []


def _prepare_data(location: ServerLocation, binaries: Binaries) -> None:
    written = location.data / "PG_VERSION"
    if not written.exists():
        _make_data(location, binaries)
    elif (major := written.read_text().strip()) != binaries.major:
        raise OperatorNeeded(
            f"the database in {location.data} was created by PostgreSQL {major}, and the installed programs are "
            f"{binaries.version}: with the wheel of {major}, run `pg_dumpall -h <socket folder> -U postgres "
            f"> dump.sql`; move {location.data} away, start this version, and restore with `psql -f dump.sql postgres`"
        )


def _make_data(location: ServerLocation, binaries: Binaries) -> None:
    """Create the data folder as a whole; delete what an interrupted attempt left."""
    if location.data.exists() and any(location.data.iterdir()):
        raise OperatorNeeded(f"{location.data} is neither empty nor a database: check its content and move it away")
    for leftover in location.base.glob("data.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix="data.new-", dir=location.base))
    if location.user.uid != os.geteuid():
        os.chown(draft, location.user.uid, location.user.gid, follow_symlinks=False)
    done = location.user.run([binaries.program("initdb"), *_INITDB, "-D", draft], output=subprocess.PIPE)
    if done.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise OperatorNeeded(
            f"cannot create a database in {location.base}; check that the disk has 100 MB free and is writable. "
            f"initdb reported:\n{_tail(done.stdout)}"
        )
    draft.rename(location.data)


def _launch(location: ServerLocation, binaries: Binaries, extra: Mapping[str, str]) -> int:
    """Start the server process as a child of init; return where in the log it starts to write."""
    lock = open_exclusive(location.server_lock)
    if lock is None:
        raise Conflict(_describe_processes(location, 0))
    sockets = choose_socket_folder(location.data, location.user)
    # The process that wrote these is dead; a number in them may now belong to another process.
    for stale in (location.data / "postmaster.pid", sockets / f"{SOCKET_FILE}.lock", sockets / SOCKET_FILE):
        stale.unlink(missing_ok=True)
    quoted = str(sockets).replace('"', '""')
    settings = {**SETTINGS, "unix_socket_directories": f'"{quoted}"', **extra}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    log = open_owned(location.log_file, os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        log_start = os.fstat(log).st_size
        command: list[str | Path] = [binaries.program("postgres"), "-D", location.data, *options]
        _run_detached(location.user, command, output=log, lock=lock)
    finally:
        os.close(log)
        os.close(lock)
    return log_start


def _run_detached(user: SystemUser, command: Sequence[str | Path], *, output: int, lock: int) -> None:
    """Start a program that inherits the lock.

    The shell exits at once, so the program becomes a child of init and never a zombie of ours.
    """
    user.run(["/bin/sh", "-c", '"$@" &', "sh", *command], output=output, pass_fds=(lock,))


def _explain_failure(location: ServerLocation, log_start: int) -> str:
    with location.log_file.open("rb") as log:
        log.seek(log_start)
        text = log.read().decode(errors="replace")
    is_full = "No space left" in text or shutil.disk_usage(location.base).free < NEEDED_TO_START
    advice = f"free space on the disk of {location.base} and retry" if is_full else "fix what the log reports and retry"
    return (
        f"the embedded PostgreSQL in {location.data} did not start: {advice}. {location.log_file} ends:\n{_tail(text)}"
    )


def _tail(text: str, lines: int = 15) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])


def _describe_processes(location: ServerLocation, timeout_seconds: float) -> str:
    processes = ", ".join(map(str, _find_processes(location.data))) or f"{read_pid(location)} (as far as known)"
    return (
        f"process {processes} still has the database in {location.data} open after {timeout_seconds:g} s: "
        f"end it with `kill` (never -9) and retry; see {location.log_file}"
    )


def _find_processes(data: Path) -> list[int]:
    """Return the PostgreSQL processes on ``data``, also one started without us, where the system shows them (Linux)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile, or belongs to another user
            if (process / "cwd").readlink() == data and (process / "comm").read_text().startswith("postgres"):
                found.append(int(process.name))
    return sorted(found)
