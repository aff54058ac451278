"""One child that draws, as seen by the renderer: started, asked, and certainly gone when it is no longer wanted."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Any

from pokervod_pipelines.render.failures import Passing
from pokervod_pipelines.render.renderers.job import Report
from pokervod_pipelines.render.renderers.local.order import READY, read_failure

PROGRAM = "pokervod_pipelines.render.renderers.local.child"
START_SECONDS = 60.0
DEATH_SECONDS = 5.0
"""A killed process that lives on for so long waits inside the system for a disk that does not answer."""

_HOME = Path(__file__).resolve().parents[4]


class NotTaken(Passing):
    """The child was gone before it took the order; another one may get it."""


class Draftsman:
    """A child process; made by ``start``. One order at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._is_free = True

    @classmethod
    async def start(cls, program: str = PROGRAM) -> "Draftsman":
        """Return a child that waits for its first order. Raises ``Passing`` when it does not start."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            program,
            cwd=_HOME,  # where the package is found, whatever the caller's own folder
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            start_new_session=True,  # an interrupt of the terminal is the parent's to handle
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        child = cls(process)
        try:
            await asyncio.wait_for(child._expect_ready(), START_SECONDS)
        except TimeoutError:
            await child.end()
            raise Passing(f"the local renderer ({program}) did not start within {START_SECONDS:g} s") from None
        except BaseException:
            await child.end()
            raise
        return child

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended, as far as is known."""
        return self._process.returncode is None

    @property
    def is_usable(self) -> bool:
        """Whether it waits for an order."""
        return self._is_free and self.is_alive

    async def draw(self, order: str, report: Report) -> None:
        """The order is carried out. Raises what the child raised, or ``Passing`` when it died over it."""
        self._is_free = False
        await self._tell(order)
        while True:
            answer = await self._hear()
            self._is_free = "progress" not in answer
            if "failure" in answer:
                raise read_failure(answer["failure"])
            if "done" in answer:
                return
            report(answer["progress"])

    async def end(self) -> None:
        """The process is no more."""
        if self.is_alive:
            with suppress(ProcessLookupError):
                self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), DEATH_SECONDS)

    async def _tell(self, order: str) -> None:
        """The order is taken. Raises ``NotTaken`` when the child was gone before."""
        assert self._process.stdin is not None  # noqa: S101 - narrows the type
        try:
            self._process.stdin.write(f"{order}\n".encode("ascii"))
            await self._process.stdin.drain()
            await self._hear()
        except (Passing, OSError) as error:
            raise NotTaken(f"the local renderer was gone before it took the order ({error})") from None

    async def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - narrows the type
        line = await self._process.stdout.readline()
        if not line.endswith(b"\n"):
            how = _describe_end(await self._process.wait())
            raise Passing(
                f"the local renderer died while it drew ({how}); it is tried again; "
                "if SIGKILL comes again, give the machine more memory or run fewer renders at once"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def _expect_ready(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - narrows the type
        line = await self._process.stdout.readline()
        if line.strip() != READY.encode():
            how = "it said something else" if line else _describe_end(await self._process.wait())
            raise Passing(f"the local renderer ({PROGRAM}) does not start: {how}")


def _describe_end(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
