"""Ask checks that failed again: a scan or a correction by command makes one good, and no run records that."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from pokervod_pipelines.checks import Severity
from pokervod_pipelines.monitoring.data_checks import DATA_CHECKS
from pokervod_pipelines.monitoring.evaluation import evaluate_check
from pokervod_pipelines.monitoring.status_runs import RecordedCheck, RunState, StageAttempt
from pokervod_pipelines.monitoring.status_stages import STAGES
from pokervod_pipelines.settings import Settings


def ask_again(
    connection: Connection, recorded: Iterable[RecordedCheck], attempts: Sequence[StageAttempt], settings: Settings
) -> list[RecordedCheck]:
    """Return the recorded results, and of those that failed the result of now where it decides how everything is.

    That is so for each error. A warning is asked again if its stage has succeeded since: many stay for years, and some
    queries read the whole archive.
    """
    ended = _find_successes(attempts)
    return [
        _evaluate(connection, each, settings)
        if not each.passed and (each.severity is Severity.ERROR or each.at < ended.get(each.asset, each.at))
        else each
        for each in recorded
    ]


def _find_successes(attempts: Iterable[StageAttempt]) -> dict[str, datetime]:
    """Return when a stage of each asset succeeded last."""
    assets = {stage.name: stage.asset for stage in STAGES}
    found: dict[str, datetime] = {}
    for each in attempts:
        if each.state is RunState.SUCCEEDED:
            asset = assets[each.stage]
            found[asset] = max(found.get(asset, each.at), each.at)
    return found


def _evaluate(connection: Connection, recorded: RecordedCheck, settings: Settings) -> RecordedCheck:
    """Return the result of now; what a refresh has stored is not refreshed."""
    for check in DATA_CHECKS:
        if check.name == recorded.name:
            result = evaluate_check(connection, check, settings)
            return replace(recorded, passed=result.passed, severity=result.severity, summary=result.summary)
    return recorded
