"""Know the client of a request: whether it is this machine, whether it came by TLS, and the cookie of its session."""

import ipaddress

from fastapi import Request, Response
from starlette.requests import HTTPConnection

from pokervod_pipelines.access.authentication import NewSession
from pokervod_pipelines.settings.api import ApiSettings

COOKIE = "pokervod_session"

SECURE_COOKIE = f"__Host-{COOKIE}"
"""By TLS: a browser takes this name from this host only, by TLS only, so no neighbour can put another one there."""

FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "via")
"""Headers of a proxy: behind one, every client has the address of this machine."""


def is_by_tls(request: HTTPConnection) -> bool:
    """Return whether the request came by TLS, to us or to a proxy that is trusted."""
    return request.url.scheme in {"https", "wss"}


def read_session_cookie(request: HTTPConnection) -> str | None:
    """Return the token of the session that the request shows."""
    return request.cookies.get(SECURE_COOKIE if is_by_tls(request) else COOKIE)


def set_session_cookie(request: Request, response: Response, session: NewSession) -> None:
    """Give the browser the session: no script can read it, and no page of another site can send it with a change."""
    secure = is_by_tls(request)
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        session.token,
        expires=session.principal.expires_at,
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def delete_session_cookie(request: Request, response: Response) -> None:
    """Let the browser forget the session."""
    secure = is_by_tls(request)
    response.delete_cookie(SECURE_COOKIE if secure else COOKIE, secure=secure, httponly=True, samesite="lax")


def is_readable(request: HTTPConnection, settings: ApiSettings) -> bool:
    """Return whether others could read a password on its way: it comes by plain HTTP, and not from this machine."""
    if is_by_tls(request) or settings.login_without_tls:
        return False
    return is_forwarded(request) or not is_loopback(request.client.host if request.client else "")


LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


def is_forwarded(request: HTTPConnection) -> bool:
    """Return whether a proxy sent the request."""
    return any(each in request.headers for each in FORWARDED)


def is_loopback(address: str) -> bool:
    """Return whether the address is of this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
