"""Make the messages of streams: ids and numbers of an event, never its texts, as the bytes that a connection takes.

Each is encoded once, whoever gets it: as server-sent event within a chunk of HTTP/1.1, and as frame of a WebSocket.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any

from pokervod_pipelines.api.streams.positions import Position
from pokervod_pipelines.api.visibility import show_payload
from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.events.payloads import list_types

RECONNECT_MILLISECONDS = 2_000
"""When a browser connects again whose stream was cut."""


class Notice(StrEnum):
    """Name the messages that are of no event."""

    SNAPSHOT = "snapshot"  # the dashboard as it is now; with ``reset``, more happened than is told one by one
    HEARTBEAT = "heartbeat"  # the server's time, and since when the database is away
    STALE = "stale"  # the database is away, so that nothing is told
    CURRENT = "current"  # it is back, and what happened meanwhile has been told
    CLOSED = "closed"  # the last message of a stream, with the reason


class Transfer(StrEnum):
    """Name how messages reach a client."""

    EVENTS = "server-sent events"
    SOCKET = "WebSocket"


@dataclass(frozen=True, slots=True)
class Message:
    """Hold the bytes of a message for both transfers."""

    chunk: bytes
    frame: bytes

    def encode(self, transfer: Transfer) -> bytes:
        """Return the bytes for a connection."""
        return self.chunk if transfer is Transfer.EVENTS else self.frame


def name_message(type_: str) -> str:
    """Return the type of the message of an event: its words, without the room of instructions and of monitoring.

    >>> name_message("hand.created"), name_message("render.instruction.updated"), name_message("render.completed")
    ('hand_created', 'instruction_updated', 'render_completed')
    >>> name_message("monitoring.incident.opened")
    'incident_opened'
    """
    is_short = type_.startswith("render.instruction.")
    return type_.removeprefix("monitoring.").removeprefix("render." if is_short else "").replace(".", "_")


@cache
def list_messages() -> Mapping[str, str]:
    """Return the types of events by the types of their messages."""
    return {name_message(each): str(each) for each in list_types()}


def make_event_message(event: LoggedEvent, position: Position) -> Message:
    """Return the message of an event; nobody gets its texts, which may quote a card."""
    more = {"event": event.type, "source": event.source, "correlation_id": event.correlation_id}
    return _make(name_message(event.type), _dump(show_payload(event.payload)), event.at, position, more)


def make_notice(notice: Notice, data: Mapping[str, Any], position: Position | None) -> Message:
    """Return a message that is of no event."""
    return _make(notice, _dump(data), datetime.now(UTC), position)


def make_snapshot_message(dashboard: bytes, at: datetime, position: Position, *, is_reset: bool) -> Message:
    """Return the message with the dashboard, which is JSON already."""
    return _make(Notice.SNAPSHOT, dashboard.decode(), at, position, {"reset": is_reset})


def _make(
    type_: str, data: str, at: datetime, position: Position | None, more: Mapping[str, Any] | None = None
) -> Message:
    """Return the message, whose data are JSON already."""
    seq = None if position is None else position.seq
    head = {"type": type_, "timestamp": at.isoformat(), "seq": seq, "position": position and str(position)}
    body = f'{_dump(head | dict(more or {}))[:-1]},"data":{data}}}'
    named = "" if position is None else f"id: {position}\n"
    return Message(
        chunk=make_chunk(f"event: {type_}\n{named}data: {body}\n\n".encode()),
        frame=make_frame(body.encode()),
    )


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def make_chunk(content: bytes) -> bytes:
    r"""Return a chunk of an answer that is sent in chunks.

    >>> make_chunk(b"data: x")
    b'7\r\ndata: x\r\n'
    """
    return b"%x\r\n%b\r\n" % (len(content), content)


def make_frame(text: bytes) -> bytes:
    r"""Return the frame of a text message (RFC 6455), which a server does not mask.

    >>> make_frame(b"hi"), len(make_frame(b"x" * 200)), len(make_frame(b"x" * 70_000))
    (b'\x81\x02hi', 204, 70010)
    """
    size = len(text)
    if size < 126:
        return bytes((0x81, size)) + text
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2) + text
    return b"\x81\x7f" + size.to_bytes(8) + text
