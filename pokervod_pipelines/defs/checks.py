"""Define the asset checks: one for each data check of ``monitoring``, since they differ only in the check."""

from typing import Any

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.checks import CheckResult, Severity
from pokervod_pipelines.monitoring.check_shape import DataCheck
from pokervod_pipelines.monitoring.data_checks import DATA_CHECKS
from pokervod_pipelines.monitoring.evaluation import refresh_and_evaluate
from pokervod_pipelines.settings import Settings


def define_checks() -> list[dg.AssetChecksDefinition]:
    """Return an asset check for each data check."""
    return [_define_check(check) for check in DATA_CHECKS]


def evaluate_asset_checks(engine: Engine, settings: Settings) -> list[dg.AssetCheckEvaluation]:
    """Return the evaluation of every check, for a run whose steps are not the assets' own."""
    return [
        dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(check.asset),
            check_name=check.name,
            **describe_result(refresh_and_evaluate(engine, settings, check)),
        )
        for check in DATA_CHECKS
    ]


def _define_check(check: DataCheck) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=check.asset, name=check.name, description=f"{check.passes} {check.next_step}")
    def asset_check(engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(**describe_result(refresh_and_evaluate(engine, settings, check)))

    return asset_check


def describe_result(result: CheckResult) -> dict[str, Any]:
    """Return the values of a Dagster result or evaluation of the check."""
    metadata: dict[str, Any] = {"cases": result.evidence_count}
    if result.looked_at is not None:
        metadata["looked_at"] = result.looked_at
    if not result.passed and result.evidence_count:
        metadata["next_step"] = result.next_step
        metadata["evidence"] = dg.MetadataValue.md("\n".join(f"- `{line}`" for line in result.evidence))
    is_error = result.severity is Severity.ERROR
    return {
        "passed": result.passed,
        "severity": dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        "description": result.summary if result.passed else f"{result.summary} {result.next_step}".rstrip(),
        "metadata": metadata,
    }
