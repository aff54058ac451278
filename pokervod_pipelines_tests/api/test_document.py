"""The document of the API is what the server does: valid, complete, and each cell of role and route as it says."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from starlette.routing import BaseRoute
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.app import ROUTERS, build_app
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.api.serving import Served

BODIES = {
    "/api/rows/{row_id}/pin": {"path": "show.mp4", "reason": "x"},
    "/api/videos/{video_id}/correct": {"field": "project", "value": "WSOP", "reason": "x"},
    "/api/catalog/entries": {"fields": {"project": "WSOP"}, "reason": "x"},
    "/api/clips/{clip_id}/tag": {"add": ["bluff"], "reason": "x"},
    "/api/clips": {"video": "show.mp4", "time_in": "0:01", "time_out": "0:02", "title": "Fold", "reason": "x"},
    "/api/hands/{hand_id}/correct": {"phh": "variant = 'NT'", "reason": "x"},
    "/api/players/alias": {"alias": "Kid", "player": "Ana Ruiz", "dry_run": True},
    "/api/players/unalias": {"alias": "Kid", "dry_run": True},
    "/api/missing-files/clear": {"library": "x", "below": ".", "dry_run": True},
    "/api/missing-files/confirm-loss": {"library": "x", "below": ".", "dry_run": True},
    "/api/libraries/{library}/retire": {"dry_run": True},
    "/api/sheets/{sheet}/retire": {"dry_run": True},
    "/api/events/{incident_id}/mute": {"until": "2h", "reason": "x"},
    "/api/events/{incident_id}/verdict": {"verdict": "real", "reason": "x"},
}
NAMES = {"week": "2026-W48", "name": "start.js", "table": "log"}
DELAYED = {"/api/outputs/{instruction_id}/file": {403}, "/api/outputs/{instruction_id}/preview": {403}}
"""Answers of the graphic that viewers may not see yet."""

QUERIES = {"/api/data-flow": "?hand_id=1", "/api/stream": "?limit=1"}


def is_personal(method: str, path: str) -> bool:
    """Return whether only a person may do it who is logged in with the password, and no key."""
    return method == "POST" and path.startswith("/api/me/")


@cache
def read_document() -> dict[str, Any]:
    return build_app(Settings.model_validate({"home": "/nowhere"})).openapi()


def list_operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in read_document()["paths"].items():
        for method, operation in operations.items():
            yield method.upper(), path, operation


def make_parameters(path: str) -> dict[str, str]:
    """Return the parameters of the path with the first of everything."""
    names = re.findall(r"\{(\w+)\}", path)
    return {name: NAMES.get(name, "1") for name in names}


def make_path(path: str) -> str:
    """Return the path with the first of everything."""
    return path.format(**make_parameters(path)) + QUERIES.get(path, "")


def test_the_document_is_valid() -> None:
    validate(read_document())


def test_every_route_is_in_the_document_with_its_role() -> None:
    declared = {
        (method, route.path) for each in ROUTERS for route in each.router.routes for method in _list_methods(route)
    }
    sockets = {("WebSocket", path) for path in read_document()["x-websockets"]}

    assert {(method, path) for method, path, _ in list_operations()} | sockets == declared
    assert {each["x-role"] for each in read_document()["x-websockets"].values()} <= {*Role}
    assert {path: each.get("x-role") for _, path, each in list_operations() if each.get("x-role") not in {*Role}} == {}


def _list_methods(route: BaseRoute) -> set[str]:
    """Return the methods; a WebSocket has none, and a place of its own in the document, for OpenAPI knows none."""
    if isinstance(route, APIWebSocketRoute):
        return {"WebSocket"}
    return route.methods if isinstance(route, APIRoute) else {"not a route of the API"}


def test_every_operation_says_what_it_does_and_which_errors_it_has() -> None:
    for method, path, operation in list_operations():
        assert operation["description"].endswith("."), path
        assert operation["description"].replace("\n", " ").startswith(operation["summary"] + "."), path
        wanted = {"400", "401", "403", "404", "422", "429", "500", "503"} | (
            {"409", "413"} if method == "POST" else set()
        )
        assert wanted <= {*operation["responses"]}, path
        for status in wanted:
            assert "application/problem+json" in operation["responses"][status]["content"], path
        for each in operation.get("parameters", ()):
            assert each.get("description"), (path, each["name"])


def test_every_example_fits_its_schema() -> None:
    """An example of nothing would fit many schemas, so it has to name every field that is required."""
    found = 0
    for _, path, operation in list_operations():
        content = operation["responses"]["200"].get("content", {}).get("application/json", {})
        if "example" in content:
            found += 1
            schema = {**content["schema"], "components": read_document()["components"]}
            assert [each.message for each in OAS31Validator(schema).iter_errors(content["example"])] == [], path
    assert found > 20


@pytest.mark.parametrize("role", [None, *Role])
def test_each_role_may_do_what_its_routes_say_and_nothing_else(api: Served, role: Role | None) -> None:
    """Every cell of the matrix, made of the document: refused or not, and never an answer that is not in it."""
    wrong = []
    for method, path, operation in list_operations():
        body = BODIES.get(path, {"reason": "x"}) if method == "POST" else None
        response = api.ask(method, make_path(path), role, json=body)
        is_allowed = role is not None and role.includes(Role(operation["x-role"])) and not is_personal(method, path)
        refused = {401, *({403} - DELAYED.get(path, set()))} if is_allowed else {200, 404, 409, 422}
        if response.status_code in refused or response.status_code >= 500 or not _is_documented(operation, response):
            wrong.append((method, path, response.status_code, response.text[:200]))
        if role is None and response.status_code != 401:
            wrong.append((method, path, response.status_code, "let in without a login"))
    assert wrong == []


def test_each_form_of_a_page_is_in_the_document(api: Served) -> None:
    for form in ("json", "html", "markdown"):
        answer = api.get(f"/api/handover?form={form}")
        described = read_document()["paths"]["/api/handover"]["get"]["responses"]["200"]["content"]
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0] in described) == (200, True), form


@pytest.mark.parametrize("role", [None, *Role])
def test_each_role_may_open_the_websockets_that_the_document_says(api: Served, role: Role | None) -> None:
    for path, described in read_document()["x-websockets"].items():
        headers = {} if role is None else {"X-API-Key": api.keys[role]}
        status = 101
        try:
            with connect(f"ws{api.url.removeprefix('http')}{path}", additional_headers=headers):
                pass
        except InvalidStatus as error:
            status = error.response.status_code

        is_allowed = role is not None and role.includes(Role(described["x-role"]))
        assert status == (101 if is_allowed else 401 if role is None else 403), path


def _is_documented(operation: dict[str, Any], response: Any) -> bool:
    """Return whether the document has the status, and the answer fits its schema."""
    described = operation["responses"].get(str(response.status_code))
    if described is None:
        return False
    schema = described.get("content", {}).get(response.headers["content-type"].partition(";")[0], {}).get("schema")
    if schema is None or not response.content or "json" not in response.headers["content-type"]:
        return True
    return not [*OAS31Validator({**schema, "components": read_document()["components"]}).iter_errors(response.json())]
