"""Calls to a service: each answer is whole, bounded, and there in time, or it is evidence against the service."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass

import httpx2

from pokervod_pipelines.rollout.criteria.evidence import ErrorClass, Failing
from pokervod_pipelines.rollout.criteria.world import World
from pokervod_pipelines.rollout.services import At, show_address

MOST_BYTES = 5_000_000
"""Of an answer."""

CALL_SECONDS = 10.0
"""One call may take so long, if the criterion's time allows."""

_NO_WAY = (
    "name resolution",
    "name or service",
    "getaddrinfo",
    "nodename",
    "certificate",
    "ssl",
    "no route",
    "unreachable",
)
"""What a failure to connect says when the fault is on the way there, not at the service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, and after how many seconds."""

    status: int
    headers: httpx2.Headers
    body: bytes
    seconds: float


class Caller:
    """Calls one service at one address, over connections that are kept."""

    def __init__(self, world: World, http: httpx2.Client, address: str, title: str) -> None:
        self._world = world
        self._http = http
        self.address = address
        self.title = title

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Answer:
        """Return the answer to one call; redirections are not followed. Raises ``Failing`` when there is none."""
        seconds = self._world.take_seconds(CALL_SECONDS)
        begun = time.monotonic()
        where = f"{method} {path} of {self.title}"
        request = self._http.build_request(
            method, self.address + path, params=tuple(query) or None, headers=headers, json=body, timeout=seconds
        )
        sent: Future[tuple[httpx2.Response, bytes]] = Future()
        threading.Thread(target=self._send, args=(request, sent, where), name="call", daemon=True).start()
        try:
            response, content = sent.result(seconds)
        except (httpx2.TimeoutException, TimeoutError):
            raise Failing(ErrorClass.SERVICE_DOWN, f"{where}: no answer within {seconds:.1f} s") from None
        except (httpx2.ConnectError, httpx2.InvalidURL) as error:
            raise _explain(error, where) from None
        except httpx2.HTTPError as error:
            raise Failing(ErrorClass.SERVICE_DOWN, f"{where}: broke off ({type(error).__name__})") from None
        return Answer(
            status=response.status_code, headers=response.headers, body=content, seconds=time.monotonic() - begun
        )

    def _send(self, request: httpx2.Request, sent: "Future[tuple[httpx2.Response, bytes]]", where: str) -> None:
        """Nothing bounds the time in which a head arrives byte by byte: this thread ends when its client is closed."""
        try:
            response = self._http.send(request, stream=True)
            with closing(response):
                content = _read(response, where)
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for it
            sent.set_exception(error)
        else:
            sent.set_result((response, content))


@contextmanager
def open_caller(world: World, service: str, at: At = "address") -> Iterator[Caller]:
    """A caller of the service there. Raises ``Failing`` where nobody said where that is."""
    address = world.address(service, at)
    title = f"{service} ({show_address(address)})"
    # What calls a service is on the way its own machines are: no proxy, no redirection.
    secure = address.startswith("https:")  # without it no certificates need be read
    with httpx2.Client(trust_env=False, follow_redirects=False, verify=secure) as http:
        yield Caller(world, http, address, title)


def _read(response: httpx2.Response, where: str) -> bytes:
    content = bytearray()
    for piece in response.iter_bytes():
        content += piece
        if len(content) > MOST_BYTES:
            raise Failing(ErrorClass.CONTRACT, f"{where}: answers more than {MOST_BYTES // 1_000_000} MB")
    return bytes(content)


def _explain(error: Exception, where: str) -> Failing:
    said = str(error)
    if any(sign in said.lower() for sign in _NO_WAY):
        return Failing(ErrorClass.UNREACHABLE, f"{where}: no way there ({said})")
    return Failing(ErrorClass.SERVICE_DOWN, f"{where}: takes no connection ({said})")
