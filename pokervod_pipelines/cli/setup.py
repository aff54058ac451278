"""Set up and run PokerVOD: ``pokervod setup``, ``doctor`` and ``dev``."""

import os
import signal
import subprocess
import sys
from typing import Annotated

import typer

from pokervod_pipelines.cli.options import JsonOption
from pokervod_pipelines.cli.output import err, out, print_json, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.workflows.setup import find_dagster_home, prepare_folder, set_up_folder

app = typer.Typer()


@app.command("setup")
def setup() -> None:
    """Make this folder ready: check settings; create a sample archive if none is configured, Dagster's home and `.env`.

    Example: pokervod setup && dagster definitions validate
    """
    settings = set_up_folder()
    out.print(f"settings: {settings.source or 'environment'}")
    out.print(f"libraries: {', '.join(library.name for library in settings.libraries) or 'none'}")
    out.print(f"sheets: {', '.join(sheet.name for sheet in settings.sheets) or 'none'}")
    out.print(f"Dagster's home: {find_dagster_home(settings)} (named in .env)")


@app.command("doctor")
def doctor(as_json: JsonOption = False) -> None:
    """Check settings, roots, sheets, plans, channels, database and Dagster; exit with 1 if something has to be fixed.

    Example: pokervod doctor
    """
    from pokervod_pipelines.monitoring.doctor import check_installation  # noqa: PLC0415 - it loads every room
    from pokervod_pipelines.rollout.plans import check_rollouts  # noqa: PLC0415 - its criteria take a second

    results = [*check_installation(), *check_rollouts()]
    if as_json:
        print_json(
            [{"part": each.name, "ok": each.passed, "found": each.summary, "fix": each.next_step} for each in results]
        )
    else:
        rows = [("ok" if each.passed else "FIX", each.name, each.summary, each.next_step) for each in results]
        print_table("Parts of the installation", ("", "part", "found", "what to do"), rows)
    if not all(each.passed for each in results):
        raise typer.Exit(1)


@app.command("dev")
def dev(
    host: Annotated[str, typer.Option(help="Address the UI listens on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the Dagster UI.")] = 3000,
) -> None:
    """Run everything here: database, Dagster UI and daemon, a render worker, until Ctrl-C.

    Example: pokervod dev --port 3001
    """
    settings = prepare_folder()
    environ = {**os.environ, "DAGSTER_HOME": str(find_dagster_home(settings))}
    command = [sys.executable, "-m", "dagster", "dev", "-m", "pokervod_pipelines.definitions"]
    # A shell's `&` starts us with SIGINT ignored, and Dagster then ignores SIGTERM as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with open_database(settings):
        err.print(f"Dagster UI on http://{host}:{port}, Ctrl-C stops everything")
        # Without its worker the sensor render_queue makes Dagster render, so nobody restarts it here.
        worker = subprocess.Popen([sys.executable, "-m", "pokervod_pipelines.cli", "render", "worker"], env=environ)
        process = subprocess.Popen([*command, "--host", host, "--port", str(port)], env=environ)
        signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGTERM))
        try:
            code = process.wait()
        except KeyboardInterrupt:
            code = process.wait()
        worker.terminate()
        worker.wait()
    raise typer.Exit(0 if code in {0, -signal.SIGTERM, -signal.SIGINT, 130, 143} else code)
