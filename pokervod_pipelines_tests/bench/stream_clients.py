"""Follow as many viewers do, half by server-sent events, half by WebSockets, in a process of their own.

Usage: ``stream_clients.py PORT CLIENTS KEY...``; prints "ready" when all follow. Each line of its input is "stop" or
nothing; at the end it prints the times at which each event arrived, as JSON: sequence number → [first, …, last].
"""

import asyncio
import json
import re
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress

SEQ = re.compile(rb'"seq":(\d+),"position":"[^"]*","event"')

PING, PONG, CLOSE = 0x89, 0x8A, 0x88

ARRIVED: dict[int, list[float]] = defaultdict(list)


async def follow(port: int, key: str, *, is_socket: bool, has_begun: asyncio.Event) -> None:
    """Read a stream for ever, and note when each event arrived."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    upgrade = (
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        if is_socket
        else ""
    )
    path = "/ws/dashboard" if is_socket else "/api/stream"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\n{upgrade}\r\n".encode())
    await writer.drain()
    await reader.readuntil(b"\r\n\r\n")
    kept = b""
    async for data in _read_frames(reader, writer) if is_socket else _read_all(reader):
        now = time.time()
        kept += data
        if not has_begun.is_set():
            if b'"snapshot"' in kept:
                has_begun.set()
            continue
        end = 0
        for found in SEQ.finditer(kept):
            ARRIVED[int(found[1])].append(now)
            end = found.end()
        kept = kept[end:][-4_096:]
    ARRIVED[-1].append(time.time())


async def _read_all(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while data := await reader.read(65_536):
        yield data


async def _read_frames(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    """Yield the messages of a WebSocket, and answer its pings: the server closes one that does not."""
    with suppress(asyncio.IncompleteReadError):
        while True:
            kind, size = await reader.readexactly(2)
            if size > 125:
                size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8))
            body = await reader.readexactly(size)
            if kind == PING:
                writer.write(bytes((PONG, 0x80 | size)) + bytes(4) + body)
            elif kind == CLOSE:
                return
            else:
                yield body


async def main(port: int, count: int, keys: list[str]) -> None:
    """Follow until the input says so."""
    begun = [asyncio.Event() for _ in range(count)]
    tasks = []
    for number, each in enumerate(begun):
        key = keys[number % len(keys)]
        tasks.append(asyncio.ensure_future(follow(port, key, is_socket=bool(number % 2), has_begun=each)))
        await asyncio.sleep(0.01)
    await asyncio.gather(*(each.wait() for each in begun))
    print("ready", flush=True)  # noqa: T201
    await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps(ARRIVED), flush=True)  # noqa: T201
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
