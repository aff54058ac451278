"""Call services over HTTP: each response is whole, bounded in size, and there in time, or the call fails.

A service is called directly: no proxy, no redirection, so a token goes where the plan says and nowhere else.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from pokervod_pipelines.processes.threads import run_in_thread
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, ErrorClass

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


@dataclass(frozen=True, slots=True)
class HttpCaller:
    """Call one service over kept connections; ``title`` is its name in messages, ``take_seconds`` limits a call."""

    client: httpx2.Client
    address: str
    title: str
    take_seconds: Callable[[], float]

    def call(self, method: str, path: str, *, reads_body: bool = True, **arguments: Any) -> HttpResponse:
        """Return the response to one call. Raises ``CriterionFailed`` without a whole one in time.

        A read timeout does not limit a head that arrives byte by byte, so the call has a thread of its own, which ends
        at the latest when the client is closed.
        """
        seconds = self.take_seconds()
        error_class = ErrorClass.SERVICE_DOWN
        try:
            request = self.client.build_request(method, self.address + path, timeout=seconds, **arguments)
            return run_in_thread(lambda: self._send(request, reads_body=reads_body), "call").result(seconds)
        except (httpx2.TimeoutException, TimeoutError):
            problem = f"no answer within {seconds:.1f} s"
        except (httpx2.ConnectError, httpx2.InvalidURL) as error:
            problem = f"connection failed ({error})"
            if _NETWORK_SIGNS.search(str(error)):
                error_class, problem = ErrorClass.UNREACHABLE, f"no route ({error})"
        except (httpx2.HTTPError, OSError) as error:
            problem = f"the connection broke off ({type(error).__name__})"
        except OverflowError:
            error_class, problem = ErrorClass.CONTRACT, f"the response is larger than {MAX_BYTES // 1_000_000} MB"
        raise CriterionFailed(error_class, f"{f'{method} {path}'.rstrip()} of {self.title}: {problem}")

    def _send(self, request: httpx2.Request, *, reads_body: bool) -> HttpResponse:
        started, body = time.monotonic(), bytearray()
        with closing(self.client.send(request, stream=True)) as response:
            for piece in response.iter_bytes() if reads_body else ():
                body += piece
                if len(body) > MAX_BYTES:
                    raise OverflowError
        seconds = time.monotonic() - started
        return HttpResponse(status=response.status_code, headers=response.headers, body=bytes(body), seconds=seconds)


@contextmanager
def open_caller(address: str, title: str, take_seconds: Callable[[], float]) -> Iterator[HttpCaller]:
    """Open a caller of what is at the address; no certificates are loaded where it needs none."""
    with httpx2.Client(trust_env=False, follow_redirects=False, verify=address.startswith("https:")) as client:
        yield HttpCaller(client, address, title, take_seconds)
