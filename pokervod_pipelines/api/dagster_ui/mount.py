"""Put Dagster's UI into the application, with the webservers that the settings and `pokervod dev` give it."""

import os
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from starlette.routing import Mount, Route

from pokervod_pipelines.api.context import ApiContext
from pokervod_pipelines.api.dagster_ui.programs import Folder, TiedProgram
from pokervod_pipelines.api.dagster_ui.proxy import DagsterUi
from pokervod_pipelines.api.dagster_ui.rules import PREFIX
from pokervod_pipelines.api.dagster_ui.webservers import CodeServer, GivenWebserver, OwnWebserver, Webserver
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.setup import find_dagster_home

DEFINITIONS, LOCATION = "pokervod_pipelines.definitions", "pokervod"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningDagster:
    """Name what `pokervod dev` runs already: its webserver, which may act, and the socket of its code server."""

    address: str = ""
    code: str = ""


NOTHING_RUNS = RunningDagster()


def mount_dagster(app: FastAPI, context: ApiContext, running: RunningDagster) -> DagsterUi | None:
    """Put the UI at ``/dagster``, unless the settings leave it out; nothing runs before somebody asks."""
    if not context.settings.api.dagster.enabled:
        return None
    ui = make_ui(context, running)
    app.state.dagster = ui
    app.router.routes += [Route(PREFIX, ui), Mount(PREFIX, ui)]
    return ui


def make_ui(context: ApiContext, running: RunningDagster) -> DagsterUi:
    """Return the UI, which starts what does not run already."""
    folder = Folder()
    programs = _Programs(settings=context.settings, folder=folder)
    code = Path(running.code) if running.code else folder.path / "code.sock"
    shared = CodeServer(None if running.code else programs.make_code_server(code))

    def make(name: str, *options: str) -> Webserver:
        limits = context.settings.api.dagster
        return OwnWebserver(
            programs.make_webserver(name, code, *options),
            shared,
            start_seconds=limits.start_seconds,
            idle_seconds=limits.idle_minutes * 60,
        )

    delay = context.settings.api.broadcast_delay_minutes * 60
    operators = GivenWebserver(running.address) if running.address else make("operators")
    return DagsterUi(
        context=context, viewers=make("viewers", "--delay-seconds", str(delay)), operators=operators, folder=folder
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Programs:
    """Describe the programs, whose output goes to one log beside Dagster's."""

    settings: Settings
    folder: Folder

    def make_webserver(self, name: str, code: Path, *options: str) -> TiedProgram:
        listen = self.folder.path / f"{name}.sock"
        module = ("pokervod_pipelines.defs.webserver", "--listen", str(listen), "--code", str(code))
        command = (*module, "--location", LOCATION, "--prefix", PREFIX, *options)
        return self._make(f"Dagster's UI of {name}", command, listen)

    def make_code_server(self, listen: Path) -> TiedProgram:
        module = ("dagster", "api", "grpc", "-m", DEFINITIONS, "--socket", str(listen))
        command = (*module, "--lazy-load-user-code", "--location-name", LOCATION, "--log-level", "warning")
        return self._make("the code server", command, listen)

    def _make(self, name: str, command: tuple[str, ...], listen: Path) -> TiedProgram:
        home = find_dagster_home(self.settings)
        own = {"DAGSTER_HOME": str(home), "PYTHONWARNINGS": "ignore", "MALLOC_ARENA_MAX": "2"}
        environ = {**os.environ, **own}
        log = home / "serve.log"
        return TiedProgram(name=name, command=command, folder=self.folder, socket=listen, log=log, environ=environ)
