"""Stand around every route: ids, limits of size and time, refusal of other sites, strict headers, the access log.

A WebSocket is opened as a request is answered; from then on the server limits what its client sends.
"""

import asyncio
import logging
import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.api.problems import make_problem
from pokervod_pipelines.logs.context import bind

MAX_BODY = 1_000_000
"""Bytes of the body of a request."""

_TOO_LARGE = f"the body of a request has {MAX_BODY:,} bytes at most; send less"

REQUEST_SECONDS = 10.0
"""Limit of a request, from its headers to its answer; of a WebSocket, until it is open."""

TAKE_SECONDS = 60.0
"""Limit of a client that takes no more of its answer, also of one without the limit above."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

CORRELATION_HEADER = "X-Correlation-Id"

CORRELATION_ID = re.compile(r"[0-9A-Za-z_.-]{8,64}")

HOST = re.compile(r"([0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])?(:\d{0,5})?")
"""What a request may ask for; anything else cannot be read as an address."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-cache, private",
}
"""What every answer has; a route may set its own."""

TRANSPORT_SECURITY = "max-age=31536000"
"""What an answer by TLS has as well: a browser that was here once asks by TLS only, for a year."""

_log = logging.getLogger(__name__)


class BodyTooLarge(HTTPException):
    """Report a body that grew past the limit while it was read."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE, {"Connection": "close"})


class Guard:
    """Wrap the application; it is the outermost layer, so its answers have the headers, too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one WebSocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get(CORRELATION_HEADER, "")
        correlation_id = given if CORRELATION_ID.fullmatch(given) else new_correlation_id()
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        with bind(correlation_id=correlation_id):
            is_secure = scope["scheme"] in {"https", "wss"}
            await self._answer(scope, headers, receive, _Answer(send, correlation_id, is_secure=is_secure))

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, answer: "_Answer") -> None:
        began = time.perf_counter()
        body = _Body(receive)
        refusal = _find_refusal(scope, headers)
        try:
            if refusal is not None:
                await _refuse(scope, answer, *refusal)
            else:
                async with asyncio.timeout(REQUEST_SECONDS) as limit:
                    scope["state"]["limit"] = answer.limit = limit
                    await self.app(scope, body.receive, answer.send)
        except TimeoutError:
            await _refuse(scope, answer, *body.explain_timeout())
        except Exception:  # the handler of bugs has logged and answered it; the server would print it again
            if not answer.status:
                raise
            if scope["type"] == "websocket":  # of which that handler knows nothing
                _log.exception("the WebSocket %s failed", scope["path"])
        finally:
            _log_access(scope, answer.status, time.perf_counter() - began)


def lift_limit(scope: Scope) -> None:
    """Let an answer that sets its own limits, such as a file, take longer than others."""
    limit: asyncio.Timeout | None = scope["state"].get("limit")
    if limit is not None:
        limit.reschedule(None)


class _Body:
    """Count the bytes of the body of a request."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._size = receive, 0
        self._waits = self._ended = False

    async def receive(self) -> Message:
        self._waits = True
        message = await self._receive()
        self._waits, self._ended = False, not message.get("more_body", False)
        self._size += len(message.get("body", b""))
        if self._size > MAX_BODY:
            raise BodyTooLarge
        return message

    def explain_timeout(self) -> tuple[HTTPStatus, str]:
        """Return the answer to a request that took too long: the client may not have sent all of it."""
        if self._waits and not self._ended:
            return HTTPStatus.REQUEST_TIMEOUT, f"the body did not arrive within {REQUEST_SECONDS:g} s; send it faster"
        said = f"the request took longer than {REQUEST_SECONDS:g} s; ask for less, or later"
        return HTTPStatus.SERVICE_UNAVAILABLE, said


class _Answer:
    """Add the headers to an answer, and know its status: 0 where none was begun, 101 of an open WebSocket."""

    limit: asyncio.Timeout | None = None

    def __init__(self, send: Send, correlation_id: str, *, is_secure: bool) -> None:
        self._send, self._correlation_id, self._is_secure, self.status = send, correlation_id, is_secure, 0

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.accept":
            self.status = HTTPStatus.SWITCHING_PROTOCOLS
            if self.limit is not None:
                self.limit.reschedule(None)
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if self._is_secure:
                headers["Strict-Transport-Security"] = TRANSPORT_SECURITY
            headers[CORRELATION_HEADER] = self._correlation_id
        async with asyncio.timeout(TAKE_SECONDS):
            await self._send(message)


def _find_refusal(scope: Scope, headers: Headers) -> tuple[HTTPStatus, str] | None:
    """Return why a request is refused before any route sees it."""
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > MAX_BODY:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _TOO_LARGE
    hosts = headers.getlist("host")
    if len(hosts) > 1 or not all(map(HOST.fullmatch, hosts)):
        return HTTPStatus.BAD_REQUEST, "the header Host is no name or address; ask by the address of this server"
    if scope["type"] == "websocket":
        said = "a page of another site asked for a WebSocket; use the pages of this server"
        return (HTTPStatus.FORBIDDEN, said) if is_of_other_site(headers) else None
    if scope["method"] not in SAFE_METHODS and is_of_other_site(headers):
        return HTTPStatus.FORBIDDEN, "a page of another site asked for a change; use the pages of this server"
    return None


def is_of_other_site(headers: Headers) -> bool:
    """Return whether a browser sends the request for a page of another site; programs send neither header."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = headers.get("origin")
    return origin is not None and find_host(origin) != headers.get("host")


def find_host(origin: str) -> str:
    """Return the host of an origin, with its port; "" for what is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


async def _refuse(scope: Scope, answer: _Answer, status: HTTPStatus, said: str) -> None:
    """Answer with a problem, unless an answer has begun."""
    if answer.status:
        return
    headers = {"Retry-After": "5"} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}
    if status in {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT}:
        headers["Connection"] = "close"  # the rest of the body is not read

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await make_problem(status, said, scope["path"], headers=headers)(scope, receive, answer.send)


def _log_access(scope: Scope, status: int, seconds: float) -> None:
    """Log who asked for what, and how it ended; what follows the ? may hold names, and is left out."""
    address = (scope.get("client") or ("-",))[0]
    who = scope["state"].get("who", "-")
    route = scope.get("route")
    path = getattr(route, "path", scope["path"])
    method = scope.get("method", "WebSocket")
    _log.info("%s %s %s %d by %s in %.1f ms", address, method, path, status, who, seconds * 1000)
