"""``pokervod rollout``: the programme of weeks: run, resume, validate, report, and what people decide."""

import getpass
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pokervod_pipelines.cli.output import err, out, print_json, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput, OperatorNeeded, Unavailable
from pokervod_pipelines.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from pokervod_pipelines.rollout.interventions import Person
    from pokervod_pipelines.rollout.programme import Programme
    from pokervod_pipelines.rollout.record import ProgrammeRecord, ResultRecord

app = typer.Typer(no_args_is_help=True)

PlanOption = Annotated[str, typer.Option("--plan", help="Which plan, by name; default: the first of the settings.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
WeekArgument = Annotated[int, typer.Argument(metavar="WEEK", min=1, help="The number of the week.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept for ever.")]
ByOption = Annotated[str, typer.Option("--by", help="Who; default: the user of this terminal.")]
LONGEST_REASON = 200
"""Characters; the table above it names all that does not hold."""

LONGEST_INLINE_WAIT = 10.0
"""Seconds that a command waits by itself; longer waits are left to the sensor, or to `--wait`."""


@app.command("run")
def run(
    plan: PlanOption = "",
    until: Annotated[int | None, typer.Option("--until", min=1, help="Stop before the week after this one.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it is completed or needs a person.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Go on with the programme as far as it goes now: week after week, to its end, a wait, or an escalation.

    A wait holds nothing: the sensor rollout_clock goes on after it, or this command given again. Exit status 3 when a
    person has to decide.

    Example: pokervod rollout run --until 3
    """
    from pokervod_pipelines.rollout.programme import run as run_programme  # noqa: PLC0415 - kept out of --help

    settings = load_settings()
    with open_database(settings) as engine:
        programme = _open(engine, settings, plan)
        while True:
            run_programme(programme, until=until, said=lambda line: err.print(line, markup=False))
            record = _read(programme)
            seconds = _find_wait(record, until)
            if seconds is None or not (wait or seconds <= LONGEST_INLINE_WAIT):
                break
            _deliver(engine, settings)
            time.sleep(seconds)
        _conclude(engine, settings, programme, record, as_json=as_json)


def _find_wait(record: "ProgrammeRecord", until: int | None) -> float | None:
    if until is not None and (record.current_week or 0) > until:
        return None
    waiting = [week.next_try_at for week in record.weeks if week.next_try_at is not None]
    if record.state != "waiting" or not waiting:
        return None
    return max(0.0, (min(waiting) - datetime.now(UTC)).total_seconds())


def _conclude(
    engine: "Engine", settings: Settings, programme: "Programme", record: "ProgrammeRecord", *, as_json: bool
) -> None:
    """The page is written, what people are to hear is sent, and the state is printed."""
    from pokervod_pipelines.rollout.publish import write_page_file  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.rollout.report.wording import trim_text  # noqa: PLC0415

    try:
        page = f"page: {write_page_file(settings, programme.plan, record)}"
    except Unavailable as error:
        page = str(error)
    _deliver(engine, settings)
    _show(settings, programme.plan, record, as_json=as_json)
    if not as_json:
        out.print(page, markup=False)
    if record.state in {"escalated", "paused"}:
        said = f"week {record.current_week} is {record.state}: {trim_text(record.reason, LONGEST_REASON)}"
        mend = "mend it, then" if record.state == "escalated" else "to go on"
        raise OperatorNeeded(f"{said}\n{mend} `pokervod rollout resume`")


def _deliver(engine: "Engine", settings: Settings) -> None:
    """What people are to hear is sent before anybody waits."""
    from pokervod_pipelines.rollout.publish import deliver_alerts  # noqa: PLC0415 - kept out of --help

    for channel, fault in deliver_alerts(engine, settings).items():
        err.print(f"alert not delivered to {channel}, tried again later: {fault}", markup=False)


def _open(engine: "Engine", settings: Settings, plan: str) -> "Programme":
    from pokervod_pipelines.rollout.house import find_plan, open_programme  # noqa: PLC0415 - kept out of --help

    return open_programme(engine, settings, find_plan(settings, plan or None))


def _read(programme: "Programme") -> "ProgrammeRecord":
    from pokervod_pipelines.rollout.programme import read  # noqa: PLC0415 - kept out of --help

    return read(programme)


def _show(settings: Settings, plan: str, record: "ProgrammeRecord", *, as_json: bool) -> None:
    from pokervod_pipelines.rollout.house import describe_plan, find_plan  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.rollout.report.as_json import make_report_json  # noqa: PLC0415
    from pokervod_pipelines.rollout.report.figures import measure_programme  # noqa: PLC0415

    planned = describe_plan(find_plan(settings, plan))
    figures = measure_programme(planned, record, datetime.now(UTC))
    if as_json:
        print_json(make_report_json(figures, record))
        return
    rows = []
    states = {week.number: week for week in record.weeks}
    for week in planned.weeks:
        state = states.get(week.number)  # none of a week that came into the plan since it was last run
        tried = record.attempts_of(week.number)
        next_try = f"again at {state.next_try_at:%H:%M:%S} UTC" if state and state.next_try_at else ""
        last = next((each for each in reversed(tried) if each.results), None)
        failing = "\n".join(_name_failed(each) for each in last.results if not each.passed) if last else ""
        rows.append(
            (week.number, week.title, state.state if state else "pending", len(tried) or None, failing, next_try)
        )
    columns = ("week", "title", "state", "attempts", "does not hold", "")
    print_table(f"{planned.title}: {figures.percent} %, {record.state}", columns, rows, right=("week", "attempts"))


def _name_failed(result: "ResultRecord") -> str:
    return f"{result.criterion} (overridden)" if result.is_overridden else result.criterion


@app.command("resume")
def resume(
    from_: Annotated[
        int | None, typer.Option("--from", min=1, help="Do this week and all after it again; default: where it stands.")
    ] = None,
    plan: PlanOption = "",
    until: Annotated[
        int | None, typer.Option("--until", min=1, help="Stop before the week after this one; default: as said before.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept for ever.")] = "resumed by command",
    by: ByOption = "",
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it is completed or needs a person.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Go on after an escalation or a pause, with all attempts; `--from` goes back to an earlier week.

    What waits, or was broken off, goes on at once where it was.

    Example: pokervod rollout resume --from 5 --reason "the database is back"
    """
    from pokervod_pipelines.rollout.publish import resume_programme  # noqa: PLC0415 - kept out of --help

    settings = load_settings()
    with open_database(settings) as engine:
        programme = _open(engine, settings, plan)
        number = resume_programme(programme, _sign(by, reason), week=from_)
        until = until or _read(programme).until
    err.print(f"goes on from week {number}", markup=False)
    run(plan=plan, until=until, wait=wait, as_json=as_json)


@app.command("validate")
def validate(week: WeekArgument, plan: PlanOption = "", as_json: JsonOption = False) -> None:
    """Look at a week's criteria without side effects, and say what its fixers would do. Exit status 1 if one fails.

    Example: pokervod rollout validate 4
    """
    from pokervod_pipelines.rollout.house import HouseCrew, find_plan  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.rollout.programme import judge_week  # noqa: PLC0415

    settings = load_settings()
    find_plan(settings, plan or None).week(week)
    with open_database(settings) as engine:
        programme = _open(engine, settings, plan)
        verdict = judge_week(programme, week)
        crew = programme.crew
        fixes = crew.preview_fixes(week, verdict.failed) if isinstance(crew, HouseCrew) else {}
    if as_json:
        results = [asdict(each) for each in verdict.results]
        print_json({"week": week, "passed": verdict.passed, "results": results, "fixers": fixes})
    else:
        _show_results(week, verdict.results)
        for fixer, said in fixes.items():
            out.print(f"{fixer}: {said}", markup=False)
    if not verdict.passed:
        raise typer.Exit(1)


def _show_results(week: int, results: "Sequence[ResultRecord]") -> None:
    rows = [
        (
            "holds" if each.passed else "overridden" if each.is_overridden else "FAILS",
            each.criterion,
            "\n".join((each.summary, *each.details)),
            f"{each.seconds:.1f}",
        )
        for each in results
    ]
    print_table(f"week {week}", ("", "criterion", "evidence", "seconds"), rows, right=("seconds",))


@app.command("report")
def report(
    plan: PlanOption = "",
    html: Annotated[Path | None, typer.Option("--html", help="Write the page to this file.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the report as Markdown.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show how far the programme is, or what happened when it is completed; as table, Markdown, HTML page or JSON.

    Example: pokervod rollout report --html rollout.html
    """
    from pokervod_pipelines.rollout.house import describe_plan, find_plan  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.rollout.report.html import write_page  # noqa: PLC0415
    from pokervod_pipelines.rollout.report.markdown import write_final, write_progress  # noqa: PLC0415

    settings = load_settings()
    with open_database(settings) as engine:
        record = _read(_open(engine, settings, plan))
    planned, now = describe_plan(find_plan(settings, plan or None)), datetime.now(UTC)
    if html is not None:
        try:
            html.write_text(write_page(planned, record, now, settings.rollout.link), encoding="utf-8")
        except OSError as error:
            raise BadInput(f"{html}: cannot be written ({error.strerror}); name another file") from None
        err.print(f"written to {html}", markup=False)
    elif markdown:
        write = write_final if record.state == "completed" else write_progress
        out.print(write(planned, record, now, settings.rollout.link), markup=False)
    else:
        _show(settings, plan or planned.name, record, as_json=as_json)


@app.command("override")
def override(
    week: WeekArgument,
    criterion: Annotated[str, typer.Argument(metavar="CRITERION", help="As `rollout validate` names it.")],
    reason: ReasonOption,
    plan: PlanOption = "",
    by: ByOption = "",
) -> None:
    """Let a criterion pass that does not hold; it is shown as overridden for ever, with name and reason.

    Example: pokervod rollout override 4 hands --reason "the tables come on Monday"
    """
    from pokervod_pipelines.rollout.house import find_plan  # noqa: PLC0415 - kept out of --help
    from pokervod_pipelines.rollout.interventions import override as let_pass  # noqa: PLC0415

    settings = load_settings()
    known = {each.name for each in find_plan(settings, plan or None).week(week).criteria}
    with open_database(settings) as engine:
        let_pass(_open(engine, settings, plan), week, criterion, _sign(by, reason), known=known)
    out.print(f"{criterion} of week {week} counts as passed; `pokervod rollout resume` goes on", markup=False)


@app.command("pause")
def pause(reason: ReasonOption, plan: PlanOption = "", by: ByOption = "") -> None:
    """Begin nothing more until `rollout resume`; an attempt under way comes to its end.

    Example: pokervod rollout pause --reason "holidays"
    """
    from pokervod_pipelines.rollout.interventions import pause as pause_programme  # noqa: PLC0415 - kept out of --help

    settings = load_settings()
    with open_database(settings) as engine:
        pause_programme(_open(engine, settings, plan), _sign(by, reason))
    out.print("paused", markup=False)


@app.command("acknowledge")
def acknowledge(reason: ReasonOption, plan: PlanOption = "", by: ByOption = "") -> None:
    """Say that somebody cares for the escalation; the programme stays where it is.

    Example: pokervod rollout acknowledge --reason "I am on it"
    """
    from pokervod_pipelines.rollout.publish import acknowledge_escalation  # noqa: PLC0415 - kept out of --help

    settings = load_settings()
    with open_database(settings) as engine:
        week = acknowledge_escalation(_open(engine, settings, plan), _sign(by, reason))
    out.print(f"week {week} is acknowledged", markup=False)


def _sign(by: str, reason: str) -> "Person":
    from pokervod_pipelines.rollout.interventions import Person  # noqa: PLC0415 - kept out of --help

    if not reason.strip():
        raise BadInput("give a --reason: it is kept for ever")
    return Person(by=by or getpass.getuser(), reason=reason)
