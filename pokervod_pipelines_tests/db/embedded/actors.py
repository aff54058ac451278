"""Real processes that use an embedded server: started, told to leave or killed by the tests.

Run as a module it is such a process: it acquires, tells what it got, and leaves when its standard input ends.
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


class Actor:
    """One using process; ``job`` is a function of this module."""

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
        """The next thing that the process says."""
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return json.loads(line)

    def leave(self) -> None:
        """Let it end by itself and wait for that."""
        self.process.stdin.close()
        assert self.process.wait() == 0, self.process.stderr.read()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def ask(url: str, statement: str) -> Any:
    """The first value of a statement's answer, over a connection of its own, by SQLAlchemy as our code does it."""
    from sqlalchemy import create_engine  # half a second for each actor, who needs none of it

    engine = create_engine(url)
    with engine.connect() as connection:
        value = connection.exec_driver_sql(statement).scalar()
    engine.dispose()
    return value


def say(**what: Any) -> None:
    sys.stdout.write(json.dumps(what, default=str) + "\n")
    sys.stdout.flush()


def use(server: EmbeddedServer) -> None:
    """Hold the server until told to leave; the exit of the process releases it."""
    address = server.acquire()
    status = server.status()
    say(
        pid=status.pid,
        url=address.url("postgres"),
        data=status.data_folder,
        uid=Path(f"/proc/{status.pid}").stat().st_uid,
    )
    sys.stdin.read()


def create(server: EmbeddedServer) -> None:
    """Create one database when told to."""
    server.acquire()
    say(ready=True)
    sys.stdin.readline()
    say(made=server.create_database("shared one"))
    sys.stdin.read()


def come_and_go(server: EmbeddedServer) -> None:
    """Use the server many times for a moment."""
    rounds = 0
    for _ in range(8):
        with server:
            server.create_database("meeting")
            rounds += 1
    say(rounds=rounds)


def fork_and_leave(server: EmbeddedServer) -> None:
    """Leave a forked child behind that goes on using the server until told to leave."""
    server.acquire()
    child = os.fork()
    if child:
        say(child=child)
    else:
        sys.stdin.read()


def leave_a_program_behind(server: EmbeddedServer) -> None:
    """Start a program that inherits every descriptor it can, and leave before it."""
    server.acquire()
    program = subprocess.Popen(["sleep", "60"], close_fds=False, stdout=subprocess.DEVNULL)
    say(program=program.pid)
    sys.stdin.read()


def main() -> None:
    options = json.loads(sys.argv[1])
    job = globals()[options.pop("job")]
    homes = tuple(map(Path, options.pop("homes", ())))
    job(EmbeddedServer(Path(options.pop("folder")), **options, **({"homes": homes} if homes else {})))


if __name__ == "__main__":
    main()
