"""Check that detectors see what is injected into simulated days and nothing else, and the incidents of a whole day."""

from datetime import datetime
from typing import NamedTuple

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.monitoring.detectors.history import History
from pokervod_pipelines.monitoring.detectors.judging import judge
from pokervod_pipelines.monitoring.incidents.looks import record_looks
from pokervod_pipelines.settings.detectors import DetectorsSettings
from pokervod_pipelines.settings.monitoring import MonitoringSettings
from pokervod_pipelines_tests.simulator.day import DayOrder, run_day
from pokervod_pipelines_tests.simulator.faults import FaultKind, draw_faults
from pokervod_pipelines_tests.simulator.keeping import Keeper
from pokervod_pipelines_tests.simulator.plan import Character, draw_plan
from pokervod_pipelines_tests.simulator.world import World

SEED = 70_001
RULES = MonitoringSettings()


def test_a_day_is_drawn_from_its_seed() -> None:
    plan, again = (draw_plan(SEED, Character.ORDINARY) for _ in range(2))
    faults, same = (draw_faults(SEED, plan, 4, may_meet=False) for _ in range(2))

    assert plan == again
    assert faults == same
    assert len(faults) == 4
    assert draw_plan(SEED + 1, Character.ORDINARY) != plan


@pytest.mark.parametrize("character", [Character.TINY, Character.RESTART], ids=str)
def test_a_healthy_day_is_quiet(character: Character) -> None:
    result = run_day(DayOrder(seed=SEED, character=character))

    assert result.is_healthy
    assert result.alarms == 0


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_what_is_injected_is_told(seed: int) -> None:
    result = run_day(DayOrder(seed=seed, character=Character.ORDINARY, faults=4))

    assert len(result.detections) == 4
    assert [str(each.fault) for each in result.detections if each.seconds is None] == []
    assert [each.told for each in result.false] == []


def test_blind_detectors_miss_all_of_it() -> None:
    off = DetectorsSettings.model_validate({name: {"enabled": False} for name in DetectorsSettings.model_fields})
    result = run_day(DayOrder(seed=SEED, character=Character.TINY, faults=4), MonitoringSettings(detectors=off))

    assert [each.seconds for each in result.detections] == [None] * 4
    assert result.alarms == 0


def test_detectors_without_patience_cry_wolf() -> None:
    hasty = DetectorsSettings.model_validate({"service_down": {"for_seconds": 0}, "root_away": {"for_seconds": 0}})
    result = run_day(DayOrder(seed=SEED, character=Character.FLAPPING), MonitoringSettings(detectors=hasty))

    assert len(result.false) == result.alarms > 20


class Kept(NamedTuple):
    """Hold what two ways of keeping an incident have to agree in."""

    key: str
    cause: str | None
    opened_at: datetime
    openings: int
    resolved_at: datetime | None


@pytest.mark.long
@pytest.mark.parametrize("seed", [SEED, SEED + 2])
def test_incidents_in_memory_are_those_of_the_database(engine: Engine, seed: int) -> None:
    plan = draw_plan(seed, Character.ORDINARY)
    faults = [each for each in draw_faults(seed, plan, 7, may_meet=True) if each.kind is not FaultKind.DATABASE_AWAY]
    keeper, history = Keeper(RULES.incidents), History()
    with engine.begin() as connection:
        for _, facts in World(plan, tuple(faults), RULES).look():
            judged = judge(facts, RULES, history)
            history = judged.history
            keeper.record(judged.looks, facts.now)
            record_looks(connection, judged.looks, RULES.incidents, now=facts.now)
        rows = connection.execute(_KEPT).all()

    kept = {
        Kept(each.key, each.cause if each.is_open else None, each.spans[-1][0], len(each.spans), each.ended_at)
        for each in keeper.incidents.values()
    }
    assert len(kept) >= len(faults)
    assert {Kept(*row) for row in rows} == kept


_KEPT = text("""
    select e.key, case when e.resolved_at is null then c.key end as cause, e.opened_at, e.openings, e.resolved_at
    from monitoring_events e left join monitoring_events c on c.id = e.cause_id
""")
