"""Check rollouts in Dagster: weeks are assets in a chain behind checks, and show their results."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.rollout import interventions
from pokervod_pipelines.rollout.plans import load_plans
from pokervod_pipelines.rollout.runner import lock_rollout
from pokervod_pipelines_tests.rollout.plan_folder import PlanFolder, describe_week

EVA = Actor(who="eva", reason="it was proven by hand")


@pytest.fixture
def folder(engine: Engine, tmp_path: Path) -> PlanFolder:
    made = PlanFolder(engine=engine, folder=tmp_path)
    made.write()
    return made


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def run(folder: PlanFolder, instance: dg.DagsterInstance) -> Callable[..., dg.ExecuteInProcessResult]:
    """Return ``run()``, which runs the job or another ``job``; ``run(*weeks)`` materializes these weeks."""

    def execute(*weeks: int, job: str = "rollout", until: int | None = None) -> dg.ExecuteInProcessResult:
        if weeks:
            return (
                load(folder)
                .resolve_implicit_global_asset_job_def()
                .execute_in_process(
                    instance=instance, asset_selection=[key(week) for week in weeks], raise_on_error=False
                )
            )
        config = {"ops": {f"{job}_weeks": {"config": {"until": until}}}}
        return (
            load(folder)
            .resolve_job_def(job)
            .execute_in_process(instance=instance, run_config=config, raise_on_error=False)
        )

    return execute


def key(week: int, *prefix: str) -> dg.AssetKey:
    return dg.AssetKey([*(prefix or ("rollout",)), f"week_{week}"])


def load(folder: PlanFolder) -> dg.Definitions:
    return build_defs(settings=folder.settings, engine=folder.engine)


def list_materialized(result: dg.ExecuteInProcessResult) -> list[str]:
    return [each.asset_key.to_user_string() for each in result.get_asset_materialization_events()]


def list_checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {
        f"{each.asset_key.path[-1]}:{each.check_name}": each.passed for each in result.get_asset_check_evaluations()
    }


def find_reason(result: dg.ExecuteInProcessResult) -> str:
    """Return what Dagster shows of the first step that failed."""
    failure = next(event.step_failure_data for event in result.all_events if event.is_step_failure)
    return str(failure.error.message if failure.error else "") + str(failure.user_failure_data)


def test_the_shipped_plan_has_nine_weeks_in_a_chain(engine: Engine, tmp_path: Path) -> None:
    graph = load(PlanFolder(engine=engine, folder=tmp_path)).resolve_asset_graph()
    weeks = [node for node in graph.asset_nodes if node.group_name == "rollout"]

    assert {node.key: {*node.parent_keys} for node in weeks} == {
        key(number): {key(number - 1)} if number > 1 else set() for number in range(1, 10)
    }
    assert all(node.description and node.owners == ["team:archive"] for node in weeks)


def test_each_criterion_is_a_check_and_blocks_what_comes_after(folder: PlanFolder) -> None:
    specs = [each for week in range(1, 5) for each in load(folder).resolve_asset_graph().get(key(week)).check_keys]
    graph = load(folder).resolve_asset_graph()

    assert {(each.asset_key.path[-1], each.name): graph.get(each).blocking for each in specs} == {
        ("week_1", "proof"): True,
        ("week_2", "proof"): True,
        ("week_2", "hands_table"): True,
        ("week_2", "one_is_one"): True,
        ("week_3", "proof"): True,
        ("week_4", "proof"): False,
    }


def test_the_job_runs_week_after_week_and_shows_the_report(
    folder: PlanFolder, run: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    folder.prove(1, 2, 3, 4)

    result = run()

    assert result.success
    assert list_materialized(result) == [f"rollout/week_{week}" for week in range(1, 5)]
    assert list_checks(result).keys() >= {"week_1:proof", "week_2:hands_table", "week_2:one_is_one", "week_4:proof"}
    assert all(list_checks(result).values())
    assert folder.attempts() == [(week, True) for week in range(1, 5)]
    second = result.get_asset_materialization_events()[1].materialization.metadata
    assert "**Done:** 2 of 4 weeks (1, 2)" in str(second["report"].value)
    assert (second["attempts"].value, second["round"].value, second["overridden"].value) == (1, 1, "none")
    assert "4 of 4 weeks" in (folder.folder / "home" / "rollout" / "demo.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("until", [2, None])
def test_the_job_limits_automatic_runs(
    folder: PlanFolder, run: Callable[..., dg.ExecuteInProcessResult], until: int | None
) -> None:
    folder.prove(1)

    run(1)
    assert folder.record().until == 1, "the week that starts the rollout is the last one requested"
    run(until=until)

    assert (folder.record().until, folder.states()) == (until, ["passed", "waiting", "pending", "pending"])


def test_materializing_a_week_keeps_a_later_limit(
    folder: PlanFolder, run: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    folder.prove(1, 2, 3, 4)

    run(until=1)
    run(2)
    assert folder.record().until == 2
    run(1)
    assert folder.record().until == 2
    assert folder.attempts() == [(1, True), (2, True)]


def test_a_failed_week_shows_its_results_and_no_later_one_starts(
    folder: PlanFolder, run: Callable[..., dg.ExecuteInProcessResult], instance: dg.DagsterInstance
) -> None:
    folder.prove(1, 3, 4)

    result = run()

    assert not result.success
    assert list_materialized(result) == ["rollout/week_1"]
    assert list_checks(result) == {
        "week_1:proof": True,
        "week_2:proof": False,
        "week_2:hands_table": True,
        "week_2:one_is_one": True,
    }
    assert "the criteria of week 2 have not passed: retried at" in find_reason(result)
    (failed,) = [each for each in result.get_asset_check_evaluations() if not each.passed]
    assert failed.description.startswith("demo_2.txt: the file is missing")
    assert instance.get_latest_materialization_event(key(2)) is None
    assert folder.attempts() == [(1, True), (2, False)]
    assert folder.states() == ["passed", "waiting", "pending", "pending"]


def test_after_its_last_attempt_a_week_says_why_it_blocks(
    folder: PlanFolder, run: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    folder.write(attempts=1)

    assert "the criteria of week 1 have not passed: proof: demo_1.txt: the file is missing" in find_reason(run())
    assert "the criteria of week 1 have not passed: proof: demo_1.txt: the file is missing" in find_reason(run())
    assert folder.attempts() == [(1, False)]
    assert folder.record().state == "escalated"


def test_a_week_that_has_passed_is_evaluated_anew_without_another_attempt(
    folder: PlanFolder, run: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    folder.prove(1, 2)
    run(1, 2)
    assert list_materialized(run(1, 2)) == ["rollout/week_1", "rollout/week_2"]
    (folder.folder / "demo_1.txt").unlink()

    result = run(1)

    assert list_materialized(result) == []
    assert list_checks(result)["week_1:proof"] is False
    assert "week 1 has passed, but fails now: proof: demo_1.txt: the file is missing" in find_reason(result)
    assert folder.attempts() == [(1, True), (2, True)]


def test_the_job_never_shows_old_evidence_as_a_new_check(
    folder: PlanFolder, run: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    folder.prove(1, 2, 3)
    run(until=2)

    result = run(until=3)

    assert list_materialized(result) == ["rollout/week_3"]
    assert list_checks(result) == {"week_3:proof": True}


def test_a_week_cannot_be_made_before_the_one_before_it(
    folder: PlanFolder, run: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    folder.prove(1, 3, 4)

    result = run(4)

    assert list_materialized(result) == []
    assert "week 2 is waiting; it has to pass before week 4 starts" in find_reason(result)
    assert folder.attempts() == [(1, True), (2, False)]


def test_an_overridden_criterion_is_shown_as_one_and_stops_nothing(
    folder: PlanFolder, run: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    folder.write(attempts=1)
    folder.prove(2)
    run()
    interventions.override_criterion(folder.rollout(), 1, "proof", EVA)
    interventions.resume_rollout(folder.rollout(), EVA)

    result = run(1, 2)

    check = result.get_asset_check_evaluations()[0]
    metadata = result.get_asset_materialization_events()[0].materialization.metadata
    assert (check.passed, check.severity, check.metadata["overridden"].value) == (
        False,
        dg.AssetCheckSeverity.WARN,
        True,
    )
    assert check.description.startswith("overridden by eva (it was proven by hand): demo_1.txt: the file is missing")
    assert (metadata["overridden"].value, metadata["attempts"].value, metadata["round"].value) == ("proof", 2, 2)
    assert list_materialized(result) == ["rollout/week_1", "rollout/week_2"]


def test_a_criterion_added_after_its_week_passed_is_evaluated(
    folder: PlanFolder, run: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    folder.prove(1, 2, 3, 4)
    run()
    fewer, more = describe_week(2), describe_week(3)
    del fewer["criteria"][1]
    more["criteria"] += describe_week(2)["criteria"][2:]
    folder.write(weeks=[describe_week(1), fewer, more, describe_week(4)])

    result = run()

    assert result.success
    assert list_checks(result) == {"week_3:one_is_one": True, "week_3:proof": True}
    assert folder.attempts()[4:] == [(3, True)]


def test_the_job_does_not_begin_before_the_planned_start(
    folder: PlanFolder, run: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    folder.write(starts="2999-01-04")

    assert "is planned from 2999-01-04 on" in find_reason(run())


def test_a_run_beside_another_runner_fails(folder: PlanFolder, run: Callable[..., dg.ExecuteInProcessResult]) -> None:
    with lock_rollout(folder.rollout()):
        assert "is already running" in find_reason(run())


def test_a_week_passes_without_its_page(folder: PlanFolder, run: Callable[..., dg.ExecuteInProcessResult]) -> None:
    (folder.folder / "a_file").touch()
    folder.given = {"pages": str(folder.folder / "a_file" / "pages")}
    folder.prove(1, 2, 3, 4)

    assert run().success


def test_two_plans_stand_side_by_side(folder: PlanFolder, run: Callable[..., dg.ExecuteInProcessResult]) -> None:
    folder.write("second", weeks=2)
    folder.prove(1, 2, plan="second")
    repository = load(folder).get_repository_def()

    result = run(job="rollout_second")

    assert list_materialized(result) == ["rollout/second/week_1", "rollout/second/week_2"]
    assert folder.states("second") == ["passed", "passed"]
    assert folder.execute("select count(*) from rollouts where plan = 'demo'") == [(0,)]
    assert {job.name for job in repository.get_all_jobs()} >= {"rollout", "rollout_second", "alerts"}
    assert {sensor.name for sensor in repository.sensor_defs} >= {"rollout_clock", "rollout_second_clock"}


def test_a_broken_plan_affects_nothing_else(folder: PlanFolder, caplog: pytest.LogCaptureFixture) -> None:
    path = folder.write(weeks=2, attempts=0)
    defs = load(folder)

    (problem,) = load_plans(folder.settings).broken
    groups = {node.group_name for node in defs.resolve_asset_graph().asset_nodes}
    names = {sensor.name for sensor in defs.get_repository_def().sensor_defs}
    assert re.match(rf"{path}:\d+: attempts", str(problem))
    assert f"a rollout is not defined: {problem}" in caplog.text
    assert "rollout" not in groups
    assert groups >= {"hands", "render", "catalog"}
    assert names & {"rollout_clock", "alert_delivery"} == {"alert_delivery"}


def test_a_valid_plan_stays_beside_a_broken_one(
    folder: PlanFolder, run: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    folder.write("second", attempts=0)
    folder.prove(1, 2, 3, 4)

    assert list_materialized(run())[-1] == "rollout/week_4"
    assert "rollout_clock" in {sensor.name for sensor in load(folder).get_repository_def().sensor_defs}


def test_no_plan_takes_the_names_of_the_first_one_while_that_is_broken(
    folder: PlanFolder, run: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    folder.write("second", weeks=2)
    folder.write(attempts=0)
    folder.prove(1, 2, plan="second")
    repository = load(folder).get_repository_def()

    assert list_materialized(run(job="rollout_second")) == ["rollout/second/week_1", "rollout/second/week_2"]
    assert {job.name for job in repository.get_all_jobs()} & {"rollout", "rollout_second"} == {"rollout_second"}
    assert not {sensor.name for sensor in repository.sensor_defs} & {"rollout_clock"}
