"""Check `render list --follow` in a real terminal, also after the database was unavailable."""

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pokervod_pipelines_tests.cli.outage import cut_off
from pokervod_pipelines_tests.workflows.render_day import RenderDay

INTERRUPTIBLE = """
import signal
from pokervod_pipelines.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""
"""The command as in a terminal, also where the tests run in a shell's background, which ignores interrupts."""


class Following:
    """Run a process that follows the queue, and collect what its terminal shows."""

    def __init__(self, render_day: RenderDay, folder: Path, words: tuple[str, ...]) -> None:
        self._ours, theirs = pty.openpty()
        self.seen = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTIBLE, "render", "list", "--follow", *words],
            cwd=folder,
            env={
                **os.environ,
                "POKERVOD_DATABASE_URL": render_day.engine.url.render_as_string(hide_password=False),
                "TERM": "xterm",
                "COLUMNS": "100",
            },
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)

    def read_until(self, words: str | None) -> None:
        """Read until the terminal shows these words, or is closed."""
        new = ""
        while words is None or words not in new:
            assert select.select([self._ours], [], [], 60)[0], f"the terminal does not show {words!r}: {new!r}"
            try:
                read = os.read(self._ours, 4096)
            except OSError:  # how Linux tells that nobody writes any more
                return
            if not read:
                return
            new += read.decode(errors="replace")
            self.seen += read.decode(errors="replace")

    def interrupt(self) -> int:
        """Press Ctrl-C and return the exit status."""
        self.process.send_signal(signal.SIGINT)
        self.read_until(None)
        return self.process.wait(timeout=60)

    def close(self) -> None:
        """Stop the process."""
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def follow(render_day: RenderDay, tmp_path: Path) -> Iterator[Callable[..., Following]]:
    """Return ``follow(*words)``, which runs `pokervod render list --follow …`."""
    begun: list[Following] = []

    def begin(*words: str) -> Following:
        begun.append(Following(render_day, tmp_path, words))
        return begun[-1]

    yield begin
    for each in begun:
        each.close()


def test_the_list_follows_the_queue_until_it_is_interrupted(
    follow: Callable[..., Following], render_day: RenderDay
) -> None:
    render_day.request_for("Ana Ruiz")
    following = follow()
    following.read_until("1 pending")
    render_day.claim()
    following.read_until("1 processing")

    assert following.interrupt() == 0
    assert "Ana Ruiz" in following.seen
    assert "workers: 0" in following.seen
    assert "Traceback" not in following.seen


@pytest.mark.long
def test_the_list_is_kept_while_the_database_is_unavailable_and_continues_then(
    follow: Callable[..., Following], render_day: RenderDay
) -> None:
    render_day.request_for("Ana Ruiz")
    following = follow()
    following.read_until("1 pending")

    with cut_off(render_day.engine):
        following.read_until("the database is unavailable: ")
        following.read_until("Ana Ruiz")
    render_day.claim()
    following.read_until("1 processing")

    assert following.interrupt() == 0
    assert "Traceback" not in following.seen


def test_the_list_follows_only_what_is_filtered(follow: Callable[..., Following], render_day: RenderDay) -> None:
    render_day.request_for("Ana Ruiz", "Bea Kim", "Cho Lee")
    following = follow("-n", "2")
    following.read_until("Bea Kim")

    assert following.interrupt() == 0
    assert "3 pending" in following.seen
    assert "Cho Lee" not in following.seen
