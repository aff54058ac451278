"""Start real processes that use an embedded server, and let tests end or kill them.

Run as a module it is such a process: it acquires the server, reports it, and leaves when its standard input ends.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from pokervod_pipelines.db.embedded import EmbeddedServer

CHECKOUT = Path(__file__).resolve().parents[3]


class ClientProcess:
    """Control one process that uses a server; ``job`` is a function of this module."""

    def __init__(
        self,
        job: str,
        folder: Path,
        *,
        user: int | None = None,
        path: Path = CHECKOUT,
        python: str = sys.executable,
        **options: Any,
    ):
        options |= {"job": job, "folder": str(folder)}
        self.process = subprocess.Popen(
            [python, "-B", "-m", __name__, json.dumps(options, default=str)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(path), str(CHECKOUT), *sys.path])},
            user=user,
            group=user,
            extra_groups=None if user is None else (),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    def read(self) -> dict[str, Any]:
        """Return the next report of the process."""
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return json.loads(line)

    def leave(self) -> None:
        """Let the process end by itself, and wait for it."""
        self.process.stdin.close()
        assert self.process.wait() == 0, self.process.stderr.read()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def ask(url: str, statement: str) -> Any:
    """Return the first value of a statement, over a new connection of SQLAlchemy, as our code does it."""
    from sqlalchemy import create_engine  # half a second for each process, which does not need it

    engine = create_engine(url)
    with engine.connect() as connection:
        value = connection.exec_driver_sql(statement).scalar()
    engine.dispose()
    return value


def report(**values: Any) -> None:
    sys.stdout.write(json.dumps(values, default=str) + "\n")
    sys.stdout.flush()


def use(server: EmbeddedServer) -> None:
    """Use the server until standard input ends; the exit of the process releases it."""
    address = server.acquire()
    status = server.status()
    report(
        pid=status.pid,
        url=address.url("postgres"),
        data=status.data_folder,
        uid=Path(f"/proc/{status.pid}").stat().st_uid,
    )
    sys.stdin.read()


def create(server: EmbeddedServer) -> None:
    """Create one database on request."""
    server.acquire()
    report(ready=True)
    sys.stdin.readline()
    report(made=server.create_database("shared one"))
    sys.stdin.read()


def use_repeatedly(server: EmbeddedServer) -> None:
    """Use the server many times for a moment."""
    rounds = 0
    for _ in range(8):
        with server:
            server.create_database("meeting")
            rounds += 1
    report(rounds=rounds)


def fork_and_leave(server: EmbeddedServer) -> None:
    """Leave a forked child behind that uses the server until standard input ends."""
    server.acquire()
    child = os.fork()
    if child:
        report(child=child)
    else:
        sys.stdin.read()


def leave_a_program_behind(server: EmbeddedServer) -> None:
    """Start a program that inherits every descriptor it can, and leave before it ends."""
    server.acquire()
    program = subprocess.Popen(["sleep", "60"], close_fds=False, stdout=subprocess.DEVNULL)
    report(program=program.pid)
    sys.stdin.read()


def main() -> None:
    options = json.loads(sys.argv[1])
    job = globals()[options.pop("job")]
    homes = tuple(map(Path, options.pop("homes", ())))
    job(EmbeddedServer(Path(options.pop("folder")), **options, **({"homes": homes} if homes else {})))


if __name__ == "__main__":
    main()
