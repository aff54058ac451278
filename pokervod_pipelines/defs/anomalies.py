"""Define the sensor ``anomalies`` and the asset ``pipeline_health``: how the detectors look, and what they found.

The watcher makes the same looks, so that a daemon that has stopped is noticed as well.
"""

from collections.abc import Iterator

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.checks import CheckResult, Severity
from pokervod_pipelines.defs.checks import describe_result
from pokervod_pipelines.defs.orchestrator_facts import OrchestratorFacts
from pokervod_pipelines.defs.sensors import OpenEngine
from pokervod_pipelines.defs.stages import run_or_fail, tables_retries
from pokervod_pipelines.monitoring.detectors.looker import Looker
from pokervod_pipelines.monitoring.detectors.memory import LastLook, Memory, read_memory
from pokervod_pipelines.monitoring.detectors.registry import DETECTORS
from pokervod_pipelines.monitoring.incidents.listing import IncidentFilter, list_incidents
from pokervod_pipelines.monitoring.incidents.shape import Incident, IncidentState, LookState
from pokervod_pipelines.settings import Settings

INTERVAL_SECONDS = 30

NAME, OP = "pipeline_health", "look_at_pipeline"

LOOKED_AT = ("hands", "render_instructions", "sheet_rows", "nas_files")
"""The assets whose flow the detectors look at."""


OPEN = tuple(each for each in IncidentState if each is not IncidentState.RESOLVED)


def define_anomalies(settings: Settings, open_engine: OpenEngine) -> dg.SensorDefinition:
    """Define the sensor ``anomalies``."""
    looker = Looker(name="sensor", settings=settings)

    @dg.sensor(
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks with all detectors, opens and closes incidents, and puts right what it may.",
    )
    def anomalies(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        report = looker.look(open_engine(), _read_dagster(context.instance))
        return dg.SkipReason(report.describe())

    return anomalies


def _read_dagster(instance: dg.DagsterInstance) -> OrchestratorFacts:
    return OrchestratorFacts(instance.run_storage._engine)  # type: ignore[attr-defined]


def define_pipeline_health(settings: Settings) -> list[dg.AssetsDefinition]:
    """Define the asset ``pipeline_health``, with a check for each detector."""
    spec = dg.AssetSpec(
        NAME,
        deps=[*LOOKED_AT],
        group_name="monitoring",
        kinds={"postgres"},
        description="How each detector looks at the moment it is materialized, and the incidents that are open. The "
        "sensor `anomalies` looks every 30 s.",
    )

    @dg.multi_asset(
        name=OP,
        specs=[spec],
        retry_policy=tables_retries(settings),
        check_specs=[
            dg.AssetCheckSpec(each.name.value, asset=NAME, description=f"Looks at {each.looks_at}.")
            for each in DETECTORS
        ],
    )
    def look_at_pipeline(
        context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        memory, incidents = run_or_fail(lambda: _look(context.instance, engine, settings), settings)
        looks = {each.detector: each for each in memory.looks}
        yield dg.MaterializeResult(metadata=_describe(memory, incidents))
        for rule in DETECTORS:
            result = check_look(rule.name.value, looks.get(rule.name))
            yield dg.AssetCheckResult(check_name=rule.name.value, **describe_result(result))

    return [look_at_pipeline]


def _look(instance: dg.DagsterInstance, engine: Engine, settings: Settings) -> tuple[Memory, list[Incident]]:
    """Look, unless another has a moment ago, and return how that was and what is open."""
    Looker(name="asset", settings=settings).look(engine, _read_dagster(instance))
    with engine.connect() as connection:
        return read_memory(connection), list_incidents(connection, IncidentFilter(states=OPEN))


def check_look(name: str, look: LastLook | None) -> CheckResult:
    """Return how a detector looked as a check: only what it judged and found all right passes."""
    if look is None:
        return CheckResult(
            name=name, passed=False, summary="it has not looked yet", severity=Severity.WARNING, looked_at=0
        )
    judged = look.state is LookState.JUDGED
    return CheckResult(
        name=name,
        passed=judged and not look.findings,
        summary=f"{look.summary}." if judged else f"{look.state}: {look.summary}.",
        severity=Severity.ERROR if look.findings else Severity.WARNING,
        looked_at=look.looked_at,
        evidence_count=look.findings,
        evidence=(look.summary,) * bool(look.findings),
        next_step="`pokervod incidents list` lists what is open, with what to do." * bool(look.findings),
    )


def _describe(memory: Memory, incidents: list[Incident]) -> dict[str, dg.MetadataValue]:
    rows = [
        dg.TableRecord(
            {"detector": each.detector, "found": each.summary, "state": each.state.value, "looked_at": each.looked_at}
        )
        for each in memory.looks
    ]
    columns = (
        [dg.TableColumn(name, "int" if name == "looked_at" else "string") for name in rows[0].data] if rows else []
    )
    lines = [f"- #{each.id} {each.severity}, {each.state}: {each.summary}" for each in incidents]
    return {
        "incidents": dg.MetadataValue.md("\n".join(lines) or "no incident is open"),
        "open_incidents": dg.MetadataValue.int(len(incidents)),
        "detectors": dg.MetadataValue.table(rows, schema=dg.TableSchema(columns=columns)),
        "looker": dg.MetadataValue.text(memory.looker),
    }
