"""``pokervod render``: run a worker, and let people control the queue: retry, cancel, prioritise, pause, resume."""

import signal
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.cli.known import require_known
from pokervod_pipelines.cli.options import (
    ByOption,
    DayOption,
    JsonOption,
    ReasonOption,
    read_actor,
)
from pokervod_pipelines.cli.output import count_nouns, err, make_hint, out, print_json, print_table, show_time
from pokervod_pipelines.cli.render_pages import WORKER_COLUMNS, WORKER_FIGURES, worker_rows
from pokervod_pipelines.cli.usage import LARGEST
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.processes.path_check import require_answer
from pokervod_pipelines.render import actions, pauses, queue
from pokervod_pipelines.render import workers as registry
from pokervod_pipelines.render.actions import ActionReport
from pokervod_pipelines.render.outputs.marker import write_marker
from pokervod_pipelines.render.states import Transition
from pokervod_pipelines.render.templates import load_configured_templates, read_time_limits
from pokervod_pipelines.settings import Settings, load_settings

Ids = Annotated[list[int], typer.Argument(metavar="ID…", min=1, max=LARGEST, help="As `render list` shows them.")]
RendererOption = Annotated[str, typer.Option("--renderer", help="Only this renderer: local or nexrender.")]
TemplateOption = Annotated[str, typer.Option("--template", "-t", help="Only this template.")]
RENDERERS = ("local", "nexrender")
DRAIN_SECONDS = 1.0


def register(app: typer.Typer) -> None:
    """Add the commands to ``pokervod render``."""
    app.command("worker")(worker)
    app.command("retry")(retry)
    app.command("remake")(remake)
    app.command("cancel")(cancel)
    app.command("prioritize")(prioritize)
    app.command("pause")(pause)
    app.command("resume")(resume)
    app.command("workers")(workers)
    app.command("rescue")(rescue)
    app.command("accept-folder")(accept_folder)


def worker(
    concurrency: Annotated[
        int | None, typer.Option("--concurrency", "-c", min=1, help="Local renders at once; default: one a core.")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="Default: this machine's name and a number.")] = "",
    until_empty: Annotated[bool, typer.Option("--until-empty", help="End when nothing is due any more.")] = False,
    day: DayOption = None,
) -> None:
    """Render pending graphics until Ctrl-C or SIGTERM; running ones may finish, a second signal releases them.

    Any number of workers may run, on any number of machines that reach the database and the folder of the graphics.

    Example: pokervod render worker --concurrency 2
    """
    from pokervod_pipelines.render.worker.run import run_worker  # noqa: PLC0415 - brings Pillow and PyAV

    settings = load_settings()
    with open_database(settings) as engine:
        counts = run_worker(
            engine,
            settings,
            name=name or None,
            day=day,
            until_empty=until_empty,
            concurrency=concurrency,
            stop_signals=(signal.SIGTERM, signal.SIGINT),
            on_start=lambda name: err.print(f"Render worker {name} is ready; Ctrl-C stops it.", markup=False),
            on_transition=_print_transition,
        )
    summary = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "nothing was due"
    out.print(f"done: {summary}", markup=False)


def _print_transition(each: Transition) -> None:
    state = "requeued" if each.state == "pending" else each.state
    out.print(
        f"{show_time(datetime.now(UTC), '%H:%M:%S')}  {each.job.id} {each.job.template}: {state}, {each.reason}",
        markup=False,
    )


def retry(ids: Ids, reason: ReasonOption, by: ByOption = "", as_json: JsonOption = False) -> None:
    """Retry graphics that failed, timed out or were cancelled.

    Example: pokervod render retry 17 18 --reason "the font is installed"
    """
    _act(lambda engine, actor: actions.retry(engine, ids, actor), "requeued", reason, by, as_json=as_json)


def remake(ids: Ids, reason: ReasonOption, by: ByOption = "", as_json: JsonOption = False) -> None:
    """Render completed graphics again, each as a next version: for a file that was lost or spoiled.

    Example: pokervod render remake 17 --reason "the file was deleted on the share"
    """
    _act(lambda engine, actor: actions.remake(engine, ids, actor), "remade", reason, by, as_json=as_json)


def cancel(ids: Ids, reason: ReasonOption, by: ByOption = "", as_json: JsonOption = False) -> None:
    """Cancel graphics; a running one stops within seconds.

    Example: pokervod render cancel 17 --reason "wrong player"
    """
    _act(lambda engine, actor: actions.cancel(engine, ids, actor), "cancelled or stopping", reason, by, as_json=as_json)


