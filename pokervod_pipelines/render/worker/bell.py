"""The bell: rings when work waits or a render is to be stopped, also after its line to the database was cut."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import Engine

from pokervod_pipelines.db.engine import CONNECT_ARGUMENTS

CHANNEL = "pokervod_render"
"""On which the database tells of instructions that wait (``pending``) or are to be stopped (``cancel``)."""

LOOK_SECONDS = 1.0
"""How long a wait for notifications lasts before the bell looks whether it shall end, and whether its line is cut."""

MEND_SECONDS = 0.5


class Bell:
    """Listens in a thread of its own. It also rings when its line was mended: what came meanwhile was not heard."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pending = asyncio.Event()
        self._cancel = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._ended = threading.Event()
        threading.Thread(target=self._listen, name="render-bell", daemon=True).start()

    async def wait_for_work(self, seconds: float) -> None:
        """Return when it has rung since the last call, or after ``seconds``."""
        await _wait(self._pending, seconds)

    async def wait_for_cancel(self, seconds: float) -> bool:
        """Return after ``seconds``, or sooner when something is to be stopped; whether that is so."""
        return await _wait(self._cancel, seconds)

    def ring(self) -> None:
        """Work may wait; to be called in the loop's own thread."""
        self._pending.set()

    def close(self) -> None:
        """The line is closed."""
        self._ended.set()

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                self._listen_once()
            except psycopg.Error:
                self._ended.wait(MEND_SECONDS)

    def _listen_once(self) -> None:
        url = self._engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True, **CONNECT_ARGUMENTS) as line:
            line.execute(f"listen {CHANNEL}")
            self._tell("pending")
            self._tell("cancel")
            while not self._ended.is_set():
                heard = False
                for notification in line.notifies(timeout=LOOK_SECONDS, stop_after=1):
                    heard = True
                    self._tell(notification.payload)
                if not heard:
                    line.execute("select 1")

    def _tell(self, what: str) -> None:
        event = self._cancel if what == "cancel" else self._pending
        _call(self._loop, event.set)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], Any]) -> None:
    try:
        loop.call_soon_threadsafe(function)
    except RuntimeError:
        """The loop has ended, and with it whoever waited."""


async def _wait(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):  # wait_for of Python 3.11 may swallow that we are cancelled
            await event.wait()
    except TimeoutError:
        return False
    event.clear()
    return True
