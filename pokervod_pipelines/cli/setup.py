"""``pokervod setup``, ``doctor`` and ``dev``: from a fresh folder to a running system."""

import os
import signal
import subprocess
import sys
from typing import Annotated

import typer

from pokervod_pipelines.cli.output import err, out, print_json, print_table

app = typer.Typer()


@app.command("setup")
def setup() -> None:
    """Make this folder ready: settings checked, a sample archive if none is configured, Dagster's home, `.env`.

    Example: pokervod setup && dagster definitions validate
    """
    from pokervod_pipelines.workflows.prepare import dagster_home, prepare  # noqa: PLC0415 - kept out of --help

    settings = prepare(progress=lambda what, done, total: None)
    out.print(f"settings: {settings.source or 'environment'}")
    out.print(f"libraries: {', '.join(library.name for library in settings.libraries) or 'none'}")
    out.print(f"sheets: {', '.join(sheet.name for sheet in settings.sheets) or 'none'}")
    out.print(f"Dagster's home: {dagster_home(settings)} (named in .env)")


@app.command("doctor")
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False) -> None:
    """Check settings, roots, sheets, plans, channels, database and Dagster. Exit status 1 if something is to be fixed.

    Example: pokervod doctor
    """
    from pokervod_pipelines.rollout.soundness import examine_rollout  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.workflows.doctor import examine  # noqa: PLC0415

    findings = [*examine(), *examine_rollout()]
    if as_json:
        print_json([{"part": f.part, "ok": f.is_sound, "found": f.found, "fix": f.fix} for f in findings])
    else:
        rows = [("ok" if f.is_sound else "FIX", f.part, f.found, f.fix) for f in findings]
        print_table("What was checked", ("", "part", "found", "what to do"), rows)
    if not all(finding.is_sound for finding in findings):
        raise typer.Exit(1)


@app.command("dev")
def dev(
    host: Annotated[str, typer.Option(help="Address the UI listens on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the Dagster UI.")] = 3000,
) -> None:
    """Run everything here: database, Dagster UI and daemon, a render worker, until Ctrl-C.

    Example: pokervod dev --port 3001
    """
    from pokervod_pipelines.db.engine import open_database  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.workflows.prepare import dagster_home, prepare  # noqa: PLC0415

    settings = prepare()
    environ = {**os.environ, "DAGSTER_HOME": str(dagster_home(settings))}
    command = [sys.executable, "-m", "dagster", "dev", "-m", "pokervod_pipelines.definitions"]
    # A shell's `&` starts us with SIGINT ignored, and Dagster then ignores SIGTERM as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with open_database(settings):
        err.print(f"Dagster UI on http://{host}:{port}, Ctrl-C stops everything")
        # Without its worker the sensor render_queue has Dagster do the rendering, so nobody restarts it here.
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
