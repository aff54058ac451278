"""Put the whole site together: the API, and the pages of the console beside it."""

from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from pokervod_pipelines.api.app import add_routes, build_app
from pokervod_pipelines.api.dagster_ui.mount import NOTHING_RUNS, RunningDagster
from pokervod_pipelines.api.database import Database
from pokervod_pipelines.api.problems import answer_known
from pokervod_pipelines.console.routes import assets, login
from pokervod_pipelines.errors import NotLoggedIn
from pokervod_pipelines.settings import Settings

ROUTERS = (login, assets)


def build_site(settings: Settings, database: Database | None = None, dagster: RunningDagster = NOTHING_RUNS) -> FastAPI:
    """Return the application with API and pages."""
    app = build_app(settings, database, dagster)
    add_routes(app, (each.router for each in ROUTERS))
    app.add_exception_handler(NotLoggedIn, _ask_to_log_in)
    return app


def _ask_to_log_in(request: Request, error: Exception) -> Response:
    """Lead a person to the login page, and tell a program; a script of a page is told without the browser's window."""
    assert isinstance(error, NotLoggedIn)  # noqa: S101 - narrows the type
    if _is_person(request):
        query = f"?{request.url.query}" if request.url.query else ""
        wanted = quote(f"{request.url.path}{query}", safe="")
        return RedirectResponse(f"/login?next={wanted}", HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})
    response = answer_known(error, request.url.path)
    if "sec-fetch-mode" in request.headers:
        del response.headers["WWW-Authenticate"]
    return response


def _is_person(request: Request) -> bool:
    """Return whether a browser opens a page, and shows nothing else than its cookies."""
    shows = "authorization" in request.headers or "x-api-key" in request.headers
    return request.method == "GET" and not shows and "text/html" in request.headers.get("accept", "")
