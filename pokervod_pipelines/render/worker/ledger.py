"""A worker's line to the database: one call after the other, tried again for as long as the database is away."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

T = TypeVar("T")

FIRST_WAIT, LONGEST_WAIT = 0.1, 2.0
"""Seconds between two tries; the database is back as soon as it accepts connections."""

PASSING_STATES = ("08", "40", "53", "57")
"""Classes of SQLSTATE that pass: connection lost, rolled back for another, no resources, shut down by the operator."""


class Ledger:
    """Runs functions that talk to the database in threads; each is a transaction that may be repeated."""

    async def call(self, function: Callable[[], T]) -> T:
        """Return what the function does, in the end; raises what no repetition mends."""
        wait = FIRST_WAIT
        while True:
            try:
                return await asyncio.to_thread(function)
            except DBAPIError as error:
                if not is_passing(error):
                    raise
            await asyncio.sleep(wait)
            wait = min(LONGEST_WAIT, wait * 2)


def is_passing(error: DBAPIError) -> bool:
    """Return whether the database was away, or chose this transaction to give way to another."""
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return str(state)[:2] in PASSING_STATES
