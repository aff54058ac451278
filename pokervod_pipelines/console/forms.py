"""Read forms that browsers send, and the paths that they name: few fields, limited size, and no way off this site."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request

from pokervod_pipelines.api.errors import Refused

MAX_FORM = 16_384
"""Bytes of a form."""

MAX_FIELDS = 20

MAX_PATH = 2_000

FORM = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> Mapping[str, str]:
    """Return the fields of a form, the last of each name. Raises ``Refused`` for what is no form, or too large."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"expected a form ({FORM}); use the page")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM:
            said = f"a form has {MAX_FORM:,} bytes at most; send less"
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, said, {"Connection": "close"})
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Refused(HTTPStatus.BAD_REQUEST, f"a form has {MAX_FIELDS} fields at most; use the page") from None
    return dict(pairs)


Form = Annotated[Mapping[str, str], Depends(read_form)]


def read_local_path(text: str, otherwise: str = "/") -> str:
    r"""Return the path where it stays on this site, else the other one: a link must not lead who logs in elsewhere.

    >>> [read_local_path(text) for text in ("/docs?a=1", "//evil.example", "/\\evil.example", "https://evil.example")]
    ['/docs?a=1', '/', '/', '/']
    """
    is_plain = text.isascii() and text.isprintable() and "\\" not in text and len(text) <= MAX_PATH
    if not is_plain or not text.startswith("/") or text.startswith("//"):
        return otherwise
    try:
        parts = urlsplit(text)
    except ValueError:
        return otherwise
    return otherwise if parts.scheme or parts.netloc or "//" in parts.path else text
