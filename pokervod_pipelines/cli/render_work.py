"""``pokervod render``: the work itself, and what people do with it: workers, retries, cancels, urgency, pauses."""

import getpass
import signal
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pokervod_pipelines.cli.output import err, out, print_json, print_table
from pokervod_pipelines.cli.render_pages import CREW_COLUMNS, CREW_FIGURES, crew_rows
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from pokervod_pipelines.render.actions import ActionReport, Order
    from pokervod_pipelines.render.states import Settlement
    from pokervod_pipelines.settings import Settings

LARGEST = 2**63 - 1
"""What the database takes as an id or a count."""

Ids = Annotated[list[int], typer.Argument(metavar="ID…", min=1, max=LARGEST, help="As `render list` shows them.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept with it.")]
ByOption = Annotated[str, typer.Option("--by", help="Who; default: the user of this terminal.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
RendererOption = Annotated[str, typer.Option("--renderer", help="Only this renderer: local or nexrender.")]
TemplateOption = Annotated[str, typer.Option("--template", "-t", help="Only this template.")]
RENDERERS = ("local", "nexrender")
DRAIN_LOOK_SECONDS = 1.0


def register(app: typer.Typer) -> None:
    """The commands are part of ``pokervod render``."""
    app.command("worker")(worker)
    app.command("retry")(retry)
    app.command("bulk-retry")(bulk_retry)
    app.command("remake")(remake)
    app.command("cancel")(cancel)
    app.command("prioritize")(prioritize)
    app.command("pause")(pause)
    app.command("resume")(resume)
    app.command("workers")(workers)
    app.command("rescue")(rescue)


def worker(
    concurrency: Annotated[
        int | None, typer.Option("--concurrency", "-c", min=1, help="Local renders at once; default: one a core.")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="Default: this machine's name and a number.")] = "",
    until_empty: Annotated[bool, typer.Option("--until-empty", help="End when nothing is due any more.")] = False,
    day: Annotated[
        datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="Only this broadcast day.")
    ] = None,
) -> None:
    """Render what waits, until Ctrl-C or SIGTERM; what is at work then may come to its end, a second one hands it back.

    Any number of workers may run, on any number of machines that reach the database and the folder of the graphics.

    Example: pokervod render worker --concurrency 2
    """
    from pokervod_pipelines.render.worker.shift import work_shift  # noqa: PLC0415 - kept out of --help

    settings = load_settings()
    with open_database(settings) as engine:
        tally = work_shift(
            engine,
            settings,
            name=name or None,
            day=day.date() if day else None,
            until_empty=until_empty,
            concurrency=concurrency,
            stop_signals=(signal.SIGTERM, signal.SIGINT),
            started=lambda signed: err.print(f"worker {signed} takes what waits; Ctrl-C ends it", markup=False),
            tell=_tell_settled,
        )
    counts = ", ".join(f"{count} {state}" for state, count in sorted(tally.items())) or "nothing was due"
    out.print(f"done: {counts}", markup=False)


def _tell_settled(each: "Settlement") -> None:
    state = "waits again" if each.state == "pending" else each.state
    out.print(
        f"{datetime.now().astimezone():%H:%M:%S}  {each.held.id} {each.held.template}: {state}, {each.reason}",
        markup=False,
    )


def retry(ids: Ids, reason: ReasonOption, by: ByOption = "", as_json: JsonOption = False) -> None:
    """Ask again for graphics that failed, timed out or were cancelled.

    Example: pokervod render retry 17 18 --reason "the font is installed"
    """
    from pokervod_pipelines.render.actions import retry as retry_ids  # noqa: PLC0415 - kept out of --help

    _act(lambda engine, order: retry_ids(engine, ids, order), "asked again", reason, by, as_json=as_json)


