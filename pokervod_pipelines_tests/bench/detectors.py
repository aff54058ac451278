"""Measure how well the detectors see what is injected into simulated days, how soon, and how often they are wrong."""

import os
from collections.abc import Iterator
from pathlib import Path

import pokervod_pipelines
from pokervod_pipelines.monitoring.detectors import simulated
from pokervod_pipelines_tests.bench.figure import Figure
from pokervod_pipelines_tests.simulator.campaign import (
    TESTED_WITH,
    TUNED_WITH,
    Campaign,
    KindScore,
    find_rank,
    run_days,
)

PACKAGE = Path(pokervod_pipelines.__file__).parent
DATA = PACKAGE / "monitoring" / "detectors" / simulated.FILE
PAGE = PACKAGE.parent / "docs" / "monitoring.md"
BEGINS, ENDS = "<!-- bench detectors begins -->\n", "<!-- bench detectors ends -->\n"

SMALL = 26


def measure(*, is_small: bool, writes: bool = False) -> Iterator[Figure]:
    """Look at every 30 s of the days; with ``writes`` put the figures into the page and into the package."""
    seeds = TESTED_WITH[:SMALL] if is_small else TESTED_WITH
    campaign = run_days(seeds, processes=os.cpu_count() or 1)
    for kind in campaign.score_kinds():
        yield Figure(f"{kind.kind}: detected; after, median and p95", _describe(kind))
    detections = campaign.detections
    found = sum(each.seconds is not None for each in detections)
    quiet = campaign.quiet
    seen = f"{len(campaign.days)} days, seeds {seeds[0]}-{seeds[-1]} (tuned with {TUNED_WITH[0]}-{TUNED_WITH[-1]})"
    yield Figure(f"{seen}: faults detected, %", f"{100 * found / len(detections):.1f}", "> 95")
    yield Figure(f"false of {campaign.alarms:,} alarms, %", f"{100 * campaign.false / campaign.alarms:.2f}", "< 5")
    wrong = sum(len(each.false) for each in quiet) / len(quiet)
    yield Figure(f"false alarms a day, of {len(quiet)} quiet days", f"{wrong:.2f}", "< 1")
    for day in campaign.days:
        for each in day.detections:
            if each.seconds is None:
                yield Figure(f"missed, seed {day.seed}, {day.character}: {each.fault}", "")
        for false in day.false:
            yield Figure(f"false, seed {day.seed}, {day.character}, {false.at / 3600:.1f} h: {false.told}", "")
    if writes and not is_small:
        _write(campaign)


def _describe(kind: KindScore) -> str:
    return f"{len(kind.seconds)} of {kind.injected}; {_show(kind, 0.5)}, {_show(kind, 0.95)}"


def _show(kind: KindScore, share: float) -> str:
    """Return the time in short."""
    seconds = find_rank(kind.seconds, share)
    if seconds is None:
        return "–"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _write(campaign: Campaign) -> None:
    DATA.write_bytes(simulated.dump_simulated(campaign.score_detectors()))
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGINS)
    after = rest.partition(ENDS)[2]
    PAGE.write_text(f"{before}{BEGINS}{_make_table(campaign)}{ENDS}{after}", encoding="utf-8")


def _make_table(campaign: Campaign) -> str:
    quiet, detections = campaign.quiet, campaign.detections
    found = sum(each.seconds is not None for each in detections)
    on_quiet = sum(len(each.false) for each in quiet)
    rows = "".join(
        f"| {each.kind} | {each.injected} | {len(each.seconds)} | {_show(each, 0.5)} | {_show(each, 0.95)} "
        f"| {each.told / max(1, len(each.seconds)):.1f} |\n"
        for each in campaign.score_kinds()
    )
    return (
        f"{len(campaign.days)} days (seeds {campaign.seeds[0]}-{campaign.seeds[-1]}; corrected with "
        f"{TUNED_WITH[0]}-{TUNED_WITH[-1]}), {len(quiet)} of them quiet: {found} of {len(detections)} faults detected "
        f"({found / len(detections):.1%}), {campaign.false} of {campaign.alarms:,} alarms false "
        f"({campaign.false / campaign.alarms:.1%}), {on_quiet / len(quiet):.2f} on a quiet day.\n\n"
        "| what was injected | times | detected | after, median | p95 | alarms each |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        f"{rows}"
    )
