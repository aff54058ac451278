"""Ask several child processes from one event loop."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from pokervod_pipelines.processes.failures import ChildClosed
from pokervod_pipelines.processes.supervised import ChildProgram, SupervisedChild
from pokervod_pipelines.processes.threads import run_in_thread

T = TypeVar("T")


class ChildPool:
    """Keep at most ``size`` children of a program, each started when it is first needed. For one event loop."""

    def __init__(self, program: ChildProgram, size: int) -> None:
        self._program = program
        self._slots = asyncio.Semaphore(size)
        self._idle: list[SupervisedChild] = []
        self._busy: set[SupervisedChild] = set()
        self._is_closed = False

    async def ask(
        self,
        call: Callable[..., T],
        *,
        seconds: float | None = None,
        attempts: int = 1,
        report: Callable[[Any], object] | None = None,
    ) -> T:
        """Return what the call returns in one of the children, as ``SupervisedChild.ask`` does.

        ``report`` is called in the event loop. Cancelled, it kills the child.
        """
        async with self._slots:
            if self._is_closed:
                raise ChildClosed(f"the {self._program.name} was closed")
            child = self._idle.pop() if self._idle else SupervisedChild(self._program)
            self._busy.add(child)
            is_reusable = True
            pass_on = _make_reporter(child, report)
            try:
                return await _run_in_thread(lambda: child.ask(call, seconds=seconds, attempts=attempts, report=pass_on))
            except asyncio.CancelledError:
                is_reusable = False
                await _run_in_thread(child.close)
                raise
            finally:
                self._busy.discard(child)
                if is_reusable and not child.is_closed:
                    self._idle.append(child)

    async def close(self) -> None:
        """Kill every child; calls in progress raise ``ChildClosed``."""
        self._is_closed = True
        children = [*self._idle, *self._busy]
        self._idle.clear()
        await asyncio.gather(*(_run_in_thread(child.close) for child in children))


def _make_reporter(child: SupervisedChild, report: Callable[[Any], object] | None) -> Callable[[Any], object] | None:
    """Wrap a function of the event loop for another thread, where it raises what the function raises."""
    if report is None:
        return None
    loop = asyncio.get_running_loop()

    async def call(value: Any) -> None:
        if not child.is_closed:
            report(value)

    return lambda value: asyncio.run_coroutine_threadsafe(call(value), loop).result()


def _run_in_thread(work: Callable[[], T]) -> "asyncio.Future[T]":
    return asyncio.wrap_future(run_in_thread(work, "child-asker"))