def bulk_retry(
    reason: ReasonOption,
    state: Annotated[
        list[str] | None, typer.Option("--state", "-s", help="In this state; default: failed and timed_out.")
    ] = None,
    template: TemplateOption = "",
    day: Annotated[datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="Of this broadcast day.")] = None,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Ask again for all that failed or timed out, or those of a template or day.

    Example: pokervod render bulk-retry --day 2031-05-04 --reason "the share is back"
    """
    from pokervod_pipelines.render.actions import bulk_retry as retry_all  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.render.listing import InstructionFilter  # noqa: PLC0415

    wanted = InstructionFilter(states=tuple(state or ()), template=template or None, day=day.date() if day else None)
    _act(lambda engine, order: retry_all(engine, wanted, order), "asked again", reason, by, as_json=as_json)


def remake(ids: Ids, reason: ReasonOption, by: ByOption = "", as_json: JsonOption = False) -> None:
    """Make completed graphics anew, each as a next version: for a file that was lost or spoiled.

    Example: pokervod render remake 17 --reason "the file was deleted on the share"
    """
    from pokervod_pipelines.render.actions import remake as remake_ids  # noqa: PLC0415 - kept out of --help

    _act(lambda engine, order: remake_ids(engine, ids, order), "made anew", reason, by, as_json=as_json)


def cancel(ids: Ids, reason: ReasonOption, by: ByOption = "", as_json: JsonOption = False) -> None:
    """Cancel graphics; one that is being rendered is stopped within seconds.

    Example: pokervod render cancel 17 --reason "wrong player"
    """
    from pokervod_pipelines.render.actions import cancel as cancel_ids  # noqa: PLC0415 - kept out of --help

    _act(
        lambda engine, order: cancel_ids(engine, ids, order), "cancelled or being stopped", reason, by, as_json=as_json
    )


def prioritize(
    ids: Ids,
    priority: Annotated[int, typer.Option("--priority", "-p", min=1, max=10, help="1 (the highest) to 10.")],
    reason: ReasonOption,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say how urgent graphics are; half an hour of waiting outweighs a step.

    Example: pokervod render prioritize 17 --priority 1 --reason "on air in five minutes"
    """
    from pokervod_pipelines.render.actions import prioritize as set_priority  # noqa: PLC0415 - kept out of --help

    _act(
        lambda engine, order: set_priority(engine, ids, priority, order),
        f"now of priority {priority}",
        reason,
        by,
        as_json=as_json,
    )


def _act(act: "Callable[[Engine, Order], ActionReport]", what: str, reason: str, by: str, *, as_json: bool) -> None:
    from pokervod_pipelines.actors import new_correlation_id  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.render.actions import Order  # noqa: PLC0415

    order = Order(by=by or getpass.getuser(), reason=reason, correlation_id=new_correlation_id())
    with open_database(load_settings()) as engine:
        report = act(engine, order)
    if as_json:
        print_json(asdict(report))
    elif report.done or not report.refused:
        out.print(f"{len(report.done)} {what}: {', '.join(map(str, report.done)) or 'none'}", markup=False)
    if report.refused:
        listed = "\n".join(f"  {number}: {why}" for number, why in report.refused)
        raise BadInput(f"{len(report.refused)} left as they are:\n{listed}")


def pause(
    reason: ReasonOption,
    renderer: RendererOption = "",
    template: TemplateOption = "",
    drain: Annotated[bool, typer.Option("--drain", help="Wait until nothing of it is in work any more.")] = False,
    by: ByOption = "",
) -> None:
    """Give no more work to workers, until `render resume`; what is in work comes to its end.

    Example: pokervod render pause --renderer nexrender --drain --reason "After Effects is updated"
    """
    from pokervod_pipelines.actors import new_correlation_id  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.render import pauses  # noqa: PLC0415

    settings = load_settings()
    scope = _name_scope(settings, renderer, template)
    _require(reason)
    with open_database(settings) as engine:
        pauses.pause(engine, scope, reason=reason, by=by or getpass.getuser(), correlation_id=new_correlation_id())
        out.print(f"{scope} is paused", markup=False)
        if drain:
            _drain(engine, scope)


