"""Answer people and programs over HTTP: ``pokervod serve``."""

import gc
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from pokervod_pipelines.cli.output import err
from pokervod_pipelines.cli.ports import refuse_taken_port
from pokervod_pipelines.workflows.setup import prepare_folder

LOOPBACK = "127.0.0.1"

app = typer.Typer()


@app.command("serve")
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on, such as 0.0.0.0; without users only this machine is answered.")
    ] = LOOPBACK,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the API.")] = 8080,
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", metavar="FILE", help="Certificate in PEM, with those above it.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="Its key in PEM.")] = None,
    dagster_ui: Annotated[str, typer.Option("--dagster-ui", hidden=True, help="Webserver of `pokervod dev`.")] = "",
    dagster_code: Annotated[str, typer.Option("--dagster-code", hidden=True, help="Socket of its code server.")] = "",
) -> None:
    """Answer people and programs over HTTP until Ctrl-C: the API, its pages at /docs, and Dagster's UI at /dagster.

    Without any user it listens on this machine only. While the database is away it says so, and has the last dashboard.

    Example: pokervod serve

    Example: pokervod serve --host 0.0.0.0 --tls-cert server.pem --tls-key server.key
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # nothing multiplies matrices
    from pokervod_pipelines.access.users import read_first_admin  # noqa: PLC0415
    from pokervod_pipelines.api.app import OPEN_SECONDS, make_database  # noqa: PLC0415 - brings FastAPI
    from pokervod_pipelines.api.clients import is_loopback  # noqa: PLC0415
    from pokervod_pipelines.api.dagster_ui.mount import RunningDagster  # noqa: PLC0415
    from pokervod_pipelines.api.server import Listening, listen  # noqa: PLC0415
    from pokervod_pipelines.console.app import build_site  # noqa: PLC0415

    settings = prepare_folder()
    read_first_admin(settings)  # a mistake in the environment is said at once, also while the database is away
    refuse_taken_port(host, port)
    database = make_database(settings)
    listening = Listening(host=host, port=port, certificate=tls_cert, key=tls_key)
    database.start(OPEN_SECONDS)
    users = database.has_users()
    if users is False and not is_loopback(host):
        err.print("There is no user, so only this machine is answered; add one: pokervod users add NAME --role admin")
        listening = Listening(host=LOOPBACK, port=port, certificate=tls_cert, key=tls_key)
    if users is None:
        err.print(f"The database does not answer yet: {database.problem}", markup=False)
    gc.collect()
    gc.freeze()
    ui = f", Dagster's UI at {listening.address}/dagster/" if settings.api.dagster.enabled else ""
    pages = f"API on {listening.address}, its pages at {listening.address}/docs{ui}; Ctrl-C stops it."
    err.print(pages, markup=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: the server raises again what ended it
    with suppress(KeyboardInterrupt):
        running = RunningDagster(address=dagster_ui, code=dagster_code)  # what `pokervod dev` has
        listen(build_site(settings, database, running), listening)
    err.print("stopped")
