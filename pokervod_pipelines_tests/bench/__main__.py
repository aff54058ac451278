"""Run ``make bench``: every subject, or those named; ``ARGS="names scan --small"``, ``ARGS="rest --seconds=600"``."""

import sys
from functools import partial

from rich.console import Console
from rich.table import Table

from pokervod_pipelines_tests.bench import (
    access,
    anomalies,
    api,
    breakers,
    chaos_week,
    detectors,
    events,
    hands,
    health,
    incidents,
    launches,
    match,
    measures,
    names,
    reaction,
    render,
    rest,
    scan,
    search,
    sheets,
    status,
    sync,
    weeks,
)

SUBJECTS = {
    "names": names.measure,
    "match": match.measure,
    "events": events.measure,
    "breakers": breakers.measure,
    "search": search.measure,
    "scan": scan.measure,
    "sheets": sheets.measure,
    "hands": hands.measure,
    "render": render.measure,
    "sync": sync.measure,
    "queue": launches.measure,
    "reaction": reaction.measure,
    "status": status.measure,
    "health": health.measure,
    "incidents": incidents.measure,
    "weeks": weeks.measure,
    "measures": measures.measure,
    "api": api.measure,
    "anomalies": anomalies.measure,
    "chaos_week": chaos_week.measure,
    "detectors": detectors.measure,
    "access": access.measure,
    "rest": rest.measure,
}

SECONDS = "--seconds="
"""Prefix of the option for how long to watch what is at rest."""

WRITE = "--write"
"""The option that puts the figures of the detectors into the page and the package."""


def main(arguments: list[str]) -> None:
    """Print a table a subject; ``--small`` leaves the largest sizes out."""
    is_small = "--small" in arguments
    seconds = [int(each.removeprefix(SECONDS)) for each in arguments if each.startswith(SECONDS)]
    measures = SUBJECTS | {"detectors": partial(detectors.measure, writes=WRITE in arguments)}
    if seconds:
        measures |= {"rest": partial(rest.measure, seconds=seconds[0])}
    subjects = [each for each in arguments if not each.startswith("-")] or list(SUBJECTS)
    console = Console()
    for subject in subjects:
        table = Table(title=subject, title_justify="left", title_style="bold")
        for column in ("what", "figure", "to reach"):
            table.add_column(column, justify="right" if column == "figure" else "left")
        with console.status(f"measuring {subject}"):
            for figure in measures[subject](is_small=is_small):
                table.add_row(figure.what, figure.value, figure.target)
        console.print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
