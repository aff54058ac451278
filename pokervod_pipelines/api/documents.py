"""Serve the document of the API, and pages of it that need nothing from outside: the files of Swagger UI are ours."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi import Path as PathField
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, APIWebSocketRoute

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.errors import NotFound
from pokervod_pipelines.api.problems import ROLE, ProblemDocument
from pokervod_pipelines.api.routing import ReadRoute, find_role, needs

router = APIRouter(tags=["document"], route_class=ReadRoute)

PACKAGE = "flask_openapi_swagger"
FILES: Mapping[str, tuple[str, str]] = {
    "swagger-ui.css": ("css/swagger-ui.css", "text/css"),
    "swagger-ui-bundle.js": ("js/swagger-ui-bundle.js", "text/javascript"),
}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>PokerVOD API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui">The pages of the API need JavaScript; the document is at <a href="/openapi.json">openapi.json</a>.
</div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  requestInterceptor: async (request) => {
    if (request.method && !["GET", "HEAD"].includes(request.method.toUpperCase())) {
      const me = await fetch("/api/me");
      const token = me.ok && (await me.json()).csrf_token;
      if (token) request.headers["X-CSRF-Token"] = token;
    }
    return request;
  },
});
"""
"""Start the page; what a person changes with it has the token of their session."""

TITLE = "PokerVOD pipelines"

DESCRIPTION = """Everything that people and tools may see and do.

Log in by `Authorization: Bearer KEY`, `X-API-Key: KEY` or HTTP Basic; `pokervod keys create` makes keys. Each operation
names the role that it requires as `x-role`. Every error is `application/problem+json`. Lists have `limit` and `after`:
`next` of a page is `after` of the following one. Reads have an `ETag` and answer 304 to `If-None-Match`."""

SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "basic": {"type": "http", "scheme": "basic"},
    "session": {"type": "apiKey", "in": "cookie", "name": "pokervod_session"},
}


SOCKETS = "x-websockets"
"""The key of the document with the WebSockets by path."""


def make_document(app: FastAPI, routers: Iterable[APIRouter], version: str) -> dict[str, Any]:
    """Return the OpenAPI document of the application, which has these routers."""
    document = get_openapi(title=TITLE, version=version, description=DESCRIPTION, routes=app.routes)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {}) | {"ProblemDocument": problem}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = SECURITY
    document["security"] = [{name: []} for name in SECURITY]
    for each in routers:
        for route in each.routes:
            if isinstance(route, APIRoute):
                _restore_example(document, route)
                _summarize(document, route)
            if isinstance(route, APIWebSocketRoute):  # which OpenAPI has no words for
                described = {"description": route.endpoint.__doc__, ROLE: find_role(route)}
                document.setdefault(SOCKETS, {})[route.path] = described
    return document


def _summarize(document: dict[str, Any], route: APIRoute) -> None:
    """Put what the route does beside its path, in place of the name of a function."""
    if route.include_in_schema:
        first, _, _ = route.description.partition("\n\n")
        for method in route.methods or ():
            document["paths"][route.path][method.lower()]["summary"] = " ".join(first.split()).removesuffix(".")


def _restore_example(document: dict[str, Any], route: APIRoute) -> None:
    """Put the example of the route into the document as it is: FastAPI leaves out what is null."""
    example = route.responses.get(200, {}).get("content", {}).get("application/json", {}).get("example")
    if example is not None:
        for method in route.methods or ():
            answer = document["paths"][route.path][method.lower()]["responses"]["200"]
            answer["content"]["application/json"]["example"] = example


@router.get("/openapi.json", **needs(Role.VIEWER, example=None))
def read_document(request: Request) -> dict[str, Any]:
    """Return this document."""
    document: dict[str, Any] = request.app.openapi()
    return document


@router.get("/docs", response_class=Response, **needs(Role.VIEWER, example=None, texts=["text/html"]))
def read_page() -> Response:
    """Return the pages of this document, where each operation can be tried."""
    return Response(PAGE, media_type="text/html")


@router.get("/docs/{name}", response_class=Response, **needs(Role.VIEWER, example=None, texts=["text/*"]))
def read_file(name: Annotated[str, PathField(max_length=50, description="The name of the file.")]) -> Response:
    """Return a file of the pages."""
    if name == "start.js":
        return Response(START, media_type="text/javascript")
    if name not in FILES:
        raise NotFound(f"the pages have no file {name!r}")
    return Response(_read_file(name), media_type=FILES[name][1])


@cache
def _read_file(name: str) -> bytes:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise NotFound(f"the package {PACKAGE} is not installed; run `make setup`")
    return (Path(spec.origin).parent / "templates" / "swagger" / FILES[name][0]).read_bytes()
