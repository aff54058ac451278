"""Check the sensors that continue rollouts and send alerts: they request runs only when one is needed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import Alert, AlertSeverity
from pokervod_pipelines.alerts.posting import post_alert
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.monitoring.incidents import lifecycle
from pokervod_pipelines.policies.blocks import find_channel_service
from pokervod_pipelines.rollout import interventions
from pokervod_pipelines.rollout.runner import lock_rollout
from pokervod_pipelines.subjects import Subject, SubjectKind
from pokervod_pipelines_tests.policies.breaker_harness import BreakerHarness
from pokervod_pipelines_tests.rollout.plan_folder import PlanFolder

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


def load(folder: PlanFolder) -> dg.Definitions:
    return build_defs(settings=folder.settings, engine=folder.engine)


def tick(folder: PlanFolder, instance: dg.DagsterInstance, sensor: str) -> tuple[list[dg.RunRequest], str]:
    """Return what a tick of the sensor requests, and the reason why it requests nothing."""
    repository = load(folder).get_repository_def()
    context = dg.build_sensor_context(instance=instance, repository_def=repository)
    data = repository.get_sensor_def(sensor).evaluate_tick(context)
    return list(data.run_requests or ()), data.skip_message or ""


# The clock requests a run where no runner is active, and nothing that needs a person.


def leave_waiting(folder: PlanFolder) -> None:
    load(folder).resolve_job_def("rollout").execute_in_process(raise_on_error=False)


def die_long_ago(folder: PlanFolder) -> None:
    leave_waiting(folder)
    folder.execute("update rollouts set state = 'running', changed_at = now() - interval '1 minute'")


def die_just_now(folder: PlanFolder) -> None:
    die_long_ago(folder)
    folder.execute("update rollouts set changed_at = now()")


def end_wait(folder: PlanFolder) -> None:
    leave_waiting(folder)
    folder.end_wait()


def wait_for_a_later_week(folder: PlanFolder) -> None:
    end_wait(folder)
    later = "state = 'waiting', next_try_at = now() + interval '1 hour'"
    folder.execute(f"update rollout_weeks set {later} where number = 2")


def pause(folder: PlanFolder) -> None:
    end_wait(folder)
    interventions.pause_rollout(folder.rollout(), EVA)


def escalate(folder: PlanFolder) -> None:
    folder.write(attempts=1)
    leave_waiting(folder)


def complete(folder: PlanFolder) -> None:
    folder.prove(1, 2, 3, 4)
    leave_waiting(folder)


def start_nothing(folder: PlanFolder) -> None:
    """Leave the rollout unstarted."""


@pytest.mark.parametrize("happened", [end_wait, wait_for_a_later_week, die_long_ago], ids=lambda each: each.__name__)
def test_the_clock_continues_after_a_wait_and_after_a_runner_died(
    folder: PlanFolder, instance: dg.DagsterInstance, happened: Callable[[PlanFolder], None]
) -> None:
    happened(folder)
    folder.prove(1, 2, 3, 4)

    (request,), _ = tick(folder, instance, "rollout_clock")
    folder.end_wait()
    result = load(folder).resolve_job_def("rollout").execute_in_process(instance=instance, tags=dict(request.tags))

    assert request.run_key is not None
    assert result.success
    assert folder.record().state == "completed"
    assert tick(folder, instance, "rollout_clock") == ([], "The rollout demo is completed.")


QUIET = [
    (start_nothing, "has not started; start it with `pokervod rollout run`"),
    (leave_waiting, "is waiting"),
    (die_just_now, "is running"),
    (pause, "is paused"),
    (escalate, "is escalated"),
    (complete, "is completed"),
]


@pytest.mark.parametrize(("happened", "says"), QUIET, ids=lambda each: getattr(each, "__name__", ""))
def test_the_clock_requests_nothing_that_is_waiting_or_needs_a_person(
    folder: PlanFolder, instance: dg.DagsterInstance, happened: Callable[[PlanFolder], None], says: str
) -> None:
    happened(folder)

    assert tick(folder, instance, "rollout_clock") == ([], f"The rollout demo {says}.")


@pytest.mark.parametrize("happened", [end_wait, wait_for_a_later_week, die_long_ago], ids=lambda each: each.__name__)
def test_the_clock_leaves_a_living_runner_alone(
    folder: PlanFolder, instance: dg.DagsterInstance, happened: Callable[[PlanFolder], None]
) -> None:
    happened(folder)

    with lock_rollout(folder.rollout()):
        assert tick(folder, instance, "rollout_clock") == ([], "The rollout demo has an active runner.")
    assert len(tick(folder, instance, "rollout_clock")[0]) == 1


def test_a_runner_of_the_same_plan_in_another_database_is_no_runner_of_ours(
    folder: PlanFolder, instance: dg.DagsterInstance, make_database: Callable[[bool], str], tmp_path: Path
) -> None:
    die_long_ago(folder)
    other = make_engine(make_database(True))
    try:
        with lock_rollout(PlanFolder(engine=other, folder=tmp_path, plans=folder.plans).rollout()):
            assert len(tick(folder, instance, "rollout_clock")[0]) == 1
    finally:
        other.dispose()


def test_the_clock_requests_nothing_during_a_run(folder: PlanFolder, instance: dg.DagsterInstance) -> None:
    end_wait(folder)
    instance.create_run_for_job(job_def=load(folder).resolve_job_def("rollout"), status=dg.DagsterRunStatus.STARTED)

    assert tick(folder, instance, "rollout_clock") == ([], "The job rollout is running.")


def test_the_clock_stops_at_the_last_requested_week(folder: PlanFolder, instance: dg.DagsterInstance) -> None:
    folder.prove(1, 2, 3, 4)
    job = load(folder).resolve_implicit_global_asset_job_def()
    job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey(["rollout", "week_2"])])
    folder.execute("update rollouts set changed_at = now() - interval '1 minute'")

    assert (folder.states(), folder.record().until) == (["passed", "passed", "pending", "pending"], 2)
    assert tick(folder, instance, "rollout_clock") == ([], "The rollout demo is waiting.")


def test_the_clock_completes_a_rollout_whose_last_weeks_were_deleted(
    folder: PlanFolder, instance: dg.DagsterInstance
) -> None:
    folder.prove(1, 2, 3)
    leave_waiting(folder)
    folder.write(weeks=3)

    (request,), _ = tick(folder, instance, "rollout_clock")
    load(folder).resolve_job_def("rollout").execute_in_process(instance=instance, run_config=request.run_config)

    assert folder.record().state == "completed"
    assert tick(folder, instance, "rollout_clock") == ([], "The rollout demo is completed.")


# Alerts: the job sends what is due, the sensor requests it only then.


def raise_one(folder: PlanFolder) -> None:
    folder.alerts = {"channels": [{"name": "here"}]}
    folder.urls = {"POKERVOD_ALERT_HERE": "console://"}
    with folder.engine.begin() as connection:
        alert = Alert(key="disk", severity=AlertSeverity.CRITICAL, title="The disk is full")
        post_alert(connection, alert, folder.settings.alerts.channels)


def test_alerts_are_asked_for_when_one_is_due_and_sent_once(
    folder: PlanFolder, instance: dg.DagsterInstance, capsys: pytest.CaptureFixture[str]
) -> None:
    raise_one(folder)

    (request,), _ = tick(folder, instance, "alert_delivery")
    job = load(folder).resolve_job_def("alerts")
    result = job.execute_in_process(instance=instance, tags=dict(request.tags))

    assert result.success
    assert capsys.readouterr().err.count("CRITICAL: The disk is full") == 1
    assert tick(folder, instance, "alert_delivery") == ([], "no alert is due")


def test_what_became_due_is_posted_by_the_sensor_and_asked_for(
    folder: PlanFolder, instance: dg.DagsterInstance, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.alerts = {
        "channels": [{"name": "here"}],
        "rules": [{"name": "graphics", "events": "render.completed", "to": "here"}],
    }
    folder.urls = {"POKERVOD_ALERT_HERE": "console://"}
    assert tick(folder, instance, "alert_delivery") == ([], "no alert is due")
    subject = Subject(kind=SubjectKind.SHOW, name="Final")
    with folder.engine.begin() as connection:
        lifecycle.open_by_hand(
            connection, subject, severity=AlertSeverity.WARNING, summary="no hands", actor=Actor(who="eva", reason="r")
        )
        append_events(connection, "render", "c", [NewEvent(EventType.RENDER_COMPLETED, {"instruction_id": 7})])

    (request,), _ = tick(folder, instance, "alert_delivery")
    job = load(folder).resolve_job_def("alerts")
    job.execute_in_process(instance=instance, tags=dict(request.tags))

    printed = capsys.readouterr().err
    assert printed.count("WARNING: no hands") == 1
    assert printed.count("INFO: render.completed: instruction id 7") == 1
    assert tick(folder, instance, "alert_delivery") == ([], "no alert is due")


def test_an_alert_that_is_due_later_or_is_being_sent_is_not_asked_for(
    folder: PlanFolder, instance: dg.DagsterInstance
) -> None:
    raise_one(folder)
    folder.execute("update alert_deliveries set due_at = now() + interval '1 minute'")
    assert tick(folder, instance, "alert_delivery") == ([], "no alert is due")

    folder.execute("update alert_deliveries set due_at = now()")
    instance.create_run_for_job(job_def=load(folder).resolve_job_def("alerts"), status=dg.DagsterRunStatus.STARTED)
    assert tick(folder, instance, "alert_delivery") == ([], "alerts are being sent")


def test_a_channel_without_an_address_keeps_no_other_from_its_message_and_asks_for_no_runs(
    folder: PlanFolder, instance: dg.DagsterInstance, capsys: pytest.CaptureFixture[str]
) -> None:
    raise_one(folder)
    folder.alerts = {"channels": [{"name": "nowhere"}, {"name": "here"}]}
    with folder.engine.begin() as connection:
        alert = Alert(key="fan", severity=AlertSeverity.CRITICAL, title="The fan stands still")
        post_alert(connection, alert, folder.settings.alerts.channels)

    result = load(folder).resolve_job_def("alerts").execute_in_process(instance=instance)

    assert result.success
    assert "The fan stands still" in capsys.readouterr().err
    assert folder.execute("select channel, state from alert_deliveries where state <> 'delivered'") == [
        ("nowhere", "pending")
    ]
    assert tick(folder, instance, "alert_delivery") == ([], "no alert is due")
    folder.execute("update alert_deliveries set created_at = now() - interval '4 days' where channel = 'nowhere'")
    assert tick(folder, instance, "alert_delivery") == ([], "no alert is due"), "it waits for its address"

    folder.alerts = {"channels": [{"name": "here"}]}
    assert len(tick(folder, instance, "alert_delivery")[0]) == 1
    load(folder).resolve_job_def("alerts").execute_in_process(instance=instance)
    assert tick(folder, instance, "alert_delivery") == ([], "no alert is due"), "it ended with its channel"


def test_a_channel_that_does_not_answer_asks_for_a_run_once_its_breaker_lets_one_call_try(
    folder: PlanFolder, instance: dg.DagsterInstance
) -> None:
    raise_one(folder)
    harness = BreakerHarness(folder.engine, service=find_channel_service("here"), now=None)
    harness.open(harness.make())
    assert tick(folder, instance, "alert_delivery") == ([], "no alert is due")

    folder.execute("update breakers set next_probe_at = now()")
    assert len(tick(folder, instance, "alert_delivery")[0]) == 1
    probe = harness.make().enter()
    assert tick(folder, instance, "alert_delivery") == ([], "no alert is due"), "another process finds out"
    probe.succeed()
    assert len(tick(folder, instance, "alert_delivery")[0]) == 1


@pytest.mark.parametrize("state", ["claimed", "sending"])
def test_what_died_on_its_way_to_a_channel_that_is_gone_is_asked_for_once(
    folder: PlanFolder, instance: dg.DagsterInstance, state: str
) -> None:
    raise_one(folder)
    folder.execute(
        "update alert_deliveries set state = :state, claim_id = gen_random_uuid(), "
        "lease_until = now() - interval '3 days', created_at = now() - interval '4 days'",
        state=state,
    )
    folder.alerts = {}

    assert len(tick(folder, instance, "alert_delivery")[0]) == 1
    load(folder).resolve_job_def("alerts").execute_in_process(instance=instance)
    assert tick(folder, instance, "alert_delivery") == ([], "no alert is due")


@pytest.mark.parametrize("name", ["rollout_clock", "alert_delivery"])
def test_the_sensors_are_on_by_default_and_say_what_they_do(folder: PlanFolder, name: str) -> None:
    sensor = load(folder).get_repository_def().get_sensor_def(name)

    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    assert sensor.description
