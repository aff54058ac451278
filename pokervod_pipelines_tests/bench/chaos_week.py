"""Count what is put right without a person in a week of faults, drawn from a seed, and that nothing is done wrong."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from pokervod_pipelines.monitoring.remediation.remediate import remediate
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.bench.figure import Figure, median_seconds, scratch, scratch_database
from pokervod_pipelines_tests.bench.measures import DAYS, add_rest, fill
from pokervod_pipelines_tests.monitoring.chaos_figures import describe_week, measure_week
from pokervod_pipelines_tests.monitoring.chaos_week import ChaosWeek, make_chaos_settings
from pokervod_pipelines_tests.monitoring.remediation_place import run_farm

SEED, TIMES = 15, 20


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Time a look that finds nothing, then live the week, or a day of it, with the real queue and an emulated clock."""
    yield from _measure_rest(10_000 if is_small else 100_000)
    with scratch() as folder, scratch_database(folder, fsync="off") as engine, run_farm() as url:
        settings = make_chaos_settings(Path(folder) / "home", url)
        began = time.perf_counter()
        week = ChaosWeek.begin(engine, settings, seed=SEED, days=1 if is_small else 7)
        week.live()
        seconds = time.perf_counter() - began
        for what, figure, target in describe_week(measure_week(week), settings):
            yield Figure(what, figure, target)
        yield Figure(f"{week.days} days in real seconds, seed {SEED}", f"{seconds:.0f}")


def _measure_rest(count: int) -> Iterator[Figure]:
    with scratch() as folder, scratch_database(folder) as engine:
        now, settings = datetime.now(UTC), Settings.model_validate({"home": Path(folder) / "home"})
        fill(engine, now, DAYS, count)
        add_rest(engine, now, count)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum analyze"))
        remediate(engine, settings)  # what is left in pieces by the filling
        taken = median_seconds(lambda: remediate(engine, settings), TIMES)
        yield Figure(f"nothing to put right, {count:,} instructions, {3 * count:,} events: ms", f"{1000 * taken:.1f}")
