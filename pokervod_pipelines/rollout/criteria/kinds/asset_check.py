"""Check ``asset_check``: PokerVOD's own checks of an asset pass, as the database has it."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import model_validator
from sqlalchemy import text

from pokervod_pipelines.checks import CheckResult
from pokervod_pipelines.monitoring.data_checks import DATA_CHECKS, DataCheck
from pokervod_pipelines.monitoring.evaluation import evaluate_check
from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.context import CheckContext
from pokervod_pipelines.rollout.criteria.result import CriterionResult, ErrorClass

LIBRARIES = "every_library_was_read"
"""The check that knows only libraries which were scanned at least once; the settings know the others."""


class AssetCheck(Criterion):
    """Expect the check named ``claim``, or all checks of the ``asset``, to pass."""

    kind: Literal["asset_check"] = "asset_check"
    claim: str | None = None
    asset: str | None = None

    @model_validator(mode="after")
    def _names_a_check(self) -> Self:
        if (self.claim is None) == (self.asset is None):
            message = "asset_check needs either a claim, or an asset for all its checks"
            raise ValueError(message)
        if self.claim is not None and not self._list_checks():
            message = f"claim: unknown {self.claim!r}; known are {', '.join(check.name for check in DATA_CHECKS)}"
            raise ValueError(message)
        if self.asset is not None and not self._list_checks():
            assets = dict.fromkeys(check.asset for check in DATA_CHECKS)
            message = f"asset: {self.asset!r} has no checks; those with checks are {', '.join(assets)}"
            raise ValueError(message)
        return self

    def check(self, context: CheckContext) -> CriterionResult:
        """Return the results for the data as they are now; the state of files is that of their asset's last check."""
        with context.read_database() as connection:
            results = [evaluate_check(connection, check) for check in self._list_checks()]
            read = set(connection.scalars(text("select distinct library from nas_scans where status = 'completed'")))
        unread = [each.name for each in context.settings.libraries if each.name not in read]
        return _combine(results, unread if LIBRARIES in {each.name for each in results} else [])

    def _list_checks(self) -> Sequence[DataCheck]:
        return [check for check in DATA_CHECKS if self.claim == check.name or self.asset == check.asset]


def _combine(results: Sequence[CheckResult], unread: Sequence[str]) -> CriterionResult:
    """Return one result of the checks; one that looked at nothing proves nothing."""
    figures = {each.name: each.evidence_count for each in results}
    failed = [each for each in results if not each.passed]
    if not failed and unread:
        message = f"these libraries were never read to the end: {', '.join(unread)}; run `pokervod nas scan`"
        return CriterionResult.fails(ErrorClass.DATA, message, evidence=unread, figures=figures)
    if not failed and (empty := [each.name for each in results if each.looked_at == 0]):
        message = f"looked at nothing: {', '.join(empty)}; there are no data yet, run `pokervod sync`"
        return CriterionResult.fails(ErrorClass.DATA, message, figures=figures)
    if not failed:
        looked_at = ", ".join(f"{each.name} (looked at {each.looked_at or 0:,})" for each in results)
        return CriterionResult.passes(f"passed: {looked_at}", figures=figures)
    names = ", ".join(each.name for each in failed)
    message = f"failed: {names} (cases: {failed[0].evidence_count}). {failed[0].next_step}"
    evidence = [f"{each.name}: {line}" for each in failed for line in each.evidence]
    return CriterionResult.fails(ErrorClass.CHECK, message, evidence=evidence, figures=figures)
