"""Lose or delay the answers of the server to posts, as a network does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from pokervod_pipelines_tests.render.nexrender.farm import Farm


class Proxy:
    """Pass bytes both ways; from the first post on, lose so many answers."""

    def __init__(self, farm: Farm, *, lost_answers: int, is_held: bool) -> None:
        self._farm, self._lost, self._is_held = farm, lost_answers, is_held
        self.posts = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, a request at a time, until either end closes it."""
        there, onward = await asyncio.open_connection("127.0.0.1", self._farm.port)
        back = asyncio.create_task(self._answer(there, writer))
        with suppress(OSError):
            while data := await reader.read(65536):
                self.posts += data.startswith(b"POST")
                if data.startswith(b"POST") and self._is_held:
                    back.cancel()
                onward.write(data)
                await onward.drain()
        back.cancel()
        onward.close()
        writer.close()

    async def _answer(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await there.read(65536):
                if self.posts and self._lost:
                    self._lost -= 1
                    writer.close()
                    return
                writer.write(data)
                await writer.drain()


@asynccontextmanager
async def proxy_to(farm: Farm, *, lost_answers: int = 0, is_held: bool = False) -> AsyncIterator[Proxy]:
    """Yield a proxy that loses so many answers from the first post on, or holds back the answers to posts for ever."""
    proxy = Proxy(farm, lost_answers=lost_answers, is_held=is_held)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        await server.wait_closed()
