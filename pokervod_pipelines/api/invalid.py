"""Say in words what is wrong with a request that is not as the document of the API has it."""

from collections.abc import Iterable, Mapping
from inspect import isclass
from itertools import islice
from typing import Any

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection

from pokervod_pipelines.suggestions import suggest_name

MOST = 50
"""Fields that an answer names."""

SHOWN = 60
"""Characters of a value that an answer repeats."""

_EXPECTED: Mapping[str, str] = {
    "enum": "{expected}",
    "literal_error": "{expected}",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "a text",
    "string_pattern_mismatch": "a text like {pattern}",
    "list_type": "a list",
    "dict_type": "an object",
    "model_attributes_type": "an object",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
}
"""What was expected, by pydantic's name of the error, with its values."""

_NEVER_SHOWN = frozenset({"password", "present", "new", "token"})


class InvalidField(BaseModel):
    """Name a field of the request, and what is wrong with it."""

    where: str = Field(examples=["query.limit"])
    what: str = Field(examples=["expected 1 or more, got '0'"])


def list_invalid(errors: Iterable[Mapping[str, Any]], request: HTTPConnection) -> list[InvalidField]:
    """Return what is wrong, field by field; of a request full of mistakes the first ones."""
    return [_describe(each, request) for each in islice(errors, MOST)]


def refuse_unknown_query(request: Request) -> None:
    """Raise where the query has a name that the route does not know: ignored, it would answer everything."""
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute) or not route.path.startswith("/api/"):
        return
    known = [each.alias for each in get_flat_params(route.dependant) if isinstance(each.field_info, Query)]
    unknown = [each for each in dict.fromkeys(request.query_params) if each not in known]
    if unknown:
        raise RequestValidationError(
            [
                {"type": "unknown_query", "loc": ("query", each), "msg": f"unknown; {suggest_name(each, known)}"}
                for each in unknown
            ]
        )


def _describe(error: Mapping[str, Any], request: HTTPConnection) -> InvalidField:
    if error["type"] == "json_invalid":
        return InvalidField(where="body", what=f"expected JSON: {error.get('ctx', {}).get('error', '')}")
    return InvalidField(where=".".join(map(str, error["loc"])), what=_say(error, request))


def _say(error: Mapping[str, Any], request: HTTPConnection) -> str:
    kind, values, given = error["type"], error.get("ctx", {}), error.get("input")
    if kind == "missing":
        return "required"
    if kind == "extra_forbidden":
        return f"unknown; {suggest_name(str(error['loc'][-1]), _list_fields(error['loc'], request))}"
    if kind == "string_too_short" and values.get("min_length") == 1:
        return "must not be empty"
    if kind in _EXPECTED and _NEVER_SHOWN.isdisjoint(map(str, error["loc"])):
        text = repr(given)
        shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
        return f"expected {_EXPECTED[kind].format_map(values)}, got {shown}"
    return str(error["msg"])


def _list_fields(place: tuple[Any, ...], request: HTTPConnection) -> list[str]:
    """Return the fields of the body, or of the object in it, that has the unknown one."""
    route = request.scope.get("route")
    body = route.body_field.field_info.annotation if isinstance(route, APIRoute) and route.body_field else None
    for each in place[1:-1]:
        body = _find_model(body, each) if isclass(body) and issubclass(body, BaseModel) else None
    return [*body.model_fields] if isclass(body) and issubclass(body, BaseModel) else []


def _find_model(body: type[BaseModel], name: object) -> Any:
    found = body.model_fields.get(str(name))
    return found.annotation if found else None
