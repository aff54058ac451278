"""Check each promised figure by known answers; what nobody stores, and what there was none of, is no figure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.monitoring.kpis.measure import measure_kpis
from pokervod_pipelines.monitoring.kpis.shape import Kpi, KpiUnit
from pokervod_pipelines.monitoring.measures.shape import JobFigures, Window, make_window
from pokervod_pipelines_tests.monitoring.measured import MeasuredQueue

NOW = datetime.now(UTC)
NUMBERS = count(1)
DAY = make_window(timedelta(days=1), NOW + timedelta(hours=3))
"""It ends after the last test of a long run, however late that is."""


class Runs:
    """Hold the figures of two jobs."""

    def measure_jobs(self, window: Window) -> Sequence[JobFigures]:
        return [self.make("full_sync", 590.0), self.make("incremental_sync", 61.0)]

    def make(self, job: str, p95: float) -> JobFigures:
        return JobFigures(job=job, succeeded=3, failed=0, stopped=0, average=p95, p50=p95, p95=p95)


def measure(engine: Engine) -> dict[str, Kpi]:
    return {each.name: each for each in measure_kpis(engine, Runs(), DAY)}


def execute(engine: Engine, statement: str, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def put_attempt(
    engine: Engine, id_: int, outcome: str, *, started: datetime, seconds: float = 1, worker: str = "gfx"
) -> None:
    execute(
        engine,
        "insert into render_attempts (claim_id, instruction_id, worker, started_at, ended_at, outcome, reason) "
        "values (gen_random_uuid(), :id, :worker, :started, :ended, :outcome, '')",
        id=id_,
        worker=worker,
        started=started,
        ended=started + timedelta(seconds=seconds),
        outcome=outcome,
    )


def put_job(engine: Engine, end: str | None, *attempts: str, retries: int = 0, has_file: bool = True) -> int:
    """Put an instruction that ended so after these attempts, with the file that it made."""
    queue = MeasuredQueue(engine=engine, numbers=NUMBERS)
    at = NOW - timedelta(hours=1)
    id_ = queue.add(at, 60, end)
    execute(engine, "update render_instructions set retry_count = :retries where id = :id", id=id_, retries=retries)
    for number, each in enumerate(attempts):
        put_attempt(engine, id_, each, started=at + timedelta(seconds=10 * number + 1))
    if end == "completed" and has_file:
        execute(
            engine,
            "insert into render_outputs (instruction_id, claim_id, path, sha256, size_bytes, mtime_ns, frames, width, "
            "height, fps, seconds, pixel_format, made_by) "
            "values (:id, gen_random_uuid(), cast(:id as text), '', 1, 1, 1, 1, 1, 25, 1, '', 'gfx')",
            id=id_,
        )
    return id_


def test_without_anything_to_measure_nothing_is_a_figure(engine: Engine) -> None:
    found = measure(engine)

    assert {name for name, each in found.items() if each.figure is not None} == {"full_sync", "incremental_sync"}
    assert all(each.of for each in found.values())


def test_syncs_are_measured_by_their_runs(engine: Engine) -> None:
    found = measure(engine)

    assert [(found[name].figure, found[name].is_met) for name in ("full_sync", "incremental_sync")] == [
        (590, True),
        (61, False),
    ]


def test_retries_are_those_that_nobody_asked_for(engine: Engine) -> None:
    put_job(engine, "completed", "failed", "completed", retries=1)
    put_job(engine, "completed", "failed", "failed", "completed", retries=2)
    put_job(engine, "failed", "failed", "failed", retries=1)
    put_job(engine, "failed", "failed")  # a permanent failure is not retried
    put_job(engine, "completed", "failed", "completed")  # a person retried it

    assert measure(engine)["retries"].figure == pytest.approx(2 / 3)


def test_a_stuck_job_is_recovered_once_it_is_completed(engine: Engine) -> None:
    put_job(engine, "completed", "lost", "completed", retries=1)
    put_job(engine, "timed_out", "lost")
    put_job(engine, None, "lost")  # it waits for its next claim

    found = measure(engine)["stuck_jobs"]
    assert (found.figure, found.is_met) == (0.5, False)
    assert "2 were stuck" in found.of


def test_jobs_are_lost_without_a_row_a_file_or_a_rescue(engine: Engine) -> None:
    put_job(engine, "completed", "completed")
    assert measure(engine)["lost_jobs"].figure == 0

    put_job(engine, "completed", "completed", has_file=False)
    stuck = MeasuredQueue(engine=engine, numbers=NUMBERS).add(NOW, state="processing")
    execute(
        engine,
        "update render_instructions set lease_until = now() - interval '11 minutes' where id = :id",
        id=stuck,
    )
    execute(
        engine,
        "insert into events (type, source, correlation_id, payload) "
        """values ('render.instruction.created', 'render', '', '{"instruction_id": 999}')""",
    )

    found = measure(engine)["lost_jobs"]
    assert (found.figure, found.is_met) == (3, False)
    assert found.of.startswith("1 unknown, 1 without a file, 1 not rescued;")


def test_dispatch_is_measured_where_the_worker_was_free(engine: Engine) -> None:
    at = NOW - timedelta(hours=1)
    execute(
        engine,
        "insert into render_workers (name, host, pid, renderers, started_at) "
        "values ('gfx', 'a', 1, '{local}', :at), ('late', 'a', 2, '{local}', :late)",
        at=at - timedelta(hours=1),
        late=at + timedelta(seconds=5),
    )
    queue = MeasuredQueue(engine=engine)
    first, waiting, second = (queue.add(at + timedelta(seconds=each)) for each in (0, 1, 100))
    put_attempt(engine, first, "completed", started=at + timedelta(seconds=0.4), seconds=30)
    put_attempt(engine, waiting, "completed", started=at + timedelta(seconds=31))  # its worker was busy
    put_attempt(engine, second, "completed", started=at + timedelta(seconds=100.2))
    third = queue.add(at)
    put_attempt(engine, third, "completed", started=at + timedelta(seconds=9), worker="late")  # began after it was due

    found = measure(engine)["dispatch"]
    assert found.figure == pytest.approx(0.3)
    assert "of 2 whose worker was free" in found.of


@pytest.mark.parametrize(
    ("figure", "target", "is_least", "is_strict", "is_met"),
    [
        (None, 1, True, True, None),
        (1.0, 1, True, False, True),
        (0.99, 1, True, False, False),
        (0.95, 0.95, True, True, False),
        (0.96, 0.95, True, True, True),
        (0, 0, False, False, True),
        (1, 0, False, False, False),
        (0.05, 0.05, False, True, False),
    ],
)
def test_a_target_is_reached_or_not(
    figure: float | None, target: float, is_least: bool, is_strict: bool, is_met: bool | None
) -> None:
    kpi = Kpi(
        name="x",
        title="x",
        unit=KpiUnit.COUNT,
        target=target,
        is_least=is_least,
        is_strict=is_strict,
        figure=figure,
        of="",
    )

    assert kpi.is_met is is_met
