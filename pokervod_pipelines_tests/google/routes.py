"""Recognize the call of a request: its kind, its spreadsheet and its range, from method and path."""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

ROUTES = (
    ("POST", r"/token", "token"),
    ("GET", r"/v4/spreadsheets/(?P<id>[^/:]+)", "spreadsheets.get"),
    ("POST", r"/v4/spreadsheets/(?P<id>[^/:]+):batchUpdate", "spreadsheets.batchUpdate"),
    ("GET", r"/v4/spreadsheets/(?P<id>[^/:]+)/values:batchGet", "values.batchGet"),
    ("POST", r"/v4/spreadsheets/(?P<id>[^/:]+)/values:batchUpdate", "values.batchUpdate"),
    ("GET", r"/v4/spreadsheets/(?P<id>[^/:]+)/values/(?P<range>.+)", "values.get"),
    ("PUT", r"/v4/spreadsheets/(?P<id>[^/:]+)/values/(?P<range>.+)", "values.update"),
    ("GET", r"/drive/v3/files", "drive.list"),
    ("GET", r"/drive/v3/files/(?P<id>[^/:]+)", "drive.get"),
)


@dataclass(frozen=True, slots=True)
class Request:
    """Hold a request as it was sent."""

    method: str
    target: str
    body: bytes = b""
    authorization: str = ""

    @property
    def path(self) -> str:
        """Return the path, still percent-encoded."""
        return urlsplit(self.target).path

    @property
    def lists(self) -> dict[str, list[str]]:
        """Query parameters; each may be given more than once."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def params(self) -> dict[str, str]:
        """Query parameters, the last of each."""
        return {name: values[-1] for name, values in self.lists.items()}

    @property
    def form(self) -> dict[str, str]:
        """Return the body of a form."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode("utf-8", "replace")).items()}

    def json(self) -> dict[str, Any]:
        """Return the body as JSON; no body is an empty object.

        Raises:
            ValueError: it is no JSON object.

        """
        body = json.loads(self.body or b"{}")
        if not isinstance(body, dict):
            raise ValueError(body)  # noqa: TRY004 - one error for all that is no JSON object
        return body


@dataclass(frozen=True, slots=True)
class Route:
    """Describe what a request asks for; kind ``unknown`` if that is not emulated."""

    kind: str
    spreadsheet_id: str = ""
    range: str = ""

    @property
    def is_drive(self) -> bool:
        """Tell whether Drive answers it, and not Sheets."""
        return self.kind.startswith("drive.")

    @property
    def is_write(self) -> bool:
        """Tell whether it changes a spreadsheet."""
        return self.kind in {"values.update", "values.batchUpdate", "spreadsheets.batchUpdate"}


def find_route(request: Request) -> Route:
    """Return what the request asks for."""
    for method, pattern, kind in ROUTES:
        found = re.fullmatch(pattern, request.path)
        if found and method == request.method:
            parts = {name: unquote(value) for name, value in found.groupdict().items()}
            return Route(kind, parts.get("id", ""), parts.get("range", ""))
    return Route("unknown")
