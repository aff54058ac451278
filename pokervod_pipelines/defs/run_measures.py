"""Measure the runs of jobs from Dagster's database, in plain SQL, as ``run_history`` reads it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from pokervod_pipelines.db.engine import make_engine, serve_database
from pokervod_pipelines.defs.run_history import SHOWN_JOBS
from pokervod_pipelines.monitoring.measures.shape import JobFigures, Window
from pokervod_pipelines.settings import Settings


@contextmanager
def open_run_measures(settings: Settings) -> Iterator["DagsterRunMeasures"]:
    """Yield the measures of the runs of this installation."""
    with serve_database(settings) as urls:
        engine = make_engine(urls.dagster)
        try:
            yield DagsterRunMeasures(engine)
        finally:
            engine.dispose()


class DagsterRunMeasures:
    """Measure the runs of an instance from its database: a ``monitoring.measures.runs.RunMeasures``."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def measure_jobs(self, window: Window) -> Sequence[JobFigures]:
        """Return the figures of each job; none where Dagster has made no database or no table yet."""
        values = {"since": window.since, "until": window.until}
        try:
            with self.engine.connect() as connection:
                if connection.scalar(text("select to_regclass('runs')")) is None:
                    return []
                rows = connection.execute(_JOBS, values).all()
        except OperationalError as error:
            if f'database "{self.engine.url.database}" does not exist' in str(error):
                return []
            raise
        return [
            JobFigures(
                job=SHOWN_JOBS.get(row.job, row.job),
                succeeded=row.succeeded,
                failed=row.failed,
                stopped=row.stopped,
                average=row.average,
                p50=row.percentiles and row.percentiles[0],
                p95=row.percentiles and row.percentiles[1],
                failed_last=row.failed_last,
            )
            for row in rows
        ]


_JOBS = text("""
    select pipeline_name as job, count(*) filter (where status = 'SUCCESS') as succeeded,
        count(*) filter (where status = 'FAILURE') as failed, count(*) filter (where status = 'CANCELED') as stopped,
        avg(end_time - start_time) filter (where status = 'SUCCESS') as average,
        percentile_cont(array[0.5, 0.95]) within group (order by end_time - start_time)
            filter (where status = 'SUCCESS') as percentiles,
        count(*) filter (where status = 'FAILURE' and end_time > coalesce(last_success, 0)) as failed_last
    from (
        select pipeline_name, status, start_time, end_time,
            max(end_time) filter (where status = 'SUCCESS') over (partition by pipeline_name) as last_success
        from runs
        where status in ('SUCCESS', 'FAILURE', 'CANCELED') and update_timestamp >= :since at time zone 'UTC'
            and end_time >= extract(epoch from cast(:since as timestamptz))
            and end_time < extract(epoch from cast(:until as timestamptz))
    ) as ended
    group by pipeline_name order by pipeline_name
""")
"""No run is changed before it ends, and Dagster has an index of the state with the time of the change."""
