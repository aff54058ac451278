"""Show how good the detectors are: ``pokervod detectors``."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from pokervod_pipelines.cli.metric_pages import NOTHING, format_number, format_seconds, format_share
from pokervod_pipelines.cli.options import JsonOption
from pokervod_pipelines.cli.output import count_nouns, print_json, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.monitoring.detectors.simulated import SimulatedDays, load_simulated
from pokervod_pipelines.monitoring.incidents.scoreboard import DetectorScore, score_detectors, total_scores
from pokervod_pipelines.monitoring.measures.shape import make_window
from pokervod_pipelines.periods import LENGTHS, read_length
from pokervod_pipelines.settings import load_settings

COLUMNS = ("detector", "alarms", "judged", "missed", "right", "found", "after", "false a day")
FIGURES = tuple(each for each in COLUMNS[1:] if each != "judged")
SIMULATED = ("detector", "faults", "found", "after, median", "p95", "alarms", "false")
HINT = (
    "right: of those judged real or noise · found: of what was real · after: median from its beginning · –: not known"
)

app = typer.Typer()


@app.command("detectors")
def detectors(
    window: Annotated[str, typer.Option("--window", "-w", metavar="LENGTH", help=f"The last {LENGTHS}.")] = "30d",
    simulated: Annotated[
        bool, typer.Option("--simulated", help="How they did on simulated days, where the truth is known, instead.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show of each detector its alarms, what people said of them, what it missed, and how soon it told.

    People say it by `pokervod incidents verdict`, and what was missed by `pokervod incidents open … --missed`.

    Example: pokervod detectors --window 7d
    """
    days = find_simulated()
    if simulated and not as_json:
        _print_simulated(days)
        return
    span = make_window(read_length("--window", window))
    with open_database(load_settings()) as engine, engine.connect() as connection:
        scores = score_detectors(connection, span)
    if as_json:
        print_json(_make_document(scores, span.since, span.until) | {"simulated": days and asdict(days)})
        return
    total = total_scores(scores)
    title = (
        f"{count_nouns(total.alarms, 'alarm')} of {len(scores)} detectors in {window}, {total.unjudged:,} not judged"
    )
    print_table(title, COLUMNS, [_make_row(each) for each in (*scores, total)], right=FIGURES, hint=HINT)


def find_simulated() -> SimulatedDays | None:
    """Return the figures of simulated days that come with the package, None where it has none."""
    try:
        return load_simulated()
    except FileNotFoundError:
        return None


def _print_simulated(days: SimulatedDays | None) -> None:
    if days is None:
        raise BadInput("this version comes without figures of simulated days; `make bench` measures them")
    quiet = f"{days.false_on_quiet_days:,} false alarms on {count_nouns(days.quiet_days, 'quiet day')}"
    title = f"{count_nouns(days.days, 'simulated day')}, {quiet}"
    print_table(title, SIMULATED, list_simulated(days), right=SIMULATED[1:])


def list_simulated(days: SimulatedDays) -> list[tuple[str, ...]]:
    """Return a row for each detector: its faults, what it found of them, how soon, and its false alarms."""
    return [
        (
            name,
            f"{each.injected:,}",
            format_share(each.recall),
            format_seconds(each.median_seconds),
            format_seconds(each.p95_seconds),
            f"{each.alarms:,}",
            f"{each.false:,}",
        )
        for name, each in days.detectors.items()
    ]


def _make_document(scores: list[DetectorScore], since: datetime, until: datetime) -> dict[str, Any]:
    listed = [_describe(each) for each in scores]
    return {"since": since, "until": until, "detectors": listed, "total": _describe(total_scores(scores))}


def _describe(score: DetectorScore) -> dict[str, Any]:
    rates = ("unjudged", "precision", "recall", "false_alarms_a_day")
    return asdict(score) | {name: getattr(score, name) for name in rates}


def _make_row(score: DetectorScore) -> tuple[str, ...]:
    said = {"real": score.real, "expected": score.expected, "noise": score.noise}
    return (
        score.detector,
        f"{score.alarms:,}",
        ", ".join(f"{count:,} {verdict}" for verdict, count in said.items() if count) or NOTHING,
        f"{score.missed:,}",
        format_share(score.precision),
        format_share(score.recall),
        format_seconds(score.detect_seconds),
        format_number(score.false_alarms_a_day),
    )
