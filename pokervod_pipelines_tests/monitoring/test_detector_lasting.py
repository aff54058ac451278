"""Check what has to last, what comes and goes, and which of two anomalies of one cause is the one that people see."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pokervod_pipelines.monitoring.detectors import facts as f
from pokervod_pipelines.monitoring.detectors.facts import Facts, Unread
from pokervod_pipelines.monitoring.detectors.history import History
from pokervod_pipelines.monitoring.detectors.judging import judge
from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.detectors.reading import find_offset, shift_dagster
from pokervod_pipelines.monitoring.detectors.simulated import load_simulated
from pokervod_pipelines.monitoring.health.orchestrator import SensorFacts
from pokervod_pipelines.monitoring.incidents.shape import Finding
from pokervod_pipelines.settings.monitoring import MonitoringSettings
from pokervod_pipelines_tests.monitoring.detector_facts import NOW, ago, make_facts
from pokervod_pipelines_tests.simulator.keeping import Keeper

RULES = MonitoringSettings()
EVERY = timedelta(seconds=30)


def see_root(is_away: bool) -> Facts:
    state = "degraded" if is_away else "healthy"
    return make_facts(services=(f.ServiceFacts(name="root nas", state=state, summary="no answer", since=ago(hours=1)),))


def watch(pattern: str) -> Keeper:
    """Look every half minute: ``x`` where the root is away, ``.`` where it answers, ``?`` where nobody looks."""
    keeper, history = Keeper(RULES.incidents), History()
    for number, each in enumerate(pattern):
        if each == "?":
            continue
        facts = replace(see_root(each == "x"), now=NOW + number * EVERY)
        judgement = judge(facts, RULES, history)
        history = judgement.history
        keeper.record([look for look in judgement.looks if look.detector == Detector.ROOT_AWAY], facts.now)
    return keeper


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("x....", 0),  # a disk that slept
        ("xx....", 0),
        ("xxx..", 1),  # a minute
        ("x?x.", 1),  # a look was missed: nothing says that it was well
        ("x.x....", 0),  # two short ones apart are not one long one
        ("x....x....", 0),
        ("xx.xx......", 1),  # found at four of five looks
        ("x..x..x..x..x..x..", 1),  # it comes and goes
        ("x........x........x........x........x........", 1),
        ("x..........x..........x..........x..........", 0),  # once in more than five minutes
        ("xxxx" + 20 * "." + "xxxx", 2),
    ],
)
def test_what_lasts_or_returns_again_and_again_is_told_once(pattern: str, told: int) -> None:
    assert len(watch(pattern).alarms) == told


def test_what_comes_and_goes_is_over_once_it_stays_away() -> None:
    flapping = 10 * "x...."

    assert watch(flapping).incidents["root_away root nas"].is_open
    assert not watch(flapping + 13 * ".").incidents["root_away root nas"].is_open


def find(history: History = History(), **groups: Any) -> Iterator[Finding]:  # noqa: B008 - it is frozen
    for look in judge(make_facts(**groups), RULES, history).looks:
        yield from look.findings
    for each in judge(make_facts(**groups), RULES, history).history.found.values():
        yield each.finding


def explain(detector: Detector, **groups: Any) -> tuple[str, ...]:
    return next(each for each in find(**groups) if each.detector == detector).explained_by


@pytest.mark.parametrize(("minutes", "cause"), [(20, Detector.BREAKER_OPEN), (5, Detector.SERVICE_DOWN)])
def test_of_a_service_and_its_breaker_the_first_is_the_cause(minutes: int, cause: Detector) -> None:
    services = (f.ServiceFacts(name="nexrender", state="degraded", summary="no answer", since=ago(minutes=10)),)
    breakers = (f.ServiceBreaker(name="nexrender", title="nexrender", opened_at=ago(minutes=minutes), failures=5),)
    effect = {Detector.BREAKER_OPEN: Detector.SERVICE_DOWN, Detector.SERVICE_DOWN: Detector.BREAKER_OPEN}[cause]

    assert f"{cause} service nexrender" in explain(effect, services=services, breakers=breakers)
    assert f"{effect} service nexrender" not in explain(cause, services=services, breakers=breakers)


def test_a_folder_that_nobody_reads_is_an_effect_of_the_watcher() -> None:
    folder = f.SourceFacts(kind="drop folder", name="/drop", read_at=ago(hours=1), expected_seconds=60)

    assert "watcher_stopped service watcher" in explain(Detector.SOURCE_STALE, sources=(folder,))


def test_workers_that_died_together_are_one_incident() -> None:
    dead = tuple(f.WorkerFacts(name=name, host=name, seen_at=ago(minutes=5), is_alive=False) for name in ("a", "b"))
    found = [each for each in find(workers=dead, queue=f.QueueFacts()) if each.detector == Detector.WORKER_STOPPED]

    assert "nothing waits yet, and no worker is able to render" in found[0].summary
    assert {each.key for each in found if found[0].key not in each.explained_by} == {found[0].key}


def test_the_first_to_be_late_is_not_its_own_incident_while_nothing_is_claimed() -> None:
    groups = (
        f.WaitingGroup(renderer="local", template="winner", waiting=9, since=ago(minutes=31), delayed=2),
        f.WaitingGroup(renderer="local", template="payouts", waiting=9, since=ago(minutes=20)),
    )

    stalled, slow = (f.QueueFacts(groups=groups, claims=claims) for claims in (0, 30))

    assert [each.subject.name for each in find(queue=stalled)][:1] == ["render queue"]
    assert [each.subject.name for each in find(queue=slow)][:1] == ["winner"]


@pytest.mark.parametrize(
    ("reason", "minutes", "is_one"),
    [
        ("payouts/payouts_17.mov: permission denied", 5, True),
        ("payouts/payouts_17.mov: permission denied", 300, False),  # hours after the other
        ("the template payouts has no layer rows", 5, False),
    ],
)
def test_templates_that_fail_for_one_reason_are_one_incident(reason: str, minutes: float, is_one: bool) -> None:
    def make(template: str, told: str, first: float, last: float) -> f.FailedGroup:
        times = {"first_at": ago(minutes=first), "last_at": ago(minutes=last)}
        return f.FailedGroup(template=template, renderer="local", count=2, ids=(1, 2), reason=told, **times)

    failed = (
        make("payouts", reason, 2, 1),
        make("winner", "winner/winner_4.mov: permission denied", 10 + minutes, minutes),
    )
    found = {each.subject.name: each for each in find(failed=failed) if each.detector == Detector.GRAPHIC_FAILED}

    assert (found["winner"].key in found["payouts"].explained_by) == is_one
    assert found["payouts"].key not in found["winner"].explained_by


def test_a_calm_after_a_hurry_is_no_drop() -> None:
    def hours(last: int) -> f.HourFacts:
        groups = [(f.EndedGroup(renderer="local", template="winner", completed=count),) for count in (last, 300)]
        return f.HourFacts(last=groups[0], before=groups[1], looked_minutes=60, waiting_minutes=40)

    def waits(minutes: float) -> f.QueueFacts:
        group = f.WaitingGroup(renderer="local", template="winner", waiting=2, since=ago(minutes=minutes))
        return f.QueueFacts(groups=(group,), claims=30)

    def has_dropped(minutes: float) -> bool:
        found = find(hours=hours(100), queue=waits(minutes))
        return Detector.THROUGHPUT_DROPPED in {each.detector for each in found}

    assert has_dropped(15)
    assert not has_dropped(1)


@pytest.mark.parametrize(
    ("clock", "seconds"),
    [
        (f.ClockFacts(offset_seconds=600, error_seconds=0.01), 600),
        (f.ClockFacts(offset_seconds=-600, error_seconds=0.01), -600),
        (f.ClockFacts(offset_seconds=0.2, error_seconds=0.3), 0),  # the question took longer
        (Unread(reason="the database refuses"), 0),
    ],
)
def test_times_of_a_wrong_clock_are_moved_to_the_databases(clock: f.ClockFacts | Unread, seconds: float) -> None:
    offset = find_offset(clock)
    moved = shift_dagster(
        f.DagsterFacts(
            heartbeats={"SENSOR": NOW},
            sensors=(SensorFacts(name="health", ticked_at=NOW), SensorFacts(name="new")),
            runs=(f.RunFacts(run_id="a", job="full_sync", state="running", since=NOW),),
        ),
        offset,
    )

    assert offset == timedelta(seconds=seconds)
    assert moved.heartbeats == {"SENSOR": NOW + offset}
    assert [each.ticked_at for each in moved.sensors] == [NOW + offset, None]
    assert moved.runs[0].since == NOW + offset


def test_the_package_has_figures_of_its_detectors() -> None:
    days = load_simulated()

    assert days.days >= 200
    assert {*days.detectors} <= {*Detector}
    assert {*Detector} - {*days.detectors} == {Detector.RUN_FAILED}
    assert sum(each.detected for each in days.detectors.values()) > 0.95 * sum(
        each.injected for each in days.detectors.values()
    )
