"""Run, resume, validate, report and override rollouts: ``pokervod rollout``."""

import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pokervod_pipelines.alerts.channels import find_channels
from pokervod_pipelines.alerts.delivery import deliver_alerts
from pokervod_pipelines.cli.options import ByOption, JsonOption, ReasonOption, read_actor, write_to
from pokervod_pipelines.cli.output import err, out, print_json, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import OperatorNeeded, Unavailable
from pokervod_pipelines.rollout.demo.story import run_demo
from pokervod_pipelines.rollout.interventions import (
    abandon_rollout,
    acknowledge_escalation,
    override_criterion,
    pause_rollout,
    reset_rollout,
    resume_rollout,
    undo_override,
)
from pokervod_pipelines.rollout.plan import RolloutPlan
from pokervod_pipelines.rollout.plans import find_plan
from pokervod_pipelines.rollout.record import ResultRecord, RolloutRecord, RolloutState
from pokervod_pipelines.rollout.report.as_json import make_report_json
from pokervod_pipelines.rollout.report.figures import make_report
from pokervod_pipelines.rollout.report.text import write_page, write_page_file, write_text
from pokervod_pipelines.rollout.rollout import Rollout
from pokervod_pipelines.rollout.runner import TooEarly, evaluate_week, run_rollout
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines.text.wording import trim_text

app = typer.Typer(no_args_is_help=True)

PlanOption = Annotated[str, typer.Option("--plan", help="Name of the plan; default: the first of the settings.")]
WeekArgument = Annotated[int, typer.Argument(metavar="WEEK", min=1, help="Number of the week.")]
UntilOption = Annotated[int | None, typer.Option("--until", min=1, help="Stop before the week after this one.")]
EarlyOption = Annotated[bool, typer.Option("--early", help="Begin even before the planned start.")]
WaitOption = Annotated[bool, typer.Option("--wait", help="Stay until it is completed or needs a person.")]
DEMO_PAGE = Path("rollout-demo.html")
MAX_REASON = 200
"""Characters; the table above it lists everything that failed."""

WAITING = 4
"""Exit status of a command that ends while the rollout waits for its next attempt or its planned start."""

MAX_INLINE_WAIT = 10.0
"""Seconds that a command waits without `--wait`; after longer waits the sensor continues."""


@contextmanager
def _open(plan_name: str) -> Iterator[Rollout]:
    settings = load_settings()
    plan = find_plan(settings, plan_name or None)
    with open_database(settings) as engine:
        yield Rollout(engine=engine, settings=settings, plan=plan)


