"""Send files below the folders of the settings, whole or in ranges, to clients of any speed.

A share may stop answering while it is read, and a client may stop taking what it asked for. Neither keeps a connection
to the database or a thread of the routes: files have threads of their own, each read and each piece taken has its time,
and one user has a limited number of them.
"""

import asyncio
import logging
import mimetypes
import os
import secrets
import stat
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from pokervod_pipelines.api.errors import NotFound, Refused
from pokervod_pipelines.api.guard import lift_limit
from pokervod_pipelines.api.ranges import find_ranges, format_date
from pokervod_pipelines.api.routing import list_known, make_etag
from pokervod_pipelines.errors import ArchiveUnavailable, Unavailable
from pokervod_pipelines.processes.path_check import require_answer
from pokervod_pipelines.processes.threads import run_in_thread

T = TypeVar("T")

MOST_OPEN = 64
"""Files that are sent at once; each may have one thread."""

MOST_OF_ONE = 16
"""Files of one user."""

CHUNK = 256 * 1024
"""Bytes that are read and sent at a time."""

OPEN_SECONDS, READ_SECONDS = 6.0, 20.0
"""Limits of opening a file, and of reading a piece of it."""

TAKE_SECONDS = 60.0
"""Limit of taking a piece; whoever pauses longer asks for the rest by a range, as players do."""

_log = logging.getLogger(__name__)

