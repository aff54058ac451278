"""Compute what many clients ask for once for all of them, and keep the last for when the database is away."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from anyio.to_thread import run_sync
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.errors import Unavailable

T = TypeVar("T")

AHEAD = 0.8
"""From this part of its age on, a snapshot is computed anew while the last one is still answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken(Generic[T]):
    """Hold what was computed and when; ``problem`` says why there is no newer one, "" where there is."""

    value: T
    at: datetime
    problem: str = ""


class Snapshot(Generic[T]):
    """Keep one value, at most ``max_age`` seconds old, that is only computed while somebody asks."""

    def __init__(self, make: Callable[[], T], max_age: float) -> None:
        self._make, self._max_age = make, max_age
        self._taken: Taken[T] | None = None
        self._taken_at = float("-inf")
        self._making: asyncio.Task[Taken[T]] | None = None

    async def read(self, *, since: float = float("-inf")) -> Taken[T]:
        """Return the value; the last one, with the problem, where none can be computed. Raises where there is none.

        With ``since``, a time of the monotonic clock, it is not older than that.
        """
        age = time.monotonic() - self._taken_at
        if self._taken is not None and age < self._max_age and self._taken_at >= since:
            if age > self._max_age * AHEAD:
                self._begin()
            return self._taken
        try:
            return await self._read_new(since)
        except (DBAPIError, Unavailable) as error:
            if self._taken is None:
                raise
            return Taken(value=self._taken.value, at=self._taken.at, problem=str(error))

    async def _read_new(self, since: float) -> Taken[T]:
        taken = await asyncio.shield(self._begin())
        while self._taken_at < since:  # that one had begun before
            taken = await asyncio.shield(self._begin())
        return taken

    def _begin(self) -> "asyncio.Task[Taken[T]]":
        if self._making is None or self._making.done():
            self._making = asyncio.ensure_future(self._compute())
            self._making.add_done_callback(_note_seen)
        return self._making

    async def _compute(self) -> Taken[T]:
        began, at = time.monotonic(), datetime.now(UTC)
        taken = Taken(value=await run_sync(self._make), at=at)
        self._taken, self._taken_at = taken, began
        return taken


def _note_seen(task: "asyncio.Task[Taken[T]]") -> None:
    """Look at the error: who waits gets it; where nobody waits, the next one computes anew."""
    if not task.cancelled():
        task.exception()
