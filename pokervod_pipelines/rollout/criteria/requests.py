"""Make calls of operations from an OpenAPI document: with its own examples, or with made-up values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from pokervod_pipelines.rollout.criteria.documents import ApiDocument, Operation

_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "email": "nobody@example.org",
    "uri": "https://example.org/",
}


class NoExample(ValueError):
    """Raised when a value cannot be made up; the document has to give an example."""


@dataclass(slots=True)
class OperationCall:
    """Describe a call; ``is_made_up`` if a value came from no example, so that what it names may not exist."""

    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: object = None
    is_made_up: bool = False


def make_call(document: ApiDocument, operation: Operation) -> OperationCall:
    """Return a call of the operation with all required values. Raises ``NoExample``."""
    request = OperationCall(operation.path)
    parameters = map(document.resolve, (*operation.shared, *operation.values.get("parameters", ())))
    # An operation's own parameters replace those of its path.
    for (place, name), parameter in {(each["in"], each["name"]): each for each in parameters}.items():
        if place == "path" or parameter.get("required"):
            value, is_made_up = _find_value(document, parameter, f"parameter {name!r}")
            request.is_made_up |= is_made_up
            _put(request, place, name, value)
    request.body = _find_body(document, document.resolve(operation.values.get("requestBody")))
    return request


def _put(request: OperationCall, place: str, name: str, value: object) -> None:
    parts = [_format_value(each) for each in value] if isinstance(value, list) else [_format_value(value)]
    if place == "path":
        request.path = request.path.replace(f"{{{name}}}", quote(",".join(parts), safe=""))
    elif place == "query":
        request.query += [(name, part) for part in parts]
    elif place == "header":
        request.headers[name] = ",".join(parts)
    else:
        request.headers["cookie"] = "; ".join(filter(None, (request.headers.get("cookie"), f"{name}={parts[0]}")))


def _format_value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _find_body(document: ApiDocument, body: Mapping[str, Any]) -> object:
    for media, value in body.get("content", {}).items():
        if media.endswith("json"):
            return _find_value(document, document.resolve(value), "the body")[0]
    if body.get("required"):
        raise NoExample("the body is not JSON")
    return None


def _find_value(document: ApiDocument, holder: Mapping[str, Any], title: str) -> tuple[object, bool]:
    """Return the value that the document gives, or a made-up one, and whether it is made up."""
    schema = document.resolve(holder.get("schema"))
    named = document.resolve(next(iter(holder.get("examples", {}).values()), None))
    places = ((holder, "example"), (named, "value"), (schema, "example"), (schema, "const"), (schema, "default"))
    for place, key in places:
        if key in place:
            return place[key], False
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0], False
    return _make_up(document, schema, title), True


def _make_up(document: ApiDocument, schema: Mapping[str, Any], title: str) -> object:
    kinds = schema.get("type")
    kind = next((each for each in kinds if each != "null"), None) if isinstance(kinds, list) else kinds
    if kind in {"integer", "number"}:
        return schema.get("minimum", min(1, schema.get("maximum", 1)))
    if kind == "boolean":
        return True
    if kind == "array":
        return [_find_value(document, {"schema": schema.get("items")}, title)[0]]
    if kind == "object":
        parts = {name: {"schema": schema.get("properties", {}).get(name)} for name in schema.get("required", ())}
        return {name: _find_value(document, part, f"{title}.{name}")[0] for name, part in parts.items()}
    if kind != "string" or "pattern" in schema:
        raise NoExample(f"{title} has no example in the document")
    return _FORMATS.get(str(schema.get("format")), "a" * max(1, schema.get("minLength", 1)))
