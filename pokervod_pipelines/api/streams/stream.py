"""Hold one client that follows: what it may be told, its connection, and how it ends.

Messages are written to the connection at once. What its client has not read yet is in the buffer of the connection,
and a client that leaves too much there is let go.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from pokervod_pipelines.access.principal import Principal
from pokervod_pipelines.api.streams.filters import StreamFilter
from pokervod_pipelines.api.streams.messages import Message, Transfer

MOST_BEHIND = 128 * 1024
"""Bytes in the buffer of a connection; whoever leaves more there gets no further message."""

MOST_HELD = 200
"""Writes that wait while a stream is opened."""


class End(Enum):
    """Name why a stream ends: the code with which a WebSocket is closed, and what its client is told."""

    GONE = 1000, "the client has gone"
    COMPLETE = 1000, "as many messages as you asked for"
    SPOKE = 1003, "this stream takes no messages; give what you want in the address"
    STOPPED = 1012, "the server stops; connect again in a moment"
    SLOW = 1013, "you read too slowly; connect again from the last position"
    ACCESS = 4401, "what let you in has ended or means less now; log in again"

    def __init__(self, code: int, said: str) -> None:
        self.code, self.said = code, said


@dataclass(eq=False, slots=True, kw_only=True)
class Stream:
    """Hold a stream; until it has begun, what happens is held back, for it has to follow the first message."""

    transfer: Transfer
    transport: asyncio.WriteTransport
    principal: Principal
    filters: StreamFilter
    left: int | None
    ended: "asyncio.Future[End]"
    _held: list[tuple[Sequence[Message], bytes]] | None = field(default_factory=list)

    @property
    def user(self) -> int | None:
        """Return the number of the user, None where nobody logged in."""
        return self.principal.user_id

    def begin(self, first: Sequence[Message], notice: Message | None = None) -> None:
        """Write the first messages, then what happened meanwhile."""
        held, self._held = self._held or [], None
        self.tell(first, join(first, self.transfer))
        if notice is not None:
            self.write(notice.encode(self.transfer))
        for messages, joined in held:
            self.tell(messages, joined)

    def tell(self, messages: Sequence[Message], joined: bytes) -> None:
        """Write the messages, which are ``joined`` for this transfer, up to the number that was asked for."""
        if self._held is not None:
            self._hold(messages, joined)
            return
        if self.left is not None and messages:
            messages = messages[: self.left]
            joined = join(messages, self.transfer)
            self.left -= len(messages)
        self.write(joined)
        if self.left == 0:
            self.end(End.COMPLETE)

    def write(self, joined: bytes) -> None:
        """Give the bytes to the connection."""
        if self._held is not None:
            self._hold((), joined)
        elif self.ended.done():
            return
        elif self.transport.is_closing():
            self.end(End.GONE)
        elif self.transport.get_write_buffer_size() > MOST_BEHIND:
            self.end(End.SLOW)
        else:
            self.transport.write(joined)

    def end(self, reason: End) -> None:
        """End the stream, unless it has ended."""
        if not self.ended.done():
            self.ended.set_result(reason)

    def _hold(self, messages: Sequence[Message], joined: bytes) -> None:
        assert self._held is not None  # noqa: S101 - narrows the type
        self._held.append((messages, joined))
        if len(self._held) > MOST_HELD:
            self.end(End.SLOW)


def join(messages: Sequence[Message], transfer: Transfer) -> bytes:
    """Return the bytes of the messages, one after the other."""
    return b"".join([each.encode(transfer) for each in messages])
