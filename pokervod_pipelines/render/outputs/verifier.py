"""Verify outputs in child processes, several side by side, whatever a file does to its reader."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Self

from pokervod_pipelines.processes.failures import (
    ChildClosed,
    ChildDied,
    ChildNotStarted,
    ChildStuck,
    ChildTimedOut,
)
from pokervod_pipelines.processes.pool import ChildPool
from pokervod_pipelines.processes.supervised import ChildProgram
from pokervod_pipelines.render.failures import BadWorker, RenderFailure, TooSlow, TransientFailure
from pokervod_pipelines.render.outputs.inspection import ExpectedOutput, Inspection

PROGRAM = ChildProgram(
    name="output verifier",
    memory_bytes=4 << 30,  # a broken header can ask for more than the machine has
)
ATTEMPTS = 2
"""A child that dies over a file may have been dying already; when two do, the file is to blame."""

Inspect = Callable[[Path, ExpectedOutput], Inspection]


class Verifier:
    """Inspect outputs in at most ``processes`` children, each started when it is first needed.

    For one event loop. ``async with`` it, or ``close`` it: then no child is left.
    """

    def __init__(self, processes: int, *, inspect: Inspect | None = None) -> None:
        self._pool = ChildPool(PROGRAM, processes)
        self._inspect = inspect or inspect_in_child

    async def verify(self, path: Path, expected: ExpectedOutput, *, seconds_limit: float) -> Inspection:
        """Return the inspection of the output; one over which children die has that as its problem.

        Cancelled, it kills the child.

        Raises:
            TooSlow: it takes longer than ``seconds_limit``.
            OSError: the file cannot be read; with the system's number.
            BadWorker: no child starts.
            TransientFailure: the file could not be inspected.

        """
        call = partial(self._inspect, path, expected)
        try:
            return await self._pool.ask(call, seconds=seconds_limit, attempts=ATTEMPTS)
        except ChildDied as error:
            return Inspection(problems=(f"{path}: every process that reads it crashes ({error})",))
        except (ChildTimedOut, ChildStuck):
            raise TooSlow(f"{path}: verifying took longer than {seconds_limit:g} s") from None
        except ChildNotStarted as error:
            raise BadWorker(str(error)) from None
        except ChildClosed:
            raise TransientFailure(f"{path}: not verified: the worker is stopping") from None
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from None
        except RenderFailure as error:
            raise type(error)(f"{path}: could not be verified: {error}") from None
        except Exception as error:  # noqa: BLE001 - a problem of ours must not end the worker
            raise TransientFailure(f"{path}: could not be verified: {type(error).__name__}: {error}") from None

    async def close(self) -> None:
        """Kill every child, whatever it is doing."""
        await self._pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def inspect_in_child(path: Path, expected: ExpectedOutput) -> Inspection:
    """Inspect the output; only a child loads what reads it."""
    from pokervod_pipelines.render.outputs.verify import inspect_output  # noqa: PLC0415 - loads PyAV, which may crash

    return inspect_output(path, expected)