@app.command("run")
def run(
    plan: PlanOption = "",
    until: UntilOption = None,
    wait: WaitOption = False,
    early: EarlyOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run until done, waiting or escalated: week after week.

    After a wait the sensor rollout_clock continues, or this command does when it is called again. Exit status 4 means
    that it waits, for a week's next attempt or for the planned start, 3 that a person has to decide.

    Example: pokervod rollout run --until 3
    """
    with _open(plan) as rollout:
        if not find_channels(rollout.settings)[0]:
            problem = "no alert channel can be used, so nobody is told when a week needs a person"
            err.print(f"warning: {problem}; set alerts.channels and its address (docs/alerts.md)", markup=False)
        while True:
            try:
                run_rollout(rollout, until=until, early=early, log=lambda line: err.print(line, markup=False))
            except TooEarly as error:
                err.print(str(error), markup=False)
                raise typer.Exit(WAITING) from None
            record = rollout.read()
            seconds = _find_wait(record, until)
            if seconds is None or not (wait or seconds <= MAX_INLINE_WAIT):
                break
            _deliver(rollout)
            time.sleep(seconds)
        _conclude(rollout, record, as_json=as_json)
    if seconds is not None:
        raise typer.Exit(WAITING)


def _find_wait(record: RolloutRecord, until: int | None) -> float | None:
    number = record.current_week
    if record.state is not RolloutState.WAITING or number is None or (until is not None and number > until):
        return None
    next_try_at = record.weeks[number - 1].next_try_at
    return None if next_try_at is None else max(0.0, (next_try_at - datetime.now(UTC)).total_seconds())


def _conclude(rollout: Rollout, record: RolloutRecord, *, as_json: bool) -> None:
    """Write the page, send alerts, and print the state. Raises ``OperatorNeeded`` where a person has to decide."""
    try:
        page = f"page: {write_page_file(rollout.settings, rollout.plan, record)}"
    except Unavailable as error:
        page = str(error)
    _deliver(rollout)
    _show(rollout.plan, record, as_json=as_json)
    if not as_json:
        out.print(page, markup=False)
    if step := _NEXT_STEPS.get(record.state):
        what = "the rollout" if record.state is RolloutState.ABANDONED else f"week {record.current_week}"
        raise OperatorNeeded(f"{what} is {record.state}: {trim_text(record.reason, MAX_REASON)}\n{step}")


_NEXT_STEPS = {
    RolloutState.ESCALATED: "fix the cause, then run `pokervod rollout resume`",
    RolloutState.PAUSED: "to continue, run `pokervod rollout resume`",
    RolloutState.ABANDONED: "to begin anew, run `pokervod rollout reset`",
}


def _deliver(rollout: Rollout) -> None:
    """Send alerts, so that nobody waits for them until the command ends."""
    for channel, fault in deliver_alerts(rollout.engine, rollout.settings).items():
        err.print(f"alert not delivered to {channel}, retried later: {fault}", markup=False)


def _show(plan: RolloutPlan, record: RolloutRecord, *, as_json: bool) -> None:
    report = make_report(plan, record, datetime.now(UTC))
    if as_json:
        print_json(make_report_json(report))
        return
    rows = []
    for week in report.weeks:
        attempts = record.attempts_of(week.plan.number)
        next_try = f"again at {at:%H:%M:%S} UTC" if (at := week.record.next_try_at) else ""
        last = next((each for each in reversed(attempts) if each.results), None)
        failing = "\n".join(_name_failed(each) for each in last.results if not each.passed) if last else ""
        rows.append((week.plan.number, week.plan.title, week.record.state, len(attempts) or None, failing, next_try))
    columns = ("week", "title", "state", "attempts", "failed", "next attempt")
    print_table(f"{plan.title}: {report.percent} %, {record.state}", columns, rows, right=("week", "attempts"))
    for escalation in (each for each in record.escalations if each.ended_at is None):
        for each in record.interventions:
            if each.kind == "acknowledge" and each.week == escalation.week and each.at >= escalation.at:
                out.print(f"acknowledged by {each.by}: {each.reason}", markup=False)


def _name_failed(result: ResultRecord) -> str:
    return f"{result.criterion} (overridden)" if result.is_overridden else result.criterion


@app.command("resume")
def resume(
    from_: Annotated[
        int | None, typer.Option("--from", min=1, help="Repeat this and all later weeks; default: the current week.")
    ] = None,
    plan: PlanOption = "",
    until: UntilOption = None,
    reason: ReasonOption = "resumed by command",
    by: ByOption = "",
    wait: WaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Resume after an escalation or a pause, with all attempts; `--from` repeats earlier weeks.

    A waiting or interrupted rollout continues at once where it was, up to its earlier `--until`.

    Example: pokervod rollout resume --from 5 --reason "the database is back"
    """
    with _open(plan) as rollout:
        number = resume_rollout(rollout, read_actor(by, reason), week=from_)
        until = until or rollout.read().until
    err.print(f"resumed from week {number}", markup=False)
    run(plan=plan, until=until, wait=wait, as_json=as_json)


@app.command("validate")
def validate(week: WeekArgument, plan: PlanOption = "", as_json: JsonOption = False) -> None:
    """Check a week's criteria without side effects, and print what its fixers would do. Exit status 1 if one fails.

    Example: pokervod rollout validate 4
    """
    find_plan(load_settings(), plan or None).week(week)
    with _open(plan) as rollout:
        results = evaluate_week(rollout, week)
        failed = [each for each in results if each.blocks]
        fixes = {each.fixer: each.reported for each in rollout.fix(week, failed, dry_run=True)}
    if as_json:
        print_json({"week": week, "passed": not failed, "results": [*map(asdict, results)], "fixers": fixes})
    else:
        _show_results(week, results)
        for fixer, summary in fixes.items():
            out.print(f"{fixer}: {summary}", markup=False)
    if failed:
        raise typer.Exit(1)


def _show_results(week: int, results: Sequence[ResultRecord]) -> None:
    rows = []
    for each in results:
        word = "passed" if each.passed else "overridden" if each.is_overridden else "FAILED"
        rows.append((word, each.criterion, "\n".join((each.summary, *each.details)), f"{each.seconds:.1f}"))
    print_table(f"week {week}", ("result", "criterion", "evidence", "seconds"), rows, right=("seconds",))


@app.command("report")
def report(
    plan: PlanOption = "",
    html: Annotated[Path | None, typer.Option("--html", help="Write the page to this file.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the report as Markdown.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the progress, or the final report of a completed rollout; as table, Markdown, HTML page or JSON.

    Example: pokervod rollout report --html rollout.html
    """
    with _open(plan) as rollout:
        record = rollout.read()
    now, link = datetime.now(UTC), rollout.settings.rollout.link
    if html is not None:
        with write_to(html):
            html.write_text(write_page(rollout.plan, record, now, link), encoding="utf-8")
        err.print(f"written to {html}", markup=False)
    elif markdown:
        out.print(write_text("report", rollout.plan, record, now, link), markup=False)
    else:
        _show(rollout.plan, record, as_json=as_json)


@app.command("override")
def override(
    week: WeekArgument,
    criterion: Annotated[str, typer.Argument(metavar="CRITERION", help="Its name in `rollout validate`.")],
    reason: ReasonOption,
    plan: PlanOption = "",
    by: ByOption = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take the override back.")] = False,
) -> None:
    """Count a failing criterion as passed; every report shows it as overridden, with name and reason.

    `--undo` takes it back: a week that passed only by it is judged anew by the next run.

    Example: pokervod rollout override 4 hands --reason "the tables come on Monday"
    """
    act = undo_override if undo else override_criterion
    with _open(plan) as rollout:
        act(rollout, week, criterion, read_actor(by, reason))
    done, step = ("is judged again", "run") if undo else ("counts as passed", "resume")
    out.print(f"{criterion} of week {week} {done}; continue with `pokervod rollout {step}`", markup=False)


@app.command("pause")
def pause(reason: ReasonOption, plan: PlanOption = "", by: ByOption = "") -> None:
    """Start no further attempt until `rollout resume`; a running attempt finishes.

    Example: pokervod rollout pause --reason "holidays"
    """
    with _open(plan) as rollout:
        pause_rollout(rollout, read_actor(by, reason))
    out.print("paused", markup=False)


@app.command("abandon")
def abandon(reason: ReasonOption, plan: PlanOption = "", by: ByOption = "") -> None:
    """Give the rollout up: nothing continues it, and only `rollout reset` begins it anew.

    Example: pokervod rollout abandon --reason "the project was cancelled"
    """
    with _open(plan) as rollout:
        abandon_rollout(rollout, read_actor(by, reason))
    out.print("abandoned", markup=False)


@app.command("reset")
def reset(reason: ReasonOption, plan: PlanOption = "", by: ByOption = "") -> None:
    """Let the next `rollout run` begin with week 1, without overrides; the history stays.

    Example: pokervod rollout reset --reason "the trial is over"
    """
    with _open(plan) as rollout:
        reset_rollout(rollout, read_actor(by, reason))
    out.print("reset; begin with `pokervod rollout run`", markup=False)


@app.command("acknowledge")
def acknowledge(reason: ReasonOption, plan: PlanOption = "", by: ByOption = "") -> None:
    """Acknowledge the escalation; the rollout stays blocked.

    Example: pokervod rollout acknowledge --reason "I am on it"
    """
    with _open(plan) as rollout:
        week = acknowledge_escalation(rollout, read_actor(by, reason))
    out.print(f"the escalation of week {week} is acknowledged", markup=False)


@app.command("demo")
def demo(
    html: Annotated[Path, typer.Option("--html", help="Write the final report to this file.")] = DEMO_PAGE,
) -> None:
    """Live through the shipped plan in two minutes: its weeks pass, fail, are fixed, and are escalated.

    Works in any folder: the sample archive, the services and the database are its own, and are removed at the end.

    Example: pokervod rollout demo
    """
    start = time.monotonic()
    interrupted = threading.Event()

    def interrupt(*_: object) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    def report(line: str) -> None:
        if interrupted.is_set() and threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt  # the first one is lost where Python was destroying an object
        err.print(line, markup=False)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is not signal.SIG_IGN:  # as under nohup
            signal.signal(each, interrupt)
    try:
        run_demo(html, report)
    except KeyboardInterrupt:
        err.print("stopped; nothing of the demo is left")
        raise typer.Exit(130) from None
    out.print(f"nine weeks in {time.monotonic() - start:.0f} s; report: {html.absolute()}", markup=False)
