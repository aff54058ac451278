"""Decide what is passed on to Dagster's webserver and back; everything that is not named here is not.

The UI reads its own files, and asks everything else by ``POST /graphql`` and its WebSocket. Whatever else the webserver
takes (GraphQL by GET, GraphiQL, reports of assets by programs) would be a way around the roles or past the check of
where a change comes from.
"""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import unquote_to_bytes, urlsplit

from starlette.datastructures import Headers

from pokervod_pipelines.access.principal import Method, Principal, Role
from pokervod_pipelines.api.guard import find_host

PREFIX = "/dagster"

GRAPHQL = f"{PREFIX}/graphql"

LARGEST_TARGET = 8_000
"""Bytes of a path with its query."""

REQUEST_HEADERS = ("accept", "content-type", "if-none-match", "if-modified-since", "range", "if-range")
"""What of a request is passed on: nothing that shows who asks, and nothing of the connection."""

RESPONSE_HEADERS = (
    "content-type", "content-length", "content-disposition", "content-range", "accept-ranges", "etag", "last-modified",
)  # fmt: skip

KEPT_FOREVER = f"{PREFIX}/_next/static/"
"""Files whose names change with their content."""

PRINTED = (b"/dagster/logs/", b"/dagster/download_debug/")
"""What runs printed and recorded, whole, at any time."""

Refusal: TypeAlias = tuple[HTTPStatus, str]

_PATH = re.compile(rb"/dagster(/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)+")

_QUERY = re.compile(rb"[!-~]*")

_ENCODED = re.compile(rb"%(?![0-9A-Fa-f]{2})")

_NONCE = re.compile(r"'nonce-([0-9A-Za-z+/=_-]{16,64})'")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")

_MUTATION = re.compile(r"\bmutation\b")


def find_refusal(method: str, path: bytes, query: bytes, headers: Headers, principal: Principal) -> Refusal | None:
    """Return why a request is not passed on, None for one that is."""
    if not is_plain_path(path) or len(path) + len(query) > LARGEST_TARGET or not _QUERY.fullmatch(query):
        return HTTPStatus.BAD_REQUEST, "the path or what follows the ? is none of Dagster's; begin at /dagster/"
    if path == GRAPHQL.encode():
        return _find_refusal_of_question(method, headers, principal)
    if method not in {"GET", "HEAD"}:
        return HTTPStatus.METHOD_NOT_ALLOWED, f"only pages and files are here; Dagster is asked at {GRAPHQL}"
    if path.startswith(PRINTED) and not principal.role.includes(Role.OPERATOR):
        return HTTPStatus.FORBIDDEN, "what a run printed may show hole cards; it is for operators"
    return None


def _find_refusal_of_question(method: str, headers: Headers, principal: Principal) -> Refusal | None:
    if method != "POST":
        return HTTPStatus.METHOD_NOT_ALLOWED, f"Dagster is asked by POST; its UI is at {PREFIX}/"
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Dagster is asked with a body of application/json"
    if is_by_browser(principal) and not is_of_this_site(headers):
        return HTTPStatus.FORBIDDEN, f"a browser asks Dagster from its own pages only; begin at {PREFIX}/"
    return None


def is_by_browser(principal: Principal) -> bool:
    """Return whether a browser lets them in by itself, so that a page of another site could ask in their name."""
    return principal.how is Method.SESSION


def is_of_this_site(headers: Headers) -> bool:
    """Return whether a page of this server asks; a browser says so of each change and of each WebSocket."""
    origin = headers.get("origin")
    if origin is not None:
        return find_host(origin) == headers.get("host")
    return headers.get("sec-fetch-site") == "same-origin"


def is_plain_path(path: bytes) -> bool:
    """Return whether every reader of the path reads the same: nothing hidden, nothing that leads upwards.

    >>> is_plain_path(b"/dagster/runs/5b8f?"), is_plain_path(b"/dagster/runs/5b8f"), is_plain_path(b"/dagster//runs")
    (False, True, False)
    >>> [is_plain_path(b"/dagster/" + each) for each in (b"..", b"%2e%2e/x", b"a%2fb", b"%252e/x", b"a%5cb", b"%0a")]
    [False, False, False, False, False, False]
    """
    if not _PATH.fullmatch(path) or _ENCODED.search(path):
        return False
    first, *between, last = path.split(b"/")[1:]
    return b"" not in (first, *between) and all(_is_plain_segment(each) for each in (*between, last))


def _is_plain_segment(segment: bytes) -> bool:
    decoded = unquote_to_bytes(segment)
    if b"%" in decoded or b"/" in decoded or b"\\" in decoded:
        return False
    return decoded not in {b".", b".."} and all(each >= 0x20 and each != 0x7F for each in decoded)


def pick_request_headers(headers: Headers) -> dict[str, str]:
    """Return the headers that the webserver is given."""
    picked = {name: headers[name] for name in REQUEST_HEADERS if name in headers}
    return {**picked, "accept-encoding": "identity", "user-agent": "pokervod"}


def pick_response_headers(path: str, status: int, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that the client is given; a page has its own policy, everything else that of the API."""
    picked = {name: headers[name] for name in RESPONSE_HEADERS if name in headers}
    if nonce := _NONCE.search(headers.get("content-security-policy", "")):
        picked["content-security-policy"] = make_policy(nonce[1])
        picked["cache-control"] = "no-store"
        picked["referrer-policy"] = "same-origin"  # with no-referrer a browser may hide which page asks
    elif path.startswith(KEPT_FOREVER) and status in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}:
        picked["cache-control"] = "private, max-age=31536000, immutable"
    elif status == HTTPStatus.OK and not path.startswith(f"{PREFIX}/_next/"):
        picked["cache-control"] = "no-store" if path == GRAPHQL else "no-cache, private"
    if "location" in headers:
        picked["location"] = find_place(headers["location"])
    return picked


def find_place(location: str) -> str:
    """Return where the webserver sends the client, which is within the UI, or its first page.

    >>> find_place("http://dagster/dagster/runs/"), find_place("//evil.example/"), find_place("/dagster//evil.example")
    ('/dagster/runs/', '/dagster/', '/dagster/')
    """
    parts = urlsplit(location)
    is_ours = is_plain_path(parts.path.encode()) and parts.netloc in {"", "dagster"}
    return parts.path + (f"?{parts.query}" if parts.query else "") if is_ours else f"{PREFIX}/"


def make_policy(nonce: str) -> str:
    """Return what a page of the UI may load: files of ours; styles may be in the page, scripts only with its nonce."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; media-src 'self'; "
        "worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none'; "
        "frame-ancestors 'none'"
    )


def find_mutation(body: bytes) -> str | None:
    """Return the name of the mutation that a question asks for, None for one that only reads.

    What is no GraphQL is passed on, and refused by the webserver.

    >>> find_mutation(b'{"operationName": "Launch", "query": "mutation Launch { x }"}')
    'Launch'
    >>> find_mutation(b'{"query": "query Runs { x }"}'), find_mutation(b"[]")
    (None, None)
    """
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(asked, dict) or not _MUTATION.search(str(asked.get("query", ""))):
        return None
    name = asked.get("operationName")
    return name if isinstance(name, str) and _NAME.fullmatch(name) else "mutation"
