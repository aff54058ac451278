"""Hand a message to its channel within a time limit, in two steps: prepare, then send.

Between the two the caller notes that it is about to send. Everything slow comes before, so what is left is the exchange
with the service. A failure never contains a piece of the channel's address.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Protocol, Self

from pokervod_pipelines.alerts.channels import Channel
from pokervod_pipelines.alerts.message import Message
from pokervod_pipelines.alerts.sending import PROGRAM, SendFailure, prepare_message, send_prepared
from pokervod_pipelines.processes.failures import ChildDied, ChildStuck, ChildTimedOut
from pokervod_pipelines.processes.supervised import START_SECONDS, SupervisedChild

PREPARE_SECONDS = START_SECONDS
"""Limit for preparing a message, after the start of the child: a service may ask for a pause between two messages."""


class Transport(Protocol):
    """Send messages to one channel, from one thread."""

    def prepare(self, message: Message) -> SendFailure | None:
        """Make everything ready to send the message, and send nothing; return why that fails."""

    def send(self) -> SendFailure | None:
        """Send what was prepared; return why that fails."""

    def close(self) -> None:
        """End whatever this transport still runs."""


OpenTransport = Callable[[Channel, float], Transport]
"""Makes a transport for a channel, with the seconds that sending one message may take."""


def open_transport(channel: Channel, seconds: float) -> Transport:
    """Return the transport for the channel: the console, or a child process that speaks to the service."""
    return ConsoleTransport() if channel.is_console else ServiceTransport(channel, seconds)


class ConsoleTransport:
    """Write to the error output of this process."""

    def __init__(self) -> None:
        self._text = ""

    def prepare(self, message: Message) -> None:
        """Keep the message."""
        self._text = f"{message.headline}\n{message.markdown}\n\n"

    def send(self) -> SendFailure | None:
        """Write it."""
        try:
            sys.stderr.write(self._text)
            sys.stderr.flush()
        except (OSError, ValueError) as error:
            return SendFailure(reason=f"cannot write to the error output: {error}", may_have_been_delivered=False)
        return None

    def close(self) -> None:
        """Do nothing: nothing runs."""


class ServiceTransport:
    """Speak to the service from a child process, which is killed when it takes too long."""

    def __init__(self, channel: Channel, seconds: float, child: SupervisedChild | None = None) -> None:
        self._channel = channel
        self._seconds = seconds
        self._child = child or SupervisedChild(PROGRAM)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def prepare(self, message: Message) -> SendFailure | None:
        """Have the child understand address and message, and keep them until ``send``."""
        call = partial(prepare_message, self._channel.url.get_secret_value(), self._channel.endpoint, message)
        try:
            self._child.ask(call, seconds=PREPARE_SECONDS)
        except ChildTimedOut:
            return self._fail(f"the sender was not ready within {PREPARE_SECONDS:g} s")
        except Exception as error:  # noqa: BLE001 - whatever it is, the next channel must be served
            return self._fail(str(error))
        return None

    def send(self) -> SendFailure | None:
        """Send; a child without an answer in time is killed, and the message may have been delivered then."""
        try:
            failure = self._child.ask(send_prepared, seconds=self._seconds)
        except (ChildTimedOut, ChildStuck):
            reason = f"{self._channel.shown_address} gave no answer within {self._seconds:g} s"
            return self._fail(reason, may_have_been_delivered=True, is_away=True)
        except ChildDied as error:
            reason = f"the sender died while it sent ({error})"
            return self._fail(reason, may_have_been_delivered=error.was_accepted)
        except Exception as error:  # noqa: BLE001 - as above
            return self._fail(str(error), may_have_been_delivered=True)
        return failure and replace(failure, reason=self._channel.hide(failure.reason))

    def close(self) -> None:
        """Kill the child, whatever it is doing."""
        self._child.close()

    def _fail(self, reason: str, *, may_have_been_delivered: bool = False, is_away: bool = False) -> SendFailure:
        hidden = self._channel.hide(reason)
        return SendFailure(reason=hidden, may_have_been_delivered=may_have_been_delivered, is_away=is_away)
