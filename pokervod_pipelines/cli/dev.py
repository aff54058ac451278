"""Run everything on one machine with ``pokervod dev``: database, Dagster, a watcher, a render worker, the API."""

import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import yaml

from pokervod_pipelines.cli.database_service import watch_database
from pokervod_pipelines.cli.output import err
from pokervod_pipelines.cli.ports import refuse_taken_port
from pokervod_pipelines.cli.services import STOP_SECONDS, Service, report, run_services
from pokervod_pipelines.db.embedded.folders import digest_path
from pokervod_pipelines.db.embedded.locks import open_exclusive
from pokervod_pipelines.db.engine import embedded_folder, open_database
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.events.kept_types import require_known_types
from pokervod_pipelines.processes.process_tags import VARIABLE, end_after_us, end_tagged, make_tag
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.first_day import record_first_day
from pokervod_pipelines.workflows.setup import find_dagster_home, prepare_folder

MODULE = "pokervod_pipelines.definitions"
LOCATION = "pokervod"
"""Keep the name of ``workspace.yaml``, so that ``dagster dev`` finds the same sensors and their cursors."""

API_HOST = "127.0.0.1"
"""The API of a machine by itself; `pokervod serve` is for others."""

API_PORT = 8080

UI_PATH = "/dagster"
"""Where the UI is, also on its own port, whose first page leads there: the API shows it below the same path."""

ANY_HOST = frozenset({"0.0.0.0", "::"})  # noqa: S104 - it is compared

app = typer.Typer()

_log = logging.getLogger(__name__)


@app.command("dev")
def dev(
    host: Annotated[str, typer.Option(help="Address the UI listens on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the Dagster UI.")] = 3000,
    api_port: Annotated[
        int | None,
        typer.Option(
            "--api-port", min=0, max=65535, help="Port of the API, 0 leaves it out. Default: 8080, if nobody has it."
        ),
    ] = None,
) -> None:
    """Run everything here: database, Dagster UI and daemon, watcher, render worker, API, until Ctrl-C.

    A program that dies is started again. Restart the command after a change of the settings.

    Example: pokervod dev --port 3001
    """
    settings = prepare_folder()
    require_known_types(settings)
    with _hold_folder(settings):
        _end_orphans(settings)
        refuse_taken_port(host, port)
        api_port = find_api_port(api_port)
        tag = make_tag(settings.home)
        with _make_temporary_folder(settings) as folder, end_after_us(tag), open_database(settings) as engine:
            record_first_day(engine, settings)
            engine.dispose()  # the server is ours to keep running, a connection is not needed
            log = find_dagster_home(settings) / "dev.log"
            err.print(
                f"Dagster UI on http://{host}:{port}, Ctrl-C stops everything. `pokervod logs --follow` shows it."
            )
            if api_port:
                err.print(f"API on http://{API_HOST}:{api_port}, its pages at http://{API_HOST}:{api_port}/docs")
            services = [_make_launcher(folder, host, port, api_port, log)]
            if settings.database_url is None:
                services.append(watch_database(embedded_folder(settings)))
            run_services(services, _make_environ(settings, tag), report)
    _log.info("stopped")
    err.print("stopped")


def find_api_port(asked: int | None) -> int:
    """Return the port of the API, 0 to leave it out: also where nobody asked for one, and the usual one is taken.

    Two installations on a machine are not kept from running. Raises ``Conflict`` for a taken port that was asked for.
    """
    port = API_PORT if asked is None else asked
    try:
        if port:
            refuse_taken_port(API_HOST, port, "--api-port")
    except Conflict as error:
        if asked is not None:
            raise
        report(f"the API is left out: {error}")
        return 0
    return port


def _make_launcher(folder: Path, host: str, port: int, api_port: int, log: Path) -> Service:
    """Return the process that runs the programs; what Dagster writes about itself goes to the log."""
    place, workspace, programs = folder / "code.sock", folder / "workspace.yaml", folder / "programs.json"
    server = {"socket": str(place), "location_name": LOCATION}
    workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}), encoding="utf-8")
    quiet = ("--log-level", "warning")
    daemon = ("dagster._daemon", "run", "-w", str(workspace), *quiet)
    ui = ("dagster_webserver", "-w", str(workspace), "--host", host, "--port", str(port), "-l", UI_PATH, *quiet)
    lazy = ("--lazy-load-user-code", "--location-name", LOCATION)
    code = ("dagster", "api", "grpc", "-m", MODULE, "--socket", str(place), *lazy, *quiet)
    worker, watch = ("pokervod_pipelines.cli", "render", "worker"), ("pokervod_pipelines.cli", "watch")
    listed = [
        {"name": "the render worker", "title": "render worker", "command": worker, "log": None},
        {"name": "the watcher", "title": "watcher", "command": watch, "log": str(log)},
        {"name": "Dagster's UI", "title": "dagster ui", "command": ui, "log": str(log)},
        {"name": "Dagster's daemon", "title": "dagster daemon", "command": daemon, "log": str(log)},
        {"name": "the code server", "title": "code server", "command": code, "log": str(log)},
    ]
    if api_port:
        reached = API_HOST if host in ANY_HOST else f"[{host}]" if ":" in host else host
        own = ("--dagster-ui", f"http://{reached}:{port}", "--dagster-code", str(place))
        serve = ("pokervod_pipelines.cli", "serve", "--host", API_HOST, "--port", str(api_port), *own)
        listed.append({"name": "the API", "title": "pokervod api", "command": serve, "log": str(log)})
    programs.write_text(json.dumps(listed), encoding="utf-8")
    command = [sys.executable, "-P", "-m", "pokervod_pipelines.cli.launcher", str(programs)]
    return Service(name="the launcher", command=command, stop_seconds=STOP_SECONDS + 5)


def _make_environ(settings: Settings, tag: str) -> dict[str, str]:
    """Return the environment of the programs.

    Nothing of gRPC is used in a forked child; its handlers would print a line at every fork. Threads of Python take
    turns, so a heap for each of them only takes memory.
    """
    home = str(find_dagster_home(settings))
    own = {"DAGSTER_HOME": home, VARIABLE: tag, "PYTHONWARNINGS": "ignore"}
    own |= {"GRPC_ENABLE_FORK_SUPPORT": "0", "MALLOC_ARENA_MAX": "2"}
    return {**os.environ, **own}


@contextmanager
def _hold_folder(settings: Settings) -> Iterator[None]:
    """Keep other starts in this folder out; raise ``Conflict`` where one runs."""
    path = settings.home / "dev.lock"
    descriptor = open_exclusive(path)
    if descriptor is None:
        pid = path.read_text(encoding="utf-8").strip() or "unknown"
        raise Conflict(f"`pokervod dev` already runs in this folder as process {pid}. Use it, or stop it: kill {pid}")
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def _end_orphans(settings: Settings) -> None:
    """End what an earlier start left where it was killed with all that would have ended its programs."""
    if left := end_tagged(str(settings.home)):
        pids = ", ".join(map(str, left))
        raise Conflict(f"process {pids} of an earlier `pokervod dev` cannot be ended. Check the disk it waits for.")


@contextmanager
def _make_temporary_folder(settings: Settings) -> Iterator[Path]:
    """Yield a folder whose path is short enough for a socket; remove those of starts that were killed."""
    prefix = f"pokervod-dev-{digest_path(settings.home)}-"
    for left in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix) as folder:
        yield Path(folder)
