"""Inspects outputs in child processes, several side by side, and outlives whatever a file does to them."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from pokervod_pipelines.render.failures import BadInstruction, BadWorker, Passing, TooSlow
from pokervod_pipelines.render.outputs.child import READY
from pokervod_pipelines.render.outputs.wanted import Inspection, Wanted

PROGRAM = "pokervod_pipelines.render.outputs.child"
START_SECONDS = 60.0
DEATH_SECONDS = 5.0
"""A killed process that lives on for so long waits inside the system for a disk that does not answer."""

LONGEST_ANSWER = 16 << 20
TRIES = 2
"""A child that breaks down over a file may have been dying already; two that do so blame the file."""

FAILURES = {kind.__name__: kind for kind in (Passing, BadWorker, BadInstruction)}
"""What a child may say went wrong, beside the file."""

_HOME = Path(__file__).resolve().parents[3]


class _BrokeDown(Exception):
    """The child ended without an answer."""


class Verifier:
    """Children that inspect outputs, at most ``processes`` at once, each started when it is first needed.

    For one event loop. ``async with`` it, or ``close`` it: then no child is left.
    """

    def __init__(self, processes: int, *, program: str = PROGRAM) -> None:
        self._program = program
        self._free = asyncio.Semaphore(processes)
        self._idle: list[Process] = []
        self._busy: set[Process] = set()
        self._is_closed = False

    async def verify(self, path: Path, wanted: Wanted, *, seconds_limit: float) -> Inspection:
        """Return the inspection of the output; a file over which children break down has that as its fault.

        Cancelled, its child is killed. Raises ``TooSlow`` when it takes longer, ``OSError`` with the system's number
        where the file cannot be read, ``BadWorker`` when no child starts and ``Passing`` when one could not inspect.
        """
        request = {"path": str(path), "wanted": wanted.as_json(), "seconds": seconds_limit}
        async with self._free:
            for _ in range(TRIES):
                if self._is_closed:
                    raise Passing(f"{path}: was not checked, for the checking was ended")
                try:
                    return _read_answer(path, await self._ask(request, seconds_limit))
                except _BrokeDown as error:
                    reason = str(error)
                except TimeoutError:
                    raise TooSlow(f"{path}: checking it took longer than {seconds_limit:g} s") from None
        return Inspection(faults=(f"{path}: breaks down whoever reads it ({reason})",))

    async def _ask(self, request: Mapping[str, Any], seconds_limit: float) -> Mapping[str, Any]:
        child = self._idle.pop() if self._idle else await self._start()
        self._busy.add(child)
        is_whole = False
        try:
            answer = await asyncio.wait_for(_talk(child, request), seconds_limit)
            is_whole = True
        finally:
            self._busy.discard(child)
            if is_whole:
                self._idle.append(child)
            else:
                await _end(child)
        return answer

    async def _start(self) -> Process:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._program,
            cwd=_HOME,  # where the package is found, whatever the caller's own folder
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            start_new_session=True,  # an interrupt of the terminal is the parent's to handle
            env={**os.environ, "PYTHONUTF8": "1"},
            limit=LONGEST_ANSWER,
        )
        first = b""
        try:
            assert child.stdout is not None  # noqa: S101 - narrows the type
            first = await asyncio.wait_for(child.stdout.readline(), START_SECONDS)
        except TimeoutError:
            raise BadWorker(f"the process that checks outputs did not start within {START_SECONDS:g} s") from None
        finally:
            if first.strip().decode("ascii", "replace") != READY:
                await _end(child)
        if child.returncode is not None:
            message = f"the process that checks outputs ({self._program}) does not start: {_describe_end(child)}"
            raise BadWorker(f"{message}; run: python -m {self._program}")
        return child

    async def close(self) -> None:
        """No child is left, whatever it was doing."""
        self._is_closed = True
        children = [*self._idle, *self._busy]
        self._idle.clear()
        await asyncio.gather(*(_end(child) for child in children))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def _talk(child: Process, request: Mapping[str, Any]) -> Mapping[str, Any]:
    assert child.stdin is not None  # noqa: S101 - narrows the type
    assert child.stdout is not None  # noqa: S101 - narrows the type
    with suppress(ConnectionError):  # a child that is dead already gives no answer either
        child.stdin.write(json.dumps(request).encode("ascii") + b"\n")
        await child.stdin.drain()
    line = await child.stdout.readline()
    if not line.endswith(b"\n"):
        await _end(child)
        raise _BrokeDown(_describe_end(child))
    answer: dict[str, Any] = json.loads(line)
    return answer


def _read_answer(path: Path, answer: Mapping[str, Any]) -> Inspection:
    if "value" in answer:
        return Inspection.from_json(answer["value"])
    if "failure" in answer:
        raise FAILURES.get(answer["failure"], Passing)(f"{path}: could not be checked: {answer['error']}")
    if "errno" in answer:
        raise OSError(answer["errno"], answer["error"], str(path))
    raise Passing(f"{path}: could not be checked: {answer['error']}")


async def _end(child: Process) -> None:
    """It is killed and no more, or waits for a disk and can be waited for no longer; a cancelled caller still kills."""
    with suppress(ProcessLookupError):
        child.kill()
    if child.stdin is not None:
        child.stdin.close()
    with suppress(TimeoutError):
        await asyncio.wait_for(child.wait(), DEATH_SECONDS)


def _describe_end(child: Process) -> str:
    code = child.returncode
    if code is None:
        return "it cannot be killed"
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
