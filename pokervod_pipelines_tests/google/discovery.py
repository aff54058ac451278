"""Compare requests and answers with Google's own description of its services.

The documents are those that google-api-python-client ships. Google refuses a request that they do not allow, and never
gives an answer that they do not describe; what is in neither direction described here is only what no document says.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from pokervod_pipelines_tests.google.masks import Mask, parse_mask
from pokervod_pipelines_tests.google.routes import Request

Json = dict[str, Any]

METHODS = {
    "spreadsheets.get": ("sheets.v4", "sheets.spreadsheets.get"),
    "spreadsheets.batchUpdate": ("sheets.v4", "sheets.spreadsheets.batchUpdate"),
    "values.get": ("sheets.v4", "sheets.spreadsheets.values.get"),
    "values.update": ("sheets.v4", "sheets.spreadsheets.values.update"),
    "values.batchGet": ("sheets.v4", "sheets.spreadsheets.values.batchGet"),
    "values.batchUpdate": ("sheets.v4", "sheets.spreadsheets.values.batchUpdate"),
    "drive.list": ("drive.v3", "drive.files.list"),
    "drive.get": ("drive.v3", "drive.files.get"),
}
"""Kind of call to the document that describes it and Google's name of the method."""

MASKED = {"RepeatCellRequest": "CellData", "UpdateNamedRangeRequest": "NamedRange"}
"""Requests whose ``fields`` select from another schema, by the names of both."""

INT32 = 2**31
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class Violation(NamedTuple):
    """Hold where a request or answer differs from the document, and Google's words for it."""

    place: str
    words: str

    def __str__(self) -> str:
        """Return both."""
        return f"{self.place or '(whole)'}: {self.words}"


@dataclass(frozen=True, slots=True)
class Method:
    """Describe one method with the schemas that it refers to."""

    description: Json
    path: re.Pattern[str]
    common: Json
    schemas: Json

    def check_request(self, request: Request) -> Iterator[Violation]:
        """Yield what Google would refuse before it looks at any spreadsheet."""
        if request.method != self.description["httpMethod"] or not self.path.fullmatch(request.path):
            yield Violation("path", f"{request.method} {request.path} is not {self.path.pattern}")
        yield from self._check_query(request.lists)
        if wanted := self.description.get("request"):
            yield from self._check(_without_nulls(request.json()), wanted, "")
        elif request.body:
            yield Violation("body", "Request bodies are not allowed.")

    def check_answer(self, answer: Any) -> Iterator[Violation]:
        """Yield what Google would never answer."""
        return self._check(answer, self.description["response"], "")

    def _check_query(self, given: Mapping[str, list[str]]) -> Iterator[Violation]:
        allowed = self.common | self.description.get("parameters", {})
        for name, values in given.items():
            described = allowed.get(name, {"location": "path"})
            if described["location"] != "query":
                yield Violation(name, f'Unknown name "{name}": Cannot bind query parameter.')
            elif len(values) > 1 and not described.get("repeated"):
                yield Violation(name, f'Multiple values for "{name}".')
            else:
                for value in values:
                    yield from self._check(_from_query(value, described), described, name)
        for mask in given.get("fields", ())[-1:]:
            yield from self._check_mask(parse_mask(mask), self.description["response"], "fields")

    def _check(self, value: Any, schema: Json, place: str) -> Iterator[Violation]:
        if "$ref" in schema:
            yield from self._check_named(value, schema["$ref"], place)
            return
        kind = schema.get("type", "any")
        if kind == "any":
            return
        is_type, name = TYPES[kind]
        if not is_type(value) or not _has_format(value, schema.get("format", "")):
            yield Violation(place, f"Invalid value at '{place}' ({name}), {json.dumps(value)[:60]}")
        elif "enum" in schema and value not in schema["enum"]:
            yield Violation(place, f"Invalid value at '{place}', \"{value}\"")
        elif kind == "array":
            if schema["items"].get("type") != "any":
                for at, item in enumerate(value):
                    yield from self._check(item, schema["items"], f"{place}[{at}]")
        elif kind == "object":
            yield from self._check_fields(value, schema, place)

    def _check_named(self, value: Any, name: str, place: str) -> Iterator[Violation]:
        yield from self._check(value, self.schemas[name], place)
        if name in MASKED and isinstance(value, dict) and isinstance(value.get("fields"), str):
            yield from self._check_mask(parse_mask(value["fields"]), {"$ref": MASKED[name]}, f"{place}.fields")

    def _check_fields(self, value: Json, schema: Json, place: str) -> Iterator[Violation]:
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, inner in value.items():
            described = known.get(name, others)
            if described is None:
                at = f" at '{place}'" if place else ""
                yield Violation(
                    f"{place}.{name}".lstrip("."),
                    f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.',
                )
            else:
                yield from self._check(inner, described, f"{place}.{name}".lstrip("."))

    def _check_mask(self, mask: Mask, schema: Json, place: str) -> Iterator[Violation]:
        while "$ref" in schema or "items" in schema:
            schema = self.schemas[schema["$ref"]] if "$ref" in schema else schema["items"]
        for name, inner in mask.items():
            described = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if name == "*":
                continue
            if described is None:
                yield Violation(place, f"Invalid field selection {name}")
            else:
                yield from self._check_mask(inner, described, f"{place}.{name}")