SECURITY = (
    "default-src 'none'; media-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePlace:
    """Say where a file is: below which folder, and how its owner calls it; ``advice`` is what to do without it."""

    folder: Path
    path: str
    name: str
    advice: str


@dataclass(slots=True, kw_only=True, eq=False)
class OpenFile:
    """Hold an open file, and read it in a thread that may be left behind. Close it once."""

    descriptor: int
    status: os.stat_result
    on_close: Callable[[], object] = lambda: None
    _reading: "Future[bytes] | None" = field(default=None)

    @property
    def size(self) -> int:
        """Return its bytes when it was opened."""
        return self.status.st_size

    @property
    def etag(self) -> str:
        """Return what names these bytes."""
        return make_etag(f"{self.status.st_ino} {self.status.st_mtime_ns} {self.size}".encode())

    async def read(self, span: range) -> AsyncIterator[bytes]:
        """Yield the bytes of the span. Raises ``Unavailable`` where the file does not answer or became shorter."""
        at = span.start
        while at < span.stop:
            self._reading = run_in_thread(
                partial(os.pread, self.descriptor, min(CHUNK, span.stop - at), at), "file reader"
            )
            data = await _wait(self._reading, READ_SECONDS)
            if not data:
                raise Unavailable("the file became shorter while it was sent")
            at += len(data)
            yield data

    def close(self) -> None:
        """Close the file; one that is still being read, when that ends."""
        if self._reading is not None and not self._reading.done():
            self._reading.add_done_callback(lambda _: self._close())
        else:
            self._close()

    def _close(self) -> None:
        os.close(self.descriptor)
        self.on_close()


class FileSender:
    """Open files and count them, so that no user and no dead share takes all."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    async def open(self, place: FilePlace, who: str) -> OpenFile:
        """Return the file. Raises ``NotFound``, ``Refused`` or ``Unavailable`` that say what to do."""
        self._take(who)
        opening = run_in_thread(partial(_open, place, partial(self._give_back, who)), "file opener")
        opening.add_done_callback(partial(self._note_failure, who))
        try:
            return await _wait(opening, OPEN_SECONDS)
        except BaseException:
            opening.add_done_callback(_close_late)
            raise

    def _note_failure(self, who: str, opening: "Future[OpenFile]") -> None:
        if opening.exception() is not None:
            self._give_back(who)

    def count(self) -> int:
        """Return how many files are open."""
        with self._lock:
            return self._open.total()

    def _take(self, who: str) -> None:
        with self._lock:
            if self._open[who] >= MOST_OF_ONE or self._open.total() >= MOST_OPEN:
                said = f"{self._open.total()} files are being sent, {self._open[who]} of them to {who}"
                raise Unavailable(f"{said}; ask again when one has ended")
            self._open[who] += 1

    def _give_back(self, who: str) -> None:
        with self._lock:
            self._open[who] -= 1
            self._open += Counter()  # forgets who has none


def _close_late(opening: "Future[OpenFile]") -> None:
    """Close a file that nobody waits for any more."""
    if opening.exception() is None:
        opening.result().close()


def _open(place: FilePlace, on_close: Callable[[], object]) -> OpenFile:
    require_answer(place.folder, seconds=OPEN_SECONDS / 2)
    try:
        root, real = place.folder.resolve(strict=True), (place.folder / place.path).resolve(strict=True)
        if not real.is_relative_to(root) or real == root:
            raise Refused(403, f"{place.name}: a link leads out of its folder; {place.advice}")
        descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        if not _has_content(place.folder):
            raise ArchiveUnavailable(
                f"{place.name}: its folder is missing or empty; mount the share, then ask again"
            ) from None
        raise NotFound(f"{place.name}: the file is missing; {place.advice}") from None
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle
        raise Unavailable(f"{place.name}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise NotFound(f"{place.name}: expected a file, found something else; {place.advice}")
    return OpenFile(descriptor=descriptor, status=status, on_close=on_close)


def _has_content(folder: Path) -> bool:
    with suppress(OSError), os.scandir(folder) as entries:
        return any(not entry.name.startswith(".") for entry in entries)
    return False


async def _wait(future: "Future[T]", seconds: float) -> T:
    """Return the result of a thread, which is left behind when it takes too long."""
    try:
        return await asyncio.wait_for(asyncio.wrap_future(future), seconds)
    except TimeoutError:
        raise ArchiveUnavailable(f"the disk did not answer within {seconds:g} s; check the mount") from None
    except OSError as error:
        raise Unavailable(f"the file cannot be read ({error.strerror}); check the mount") from None


def answer_file(request: Request, file: OpenFile, name: str) -> Response:
    """Return the answer with the file, or the parts of it that the request asks for; it closes the file."""
    headers = request.headers if request.method == "GET" else {}  # a range is one of GET only
    try:
        spans = find_ranges(headers, size=file.size, etag=file.etag, changed_at=int(file.status.st_mtime))
    except Refused:
        file.close()
        raise
    if file.etag in list_known(request):
        file.close()
        return Response(status_code=304, headers={"ETag": file.etag})
    return FileAnswer(file, spans, name)


class FileAnswer(Response):
    """Send a file or parts of it; end when the client does, and drop one that takes nothing."""

    def __init__(self, file: OpenFile, spans: list[range] | None, name: str) -> None:
        self.file = file
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        self._pieces = [(b"", span) for span in spans or [range(file.size)]]
        self._end = b""
        headers = {
            "ETag": file.etag,
            "Last-Modified": format_date(int(file.status.st_mtime)),
            "Accept-Ranges": "bytes",
            "Content-Disposition": _describe(name, kind),
            "Content-Security-Policy": SECURITY,
        }
        if spans and len(spans) == 1:
            headers["Content-Range"] = _name_range(spans[0], file.size)
        if spans and len(spans) > 1:
            boundary = secrets.token_hex(12)
            self._pieces = [(_head_part(span, file.size, kind, boundary), span) for span in spans]
            self._end = f"\r\n--{boundary}--\r\n".encode()
            kind = f"multipart/byteranges; boundary={boundary}"
        length = sum(len(head) + len(span) for head, span in self._pieces) + len(self._end)
        headers["Content-Length"] = str(length)
        super().__init__(status_code=206 if spans else 200, headers=headers, media_type=kind)
        del self.headers["content-length"]
        self.headers["Content-Length"] = str(length)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; the limits of a request end here, those of a file begin."""
        lift_limit(scope)
        sending = asyncio.ensure_future(self._send(scope, send))
        leaving = asyncio.ensure_future(_wait_for_end(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            leaving.cancel()
            [failed, _] = await asyncio.gather(sending, leaving, return_exceptions=True)
            self.file.close()
        if isinstance(failed, Exception):
            _log.info("a file was not sent whole: %s", failed or "the client took nothing any more")
            scope["state"].get("abort", lambda: None)()  # the client knows by this that it has not all of it
            await asyncio.sleep(0)

    async def _send(self, scope: Scope, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for head, span in self._pieces if scope["method"] != "HEAD" else []:
            await _give(send, head)
            async for data in self.file.read(span):
                await _give(send, data)
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else self._end})


async def _give(send: Send, data: bytes) -> None:
    async with asyncio.timeout(TAKE_SECONDS):
        await send({"type": "http.response.body", "body": data, "more_body": True})


async def _wait_for_end(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _name_range(span: range, size: int) -> str:
    return f"bytes {span.start}-{span.stop - 1}/{size}"


def _head_part(span: range, size: int, kind: str, boundary: str) -> bytes:
    head = f"\r\n--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: {_name_range(span, size)}\r\n\r\n"
    return head.encode()


def _describe(name: str, kind: str) -> str:
    """Return how a browser shows or stores the file: videos, sound and pictures in its page.

    >>> _describe("a b.mov", "video/quicktime"), _describe("핸드.csv", "text/csv")
    ("inline; filename*=UTF-8''a%20b.mov", "attachment; filename*=UTF-8''%ED%95%B8%EB%93%9C.csv")
    """
    shown = "inline" if kind.partition("/")[0] in {"video", "audio", "image"} and "svg" not in kind else "attachment"
    return f"{shown}; filename*=UTF-8''{quote(name, safe='')}"
