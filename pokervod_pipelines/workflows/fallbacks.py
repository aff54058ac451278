"""Say what a stage of a sync does when the stage before it failed: go on with what was read last, or be skipped."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pokervod_pipelines.problems import Problem
from pokervod_pipelines.workflows.stage_result import MAX_PROBLEMS, StageResult

FALLBACKS: Mapping[str, str | None] = {
    "media": None,
    "catalog": "the files that were scanned last",
    "clips": "the rows that were read last",
    "statuses": None,
    "instructions": "the hands and exports that were read last",
}
"""What each stage goes on with; None skips it: it would only wait for the same share or sheet again."""


def skip_stage(stage: str, name: str, failed: Sequence[str]) -> StageResult | None:
    """Return the result of a stage that is skipped since others failed, None for one that goes on."""
    if FALLBACKS[stage] is not None:
        return None
    return StageResult(
        stage=stage,
        name=name,
        seconds=0.0,
        error=f"skipped, since {' and '.join(failed)} failed; the next sync does it",
        is_skipped=True,
    )


def note_fallback(result: StageResult, failed: Sequence[str]) -> StageResult:
    """Return the result with what it went on with, for each stage before it that failed."""
    if not failed or not result.succeeded:
        return result
    notes = [Problem(each, f"failed; this has {FALLBACKS[result.stage]}") for each in failed]
    problems = (*notes, *result.problems)[:MAX_PROBLEMS]
    return replace(result, problems=problems, problem_count=result.problem_count + len(notes))
