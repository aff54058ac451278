"""Count what is put right without a person in a week of faults, drawn from a seed, and that nothing is done wrong."""

import time
from collections.abc import Iterator
from pathlib import Path

from pokervod_pipelines_tests.bench.figure import Figure, scratch, scratch_database
from pokervod_pipelines_tests.monitoring.chaos_figures import describe_week, measure_week
from pokervod_pipelines_tests.monitoring.chaos_week import ChaosWeek, make_chaos_settings
from pokervod_pipelines_tests.monitoring.remediation_place import run_farm

SEED = 15


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Live the week, or a day of it, with the real queue and an emulated clock."""
    with scratch() as folder, scratch_database(folder, fsync="off") as engine, run_farm() as url:
        settings = make_chaos_settings(Path(folder) / "home", url)
        began = time.perf_counter()
        week = ChaosWeek.begin(engine, settings, seed=SEED, days=1 if is_small else 7)
        week.live()
        seconds = time.perf_counter() - began
        for what, figure, target in describe_week(measure_week(week), settings):
            yield Figure(what, figure, target)
        yield Figure(f"{week.days} days in real seconds, seed {SEED}", f"{seconds:.0f}")
