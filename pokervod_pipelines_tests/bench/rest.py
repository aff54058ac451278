"""Measure ``pokervod dev`` with nothing to do: CPU, memory and connections of each process, ticks, growth."""

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines_tests.bench.figure import Figure, scratch
from pokervod_pipelines_tests.bench.sync import COMMAND

PORT = 3999
SETTLED_SECONDS = 360
"""After a start: code is loaded, and the database has its size at rest."""

NAMES = {
    "render worker": "the render worker",
    "watcher": "the watcher",
    "dagster ui": "Dagster's UI",
    "pokervod api": "the API",
    "dagster daemon": "Dagster's daemon",
    "code server": "the code server",
    "multiprocessing": "the code server",
    "cli.launcher": "the launcher",
    "postgres": "PostgreSQL",
    "guard.py": "PostgreSQL's guard",
    "processes.process_tags": "pokervod dev",
    "dev --port": "pokervod dev",
}
"""Part of the title or command of a process, and the line of the table that it belongs to."""

BUDGETS = {
    "pokervod dev": "< 0.1 %, 75 MB, 0",
    "the launcher": "< 0.1 %, 70 MB, 0",
    "the render worker": "< 0.3 %, 90 MB, 4",
    "the watcher": "< 1 %, 250 MB, 5",
    "Dagster's UI": "< 0.6 %, 150 MB, 2",
    "Dagster's daemon": "< 3 %, 135 MB, 3",
    "the code server": "< 1.2 %, 210 MB, 4",
    "the API": "< 0.3 %, 110 MB, 3",
    "PostgreSQL": "< 1.2 %, 80 MB",
    "PostgreSQL's guard": "< 0.1 %, 6 MB",
    "others": "none for long",
    "together": "< 6 %, 900 MB, 18",
}


@dataclass(frozen=True)
class Moment:
    """Hold what is counted since the start of everything, at one moment."""

    at: float
    cpu_seconds: Counter[str]
    sessions: int
    ticks: int
    dagster_bytes: int


def measure(*, is_small: bool, seconds: int = 100) -> Iterator[Figure]:
    """Start everything in a folder with the sample archive, wait until it is at rest, and watch it for a while."""
    with scratch() as folder, run_dev(folder) as dev:
        server = EmbeddedServer(folder / ".pokervod" / "postgres")
        time.sleep(60 if is_small else SETTLED_SECONDS)
        first = _look(dev, server)
        time.sleep(seconds)
        last = _look(dev, server)
        memory, connections = _measure_memory(dev, server), _count_connections(server)
    passed = last.at - first.at
    used = {name: 100 * (last.cpu_seconds[name] - first.cpu_seconds[name]) / passed for name in BUDGETS}
    used["together"], memory["together"] = sum(used.values()), memory.total()
    connections["together"] = connections.total()
    for name, budget in BUDGETS.items():
        figures = f"{used[name]:.2f}, {memory[name] / 1e6:.0f}, {connections[name]}"
        yield Figure(f"{name}: CPU %, PSS MB, connections", figures, budget)
    hours = passed / 3600
    yield Figure("new connections a second", f"{(last.sessions - first.sessions) / passed:.2f}", "< 0.2")
    yield Figure("ticks an hour", f"{(last.ticks - first.ticks) / hours:,.0f}")
    yield Figure("Dagster's database, MB", f"{last.dagster_bytes / 1e6:.1f}")
    growth = (last.dagster_bytes - first.dagster_bytes) / hours
    yield Figure("growth of Dagster's database, MB an hour", f"{growth / 1e6:.2f}", "< 1")


@contextmanager
def run_dev(folder: Path) -> Iterator[psutil.Process]:
    """Run everything in the folder while the context lasts; without settings there it makes the sample."""
    subprocess.run([*COMMAND, "setup"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    command = [*COMMAND, "dev", "--port", str(PORT)]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as process:
        try:
            yield psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGINT)
    EmbeddedServer(folder / ".pokervod" / "postgres").erase()


def _look(dev: psutil.Process, server: EmbeddedServer) -> Moment:
    spent: Counter[str] = Counter()
    for name, process in _list_processes(dev, server):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            spent[name] += times.user + times.system
    sessions = _ask(server, "select sum(sessions)::bigint from pg_stat_database")
    ticks = _ask(server, "select n_tup_ins from pg_stat_user_tables where relname = 'job_ticks'")
    size = _ask(server, "select pg_database_size('dagster')")
    return Moment(time.monotonic(), spent, sessions, ticks, size)


def _measure_memory(dev: psutil.Process, server: EmbeddedServer) -> Counter[str]:
    found: Counter[str] = Counter()
    for name, process in _list_processes(dev, server):
        with suppress(psutil.NoSuchProcess):
            found[name] += process.memory_full_info().pss
    return found


def _list_processes(dev: psutil.Process, server: EmbeddedServer) -> Iterator[tuple[str, psutil.Process]]:
    """Yield every process with its line of the table; those of the database are not our children."""
    commands = {
        each: " ".join([each.info["name"] or "", *(each.info["cmdline"] or ())])
        for each in psutil.process_iter(["name", "cmdline"])
    }
    places = (str(server.folder.parent), str(server.locate().base))
    servers = [each for each, command in commands.items() if any(place in command for place in places)]
    ours = {process for root in (dev, *servers) for process in (root, *root.children(recursive=True))}
    for process in ours & commands.keys():
        yield next((name for part, name in NAMES.items() if part in commands[process]), "others"), process


def _count_connections(server: EmbeddedServer) -> Counter[str]:
    statement = (
        "select application_name, count(*) from pg_stat_activity where client_port = -1 and pid <> %s group by 1"
    )
    with _connect(server) as connection:
        return Counter(dict(connection.execute(statement, [connection.info.backend_pid]).fetchall()))


def _ask(server: EmbeddedServer, statement: str) -> int:
    with _connect(server) as connection:
        row = connection.execute(statement).fetchone()
    assert row
    return int(row[0])


def _connect(server: EmbeddedServer) -> psycopg.Connection:
    folder = server.status().socket_folder
    return psycopg.connect(host=str(folder), port=5432, user="postgres", dbname="dagster", autocommit=True)