def prioritize(
    ids: Ids,
    priority: Annotated[int, typer.Option("--priority", "-p", min=1, max=10, help="1 (the highest) to 10.")],
    reason: ReasonOption,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Set the priority of graphics; half an hour of waiting outweighs a step.

    Example: pokervod render prioritize 17 --priority 1 --reason "on air in five minutes"
    """
    _act(
        lambda engine, actor: actions.prioritize(engine, ids, priority, actor),
        f"now of priority {priority}",
        reason,
        by,
        as_json=as_json,
    )


def _act(act: Callable[[Engine, Actor], ActionReport], what: str, reason: str, by: str, *, as_json: bool) -> None:
    actor = read_actor(by, reason)
    with open_database(load_settings()) as engine:
        report = act(engine, actor)
    if as_json:
        print_json(asdict(report))
    elif report.done or not report.refused:
        out.print(f"{len(report.done)} {what}: {', '.join(map(str, report.done)) or 'none'}", markup=False)
    if report.refused:
        raise BadInput(_describe_refused(report))


def _describe_refused(report: ActionReport) -> str:
    """Return why instructions were not changed, a single one in one sentence."""
    total = len(report.done) + len(report.refused)
    head = f"{len(report.refused)} of {total} not changed:" if report.done else "Nothing changed:"
    if len(report.refused) == 1:
        return f"{head} {report.refused[0][1]}."
    return "\n".join((head, *(f"  {why}" for _, why in report.refused)))


def pause(
    reason: ReasonOption,
    renderer: RendererOption = "",
    template: TemplateOption = "",
    drain: Annotated[bool, typer.Option("--drain", help="Wait until no job of it is running any more.")] = False,
    by: ByOption = "",
) -> None:
    """Pause dispatching until `render resume`; running jobs finish.

    Example: pokervod render pause --renderer nexrender --drain --reason "After Effects is updated"
    """
    settings = load_settings()
    scope, actor = _name_scope(settings, renderer, template), read_actor(by, reason)
    with open_database(settings) as engine:
        pauses.pause(engine, scope, actor)
        out.print(f"Rendering paused: {scope}", markup=False)
        if drain:
            _drain(engine, scope)


def _drain(engine: Engine, scope: str) -> None:
    """Wait until no job of the scope is running; print each change of their number."""
    printed: int | None = None
    while printed != 0:
        with engine.connect() as connection:
            running = pauses.count_running(connection, scope)
        if running != printed:
            err.print(f"{running} running", markup=False)
        printed = running
        if running:
            time.sleep(DRAIN_SECONDS)


def _name_scope(settings: Settings, renderer: str, template: str) -> str:
    """Return the scope to pause; an unknown name would pause nothing, unnoticed."""
    require_known("renderer", renderer, RENDERERS)
    if template:
        require_known("template", template, load_configured_templates(settings))
    return pauses.name_scope(renderer=renderer or None, template=template or None)


def resume(
    reason: ReasonOption, renderer: RendererOption = "", template: TemplateOption = "", by: ByOption = ""
) -> None:
    """Resume dispatching.

    Example: pokervod render resume --renderer nexrender --reason "updated"
    """
    settings = load_settings()
    scope, actor = _name_scope(settings, renderer, template), read_actor(by, reason)
    with open_database(settings) as engine:
        was_paused = pauses.resume(engine, scope, actor)
        with engine.connect() as connection:
            others = [each.scope for each in pauses.list_pauses(connection)]
    out.print(f"Rendering {'resumed' if was_paused else 'was not paused'}: {scope}", markup=False)
    if others:
        out.print(f"still paused: {', '.join(others)}", markup=False)


def workers(
    reinstate: Annotated[
        str, typer.Option("--reinstate", metavar="NAME", help="Let this quarantined worker claim jobs again.")
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why it is reinstated (audited).")] = "",
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """List the workers, their running jobs, and who is quarantined; `--reinstate` ends a quarantine.

    Example: pokervod render workers --reinstate studio-2 --reason "its disk was emptied"
    """
    actor = read_actor(by, reason) if reinstate else None
    with open_database(load_settings()) as engine:
        if actor:
            registry.reinstate(engine, reinstate, actor)
        with engine.connect() as connection:
            listed, paused = registry.list_workers(connection), pauses.list_pauses(connection)
    if as_json:
        print_json({"workers": [asdict(each) for each in listed], "pauses": [asdict(each) for each in paused]})
        return
    rows = worker_rows(listed, datetime.now(UTC))
    hint = make_hint(len(rows), first_step="`pokervod render worker` starts one, and so does `pokervod dev`")
    print_table(count_nouns(len(listed), "worker"), WORKER_COLUMNS, rows, right=WORKER_FIGURES, hint=hint)
    for each in paused:
        until = f"until {show_time(each.until, '%H:%M:%S')}" if each.until else "until a person resumes it"
        out.print(f"paused: {each.scope}, {until}: {each.reason} ({each.by})", markup=False)


def rescue(as_json: JsonOption = False) -> None:
    """Requeue jobs whose lease expired or that take too long, now; workers and the sensor do it by themselves.

    Example: pokervod render rescue
    """
    settings = load_settings()
    with open_database(settings) as engine:
        requeued = queue.requeue_lost(engine, settings.render.queue, read_time_limits(settings))
    if as_json:
        print_json([{"id": each.job.id, "state": each.state, "reason": each.reason} for each in requeued])
        return
    out.print(f"{len(requeued)} lost jobs found", markup=False)
    for each in requeued:
        _print_transition(each)


def accept_folder(reason: ReasonOption, by: ByOption = "") -> None:
    """Accept the outputs folder as it is mounted now, where graphics are known and its marker is missing.

    Without the marker nothing is written there: it may be the empty folder below an unmounted share.

    Example: pokervod render accept-folder --reason "moved to the new share"
    """
    root = load_settings().renders
    require_answer(root)
    if not root.is_dir():
        raise BadInput(f"{root}: the outputs folder is missing; mount the share or create the folder")
    write_marker(root, read_actor(by, reason))
    out.print(f"{root} is accepted for graphics", markup=False)
