"""Measure everything that commands, routes and Prometheus show, over one window.

Each part can be measured alone: ``measures.renders`` (graphics and the queue), ``measures.flow`` (hands to graphics,
when each source was read), ``measures.freshness`` (how old its data are), ``measures.machine`` (memory, disks),
``measures.runs`` (jobs). ``measures.rollup`` has what was counted by minute, hour and day.
"""

from datetime import UTC, datetime

from sqlalchemy import Engine

from pokervod_pipelines.monitoring.measures.flow import measure_data_flow, measure_hands_today, measure_sync_lags
from pokervod_pipelines.monitoring.measures.freshness import measure_freshness
from pokervod_pipelines.monitoring.measures.machine import measure_machine
from pokervod_pipelines.monitoring.measures.renders import measure_groups, measure_renders
from pokervod_pipelines.monitoring.measures.runs import RunMeasures
from pokervod_pipelines.monitoring.measures.shape import Group, Measures, Window
from pokervod_pipelines.settings import Settings


def measure_all(
    engine: Engine,
    runs: RunMeasures,
    settings: Settings,
    window: Window,
    *,
    by: Group | None = None,
    now: datetime | None = None,
    own: str | None = None,
) -> Measures:
    """Return all figures of the window, those of graphics also by renderer or template.

    ``own`` is what this process is, where it is one of the services.

    Raises a database error where a part cannot be read: that is not the same as nothing to measure.
    """
    now = now or datetime.now(UTC)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return Measures(
            window=window,
            renders=measure_renders(connection, settings, window, now=now),
            groups=tuple(measure_groups(connection, settings, window, by, now=now)) if by else (),
            hands_today=measure_hands_today(connection, settings, now=now),
            data_flow_health=measure_data_flow(connection, window, now=now),
            sync_lags=tuple(measure_sync_lags(connection, settings, now=now)),
            freshness=tuple(measure_freshness(connection, settings, now=now)),
            jobs=tuple(runs.measure_jobs(window)),
            machine=measure_machine(settings, own=own),
        )
