"""Set up and check PokerVOD: ``pokervod setup`` and ``doctor``."""

import typer

from pokervod_pipelines.checks import Severity
from pokervod_pipelines.cli.options import JsonOption
from pokervod_pipelines.cli.output import out, print_json
from pokervod_pipelines.workflows.setup import find_dagster_home, set_up_folder

app = typer.Typer()

LABELS = {Severity.INFO: "note", Severity.WARNING: "note", Severity.ERROR: "FIX"}


@app.command("setup")
def setup() -> None:
    """Make this folder ready: check settings; create a sample archive if none is configured, Dagster's home and `.env`.

    Example: pokervod setup && pokervod doctor
    """
    settings = set_up_folder()
    out.print(f"settings: {settings.source or 'environment'}")
    out.print(f"libraries: {', '.join(library.name for library in settings.libraries) or 'none'}")
    out.print(f"sheets: {', '.join(sheet.name for sheet in settings.sheets) or 'none'}")
    out.print(f"Dagster's home: {find_dagster_home(settings)} (named in .env)")
    out.print("next: `pokervod sync` reads everything once; `pokervod dev` runs everything and shows it in a browser")


@app.command("doctor")
def doctor(as_json: JsonOption = False) -> None:
    """Check settings, roots, sheets, plans, channels, database and Dagster; exit with 1 if something has to be fixed.

    A note is worth a look: everything else of that part works.

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
        for each in results:
            state = "ok" if each.passed else LABELS[each.severity]
            out.print(f"{state:4}  {each.name}: {each.summary}", markup=False)
            if not each.passed:
                out.print(f"      → {each.next_step}", markup=False)
    if not all(each.passed or each.severity is Severity.WARNING for each in results):
        raise typer.Exit(1)
