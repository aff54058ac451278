"""The asset checks: one for each claim of ``workflows.verdicts``, generated, since they differ only in the claim."""

from typing import Any

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.claims import CLAIMS, Claim
from pokervod_pipelines.workflows.verdicts import Verdict, look_and_judge


def define_checks() -> list[dg.AssetChecksDefinition]:
    """One check for each claim, on the asset that the claim is about."""
    return [_define_check(claim) for claim in CLAIMS]


def evaluate_all(engine: Engine, settings: Settings) -> list[dg.AssetCheckEvaluation]:
    """Every check's evaluation as things stand, for a run whose steps are not the assets' own."""
    return [
        dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(claim.asset),
            check_name=claim.name,
            **_evaluation(claim, look_and_judge(engine, settings, claim)),
        )
        for claim in CLAIMS
    ]


def _define_check(claim: Claim) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=claim.asset, name=claim.name, description=f"{claim.sentence} {claim.next_step}")
    def check(engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(**_evaluation(claim, look_and_judge(engine, settings, claim)))

    return check


def _evaluation(claim: Claim, verdict: Verdict) -> dict[str, Any]:
    metadata: dict[str, Any] = {"cases": verdict.against}
    if not verdict.holds:
        metadata["next_step"] = verdict.next_step
        metadata["evidence"] = dg.MetadataValue.md("\n".join(f"- `{line}`" for line in verdict.evidence))
    return {
        "passed": verdict.holds,
        "severity": dg.AssetCheckSeverity.ERROR if claim.is_fatal else dg.AssetCheckSeverity.WARN,
        "description": verdict.claim if verdict.holds else f"No: {verdict.against} cases. {verdict.next_step}",
        "metadata": metadata,
    }
