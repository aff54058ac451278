"""Evaluate the data checks against the database.

Asset checks, the criteria of rollouts and ``pokervod sync`` show the results. A check changes nothing except what it
stores about files.
"""

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.checks import CheckResult
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.monitoring.check_shape import DataCheck
from pokervod_pipelines.monitoring.data_checks import DATA_CHECKS
from pokervod_pipelines.nas.store.scope import list_scopes
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.own_rows import BY_HAND

EVIDENCE_SHOWN = 20


def evaluate_check(connection: Connection, check: DataCheck, settings: Settings) -> CheckResult:
    """Return the result of one check on the data as they are now."""
    looked_at, count, evidence = connection.execute(
        text(f"""
            with c(evidence) as materialized ({check.cases})
            select (select count(*) from {check.population}), (select count(*) from c),
                   array(select evidence from c limit {EVIDENCE_SHOWN})
        """),  # noqa: S608 - checks are constants
        {"sheets": [*(each.name for each in settings.sheets), BY_HAND], **list_scopes(settings)},
    ).one()
    return CheckResult(
        name=check.name,
        passed=count == 0,
        summary=f"{count:,} {check.fails[count > 1]}." if count else check.passes,
        severity=check.severity,
        looked_at=looked_at,
        evidence=tuple(evidence),
        evidence_count=count,
        next_step=check.next_step,
    )


def refresh_and_evaluate(engine: Engine, settings: Settings, check: DataCheck) -> CheckResult:
    """Return the result of one check after its refresh; a refresh that fails fails the check."""
    try:
        if check.refresh is not None:
            check.refresh(engine, settings)
    except PokervodError as error:
        return CheckResult(
            name=check.name,
            passed=False,
            summary="This could not be checked.",
            severity=check.severity,
            evidence=(f"unknown: {error}",),
            evidence_count=1,
            next_step=check.next_step,
        )
    with engine.connect() as connection:
        return evaluate_check(connection, check, settings)


def evaluate_all(connection: Connection, settings: Settings) -> dict[str, CheckResult]:
    """Return the result of every check by its name."""
    return {check.name: evaluate_check(connection, check, settings) for check in DATA_CHECKS}
