"""Define the job that sends due alerts, and the sensor that requests it."""

import logging
from datetime import UTC, datetime

import dagster as dg

from pokervod_pipelines.alerts.delivery import count_due, deliver_alerts
from pokervod_pipelines.defs.logs import log_requests
from pokervod_pipelines.defs.sensors import OpenEngine, is_running
from pokervod_pipelines.monitoring.incidents.announcing import announce_all
from pokervod_pipelines.settings import Settings

DELIVERY_SECONDS = 30

_log = logging.getLogger(__name__)


@dg.op(required_resource_keys={"engine", "settings"}, description="Sends every alert that is due.")
def deliver(context: dg.OpExecutionContext) -> None:
    """Post what has become due, then try every due delivery once; failed ones are retried later."""
    announce_all(context.resources.engine, context.resources.settings, now=datetime.now(UTC))
    for channel, reason in deliver_alerts(context.resources.engine, context.resources.settings).items():
        _log.warning("not delivered to %s, will be retried: %s", channel, reason)


@dg.job(description="Sends every alert that is due.", executor_def=dg.in_process_executor)
def alerts() -> None:
    """Send every alert that is due."""
    deliver()


def define_alert_sensors(settings: Settings, open_engine: OpenEngine) -> list[dg.SensorDefinition]:
    """Define ``alert_delivery``, which requests the job for due alerts and failed deliveries."""

    @dg.sensor(
        job_name="alerts",
        minimum_interval_seconds=DELIVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Posts what people have to know now, sends it, and retries deliveries that failed.",
    )
    def alert_delivery(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        announce_all(open_engine(), settings, now=datetime.now(UTC))
        with open_engine().connect() as connection:
            due = count_due(connection, settings)
        if not due:
            return dg.SkipReason("no alert is due")
        if is_running(context.instance, open_engine(), alerts.name):
            return dg.SkipReason("alerts are being sent")
        requests = [dg.RunRequest(run_key=datetime.now(UTC).isoformat(timespec="seconds"))]
        log_requests("alert_delivery", requests)
        return dg.SensorResult(run_requests=requests)

    return [alert_delivery]
