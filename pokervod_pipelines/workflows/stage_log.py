"""Log when a stage begins and how it ends, under the correlation id of its sync."""

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.logs.context import bind
from pokervod_pipelines.workflows.stage_result import StageResult

P = ParamSpec("P")
RunStage = Callable[Concatenate[Any, P], StageResult]
"""A stage; its first argument is the ``SyncRun``."""


def log_stage(stage: str, room: str) -> Callable[[RunStage[P]], RunStage[P]]:
    """Return a decorator for a stage; the room's logger writes its lines, and a failure goes on to the caller."""
    log = logging.getLogger(f"pokervod_pipelines.{room}")

    def decorate(run_stage: RunStage[P]) -> RunStage[P]:
        @wraps(run_stage)
        def run_logged(run: Any, /, *arguments: P.args, **options: P.kwargs) -> StageResult:
            name = " ".join((stage, *(str(each) for each in arguments[:1] if not callable(each))))
            started = time.monotonic()
            with bind(correlation_id=run.correlation_id):
                log.info("%s begins", name)
                try:
                    result = run_stage(run, *arguments, **options)
                except Exception as error:
                    _log_failure(log, f"{name} failed after {time.monotonic() - started:.1f} s", error)
                    raise
                log.info("%s ended after %.1f s: %s", name, result.seconds, describe_counts(result))
            return result

        return run_logged

    return decorate


def _log_failure(log: logging.Logger, sentence: str, error: Exception) -> None:
    """Log a failure, which whoever runs the stage tells the person; an error of ours says all that is known of it."""
    trace = None if isinstance(error, PokervodError) else error
    log.error("%s: %s", sentence, error, exc_info=trace, extra={"is_shown": True})


def describe_counts(result: StageResult) -> str:
    """Return the counts that are not zero, and how many problems there are.

    >>> describe_counts(StageResult(stage="nas", name="wsop", seconds=1.0, counts={"files": 1_125, "added": 0}))
    'files 1,125'
    """
    if result.held:
        return result.held
    counts = result.counts | {"problems": result.problem_count}
    return ", ".join(f"{name} {count:,}" for name, count in counts.items() if count) or "nothing to do"
