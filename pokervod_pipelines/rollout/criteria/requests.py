"""Make calls of operations from an OpenAPI document: with its own examples, or with made-up values."""

import json
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
    query: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: object = None
    is_made_up: bool = False


def make_call(document: ApiDocument, operation: Operation) -> OperationCall:
    """Return a call of the operation with all required values. Raises ``NoExample``."""
    call = OperationCall(operation.path)
    for parameter in operation.parameters:
        name, place = parameter["name"], parameter["in"]
        if place != "path" and not parameter.get("required"):
            continue
        value, is_made_up = _find_value(document, parameter, f"parameter {name!r}")
        call.is_made_up |= is_made_up
        text = ",".join(map(_format_value, value if isinstance(value, list) else [value]))
        if place == "path":
            call.path = call.path.replace(f"{{{name}}}", quote(text, safe=""))
        elif place == "query":
            call.query[name] = value
        elif place == "header":
            call.headers[name] = text
        else:
            call.headers["cookie"] = "; ".join(filter(None, (call.headers.get("cookie"), f"{name}={text}")))
    body = document.resolve(operation.values.get("requestBody"))
    content = [document.resolve(each) for media, each in body.get("content", {}).items() if media.endswith("json")]
    if content:
        call.body, _ = _find_value(document, content[0], "the body")
    elif body.get("required"):
        raise NoExample("the body is not JSON")
    return call


def _format_value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _find_value(document: ApiDocument, holder: Mapping[str, Any], title: str) -> tuple[Any, bool]:
    """Return the value that the document gives, or a made-up one, and whether it is made up."""
    schema = document.resolve(holder.get("schema"))
    named = document.resolve(next(iter(holder.get("examples", {}).values()), None))
    places = ((holder, "example"), (named, "value"), (schema, "example"), (schema, "const"), (schema, "default"))
    given = [place[key] for place, key in places if key in place]
    given += [values[0] for values in (schema.get("examples"), schema.get("enum")) if values]
    return (given[0], False) if given else (_make_up(document, schema, title), True)


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
