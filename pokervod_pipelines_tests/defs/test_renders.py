"""Check the assets and sensors of render outputs: what is rendered, what is requested, and the reason for nothing."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine

from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.render.templates import SHIPPED
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows import renders
from pokervod_pipelines_tests.workflows.render_day import DAY, RenderDay

TOMORROW = date.today() + timedelta(days=2)  # noqa: DTZ011 - any day that is no partition yet, in every zone
FIRST = {"first_day": DAY}
CHECKS = ("no_instruction_failed", "every_output_is_as_it_was_made", "every_instruction_has_its_output")


@pytest.fixture
def render_day(engine: Engine, settings_factory: Callable[..., Settings]) -> RenderDay:
    return RenderDay(engine=engine, settings=settings_factory(hands=FIRST))


@pytest.fixture
def defs(render_day: RenderDay) -> dg.Definitions:
    return build_defs(settings=render_day.settings, engine=render_day.engine)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def tick(defs: dg.Definitions, instance: dg.DagsterInstance, sensor: str) -> tuple[list[dg.RunRequest], str]:
    """Return what a tick of the sensor requests, as the daemon sees it, and the reason for no request."""
    repository = defs.get_repository_def()
    context = dg.build_sensor_context(instance=instance, repository_def=repository)
    data = repository.get_sensor_def(sensor).evaluate_tick(context)
    return list(data.run_requests or ()), data.skip_message or ""


def render(defs: dg.Definitions, instance: dg.DagsterInstance, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
    """Return the run that was requested."""
    return defs.resolve_job_def("renders").execute_in_process(
        instance=instance, partition_key=request.partition_key, tags=dict(request.tags), raise_on_error=False
    )


def test_a_pending_day_is_requested_rendered_materialized_and_then_left_alone(
    render_day: RenderDay, defs: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    (made,) = render_day.request_for("Ana Ruiz")
    (later,) = render_day.request_for("Tom", day=TOMORROW)
    render_day.execute("update render_instructions set due_at = now() + interval '1 hour' where id = :id", id=later)

    (request,), _ = tick(defs, instance, "render_queue")
    result = render(defs, instance, request)

    metadata = result.asset_materializations_for_node("render_outputs")[0].metadata
    assert (request.partition_key, request.tags["pokervod/reason"]) == (
        "2026-01-05",
        "1 graphics are pending and no worker is alive",
    )
    assert render_day.states() == {made: "completed", later: "pending"}
    assert {key: metadata[key].value for key in ("rendered_now", "completed", "complete_percent", "problems")} == {
        "rendered_now": 1,
        "completed": 1,
        "complete_percent": 100,
        "problems": 0,
    }
    assert str(metadata["previews"].value).startswith(f"![elimination {made} · Ana Ruiz](data:image/jpeg;base64,")
    assert {each.check_name: each.passed for each in result.get_asset_check_evaluations()} == dict.fromkeys(
        CHECKS, True
    )
    render_day.execute("update render_outputs set made_at = made_at - interval '1 minute'")
    assert tick(defs, instance, "render_queue") == (
        [],
        "workers serve everything pending (0 alive); nothing new is finished",
    )


def test_graphics_that_workers_finished_are_materialized_once(
    render_day: RenderDay, defs: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    render_day.make_file()
    render_day.execute("update render_outputs set made_at = made_at - interval '1 minute'")

    (request,), _ = tick(defs, instance, "render_queue")
    assert request.tags["pokervod/reason"] == "its graphics are finished"
    assert render(defs, instance, request).success
    assert tick(defs, instance, "render_queue")[0] == []


def test_a_day_that_is_not_a_partition_yet_is_rendered_along_with_the_current_one(
    render_day: RenderDay, defs: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    (announced,) = render_day.request_for("Ana Ruiz", day=TOMORROW)

    (request,), _ = tick(defs, instance, "render_queue")
    result = render(defs, instance, request)

    assert request.partition_key != str(TOMORROW)
    assert result.success
    assert render_day.states() == {announced: "completed"}
    assert tick(defs, instance, "render_queue")[0] == []


def test_a_graphic_that_cannot_be_made_is_a_problem_of_its_day(
    render_day: RenderDay, defs: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    (broken,) = render_day.request_unrenderable("Nobody")

    (request,), _ = tick(defs, instance, "render_queue")
    result = render(defs, instance, request)

    metadata = result.asset_materializations_for_node("render_outputs")[0].metadata
    table = metadata["problem_table"]
    assert isinstance(table, dg.TableMetadataValue)
    (record,) = table.records
    failed = [each for each in result.get_asset_check_evaluations() if not each.passed]
    assert record.data["where"] == f"instruction {broken} (elimination)"
    assert "previews" not in metadata
    assert [each.check_name for each in failed] == ["no_instruction_failed"]
    assert "Fix the cause named in the reason" in str(failed[0].metadata["next_step"].value)


def test_without_its_folder_a_day_fails_and_is_retried(
    render_day: RenderDay, defs: dg.Definitions, instance: dg.DagsterInstance, settings_factory: Callable[..., Settings]
) -> None:
    path = render_day.make_file()
    path.parent.rename(path.parent.with_name("unmounted"))
    quick = settings_factory(hands=FIRST, retries={"clips_seconds": 0}, render={"outputs": path.parent})
    job = build_defs(settings=quick, engine=render_day.engine).resolve_job_def("renders")

    result = job.execute_in_process(instance=instance, partition_key=str(DAY), raise_on_error=False)

    assert not result.success
    assert len([event for event in result.all_events if event.event_type_value == "STEP_RESTARTED"]) == 1
    assert render_day.execute("select problem from render_outputs") == [(None,)]


@pytest.fixture
def away(render_day: RenderDay, settings_factory: Callable[..., Settings], tmp_path: Path) -> dg.Definitions:
    """Build an installation without its outputs folder, with two pending days, one of them with a file."""
    render_day.make_file("Zoe")
    render_day.request_for("Ana")
    render_day.request_for("Tom", day=DAY + timedelta(days=1))
    settings = settings_factory(hands=FIRST, retries={"clips_seconds": 0}, render={"outputs": tmp_path / "away"})
    return build_defs(settings=settings, engine=render_day.engine)


def fail_once(render_day: RenderDay, away: dg.Definitions, instance: dg.DagsterInstance) -> None:
    """Make the requested run fail, so that its work stays pending."""
    requests, _ = tick(away, instance, "render_queue")
    assert not render(away, instance, requests[0]).success
    render_day.execute("delete from render_workers")
    render_day.execute("update render_instructions set due_at = now()")


def test_after_a_failed_run_the_same_work_is_requested_later(
    render_day: RenderDay, away: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    fail_once(render_day, away, instance)

    requests, reason = tick(away, instance, "render_queue")

    assert requests == []
    assert reason.startswith("1 graphics are pending and no worker is alive, but 1 runs in a row failed; fix the error")
    assert "renders is requested again at " in reason


def test_after_a_delay_one_day_is_requested_and_all_once_a_run_succeeds(
    render_day: RenderDay,
    away: dg.Definitions,
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(tick(away, instance, "render_queue")[0]) == 2
    fail_once(render_day, away, instance)
    monkeypatch.setattr(renders, "MIN_DELAY", timedelta(0))

    (request,), _ = tick(away, instance, "render_queue")
    monkeypatch.undo()
    assert render(defs, instance, request).success

    render_day.execute("update render_outputs set made_at = made_at - interval '1 minute'")
    (other,), _ = tick(defs, instance, "render_queue")
    assert {request.partition_key, other.partition_key} == {"2026-01-05", "2026-01-06"}


def register_worker(render_day: RenderDay) -> None:
    render_day.register_worker("w1", "local")


def pause(render_day: RenderDay) -> None:
    render_day.execute("insert into render_pauses (scope, reason, by) values ('all', 'x', 'eva')")


def put_off(render_day: RenderDay) -> None:
    render_day.execute("update render_instructions set due_at = now() + interval '1 hour'")


QUIET = [(register_worker, "(1 alive)"), (pause, "(0 alive)"), (put_off, "(0 alive)")]


@pytest.mark.parametrize(("then", "says"), QUIET, ids=lambda value: getattr(value, "__name__", ""))
def test_nothing_is_requested_when_a_worker_is_alive_or_everything_is_paused(
    render_day: RenderDay,
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    then: Callable[[RenderDay], None],
    says: str,
) -> None:
    render_day.request_for("Ana")
    then(render_day)

    requests, reason = tick(defs, instance, "render_queue")

    assert (requests, says in reason) == ([], True)


def test_nothing_is_requested_while_a_run_is_running(
    render_day: RenderDay, defs: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    render_day.request_for("Ana")
    instance.create_run_for_job(
        job_def=defs.resolve_job_def("renders"),
        status=dg.DagsterRunStatus.STARTED,
        tags={"dagster/partition": str(DAY)},
    )

    assert tick(defs, instance, "render_queue") == ([], "renders is running; what is left is requested after it")


def test_stale_instructions_are_returned_to_the_queue_and_reported(
    render_day: RenderDay, defs: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    assert tick(defs, instance, "stale_instructions") == ([], "a live worker has claimed every running job")
    lost, kept = render_day.claim_one(), render_day.claim_one()
    render_day.expire_lease(lost.id)

    requests, reason = tick(defs, instance, "stale_instructions")

    assert requests == []
    assert reason.startswith(f"returned 1 to the queue: {lost.id} pending: ")
    assert "attempt 2 of 4 follows: w1 sent no heartbeat for " in reason
    assert render_day.states() == {lost.id: "pending", kept.id: "processing"}


def test_a_broken_template_does_not_hide_dead_workers(
    render_day: RenderDay, instance: dg.DagsterInstance, settings_factory: Callable[..., Settings], tmp_path: Path
) -> None:
    (tmp_path / "broken.yaml").write_text("name: [", encoding="utf-8")
    defs = build_defs(settings=settings_factory(render={"templates": tmp_path}), engine=render_day.engine)
    render_day.expire_lease(render_day.claim_one().id)

    assert tick(defs, instance, "stale_instructions")[1].startswith("returned 1 to the queue: ")


def test_a_broken_template_costs_no_other_one_its_time_limit(
    render_day: RenderDay, instance: dg.DagsterInstance, settings_factory: Callable[..., Settings], tmp_path: Path
) -> None:
    shipped = (SHIPPED / "elimination.yaml").read_text(encoding="utf-8")
    slow = shipped.replace("name: elimination", "name: slow") + "max_seconds: 3600\n"
    (tmp_path / "slow.yaml").write_text(slow, encoding="utf-8")
    (tmp_path / "broken.yaml").write_text("name: [", encoding="utf-8")
    defs = build_defs(settings=settings_factory(render={"templates": tmp_path}), engine=render_day.engine)
    patient, over = render_day.claim_one(template="slow"), render_day.claim_one()
    render_day.execute("update render_instructions set started_at = now() - interval '20 minutes'")

    assert tick(defs, instance, "stale_instructions")[1].startswith("returned 1 to the queue: ")
    assert render_day.states() == {patient.id: "processing", over.id: "pending"}


@pytest.mark.parametrize("name", ["render_queue", "stale_instructions"])
def test_the_sensors_are_on_by_default_and_say_what_they_do(defs: dg.Definitions, name: str) -> None:
    sensor = defs.get_repository_def().get_sensor_def(name)

    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    assert sensor.description