@lru_cache(maxsize=2)
def _read_document(name: str) -> Json:
    document: Json = json.loads(
        (files("googleapiclient.discovery_cache.documents") / f"{name}.json").read_text(encoding="utf-8")
    )
    return document


@lru_cache(maxsize=16)
def find_method(kind: str) -> Method | None:
    """Return the description of a kind of call; None if no document has one, as for tokens."""
    if kind not in METHODS:
        return None
    name, identity = METHODS[kind]
    document = _read_document(name)
    (found,) = (method for method in _all_methods(document) if method["id"] == identity)
    parts = re.split(r"\{[^}]*\}", document["servicePath"] + found.get("flatPath", found["path"]))
    pattern = re.compile("/" + "[^/]+".join(map(re.escape, parts)))
    return Method(found, pattern, document["parameters"], document["schemas"])


def _all_methods(described: Json) -> Iterator[Json]:
    yield from described.get("methods", {}).values()
    for resource in described.get("resources", {}).values():
        yield from _all_methods(resource)


def _from_query(text: str, described: Json) -> Any:
    """Return a parameter's text as the value it stands for, or as it is if it stands for none."""
    if described.get("type") == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    if described.get("type") == "integer":
        return int(text) if re.fullmatch(r"-?\d+", text) else text
    return text


def _without_nulls(value: Any) -> Any:
    """Return the body without fields that are null: Google reads them as not given."""
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    is_objects = isinstance(value, list) and value and isinstance(value[0], dict)
    return [_without_nulls(item) for item in value] if is_objects else value


def _has_format(value: Any, wanted: str) -> bool:
    if wanted == "int32":
        return -INT32 <= int(value) < INT32
    if wanted in {"int64", "uint64"}:
        return re.fullmatch(r"-?\d+", value) is not None
    return wanted != "date-time" or MOMENT.fullmatch(value) is not None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


TYPES: dict[str, tuple[Callable[[object], bool], str]] = {
    "string": (lambda value: isinstance(value, str), "TYPE_STRING"),
    "boolean": (lambda value: isinstance(value, bool), "TYPE_BOOL"),
    "integer": (lambda value: isinstance(value, int) and not isinstance(value, bool), "TYPE_INT32"),
    "number": (_is_number, "TYPE_DOUBLE"),
    "array": (lambda value: isinstance(value, list), "TYPE_MESSAGE"),
    "object": (lambda value: isinstance(value, dict), "TYPE_MESSAGE"),
}
