"""Put the API together: the routes, what they share, and what stands around them."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, FastAPI
from sqlalchemy import Engine
from starlette.types import ASGIApp

from pokervod_pipelines.access.users import make_first_admin
from pokervod_pipelines.api import documents
from pokervod_pipelines.api.context import ApiContext
from pokervod_pipelines.api.dagster_ui.mount import NOTHING_RUNS, RunningDagster, mount_dagster
from pokervod_pipelines.api.database import THREADS, Database
from pokervod_pipelines.api.files import FileSender
from pokervod_pipelines.api.guard import Guard
from pokervod_pipelines.api.problems import add_handlers
from pokervod_pipelines.api.routes import (
    alerts,
    archive_actions,
    audit,
    catalog,
    catalog_actions,
    clip_actions,
    clips,
    dashboard,
    disagreements,
    exports,
    failures,
    figures,
    hand_actions,
    hands,
    health,
    holds,
    incidents,
    instruction_actions,
    keys,
    log,
    me,
    media,
    metrics,
    monitor,
    pauses,
    player_actions,
    players,
    queue,
    requests,
    rollout,
    rollout_actions,
    runs,
    settings,
    sheet_actions,
    sheets,
    streams,
    tournaments,
    users,
    weeks,
    workflows,
)
from pokervod_pipelines.api.streams.follower import Follower
from pokervod_pipelines.api.streams.opening import make_hub
from pokervod_pipelines.render.previews import PreviewRenderer
from pokervod_pipelines.settings import Settings

ROUTERS = (
    dashboard,
    streams,
    metrics,
    figures,
    incidents,
    alerts,
    health,
    queue,
    requests,
    instruction_actions,
    pauses,
    failures,
    holds,
    media,
    hands,
    hand_actions,
    disagreements,
    tournaments,
    players,
    player_actions,
    catalog,
    catalog_actions,
    archive_actions,
    clips,
    clip_actions,
    sheets,
    sheet_actions,
    weeks,
    rollout,
    rollout_actions,
    workflows,
    runs,
    log,
    audit,
    exports,
    me,
    users,
    keys,
    settings,
    monitor,
    documents,
)
"""The groups of routes, in the order of their pages."""

OPEN_SECONDS = 10.0
"""Limit of waiting for the database before the first request is answered."""


def build_app(settings: Settings, database: Database | None = None, dagster: RunningDagster = NOTHING_RUNS) -> FastAPI:
    """Return the application; it opens the database when it starts, and closes it at its end."""
    context = ApiContext(settings=settings, database=database or make_database(settings))

    @asynccontextmanager
    async def live(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        await anyio.to_thread.run_sync(context.database.start, OPEN_SECONDS)
        follower = Follower(context.database, app.state.hub)
        follower.start()
        beating = asyncio.ensure_future(app.state.hub.beat())
        yield
        beating.cancel()
        follower.stop()
        if ui is not None:
            await ui.close()
        app.state.previews.close()
        app.state.launcher.close()
        context.database.close()

    app = PokervodApi(lifespan=live, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.context = context
    app.state.files = FileSender()
    app.state.previews = PreviewRenderer()
    app.state.launcher = runs.make_launcher()
    app.state.dashboard = dashboard.make_snapshot(context)
    app.state.hub = make_hub(app, context)
    app.state.health = health.make_health(context)
    app.state.status = health.make_status(context)
    app.state.prometheus = monitor.make_prometheus(context)
    app.state.stats = monitor.make_stats(context)
    app.state.reports = catalog.make_reports(context)
    add_handlers(app)
    add_routes(app, (each.router for each in ROUTERS))
    ui = mount_dagster(app, context, dagster)
    return app


def add_routes(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Add the routes as they are: including their routers would build each again, half a second an application."""
    for each in routers:
        app.router.routes.extend(each.routes)


def make_database(settings: Settings) -> Database:
    """Return the database of the routes; where it opens, the first admin of the environment is added."""

    def prepare(engine: Engine) -> None:
        with engine.begin() as connection:
            make_first_admin(connection, settings)

    return Database(settings, prepare)


class PokervodApi(FastAPI):
    """Be the application with a document of our own, and the guard around everything, also around its own errors."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return what answers a request."""
        return Guard(super().build_middleware_stack())

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = documents.make_document(
                self, (each.router for each in ROUTERS), version("pokervod-pipelines")
            )
        return self.openapi_schema
