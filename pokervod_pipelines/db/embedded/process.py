"""The server as a process: made (initdb), started, probed and stopped.

Whether a server lives is never read from ``postmaster.pid``, whose number may be anybody's after a reboot: the server
and its children inherit a locked descriptor, and the kernel drops the lock with the last of them. Who may call these
functions when is decided in ``server``; everything that changes something wants the start lock.
"""

import enum
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from pokervod_pipelines.db.embedded.binaries import Binaries
from pokervod_pipelines.db.embedded.locks import PAUSE, is_held, open_exclusive, open_owned
from pokervod_pipelines.db.embedded.place import Place
from pokervod_pipelines.db.embedded.private import SOCKET_FILE, choose_socket_folder
from pokervod_pipelines.errors import Conflict, OperatorNeeded, Unavailable

PORT = 5432
SUPERUSER = "postgres"
LOG_LIMIT = 8_000_000
"""Bytes; a longer log is moved to ``server.log.1`` at the next start or join, so that two of these are the most."""

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


class Answer(enum.Enum):
    """What a server says to a new client."""

    READY = "ready"
    BUSY = "starting, recovering or shutting down"
    SILENT = "no answer"


def probe_server(place: Place) -> tuple[Answer, Path]:
    """What the server of ``place`` answers, and the folder of the socket that was asked; changes nothing."""
    told = _read_pid_file(place)[4:5]
    for folder in (*(Path(os.fsdecode(line)) for line in told if line), place.data):
        if (folder / SOCKET_FILE).exists() and (answer := _ping(folder)) is not Answer.SILENT:
            return answer, folder
    return Answer.SILENT, place.data


def is_alive(place: Place) -> bool:
    """Whether the server, or a child that outlived it, still has the data open."""
    return is_held(place.server_lock) or probe_server(place)[0] is not Answer.SILENT


def read_pid(place: Place) -> int | None:
    """The process id that the server wrote; only a server that answers vouches for it."""
    first = _read_pid_file(place)[:1]
    return int(first[0]) if first and first[0].isdigit() else None


