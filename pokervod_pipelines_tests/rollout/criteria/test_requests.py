"""Check that an operation is called with the document's own values, else with made-up ones."""

from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator, oas31_format_checker

from pokervod_pipelines.rollout.criteria.documents import ApiDocument
from pokervod_pipelines.rollout.criteria.requests import NoExample, OperationCall, make_call

DOCUMENT: dict[str, Any] = {
    "components": {
        "parameters": {
            "Day": {"name": "day", "in": "query", "required": True, "schema": {"$ref": "#/components/schemas/Day"}}
        },
        "schemas": {"Day": {"type": "string", "format": "date"}, "Loop": {"$ref": "#/components/schemas/Loop"}},
        "examples": {"Ada": {"value": "Ada Lovelace"}},
    }
}


def ask(
    *parameters: dict[str, Any], shared: tuple[dict[str, Any], ...] = (), path: str = "/a/{id}", **own: Any
) -> OperationCall:
    """Return the request of an operation with these parameters."""
    item = {"parameters": [*shared], "get": {"parameters": [*parameters], **own}}
    document = ApiDocument("a.yaml", "3.1", {**DOCUMENT, "paths": {path: item}})
    return make_call(document, next(document.list_operations()))


def name(place: str = "path", schema: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a parameter ``id``."""
    return {"name": "id", "in": place, "required": True, "schema": schema or {"type": "string"}, **more}


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"example": "a b/c"}, "/a/a%20b%2Fc"),
        ({"example": 0}, "/a/0"),
        ({"example": True}, "/a/true"),
        ({"example": [1, 2]}, "/a/1%2C2"),
        ({"examples": {"first": {"value": "x"}, "second": {"value": "y"}}}, "/a/x"),
        ({"examples": {"ada": {"$ref": "#/components/examples/Ada"}}}, "/a/Ada%20Lovelace"),
        ({"schema": {"type": "string", "example": "s"}}, "/a/s"),
        ({"schema": {"type": "string", "examples": ["t"]}}, "/a/t"),
        ({"schema": {"type": "string", "default": "d"}}, "/a/d"),
        ({"schema": {"const": "c"}}, "/a/c"),
        ({"schema": {"type": "string", "enum": ["e", "f"]}}, "/a/e"),
        ({"example": "wins", "schema": {"type": "string", "default": "loses"}}, "/a/wins"),
    ],
)
def test_the_document_s_own_value_is_taken(more: dict[str, Any], path: str) -> None:
    request = ask({**name(), **more})

    assert (request.path, request.is_made_up) == (path, False)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer"},
        {"type": "integer", "minimum": 7},
        {"type": "integer", "maximum": -3},
        {"type": "number", "maximum": 0.5},
        {"type": ["null", "integer"]},
        {"type": "boolean"},
        {"type": "string"},
        {"type": "string", "minLength": 9},
        *({"type": "string", "format": form} for form in ("date", "date-time", "uuid", "email", "uri")),
        {"type": "array", "items": {"type": "integer"}},
        {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}},
    ],
)
def test_a_value_that_is_made_up_fits_its_schema(schema: dict[str, Any]) -> None:
    body = {"content": {"application/json": {"schema": schema}}}

    value = ask(path="/a", requestBody=body).body

    assert [*OAS31Validator(schema, format_checker=oas31_format_checker).iter_errors(value)] == []
    assert ask(name(schema={"type": "integer"})).is_made_up


@pytest.mark.parametrize(
    "schema", [{"type": "string", "pattern": "^v"}, {}, {"$ref": "#/components/schemas/Loop"}, {"type": "null"}]
)
def test_a_value_that_cannot_be_made_up_is_named(schema: dict[str, Any]) -> None:
    with pytest.raises(NoExample, match="parameter 'id' has no example"):
        ask({**name(), "schema": schema})


def test_parameters_go_where_they_belong() -> None:
    request = ask(
        name("path", example="x"),
        {"$ref": "#/components/parameters/Day"},
        {**name("query", example=["a", "b"]), "name": "tag"},
        {**name("header", example="h"), "name": "x-h"},
        {**name("cookie", example="1"), "name": "one"},
        {**name("cookie", example="2"), "name": "two"},
        {**name("query", example="no"), "name": "left_out", "required": False},
    )

    assert request.path == "/a/x"
    assert request.query == {"day": "2026-01-01", "tag": ["a", "b"]}
    assert request.headers == {"x-h": "h", "cookie": "one=1; two=2"}


def test_an_operation_s_own_parameter_replaces_that_of_its_path() -> None:
    assert ask(name(example="own"), shared=(name(example="shared"),)).path == "/a/own"
    assert ask(shared=(name(example="shared"),)).path == "/a/shared"


def test_a_body_of_no_json_cannot_be_made_up() -> None:
    with pytest.raises(NoExample, match="not JSON"):
        ask(path="/a", requestBody={"required": True, "content": {"text/csv": {}}})
    assert ask(path="/a", requestBody={"content": {"text/csv": {}}}).body is None


def test_the_example_of_a_body_is_taken() -> None:
    body = {"content": {"application/merge-patch+json": {"example": {"title": "Final"}}}}

    assert ask(path="/a", requestBody=body).body == {"title": "Final"}
