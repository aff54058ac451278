"""Call the server through its breaker, which is asked in a thread: our calls share one event loop.

A server that does not answer for as long as an outage may last is one failure; what it refuses is an answer. While the
breaker is open no job is queued there, and jobs that run are followed as before.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from pokervod_pipelines.policies.breakers import Breaker, BreakerOpen, GuardedCall
from pokervod_pipelines.render.failures import NoCapacity, RenderFailure
from pokervod_pipelines.render.renderers.nexrender.client import NoAnswer, retry_through_outage

T = TypeVar("T")


class ServerAway(NoCapacity):
    """Report that the server gave no answer for as long as an outage may last; ``reason`` is why, the last time."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class ServerGuard:
    """Make calls that may be retried; without a breaker each of them is made."""

    def __init__(self, breaker: Breaker | None, *, outage_seconds: float) -> None:
        self._breaker = breaker
        self._outage_seconds = outage_seconds

    async def begin(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return what a call returns that begins a job; raises ``NoCapacity`` while the breaker is open.

        Raises also what ``retry_through_outage`` raises; the one call that finds out is not retried.
        """
        if self._breaker is None:
            return await retry_through_outage(call, self._outage_seconds)
        try:
            guarded = await asyncio.to_thread(self._breaker.enter)
        except BreakerOpen as refusal:
            raise NoCapacity(str(refusal)) from None
        return await self._make(guarded, call)

    async def follow(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return what a call returns that belongs to running jobs. Raises what ``retry_through_outage`` raises."""
        if self._breaker is None:
            return await retry_through_outage(call, self._outage_seconds)
        return await self._make(self._breaker.join(), call)

    async def _make(self, guarded: GuardedCall, call: Callable[[], Awaitable[T]]) -> T:
        missing: list[str] = []
        """Why the last attempt has no answer."""

        async def attempt() -> T:
            missing.clear()
            try:
                return await call()
            except NoAnswer as failure:
                missing.append(str(failure))
                raise

        try:
            result = await retry_through_outage(attempt, 0.0 if guarded.is_probe else self._outage_seconds)
        except ServerAway as failure:  # it asked for the list of jobs first, which counted that
            end = partial(guarded.fail, failure.reason) if guarded.is_probe else guarded.abandon
            await asyncio.to_thread(end)
            raise
        except RenderFailure as failure:
            if not missing:
                await asyncio.to_thread(guarded.succeed)
                raise
            await asyncio.to_thread(guarded.fail, *missing)
            if isinstance(failure, NoCapacity):
                raise ServerAway(str(failure), *missing) from None
            raise
        except BaseException:
            await asyncio.shield(asyncio.to_thread(guarded.abandon))
            raise
        await asyncio.to_thread(guarded.succeed)
        return result
