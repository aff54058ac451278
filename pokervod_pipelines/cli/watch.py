"""``pokervod watch``: the resident process that runs what a folder, a sheet or an event asks for."""

import os
import socket
from functools import partial

import typer

from pokervod_pipelines.cli.output import err
from pokervod_pipelines.workflows.setup import prepare_folder

app = typer.Typer()


@app.command("watch")
def watch() -> None:
    """Run what new hands, edited sheets and events ask for, at once, until Ctrl-C.

    Part of `pokervod dev`. Several may run: one leads, the others stand by. Without one, Dagster's sensors do it.

    Example: pokervod watch
    """
    settings = prepare_folder()
    # Nothing of gRPC is used in a forked child, and more threads of OpenBLAS would only lie still.
    os.environ.update(GRPC_ENABLE_FORK_SUPPORT="0", OPENBLAS_NUM_THREADS="1")
    from pokervod_pipelines.defs import warm_runs  # noqa: PLC0415 - brings Dagster
    from pokervod_pipelines.workflows.watch.forker import serve_tasks  # noqa: PLC0415
    from pokervod_pipelines.workflows.watch.orders import Launch  # noqa: PLC0415
    from pokervod_pipelines.workflows.watch.watcher import watch as look  # noqa: PLC0415

    warm_runs.load_repository()
    name = f"{socket.gethostname()} process {os.getpid()}"
    err.print(f"Watcher {name} is ready; Ctrl-C stops it.", markup=False)
    launch = Launch(run=warm_runs.run_order, report_lost=warm_runs.report_lost)
    serve_tasks(partial(look, settings=settings, watcher=name, launch=launch))
    err.print("stopped")
