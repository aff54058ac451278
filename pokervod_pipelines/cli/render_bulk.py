"""``pokervod render bulk-…``: retry, cancel or prioritise all graphics that fit a filter, after a preview."""

import sys
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Annotated

import typer

from pokervod_pipelines.cli.known import require_known
from pokervod_pipelines.cli.options import (
    ByOption,
    DayOption,
    JsonOption,
    PreviewOption,
    ReasonOption,
    SinceOption,
    UntilOption,
    read_actor,
)
from pokervod_pipelines.cli.output import out, print_json
from pokervod_pipelines.cli.render_pages import print_instructions
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.periods import read_period
from pokervod_pipelines.render import bulk
from pokervod_pipelines.render.bulk import BulkReport
from pokervod_pipelines.render.listing import InstructionFilter
from pokervod_pipelines.render.templates import load_configured_templates
from pokervod_pipelines.settings import Settings, load_settings

MAX_SAMPLE = 10
"""Graphics that are shown before a person confirms."""

TemplateOption = Annotated[str, typer.Option("--template", "-t", help="Only this template.")]
PriorityFilter = Annotated[
    int | None, typer.Option("--with-priority", min=1, max=10, help="Only those of this priority.")
]
ErrorFilter = Annotated[
    str, typer.Option("--error", metavar="TEXT", help="Only those with this text in the reason of their state.")
]
CreatedSinceOption = Annotated[
    str, typer.Option("--created-since", metavar="TIME", help="Requested from then on; forms as of --since.")
]
CreatedUntilOption = Annotated[str, typer.Option("--created-until", metavar="TIME", help="Requested until then.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask on a terminal.")]

Act = Callable[..., BulkReport]


def register(app: typer.Typer) -> None:
    """Add the commands to ``pokervod render``."""
    app.command("bulk-retry")(bulk_retry)
    app.command("bulk-cancel")(bulk_cancel)
    app.command("bulk-prioritize")(bulk_prioritize)


