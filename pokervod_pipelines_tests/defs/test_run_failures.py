"""Check that a cause that fails a job is one incident however often, closed once the job runs without it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from sqlalchemy import Engine, text

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.alerts.listing import list_alerts
from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.defs.run_failures import Seen
from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.monitoring.incidents.listing import list_incidents
from pokervod_pipelines.monitoring.incidents.reported import report_finding
from pokervod_pipelines.monitoring.incidents.shape import Finding, Incident, Subject, SubjectKind
from pokervod_pipelines.monitoring.run_failures import EndedRun, record_ended_runs
from pokervod_pipelines.settings import Settings

Tick = Callable[[], str]
TickFrom = Callable[[str | None], tuple[str, str | None]]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def tick_from(engine: Engine, settings_factory: Callable[..., Settings], instance: dg.DagsterInstance) -> TickFrom:
    """Return ``tick_from(cursor)``, which ticks the sensor once and returns what it did, and the cursor after it."""
    settings = settings_factory(alerts={"channels": [{"name": "here", "min_severity": "info"}]})
    defs = build_defs(settings=settings, engine=engine)
    sensor = defs.get_repository_def().get_sensor_def("run_failures")

    def run(cursor: str | None) -> tuple[str, str | None]:
        with dg.build_sensor_context(instance=instance, cursor=cursor, definitions=defs) as context:
            reason = sensor(context)
            assert isinstance(reason, dg.SkipReason)
            return str(reason.skip_message), context.cursor

    return run


@pytest.fixture
def tick(tick_from: TickFrom) -> Tick:
    """Return ``tick()``, which ticks the sensor from where it was and returns what it did."""
    cursor: str | None = None

    def run() -> str:
        nonlocal cursor
        reason, cursor = tick_from(cursor)
        return reason

    return run


def run_job(
    instance: dg.DagsterInstance, error: str | None, *, job: str = "nas_sync", partition: str = "WSOP", **tags: str
) -> str:
    """Run a job that ends with this error, or succeeds; return its id."""

    @dg.op
    def scan() -> None:
        if error:
            raise ArchiveUnavailable(error)

    @dg.job(name=job)
    def scans() -> None:
        scan()

    partition_tags = {"dagster/partition": partition} if partition else {}
    done = scans.execute_in_process(instance=instance, raise_on_error=False, tags=partition_tags | tags)
    return done.run_id


def read_incidents(engine: Engine, *, is_open: bool | None = True) -> list[Incident]:
    with engine.connect() as connection:
        listed = list_incidents(connection)
    return [each for each in listed if is_open is None or (each.resolved_at is None) is is_open]


def read_body(engine: Engine) -> str:
    with engine.connect() as connection:
        return list_alerts(connection)[-1].body


def count_messages(engine: Engine) -> dict[str, int]:
    """Return how many deliveries there are of each kind of alert."""
    with engine.connect() as connection:
        return {each.kind: len(each.deliveries) for each in list_alerts(connection)}


def test_one_incident_is_opened_for_a_cause_however_often_the_job_fails(
    engine: Engine, instance: dg.DagsterInstance, tick: Tick
) -> None:
    tick()
    run_id = run_job(instance, "/mnt/nas: not mounted after 3 s. Mount the share.")
    first = tick()
    for seconds in (4, 5):
        run_job(instance, f"/mnt/nas: not mounted after {seconds} s. Mount the share.")
    tick()
    idle = tick()

    (incident,) = read_incidents(engine)
    assert first.startswith("opened: nas_sync WSOP failed: /mnt/nas: not mounted after 3 s")
    assert (incident.times, incident.openings, incident.severity) == (3, 1, "warning")
    assert incident.summary == "nas_sync WSOP failed: /mnt/nas: not mounted after 5 s. Mount the share."
    assert str(incident.subject) == "workflow nas_sync WSOP"
    assert run_id[:8] in read_body(engine)
    assert count_messages(engine) == {"opened": 1}
    assert idle == "no run has failed or made a failure good since the last look"


def test_the_incident_is_closed_when_the_job_succeeds_for_the_same_library(
    engine: Engine, instance: dg.DagsterInstance, tick: Tick
) -> None:
    run_job(instance, "not mounted")
    tick()

    run_job(instance, None, partition="PAD")
    run_job(instance, None, job="sheets_sync")
    tick()
    still_open = len(read_incidents(engine))
    run_id = run_job(instance, None)
    done = tick()

    (incident,) = read_incidents(engine, is_open=False)
    assert still_open == 1
    assert read_incidents(engine) == []
    assert (incident.resolved_by, incident.resolved_reason) == ("run_failures", f"run {run_id[:8]} succeeded")
    assert done.startswith("resolved: ")


def test_the_cause_is_that_of_the_room_where_no_retry_is_left(
    engine: Engine, instance: dg.DagsterInstance, tick: Tick
) -> None:
    @dg.op(retry_policy=dg.RetryPolicy(max_retries=1, delay=0))
    def scan() -> None:
        raise ArchiveUnavailable("the share is away: mount it again") from OSError("stale handle")

    @dg.job(name="nas_sync")
    def scans() -> None:
        scan()

    scans.execute_in_process(instance=instance, raise_on_error=False)
    tick()

    assert [each.summary for each in read_incidents(engine)] == ["nas_sync failed: the share is away: mount it again"]


def test_a_day_is_made_good_by_the_next_day(engine: Engine, instance: dg.DagsterInstance, tick: Tick) -> None:
    run_job(instance, "not mounted", job="hands_to_renders", partition="2026-05-03")
    tick()
    run_job(instance, None, job="hands_to_renders", partition="2026-05-04")
    tick()

    assert read_incidents(engine) == []


def test_an_asset_that_a_person_materializes_is_made_good_by_itself_only(
    engine: Engine, instance: dg.DagsterInstance, tick: Tick
) -> None:
    def materialize(error: str | None, *names: str) -> None:
        @dg.asset
        def rows() -> None:
            if error:
                raise ArchiveUnavailable(error)

        @dg.asset
        def files() -> None: ...

        job = dg.Definitions(assets=[rows, files]).resolve_implicit_global_asset_job_def()
        selection = [dg.AssetKey(name) for name in names]
        job.execute_in_process(instance=instance, asset_selection=selection, raise_on_error=False)
        tick()

    materialize("not mounted", "rows", "files")
    materialize(None, "files")
    titles = [each.summary for each in read_incidents(engine)]
    materialize(None, "files", "rows")

    assert titles == ["materialize rows failed: not mounted"]
    assert read_incidents(engine) == []


def test_a_failure_and_its_success_in_one_look_leave_nothing_open(
    engine: Engine, instance: dg.DagsterInstance, tick: Tick
) -> None:
    run_job(instance, "not mounted")
    run_job(instance, None)
    tick()

    assert (len(read_incidents(engine)), len(read_incidents(engine, is_open=None))) == (0, 1)


@pytest.fixture
def fail_sync(engine: Engine, instance: dg.DagsterInstance, tick: Tick) -> Callable[..., None]:
    """Return ``fail_sync(*errors)``: a sync fails by the errors of its stages, and the sensor ticks."""

    def fail(*errors: tuple[str, str, str], skipped: tuple[str, ...] = (), has_ended: bool = True) -> None:
        run_id = run_job(instance, "everything else is up to date, but: …", job="full_sync", partition="")
        events = [
            NewEvent(
                EventType.SYSTEM_ERROR,
                {"stage": stage, "name": name, "error": error, "run_id": run_id, "skipped": stage in skipped},
            )
            for stage, name, error in errors
        ]
        if has_ended:
            names = [f"{stage} {name}" for stage, name, _ in errors]
            end = {"mode": "full", "run_id": run_id, "failed": names}
            events.append(NewEvent(EventType.SYSTEM_SYNC_COMPLETED, end))
        with engine.begin() as connection:
            append_events(connection, "system", run_id, events)
        tick()

    return fail


AWAY = [("nas", name, "not mounted") for name in ("WSOP", "PAD")]
NO_FILE = ("sheets", "notes", "no such file")


def test_a_sync_has_an_incident_for_each_error_of_its_stages(engine: Engine, fail_sync: Callable[..., None]) -> None:
    fail_sync(*AWAY, ("media", "WSOP", "not tried: nas WSOP failed"), NO_FILE, skipped=("media",))
    both = {each.summary: each.figures["report"] for each in read_incidents(engine)}
    fail_sync(NO_FILE)

    assert sorted(both) == ["full_sync failed: no such file", "full_sync failed: not mounted"]
    assert "It stopped nas WSOP, nas PAD; everything else is up to date." in both["full_sync failed: not mounted"]
    assert [(each.summary, each.times) for each in read_incidents(engine)] == [("full_sync failed: no such file", 2)]


@pytest.mark.parametrize(
    ("errors", "values"),
    [
        ([], {"has_ended": False}),  # its process died before the first stage
        ([("nas", "WSOP", "another")], {"has_ended": False}),  # … or between two
        ([("nas", "WSOP", "another"), ("media", "WSOP", "not tried")], {"skipped": ("media",)}),
    ],
)
def test_a_run_that_did_not_try_a_stage_leaves_its_incident_open(
    engine: Engine, fail_sync: Callable[..., None], errors: list[tuple[str, str, str]], values: dict[str, object]
) -> None:
    fail_sync(NO_FILE)
    fail_sync(*errors, **values)

    assert "full_sync failed: no such file" in {each.summary for each in read_incidents(engine)}
    assert len(read_incidents(engine)) == 2


def test_a_run_that_dagster_starts_again_and_one_that_was_cancelled_raise_nothing(
    engine: Engine, instance: dg.DagsterInstance, tick: Tick
) -> None:
    place = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("pokervod"), "__repository__")
    again = instance.create_run_for_job(
        dg.job(name="nas_sync")(lambda: None),
        status=dg.DagsterRunStatus.STARTED,
        tags={"dagster/will_retry": "true"},
        remote_job_origin=RemoteJobOrigin(place, "nas_sync"),
    )
    instance.report_run_failed(again)
    run = instance.create_run_for_job(dg.job(name="nas_sync")(lambda: None), status=dg.DagsterRunStatus.STARTED)
    instance.report_run_canceled(run)
    tick()

    assert read_incidents(engine, is_open=None) == []


def test_a_run_of_a_command_is_not_started_again_whatever_dagster_says(
    engine: Engine, instance: dg.DagsterInstance, tick: Tick
) -> None:
    run_job(instance, "its process died", **{"dagster/will_retry": "true"})
    tick()

    assert len(read_incidents(engine)) == 1


def test_a_look_at_rest_reads_the_ended_runs_only(engine: Engine, instance: dg.DagsterInstance, tick: Tick) -> None:
    run_job(instance, None)
    tick()
    with engine.connect() as connection:
        before = connection.scalar(text("select count(*) from events"))
    reasons = {tick() for _ in range(3)}

    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from events")) == before
    assert reasons == {"no run has failed or made a failure good since the last look"}


def set_end(instance: dg.DagsterInstance, run_id: str, at: datetime) -> None:
    """Let the run have ended by the clock of another machine."""
    with instance.run_storage.connect() as connection:
        values = {"at": at.replace(tzinfo=None), "id": run_id}
        connection.execute(text("update runs set update_timestamp = :at where run_id = :id"), values)


def test_a_clock_that_is_ahead_hides_no_run_of_another_machine(
    engine: Engine, instance: dg.DagsterInstance, tick: Tick
) -> None:
    run_id = run_job(instance, "of the other")
    set_end(instance, run_id, datetime.now(UTC) + timedelta(hours=1))
    tick()
    tick()
    run_job(instance, "of this one", job="media_sync")
    tick()
    tick()

    assert {(each.summary, each.times) for each in read_incidents(engine)} == {
        ("nas_sync WSOP failed: of the other", 1),
        ("media_sync WSOP failed: of this one", 1),
    }


def test_a_failed_run_without_a_reason_has_failed(engine: Engine, settings_factory: Callable[..., Settings]) -> None:
    run = EndedRun(run_id="12345678-9", job="nas_sync", partition="WSOP", correlation_id="c", failed=True)

    assert record_ended_runs(engine, settings_factory(), [run]) == ["opened: nas_sync WSOP failed: no reason is known"]


NONSENSE = (
    *("{", "[]", '{"until": "yesterday"}', '{"until": "2026-05-04"}'),
    '{"until": "2026-05-04T10:00:00"}',  # of which zone?
    '{"until": "0001-01-01T00:00:00+00:00"}',
    '{"until": "2026-05-04T10:00:00+00:00", "runs": 5}',
)


@pytest.mark.parametrize("cursor", NONSENSE)
def test_a_cursor_that_somebody_edited_into_nonsense_begins_a_day_ago(cursor: str) -> None:
    assert datetime.now(UTC) - Seen.read(cursor).until < timedelta(days=1, minutes=1)


def test_a_cursor_of_a_time_to_come_hides_no_run() -> None:
    assert Seen.read('{"until": "9999-12-31T23:59:59-14:00"}').until <= datetime.now(UTC)


@pytest.mark.parametrize("cursor", NONSENSE)
def test_a_cursor_that_cannot_be_read_is_replaced_at_the_first_tick(
    tick_from: TickFrom, caplog: pytest.LogCaptureFixture, cursor: str
) -> None:
    _, first = tick_from(cursor)
    warnings = len(caplog.records)
    _, second = tick_from(first)

    assert (warnings, len(caplog.records)) == (1, 1)
    assert second == first


def test_a_run_that_failed_for_a_root_that_is_away_is_an_effect_of_it(
    engine: Engine, settings_factory: Callable[..., Settings]
) -> None:
    archive = {"archive_roots": [{"name": "nas", "path": "/nas"}], "libraries": [{"name": "WSOP", "root": "nas"}]}
    settings = settings_factory(**archive)
    away = Finding(
        detector="root_away",
        subject=Subject(kind=SubjectKind.ROOT, name="nas"),
        severity=AlertSeverity.ERROR,
        summary="root nas: no answer",
    )
    with engine.begin() as connection:
        report_finding(connection, away, settings.monitoring.incidents, now=datetime.now(UTC))
    failed = {"job": "nas_sync", "correlation_id": "x", "failed": True, "error": "/nas: no answer"}

    for library in ("WSOP", "PAD"):
        record_ended_runs(engine, settings, [EndedRun(run_id=f"run of {library}", partition=library, **failed)])

    found = {each.subject.name: each for each in read_incidents(engine)}
    assert found["nas_sync WSOP"].cause_id == found["nas"].id
    assert found["nas_sync PAD"].cause_id is None  # it is on no root of the settings


def test_the_settings_turn_it_off(engine: Engine, settings_factory: Callable[..., Settings]) -> None:
    settings = settings_factory(monitoring={"detectors": {"run_failures": {"enabled": False}}})
    run = EndedRun(run_id="x", job="nas_sync", partition="", correlation_id="x", failed=True, error="no answer")

    record_ended_runs(engine, settings, [run])

    assert read_incidents(engine) == []