def _drain(engine: "Engine", scope: str) -> None:
    """Nothing of the scope is in work any more; each change of how much is left is told."""
    from pokervod_pipelines.render.pauses import count_held  # noqa: PLC0415 - kept out of --help

    told: int | None = None
    while told != 0:
        with engine.connect() as connection:
            held = count_held(connection, scope)
        if held != told:
            err.print(f"{held} in work", markup=False)
        told = held
        if held:
            time.sleep(DRAIN_LOOK_SECONDS)


def _name_scope(settings: "Settings", renderer: str, template: str) -> str:
    """Return what is paused; a name that there is not would pause nothing, unnoticed."""
    from pokervod_pipelines.render.pauses import name_scope  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.render.rules import load_house_templates  # noqa: PLC0415

    if renderer and renderer not in RENDERERS:
        raise BadInput(f"there is no renderer {renderer!r}; there are {', '.join(RENDERERS)}")
    if template and template not in (known := load_house_templates(settings)):
        raise BadInput(f"there is no template {template!r}; there are {', '.join(known)}")
    return name_scope(renderer=renderer or None, template=template or None)


def _require(reason: str) -> None:
    if not reason.strip():
        raise BadInput("say why with --reason: it is kept")


def resume(
    reason: ReasonOption, renderer: RendererOption = "", template: TemplateOption = "", by: ByOption = ""
) -> None:
    """Give work to workers again.

    Example: pokervod render resume --renderer nexrender --reason "updated"
    """
    from pokervod_pipelines.actors import new_correlation_id  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.render import pauses  # noqa: PLC0415

    settings = load_settings()
    scope = _name_scope(settings, renderer, template)
    _require(reason)
    with open_database(settings) as engine:
        was_paused = pauses.resume(
            engine, scope, reason=reason, by=by or getpass.getuser(), correlation_id=new_correlation_id()
        )
        with engine.connect() as connection:
            others = [each.scope for each in pauses.list_pauses(connection)]
    out.print(f"{scope} {'goes on' if was_paused else 'was not paused'}", markup=False)
    if others:
        out.print(f"still paused: {', '.join(others)}", markup=False)


def workers(
    take_back: Annotated[str, typer.Option("--take-back", metavar="NAME", help="Give this one work again.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why it is taken back.")] = "",
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """List the workers, what each holds, and who is set aside; `--take-back` gives one work again.

    Example: pokervod render workers --take-back studio-2 --reason "its disk was emptied"
    """
    from pokervod_pipelines.actors import new_correlation_id  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.render import crew, pauses  # noqa: PLC0415

    if take_back:
        _require(reason)
    with open_database(load_settings()) as engine:
        if take_back:
            who = by or getpass.getuser()
            crew.take_back(engine, take_back, reason=reason, by=who, correlation_id=new_correlation_id())
        with engine.connect() as connection:
            members, paused = crew.list_crew(connection), pauses.list_pauses(connection)
    if as_json:
        print_json({"workers": [asdict(each) for each in members], "pauses": [asdict(each) for each in paused]})
        return
    print_table(f"{len(members)} workers", CREW_COLUMNS, crew_rows(members, datetime.now(UTC)), right=CREW_FIGURES)
    for pause_ in paused:
        until = f"until {pause_.until:%H:%M:%S} UTC" if pause_.until else "until somebody resumes it"
        out.print(f"paused: {pause_.scope}, {until}: {pause_.reason} ({pause_.by})", markup=False)


def rescue(as_json: JsonOption = False) -> None:
    """Put back what no living worker holds, now; workers and the sensor do it by themselves.

    Example: pokervod render rescue
    """
    from pokervod_pipelines.render.rescue import read_house_limits, rescue_lost  # noqa: PLC0415 - kept out of --help

    settings = load_settings()
    with open_database(settings) as engine:
        rescued = rescue_lost(engine, settings.render.queue, read_house_limits(settings))
    if as_json:
        print_json([{"id": each.held.id, "state": each.state, "reason": each.reason} for each in rescued])
        return
    out.print(f"{len(rescued)} put back", markup=False)
    for each in rescued:
        _tell_settled(each)
