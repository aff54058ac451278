"""Start a workflow with ``pokervod execute``, and list what starts workflows with ``pokervod routes``."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from pokervod_pipelines.cli.options import ByOption, JsonOption, read_actor
from pokervod_pipelines.cli.output import err, out, print_json, print_table
from pokervod_pipelines.cli.usage import MAX_SHOWN
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.intent import choose_workflow
from pokervod_pipelines.workflows.routes import REQUESTED, ROUTES, Route
from pokervod_pipelines.workflows.setup import find_dagster_home, prepare_folder
from pokervod_pipelines.workflows.workflow import Workflow

if TYPE_CHECKING:
    from pokervod_pipelines.defs.launch import Launcher
    from pokervod_pipelines.defs.launch_child import Launch

MAX_PRIORITY = 100

app = typer.Typer()


@app.command("execute")
def execute(
    workflow: Annotated[
        str, typer.Argument(metavar="[WORKFLOW]", help="As `pokervod routes` lists them; without it the input decides.")
    ] = "",
    given: Annotated[
        str, typer.Option("--input", metavar="JSON", help='What it is told: \'{"library": "wsop"}\'.')
    ] = "{}",
    priority: Annotated[
        int,
        typer.Option("--priority", min=-MAX_PRIORITY, max=MAX_PRIORITY, help="A higher one leaves the queue first."),
    ] = REQUESTED,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the run to its end; exit status 1 if it fails.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why (audited).")] = "asked for by command",
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Start a workflow as a Dagster run, and print the ids of the run and of the request.

    `pokervod dev`, or another Dagster daemon, has to be running. Every run, event and row of the request has its
    correlation id, which `events tail --correlation` and `logs --correlation` take.

    Example: pokervod execute nas_sync --input '{"library": "wsop"}' --wait
    """
    settings = prepare_folder()
    values = _read_json(given)
    chosen, checked = choose_workflow(list_workflows(), workflow or None, values, settings)
    actor = read_actor(by, reason)
    with _open_launcher(settings) as launcher:
        launch = launcher.launch(chosen, checked, actor, priority=priority)
        if not as_json:
            out.print(f"{launch.workflow} started: run {launch.run_id}, correlation id {launch.correlation_id}")
        elif not wait:
            print_json({**asdict(launch), "status": "started"})
        if wait and not _wait(launcher, launch, as_json=as_json):
            raise typer.Exit(1)


@contextmanager
def _open_launcher(settings: Settings) -> "Iterator[Launcher]":
    home = find_dagster_home(settings)
    os.environ["DAGSTER_HOME"] = str(home)
    with err.status("loading Dagster") if err.is_terminal else nullcontext():
        from pokervod_pipelines.defs.launch import open_launcher  # noqa: PLC0415 - a second, shown as progress
    with open_database(settings) as engine, open_launcher(engine, settings, home) as launcher:
        yield launcher


def _read_json(given: str) -> Mapping[str, Any]:
    try:
        values = json.loads(given)
    except json.JSONDecodeError:
        values = None
    if not isinstance(values, dict):
        raise BadInput(f"--input: expected a JSON object such as '{{\"sheet\": \"hands\"}}', got '{given[:MAX_SHOWN]}'")
    return values


def _wait(launcher: "Launcher", launch: "Launch", *, as_json: bool) -> bool:
    """Follow the run to its end and return whether it succeeded; Ctrl-C ends the command, not the run."""
    try:
        return _follow(launcher, launch, as_json=as_json)
    except KeyboardInterrupt:
        err.print(f"the run goes on; `pokervod logs --run {launch.run_id} --follow` shows it", markup=False)
        raise


def _follow(launcher: "Launcher", launch: "Launch", *, as_json: bool) -> bool:
    """Print each state of the run; return whether it succeeded."""
    from pokervod_pipelines.defs.launch import follow_run  # noqa: PLC0415 - loaded already

    state = None
    for state in follow_run(launcher.instance, launch.run_id):
        if not as_json:
            out.print(f"  {state.status}")
    succeeded = state is not None and state.succeeded
    error = state.error if state else None
    if as_json:
        print_json({**asdict(launch), "status": "success" if succeeded else "failed", "error": error})
    elif error:
        err.print(f"[bold red]failed[/] {escape(error)}")
    return succeeded


@app.command("routes")
def routes(as_json: JsonOption = False) -> None:
    """List the workflows, what each is told, and the events that start it.

    Example: pokervod routes
    """
    settings, workflows = load_settings(), list_workflows()
    if as_json:
        print_json([_describe_route(route, workflows[route.workflow]) for route in ROUTES])
        return
    print_table(
        "workflows",
        ("workflow", "input", "timeout", "retries", "after a failure"),
        [
            (
                each.name,
                each.describe_input(),
                f"{each.timeout_seconds or settings.workflows.timeout_seconds:,.0f} s",
                settings.workflows.retries if each.retries is None else each.retries,
                _describe_answer(each),
            )
            for each in workflows.values()
        ],
        right=("timeout", "retries"),
    )
    print_table(
        "routes",
        ("event", "workflow", "priority", "waits"),
        [
            (
                _describe_event(route),
                _describe_target(route),
                route.priority,
                f"{route.debounce_seconds:g} s" if route.debounce_seconds else "",
            )
            for route in ROUTES
        ],
        right=("priority", "waits"),
    )


def _describe_event(route: Route) -> str:
    *others, last = route.any_of or ("",)
    condition = " or ".join(filter(None, (", ".join(others), last)))
    return f"{route.on} with {condition}" if condition else route.on


def _describe_target(route: Route) -> str:
    told = f"each sheet {route.each_sheet}" if route.each_sheet else ", ".join(route.input)
    return f"{route.workflow}: {told}" if told else route.workflow


def _describe_answer(workflow: Workflow) -> str:
    answer = workflow.on_error
    again = f"{answer.retries} more after {answer.retry_after_seconds:g} s each" if answer.retries else ""
    return ", then ".join(filter(None, (again, answer.fallback or "")))


def _describe_route(route: Route, workflow: Workflow) -> dict[str, Any]:
    return {
        **asdict(route),
        "timeout_seconds": workflow.timeout_seconds,
        "retries": workflow.retries,
        "fallback": workflow.on_error.fallback,
    }
