"""Check a week of faults: what may pass heals, what is stuck is recovered, and what a person decided stays."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from pokervod_pipelines_tests.monitoring.chaos_figures import measure_week
from pokervod_pipelines_tests.monitoring.chaos_week import ChaosWeek, make_chaos_settings
from pokervod_pipelines_tests.monitoring.remediation_place import run_farm

SEED, DAYS = 1, 7


@pytest.fixture
def own_engine(make_database: Callable[[bool], str]) -> Iterator[Engine]:
    """Yield an engine on a database of its own, whose clock may be emulated."""
    engine = create_engine(make_database(True))
    yield engine
    engine.dispose()


@pytest.mark.long
def test_a_week_of_faults_is_healed_within_bounds(own_engine: Engine, tmp_path: Path) -> None:
    with run_farm() as url:
        settings = make_chaos_settings(tmp_path, url)
        week = ChaosWeek.begin(own_engine, settings, seed=SEED, days=DAYS)
        week.live()
    found = measure_week(week)

    # Enough has happened for the shares to say something.
    assert found.failed > 100 * DAYS
    assert found.given_up > 20 * DAYS
    assert found.healed > 0.95 * found.failed
    assert found.given_up_healed > 0.95 * found.given_up
    assert found.lost > 20 * DAYS
    assert found.lost_by_remedy > 0
    assert found.still_stuck == 0
    assert found.wrong > 10 * DAYS
    assert found.holds > 10 * DAYS
    assert (found.wrong_retried, found.on_held, found.on_cancelled) == (0, 0, 0)
    assert {"retry", "rescue", "prioritize", "reorder", "instruct", "probe"} == {*found.done}
    budgets = {kind: getattr(settings.monitoring.remediation, kind).per_hour for kind in found.done}
    assert {kind: most for kind, most in found.most_an_hour.items() if most > budgets[kind]} == {}
    assert found.asked > 0
    assert (found.hands_without, found.misranked) == (0, 0)
