"""``pokervod watch``: the resident process that runs what a folder, a sheet or an event asks for."""

import logging
import os
import socket
import sys
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import typer

from pokervod_pipelines.cli.output import err, out, show_time
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.workflows.setup import prepare_folder

if TYPE_CHECKING:
    from pokervod_pipelines.settings import Settings
    from pokervod_pipelines.workflows.watch.orders import RunOrder
    from pokervod_pipelines.workflows.watch.watcher import Observer

app = typer.Typer()

_log = logging.getLogger(__name__)


@app.command("watch")
def watch() -> None:
    """Run what new hands, edited sheets and events ask for, at once, until Ctrl-C.

    Part of `pokervod dev`. Several may run: one leads, the others stand by. Without one, Dagster's sensors do it.

    Example: pokervod watch
    """
    prepare_folder()
    # Nothing of gRPC is used in a forked child, and more threads of OpenBLAS would only lie still.
    os.environ.update(GRPC_ENABLE_FORK_SUPPORT="0", OPENBLAS_NUM_THREADS="1")
    from pokervod_pipelines.defs import warm_runs  # noqa: PLC0415 - brings Dagster
    from pokervod_pipelines.workflows.watch.forker import serve_tasks  # noqa: PLC0415
    from pokervod_pipelines.workflows.watch.orders import Runner  # noqa: PLC0415
    from pokervod_pipelines.workflows.watch.watcher import watch as look  # noqa: PLC0415

    settings, _ = warm_runs.load_once()
    name = f"{socket.gethostname()} process {os.getpid()}"
    runner = Runner(run=_run, report_lost=warm_runs.report_lost)
    err.print("Watcher is ready; Ctrl-C stops it.")
    serve_tasks(partial(look, settings=settings, watcher=name, runner=runner, tell=_tell, make_observer=_make_observer))
    _tell("stopped")


def _make_observer(settings: "Settings") -> "Observer":
    """Return what looks with the detectors, beside the sensor that does."""
    from pokervod_pipelines.defs.orchestrator_facts import OrchestratorFacts  # noqa: PLC0415 - only this process looks
    from pokervod_pipelines.monitoring.detectors.looker import Looker  # noqa: PLC0415
    from pokervod_pipelines.monitoring.detectors.watching import WatcherLooks  # noqa: PLC0415
    from pokervod_pipelines.monitoring.health.access import DatabaseAccess  # noqa: PLC0415

    access = DatabaseAccess(settings, OrchestratorFacts)
    return WatcherLooks(looker=Looker(name="watcher", settings=settings), access=access)


def _run(order: "RunOrder") -> None:
    """Run the order in this process, which was forked for it, and print how it ended."""
    from pokervod_pipelines.defs.warm_runs import run_order  # noqa: PLC0415 - brings Dagster

    began = time.monotonic()
    try:
        end = run_order(order)
    except PokervodError as error:
        _tell(f"{order.title} cannot be run: {error}")
        sys.exit(1)
    except Exception:  # noqa: BLE001 - whatever it is, the run is told to be lost
        _log.exception("%s cannot be run", order.title)
        sys.exit(1)
    if end is not None:
        now, seconds = show_time(datetime.now(UTC), "%H:%M:%S"), time.monotonic() - began
        out.print(f"{now}  {order.title}: {end} after {seconds:.1f} s", markup=False)


def _tell(sentence: str) -> None:
    _log.info("%s", sentence, extra={"is_shown": True})
    err.print(sentence, markup=False)
