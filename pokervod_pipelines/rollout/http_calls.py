"""Call services over HTTP: each response is whole, bounded in size, and there in time, or the call fails.

A service is called directly: no proxy, no redirection, so a token goes where the plan says and nowhere else.
"""

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

MAX_BYTES = 5_000_000
"""Limit of a response's body."""

_NETWORK_SIGNS = re.compile(
    "name resolution|name or service|getaddrinfo|nodename|certificate|ssl|no route|unreachable", re.IGNORECASE
)
"""Words of a failure to connect whose cause is the network, not the service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """Hold what a service answered, and after how many seconds."""

    status: int
    headers: httpx2.Headers
    body: bytes
    seconds: float


class CallFailed(Exception):
    """Raised when a call gives no whole response; the text says why."""


class ResponseTooLarge(CallFailed):
    """Raised when the response is larger than ``MAX_BYTES``."""


class NoRoute(CallFailed):
    """Raised when the network does not lead to the service."""


@contextmanager
def open_client(address: str) -> Iterator[httpx2.Client]:
    """Open a client for the address; no certificates are loaded where it needs none."""
    with httpx2.Client(trust_env=False, follow_redirects=False, verify=address.startswith("https:")) as client:
        yield client


def send_request(
    client: httpx2.Client, method: str, url: str, *, seconds: float, reads_body: bool = True, **arguments: Any
) -> HttpResponse:
    """Return the response to one call that takes at most ``seconds`` in all. Raises ``CallFailed``.

    A read timeout does not limit a head that arrives byte by byte, so the call has a thread of its own, which ends at
    the latest when the client is closed.
    """
    started = time.monotonic()
    sent: Future[tuple[httpx2.Response, bytes]] = Future()
    try:
        request = client.build_request(method, url, timeout=seconds, **arguments)
        threading.Thread(
            target=_send, args=(client, request, sent), kwargs={"reads_body": reads_body}, name="call", daemon=True
        ).start()
        response, body = sent.result(seconds)
    except (httpx2.TimeoutException, TimeoutError):
        raise CallFailed(f"no answer within {seconds:.1f} s") from None
    except (httpx2.ConnectError, httpx2.InvalidURL) as error:
        if _NETWORK_SIGNS.search(str(error)):
            raise NoRoute(f"no route ({error})") from None
        raise CallFailed(f"connection failed ({error})") from None
    except (httpx2.HTTPError, OSError) as error:
        raise CallFailed(f"the connection broke off ({type(error).__name__})") from None
    return HttpResponse(
        status=response.status_code, headers=response.headers, body=body, seconds=time.monotonic() - started
    )


def _send(
    client: httpx2.Client, request: httpx2.Request, sent: "Future[tuple[httpx2.Response, bytes]]", *, reads_body: bool
) -> None:
    body = bytearray()
    try:
        with closing(client.send(request, stream=True)) as response:
            for piece in response.iter_bytes() if reads_body else ():
                body += piece
                if len(body) > MAX_BYTES:
                    break
    except BaseException as error:  # noqa: BLE001 - raised in the thread that waits for the result
        sent.set_exception(error)
        return
    if len(body) > MAX_BYTES:
        sent.set_exception(ResponseTooLarge(f"the response is larger than {MAX_BYTES // 1_000_000} MB"))
    else:
        sent.set_result((response, bytes(body)))
