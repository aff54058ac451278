"""A worker's line to the database: one call after the other, tried again for as long as the database is away."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.db.failures import is_transient, read_first_line

T = TypeVar("T")

FIRST_WAIT, LONGEST_WAIT = 0.1, 2.0
"""Seconds between two tries; the database is back as soon as it accepts connections."""

_log = logging.getLogger(__name__)

MOST_CALLS = 8
"""At once; a worker makes no more than one for each of its duties."""


class Ledger:
    """Runs functions that talk to the database in threads; each is a transaction that may be repeated.

    The threads are its own: signs of life are given also while all others wait for a disk.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MOST_CALLS, thread_name_prefix="render-ledger")
        self._is_away = False

    async def call(self, function: Callable[[], T], *, gives_up: Callable[[], bool] = lambda: False) -> T:
        """Return what the function does, in the end; raises what no repetition mends, and anything once it gives up."""
        wait = FIRST_WAIT
        while True:
            try:
                answer = await asyncio.get_running_loop().run_in_executor(self._threads, function)
            except DBAPIError as error:
                if gives_up() or not is_transient(error):
                    raise
                self._tell_away(error)
            else:
                self._tell_back()
                return answer
            await asyncio.sleep(wait)
            wait = min(LONGEST_WAIT, wait * 2)

    def _tell_away(self, error: DBAPIError) -> None:
        if not self._is_away:
            said = read_first_line(error)
            _log.warning("the database does not answer, it is asked again until it does: %s", said)
        self._is_away = True

    def _tell_back(self) -> None:
        if self._is_away:
            _log.warning("the database answers again")
        self._is_away = False

    def close(self) -> None:
        """No call begins any more; one that has begun comes to its end."""
        self._threads.shutdown(wait=False, cancel_futures=True)
