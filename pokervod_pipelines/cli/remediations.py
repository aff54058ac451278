"""Show what was put right without a person, and how often that helped: ``pokervod remediations``."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from pokervod_pipelines.cli.known import require_known
from pokervod_pipelines.cli.options import JsonOption, LimitOption
from pokervod_pipelines.cli.output import count_listed, make_hint, print_json, print_table, show_time
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.monitoring.remediation.listing import ActionFilter, count_kinds, list_actions
from pokervod_pipelines.monitoring.remediation.shape import KindFigures, RemedyAction, RemedyKind
from pokervod_pipelines.paging import Page
from pokervod_pipelines.periods import LENGTHS, read_length
from pokervod_pipelines.settings import load_settings

FIGURES = ("kind", "done", "helped", "in vain", "harmed", "helps", "harms", "refused", "left", "queue", "this hour")
HINT = (
    "refused: it could not be done; left: beyond the budget, for a person; queue: what it retried or rescued by itself"
)

app = typer.Typer()


@app.command("remediations")
def remediations(
    window: Annotated[str, typer.Option("--window", "-w", metavar="LENGTH", help=f"The last {LENGTHS}.")] = "7d",
    kinds: Annotated[
        list[str] | None,
        typer.Option("--kind", "-k", help="Retry, rescue, prioritize, reorder, instruct or probe; may be repeated."),
    ] = None,
    incident: Annotated[int | None, typer.Option("--incident", help="Only what was done for this incident.")] = None,
    limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:
    """Show what was put right without a person, the newest first, and by kind how often it helped and harmed.

    A rate of nothing is "–", in JSON null, and never 0.

    Example: pokervod remediations

    Example: pokervod remediations --window 24h --kind retry --json
    """
    settings, now = load_settings(), datetime.now(UTC)
    since = now - read_length("--window", window)
    for each in kinds or ():
        require_known("kind", each, [*RemedyKind])
    wanted = ActionFilter(
        kinds=[RemedyKind(each.casefold()) for each in kinds or ()], since=since, incident_id=incident
    )
    with open_database(settings) as engine, engine.connect() as connection:
        listed = list_actions(connection, wanted, page=Page(limit=limit))
        figures = count_kinds(connection, settings, since, now)
    if as_json:
        print_json({"since": since, "kinds": [*map(_make_figures, figures)], "actions": [*map(_make_action, listed)]})
        return
    _print(listed, figures, window, limit, has_filters=bool(kinds) or incident is not None)


def _make_figures(each: KindFigures) -> dict[str, Any]:
    return asdict(each) | {
        "measured": each.measured,
        "success_rate": each.success_rate,
        "harm_rate": each.harm_rate,
    }


def _make_action(each: RemedyAction) -> dict[str, Any]:
    subject = {"kind": each.subject.kind, "name": each.subject.name}
    return asdict(each) | {"subject": subject}


def _print(
    listed: list[RemedyAction], figures: list[KindFigures], window: str, limit: int, *, has_filters: bool
) -> None:
    rows = [(show_time(each.done_at, "%m-%d %H:%M"), *_describe(each)) for each in listed]
    hint = make_hint(len(rows), limit=limit) if rows else ""
    title = count_listed(len(rows), "action", limit) if rows else _describe_none(window, has_filters=has_filters)
    print_table(title, ("at", "kind", "what", "for", "why", "outcome"), rows, hint=hint)
    right = FIGURES[1:]
    print_table(f"by kind, the last {window}", FIGURES, [*map(_make_row, figures)], right=right, hint=HINT)


def _describe_none(window: str, *, has_filters: bool) -> str:
    return f"no action in the last {window}" + (" fits these filters" if has_filters else "")


def _describe(each: RemedyAction) -> tuple[str, str, str, str, str]:
    cause = f"incident {each.incident_id}" if each.incident_id else each.detector
    outcome = f"{each.outcome}: {each.outcome_reason}" if each.outcome else each.state
    if each.state == "done" and not each.outcome:
        outcome = "not known yet"
    return each.kind, str(each.subject), cause, each.reason, outcome


def _make_row(each: KindFigures) -> tuple[object, ...]:
    return (
        each.kind,
        each.done,
        each.helped,
        each.in_vain,
        each.harmed,
        _show_rate(each.success_rate),
        _show_rate(each.harm_rate),
        each.refused,
        each.over_budget,
        "–" if each.by_queue is None else each.by_queue,
        f"{each.spent} of {each.per_hour}" if each.is_enabled else "off",
    )


def _show_rate(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.0%}"