def bulk_retry(
    state: Annotated[
        list[str] | None, typer.Option("--state", "-s", help="In this state; default: failed and timed_out.")
    ] = None,
    template: TemplateOption = "",
    day: DayOption = None,
    since: SinceOption = "",
    until: UntilOption = "",
    created_since: CreatedSinceOption = "",
    created_until: CreatedUntilOption = "",
    error: ErrorFilter = "",
    with_priority: PriorityFilter = None,
    reason: ReasonOption = "",
    preview: PreviewOption = False,
    yes: YesOption = False,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Retry all graphics that failed or timed out, or those that fit; `--preview` lists them first.

    Those that failed for good are retried, too: that is for a person to decide. What a person holds is left out.

    Example: pokervod render bulk-retry --since 10:00 --preview

    Example: pokervod render bulk-retry --error "font" --reason "the font is installed"
    """
    settings = load_settings()
    times = {"since": since, "until": until, "created_since": created_since, "created_until": created_until}
    filters = _read_filters(settings, state, template, times, day=day, error=error or None, priority=with_priority)
    words = ("would be retried", "requeued", "Retry")
    _run(settings, bulk.bulk_retry, filters, words, reason, by, preview=preview, yes=yes, as_json=as_json)


def bulk_cancel(
    state: Annotated[list[str] | None, typer.Option("--state", "-s", help="In this state; default: pending.")] = None,
    template: TemplateOption = "",
    day: DayOption = None,
    since: SinceOption = "",
    until: UntilOption = "",
    created_since: CreatedSinceOption = "",
    created_until: CreatedUntilOption = "",
    error: ErrorFilter = "",
    with_priority: PriorityFilter = None,
    reason: ReasonOption = "",
    preview: PreviewOption = False,
    yes: YesOption = False,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Cancel all pending graphics that fit; `--preview` lists them first. What a person holds is left out.

    Example: pokervod render bulk-cancel --template payouts --preview

    Example: pokervod render bulk-cancel --template payouts --reason "the payouts were wrong"
    """
    settings = load_settings()
    times = {"since": since, "until": until, "created_since": created_since, "created_until": created_until}
    filters = _read_filters(settings, state, template, times, day=day, error=error or None, priority=with_priority)
    words = ("would be cancelled", "cancelled or stopping", "Cancel")
    _run(settings, bulk.bulk_cancel, filters, words, reason, by, preview=preview, yes=yes, as_json=as_json)


def bulk_prioritize(
    priority: Annotated[int, typer.Option("--priority", "-p", min=1, max=10, help="1 (the highest) to 10.")],
    state: Annotated[list[str] | None, typer.Option("--state", "-s", help="In this state; default: pending.")] = None,
    template: TemplateOption = "",
    day: DayOption = None,
    since: SinceOption = "",
    until: UntilOption = "",
    created_since: CreatedSinceOption = "",
    created_until: CreatedUntilOption = "",
    error: ErrorFilter = "",
    with_priority: PriorityFilter = None,
    reason: ReasonOption = "",
    preview: PreviewOption = False,
    yes: YesOption = False,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Set the priority of all pending graphics that fit; `--preview` lists them first.

    Example: pokervod render bulk-prioritize --template payouts --priority 2 --preview

    Example: pokervod render bulk-prioritize --template payouts --priority 2 --reason "on air in ten minutes"
    """
    settings = load_settings()
    times = {"since": since, "until": until, "created_since": created_since, "created_until": created_until}
    filters = _read_filters(settings, state, template, times, day=day, error=error or None, priority=with_priority)
    act = partial(bulk.bulk_prioritize, priority=priority)
    words = (f"would be of priority {priority}", f"now of priority {priority}", f"Set priority {priority} of")
    _run(settings, act, filters, words, reason, by, preview=preview, yes=yes, as_json=as_json)


def _read_filters(
    settings: Settings, states: list[str] | None, template: str, times: Mapping[str, str], **filters: object
) -> InstructionFilter:
    if template:
        require_known("template", template, load_configured_templates(settings))
    return InstructionFilter(
        states=tuple(states or ()),
        template=template or None,
        period=read_period(times["since"], times["until"], settings.zone),
        created=read_period(times["created_since"], times["created_until"], settings.zone),
    ).narrow(**filters)


def _run(
    settings: Settings,
    act: Act,
    filters: InstructionFilter,
    words: tuple[str, str, str],
    reason: str,
    by: str,
    *,
    preview: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Show what would be changed, or change it, once a person at a terminal has confirmed that."""
    would, done, verb = words
    actor = None if preview else read_actor(by, reason)
    with open_database(settings) as engine:
        only: Collection[int] | None = None
        if preview or (not (yes or as_json) and sys.stdin.isatty()):
            with engine.connect() as connection:
                shown = act(connection=connection, filters=filters, actor=None, dry_run=True)
            if preview:
                _print_preview(shown, would, as_json=as_json)
                return
            only = _confirm(shown, would, verb)
        with engine.begin() as connection:
            report = act(connection=connection, filters=filters, actor=actor, only=only)
    _print_report(report, done, as_json=as_json)


def _print_preview(shown: BulkReport, would: str, *, as_json: bool) -> None:
    print_instructions(shown.instructions, would, as_json=as_json)
    if not as_json:
        _print_counts(shown)


def _print_counts(report: BulkReport) -> None:
    """Print how many were in each state and had each kind of failure, and what is left out."""
    counts = [*report.states.items(), *report.failure_kinds.items()]
    if counts:
        out.print(", ".join(f"{number:,} {name}" for name, number in counts), markup=False)
    for _, why in report.refused:
        out.print(f"not changed: {why}", markup=False)


def _confirm(shown: BulkReport, would: str, verb: str) -> set[int]:
    """Return the ids that a person agrees to change; end the command where he does not."""
    if shown.instructions:
        print_instructions(shown.instructions[:MAX_SAMPLE], f"of {len(shown.ids):,} that {would}", as_json=False)
    _print_counts(shown)
    if shown.ids:
        typer.confirm(f"{verb} {len(shown.ids):,} graphics?", abort=True)
    return set(shown.ids)


def _print_report(report: BulkReport, done: str, *, as_json: bool) -> None:
    ids = report.ids
    if as_json:
        print_json(
            {
                "done": ids,
                "refused": report.refused,
                "states": report.states,
                "failure_kinds": report.failure_kinds,
            }
        )
        return
    out.print(f"{len(ids)} {done}: {', '.join(map(str, ids)) or 'none'}", markup=False)
    for _, why in report.refused:
        out.print(f"not changed: {why}", markup=False)
