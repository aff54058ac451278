"""Serve tasks as ``pokervod watch`` does, by ``python -m``, with a requester that writes down what it is told."""

import os
import signal
import sys
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from pokervod_pipelines.workflows.watch.forker import Task, TaskEnd, serve_tasks


def write(folder: Path) -> None:
    (folder / "written").touch()


def crash(_: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(_: Path) -> None:
    raise ValueError("a fault of ours")


def linger(folder: Path) -> None:
    (folder / "begun").touch()
    time.sleep(2)
    (folder / "finished").touch()


def hang(folder: Path) -> None:
    (folder / "hangs").write_text(str(os.getpid()), encoding="utf-8")
    time.sleep(600)


CALLS = {each.__name__: each for each in (write, crash, fail, linger, hang)}


def note_loss(folder: Path, name: str, problem: str) -> None:
    (folder / f"lost {name}").write_text(problem, encoding="utf-8")


def request(connection: Connection, *, folder: Path, names: list[str]) -> None:
    (folder / f"requester {os.getpid()}").touch()
    for name in names:
        task = Task(key=name, kind=name, call=partial(CALLS[name], folder), if_lost=partial(note_loss, folder, name))
        connection.send(task)
    while True:
        try:
            news = connection.recv()
        except EOFError:
            return
        (folder / f"{'ended' if isinstance(news, TaskEnd) else 'started'} {news.key}").touch()


if __name__ == "__main__":
    serve_tasks(partial(request, folder=Path(sys.argv[1]), names=sys.argv[2:]))
