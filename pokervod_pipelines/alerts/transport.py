"""Handing a message to its channel, within a time limit, in two steps: make ready, then send.

Between the two the caller notes that it is about to send. Everything slow comes before: what is left is the talk with
the service. An answer holds no piece of the channel's address.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from pokervod_pipelines.alerts.channels import Channel
from pokervod_pipelines.alerts.message import Message

PROGRAM = "pokervod_pipelines.alerts.sender"
START_SECONDS = 60.0
"""So long a sender may take to be ready, apart from the time to send: it loads a lot, on a machine that may be busy."""

_HOME = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The message was not seen to arrive; with ``doubt`` it may have arrived all the same."""

    reason: str
    doubt: bool


class Transport(Protocol):
    """A way to one channel, for one thread."""

    def prepare(self, message: Message) -> Fault | None:
        """Everything is ready to send the message, and nothing was sent; or why it cannot be."""

    def send(self) -> Fault | None:
        """What was prepared was sent; or why not."""

    def close(self) -> None:
        """Nothing of this transport runs any more."""


OpenTransport = Callable[[Channel, float], Transport]
"""Makes a transport for a channel that gives each message so many seconds."""


def open_transport(channel: Channel, seconds: float) -> Transport:
    """The transport for the channel: its console, or a process that speaks with its service."""
    return ConsoleTransport() if channel.is_console else ServiceTransport(channel, seconds)


class ConsoleTransport:
    """Writes to the error output of this process."""

    def __init__(self) -> None:
        self._text = ""

    def prepare(self, message: Message) -> None:
        """Keep the message."""
        self._text = f"{message.headline}\n{message.markdown}\n\n"

    def send(self) -> Fault | None:
        """Write it."""
        try:
            sys.stderr.write(self._text)
            sys.stderr.flush()
        except (OSError, ValueError) as error:
            return Fault(reason=f"the error output cannot be written to: {error}", doubt=False)
        return None

    def close(self) -> None:
        """There is nothing to end."""


class ServiceTransport:
    """A child process for the channel, started when first needed; it is killed when it takes too long."""

    def __init__(self, channel: Channel, seconds: float) -> None:
        self._channel = channel
        self._seconds = seconds
        self._child: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def prepare(self, message: Message) -> Fault | None:
        """The child has understood address and message and waits for the word."""
        task = {
            "url": self._channel.url.get_secret_value(),
            "endpoint": self._channel.endpoint,
            "message": message.as_json(),
            "seconds": self._seconds + START_SECONDS,
        }
        answer = self._ask(task, START_SECONDS)
        if answer is None:
            return Fault(reason=f"its sender was not ready within {START_SECONDS:g} s", doubt=False)
        return None if "ready" in answer else self._read_fault(answer)

    def send(self) -> Fault | None:
        """The child sends; if it gives no answer in time it is killed, and whether the message arrived is not known."""
        answer = self._ask({"go": True}, self._seconds)
        if answer is None:
            return Fault(reason=f"{self._channel.place} gave no answer within {self._seconds:g} s", doubt=True)
        return None if "sent" in answer else self._read_fault(answer)

    def close(self) -> None:
        """The child is gone, whatever it was doing."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def _ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any] | None:
        if self._child is None:
            self._child = _start_child()
        child = self._child
        watch = threading.Timer(seconds, child.kill)
        watch.start()
        try:
            with suppress(OSError):  # a child that is dead already gives no answer either
                print(json.dumps(request), file=child.stdin, flush=True)
            line = child.stdout.readline() if child.stdout else ""
        finally:
            watch.cancel()
        if line.endswith("\n"):
            answer: dict[str, Any] = json.loads(line)
            return answer
        self.close()
        return None

    def _read_fault(self, answer: dict[str, Any]) -> Fault:
        return Fault(reason=self._channel.hide(str(answer["fault"])), doubt=bool(answer["doubt"]))


def _start_child() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", PROGRAM],
        cwd=_HOME,  # where the package is found, whatever the caller's own folder
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # an interrupt of the terminal is the parent's to handle
        env={**os.environ, "PYTHONUTF8": "1"},
        encoding="ascii",
    )
