"""Connect a worker to the database: calls that are retried while it is away, and notifications that wake the worker."""

import asyncio
import logging
import selectors
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.db.engine import CONNECT_ARGUMENTS
from pokervod_pipelines.db.failures import is_transient, read_first_line
from pokervod_pipelines.policies.backoff import Backoff

T = TypeVar("T")

CHANNEL = "pokervod_render"
"""The database notifies here of instructions that are due (``pending``) or should stop (``cancel``)."""

BACKOFF = Backoff(first_seconds=0.1, limit_seconds=2.0)
RECONNECT_SECONDS = 0.5
LISTEN_SECONDS = 1.0
"""How long to wait for a notification before checking that the connection works."""

CLOSE_SECONDS = 5.0
"""How long to wait for the end of a connection to a database that does not answer."""

MAX_CALLS = 8
"""At once; each background task of a worker makes one at a time."""

_log = logging.getLogger(__name__)


class DatabaseCaller:
    """Run functions that call the database in threads; each is a transaction that may be repeated.

    The threads are its own, so heartbeats are sent even while all other threads wait for a disk.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MAX_CALLS, thread_name_prefix="render-database")
        self._is_away = False

    async def call(self, function: Callable[[], T], *, gives_up: Callable[[], bool] = lambda: False) -> T:
        """Return the function's result, retrying while the database is away.

        Raises errors that a retry does not help, and any error once ``gives_up`` says so.
        """
        failures = 0
        while True:
            try:
                answer = await asyncio.get_running_loop().run_in_executor(self._threads, function)
            except DBAPIError as error:
                if gives_up() or not is_transient(error):
                    raise
                self._warn_away(error)
            else:
                self._note_back()
                return answer
            failures += 1
            await asyncio.sleep(BACKOFF.find_wait(failures))

    def _warn_away(self, error: DBAPIError) -> None:
        if not self._is_away:
            _log.warning("the database is unavailable, retrying until it answers: %s", read_first_line(error))
        self._is_away = True

    def _note_back(self) -> None:
        if self._is_away:
            _log.warning("the database is available again")
        self._is_away = False

    def close(self) -> None:
        """Start no further call; one that has started ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class NotificationListener:
    """Listen for notifications in a thread of its own, and wake the worker.

    It also wakes the worker when its connection was restored: notifications sent meanwhile are lost.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pending = asyncio.Event()
        self._cancel = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="render-notifications", daemon=True)

    def start(self) -> None:
        """Begin to listen; to be closed then."""
        self._closing, self._closer = socket.socketpair()
        self._thread.start()

    async def wait_for_work(self, seconds: float) -> None:
        """Return when something was notified since the last call, or after ``seconds``."""
        await _wait(self._pending, seconds)

    async def wait_for_cancel(self, seconds: float) -> bool:
        """Return after ``seconds``, or sooner and True when a job should stop."""
        return await _wait(self._cancel, seconds)

    def wake(self) -> None:
        """Wake the worker to search for work; to be called in the loop's own thread."""
        self._pending.set()

    async def close(self) -> None:
        """Close the connection, and wait until it is."""
        self._closed.set()
        self._closer.close()
        await asyncio.to_thread(self._thread.join, CLOSE_SECONDS)

    def _listen(self) -> None:
        with self._closing:
            while not self._closed.is_set():
                try:
                    self._listen_once()
                except psycopg.Error:
                    self._closed.wait(RECONNECT_SECONDS)

    def _listen_once(self) -> None:
        url = self._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with (
            psycopg.connect(url, autocommit=True, **CONNECT_ARGUMENTS) as connection,
            selectors.DefaultSelector() as selector,
        ):
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self._closing, selectors.EVENT_READ)
            connection.execute(f"listen {CHANNEL}")
            self._set("pending")
            self._set("cancel")
            while not self._closed.is_set():
                notifications = [*connection.notifies(timeout=0)]
                for notification in notifications:
                    self._set(notification.payload)
                if not notifications and not selector.select(LISTEN_SECONDS):
                    connection.execute("select 1")

    def _set(self, payload: str) -> None:
        event = self._cancel if payload == "cancel" else self._pending
        _call(self._loop, event.set)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], Any]) -> None:
    with suppress(RuntimeError):  # the loop has ended, and with it whoever waited
        loop.call_soon_threadsafe(function)


async def _wait(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):  # wait_for of Python 3.11 may swallow that we are cancelled
            await event.wait()
    except TimeoutError:
        return False
    event.clear()
    return True
