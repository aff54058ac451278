"""Define the sensor that rolls the measures up once a minute; it requests no run."""

import dagster as dg

from pokervod_pipelines.defs.sensors import OpenEngine
from pokervod_pipelines.monitoring.measures.rollup import roll_up
from pokervod_pipelines.settings import Settings

ROLL_SECONDS = 60


def define_measure_sensors(settings: Settings, open_engine: OpenEngine) -> list[dg.SensorDefinition]:
    """Define ``measures``, which counts what happened by minute, hour and day."""

    @dg.sensor(
        minimum_interval_seconds=ROLL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Counts by minute, hour and day what became of graphics, and how deep the queue is.",
    )
    def measures(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        return dg.SkipReason(f"{roll_up(open_engine(), settings)} steps of the measures changed")

    return [measures]
