"""How an operation of an OpenAPI document is called: with the document's own examples, or with made-up values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from pokervod_pipelines.rollout.criteria.documents import Document, Operation

_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "email": "nobody@example.org",
    "uri": "https://example.org/",
}


class NoExample(ValueError):
    """A value cannot be made up; the document has to give an example."""


@dataclass(slots=True)
class Request:
    """A call as it will be made; ``is_made_up`` when a value came from no example, so that it may name nothing."""

    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: object = None
    is_made_up: bool = False


def make_request(document: Document, operation: Operation) -> Request:
    """Return a call of the operation with all that it requires. Raises ``NoExample``."""
    request = Request(operation.path)
    for parameter in _list_parameters(document, operation):
        place, name = parameter.get("in"), str(parameter.get("name"))
        if place == "path" or parameter.get("required"):
            value, is_made_up = _find_value(document, parameter, f"parameter {name!r}")
            request.is_made_up |= is_made_up
            _put(request, str(place), name, value)
    if operation.values.get("requestBody"):
        body = document.resolve(operation.values["requestBody"])
        request.body = _find_body(document, body)
    return request


def _list_parameters(document: Document, operation: Operation) -> list[Mapping[str, Any]]:
    """Return the operation's parameters; its own replace those that all of its path share."""
    own = operation.values.get("parameters") or ()
    resolved = [document.resolve(parameter) for parameter in (*operation.shared, *own)]
    return [*{(parameter.get("in"), parameter.get("name")): parameter for parameter in resolved}.values()]


def _put(request: Request, place: str, name: str, value: object) -> None:
    parts = [_write(each) for each in value] if isinstance(value, list) else [_write(value)]
    if place == "path":
        request.path = request.path.replace(f"{{{name}}}", quote(",".join(parts), safe=""))
    elif place == "query":
        request.query += [(name, part) for part in parts]
    elif place == "header":
        request.headers[name] = ",".join(parts)
    else:
        request.headers["cookie"] = "; ".join(filter(None, (request.headers.get("cookie"), f"{name}={parts[0]}")))


def _write(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _find_body(document: Document, body: Mapping[str, Any]) -> object:
    for media, told in (body.get("content") or {}).items():
        if media.endswith("json"):
            return _find_value(document, document.resolve(told), "the body")[0]
    if body.get("required"):
        raise NoExample("the body is of no JSON")
    return None


def _find_value(document: Document, holder: Mapping[str, Any], title: str) -> tuple[object, bool]:
    """Return the value that the document gives, or one that is made up, and whether it is."""
    schema = document.resolve(holder.get("schema"))
    examples = holder.get("examples")
    if "example" in holder:
        return holder["example"], False
    if isinstance(examples, Mapping) and examples:
        return document.resolve(next(iter(examples.values()))).get("value"), False
    for key in ("example", "const", "default"):
        if key in schema:
            return schema[key], False
    for key in ("examples", "enum"):
        if isinstance(schema.get(key), list) and schema[key]:
            return schema[key][0], False
    return _make_up(document, schema, title), True


def _make_up(document: Document, schema: Mapping[str, Any], title: str) -> object:
    kinds = schema.get("type")
    kind = next((each for each in kinds if each != "null"), None) if isinstance(kinds, list) else kinds
    if kind in {"integer", "number"}:
        return schema.get("minimum", min(1, schema.get("maximum", 1)))
    if kind == "boolean":
        return True
    if kind == "array":
        return [_find_value(document, {"schema": schema.get("items")}, title)[0]]
    if kind == "object":
        required = schema.get("required") or ()
        parts = schema.get("properties") or {}
        return {name: _find_value(document, {"schema": parts.get(name)}, f"{title}.{name}")[0] for name in required}
    if kind != "string" or "pattern" in schema:
        raise NoExample(f"{title} has no example in the document")
    return _FORMATS.get(str(schema.get("format")), "a" * max(1, schema.get("minLength", 1)))