def await_server(place: Place, patience: float) -> Path | None:
    """The folder of the socket of the server that runs; None once it is certain that none does.

    Waits while one starts, recovers or ends; raises ``Conflict`` when it does neither within ``patience`` seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        answer, folder = probe_server(place)
        if answer is Answer.READY:
            return folder
        if answer is Answer.SILENT and not is_held(place.server_lock) and not _find_holders(place.data):
            return None
        if time.monotonic() > deadline:
            raise Conflict(_describe_holders(place, patience))
        time.sleep(PAUSE)


def start_server(place: Place, binaries: Binaries, extra: Mapping[str, str], patience: float) -> Path:
    """The folder of the socket of a new server that is ready, its data made if need be.

    Raises ``OperatorNeeded`` when it cannot start, ``Unavailable`` when it needs longer than ``patience`` seconds.
    """
    _prepare_data(place, binaries)
    log_start = _launch(place, binaries, extra)
    deadline = time.monotonic() + patience
    while (found := probe_server(place))[0] is not Answer.READY:
        if not is_held(place.server_lock):
            raise OperatorNeeded(_explain_failure(place, log_start))
        if time.monotonic() > deadline:
            raise Unavailable(
                f"the embedded PostgreSQL in {place.data} is not ready after {patience:g} s, it may be recovering "
                f"from a crash: try again in a while, and see {place.log_file}"
            )
        time.sleep(PAUSE)
    return found[1]


def stop_server(place: Place, patience: float) -> bool:
    """No server runs any more (fast shutdown); whether one did. Raises ``Conflict`` when it will not end."""
    if not is_alive(place):
        return False
    sockets = probe_server(place)[1]
    for order, seconds in ((signal.SIGINT, patience), (signal.SIGQUIT, 5.0)):
        deadline = time.monotonic() + seconds
        if probe_server(place)[0] is not Answer.SILENT and (pid := read_pid(place)) is not None:
            os.kill(pid, order)
        while time.monotonic() < deadline:
            if not is_alive(place):
                _remove_short_folder(place, sockets)
                return True
            time.sleep(PAUSE)
    raise Conflict(_describe_holders(place, patience))


def bound_log(log_file: Path) -> None:
    """``log_file`` is no longer than ``LOG_LIMIT``; what was in it is in ``.1``. The server may be writing to it."""
    if log_file.exists() and log_file.stat().st_size > LOG_LIMIT:
        shutil.copyfile(log_file, log_file.with_name(f"{log_file.name}.1"), follow_symlinks=False)
        os.truncate(log_file, 0)


def _remove_short_folder(place: Place, sockets: Path) -> None:
    if sockets != place.data:
        with suppress(OSError):  # not empty: then it is not ours to remove
            sockets.rmdir()


def _ping(folder: Path) -> Answer:
    where = make_conninfo(host=str(folder), port=PORT, user=SUPERUSER, dbname=SUPERUSER, connect_timeout=2)
    answers = {Ping.OK: Answer.READY, Ping.REJECT: Answer.BUSY}
    return answers.get(Ping(PGconn.ping(where.encode())), Answer.SILENT)


def _read_pid_file(place: Place) -> list[bytes]:
    try:
        return (place.data / "postmaster.pid").read_bytes().split(b"\n")
    except FileNotFoundError:
        return []


def _prepare_data(place: Place, binaries: Binaries) -> None:
    written = place.data / "PG_VERSION"
    if not written.exists():
        _make_data(place, binaries)
    elif (major := written.read_text().strip()) != binaries.major:
        raise OperatorNeeded(
            f"the database in {place.data} was made by PostgreSQL {major} and the installed programs are "
            f"{binaries.version}: with the wheel that brought {major}, run `pg_dumpall -h <socket folder> -U postgres "
            f"> dump.sql`; move {place.data} away, start this version, and restore with `psql -f dump.sql postgres`"
        )


def _make_data(place: Place, binaries: Binaries) -> None:
    """A whole data folder appears at once; what an interrupted attempt left is swept away."""
    if place.data.exists() and any(place.data.iterdir()):
        raise OperatorNeeded(f"{place.data} is no database and not empty: see what is in it and move it away")
    for leftover in place.base.glob("data.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix="data.new-", dir=place.base))
    if place.account.uid != os.geteuid():
        os.chown(draft, place.account.uid, place.account.gid, follow_symlinks=False)
    done = place.account.run([binaries.program("initdb"), *_INITDB, "-D", draft], output=subprocess.PIPE)
    if done.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise OperatorNeeded(
            f"no database could be made in {place.base}; see that the disk has 100 MB free and is writable. "
            f"initdb said:\n{_tail(done.stdout)}"
        )
    draft.rename(place.data)


def _launch(place: Place, binaries: Binaries, extra: Mapping[str, str]) -> int:
    """The server process exists, and nothing of ours is its parent; returns where in the log it began to write."""
    held = open_exclusive(place.server_lock)
    if held is None:
        raise Conflict(_describe_holders(place, 0))
    sockets = choose_socket_folder(place.data, place.account)
    # Nobody lives who could have written these; a number in them may by now be that of a stranger.
    for stale in (place.data / "postmaster.pid", sockets / f"{SOCKET_FILE}.lock", sockets / SOCKET_FILE):
        stale.unlink(missing_ok=True)
    quoted = str(sockets).replace('"', '""')
    settings = {**SETTINGS, "unix_socket_directories": f'"{quoted}"', **extra}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    log = open_owned(place.log_file, os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        log_start = os.fstat(log).st_size
        # The shell leaves at once, so that the server is init's child and never a zombie of ours.
        command: list[str | Path] = [
            "/bin/sh",
            "-c",
            '"$@" &',
            "sh",
            binaries.program("postgres"),
            "-D",
            place.data,
            *options,
        ]
        place.account.run(command, output=log, keep=(held,))
    finally:
        os.close(log)
        os.close(held)
    return log_start


def _explain_failure(place: Place, log_start: int) -> str:
    with place.log_file.open("rb") as log:
        log.seek(log_start)
        said = log.read().decode(errors="replace")
    is_full = "No space left" in said or shutil.disk_usage(place.base).free < NEEDED_TO_START
    advice = "free some space on its disk and try again" if is_full else "mend what it says and try again"
    return f"the embedded PostgreSQL in {place.data} did not start: {advice}. {place.log_file} ends:\n{_tail(said)}"


def _tail(text: str, lines: int = 15) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])


def _describe_holders(place: Place, patience: float) -> str:
    holders = ", ".join(map(str, _find_holders(place.data))) or f"{read_pid(place)} (as far as known)"
    return (
        f"something still has the database in {place.data} open and did not let go in {patience:g} s, "
        f"process {holders}: end it with `kill` (never -9) and try again; see {place.log_file}"
    )


def _find_holders(data: Path) -> list[int]:
    """PostgreSQL processes on ``data``, where the system shows them (Linux); also one that was started without us."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile, or is none of ours
            if (process / "cwd").readlink() == data and (process / "comm").read_text().startswith("postgres"):
                found.append(int(process.name))
    return sorted(found)
