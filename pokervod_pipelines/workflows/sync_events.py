"""Append what happens to a sync as a whole: that it began, which of its stages failed, and how it ended."""

from collections.abc import Sequence

from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.workflows.stage_result import StageResult
from pokervod_pipelines.workflows.stages import SyncRun

SOURCE = "system"


def record_start(run: SyncRun, run_id: str) -> None:
    """Append that the sync began: the first event of its correlation id."""
    _append(run, EventType.SYSTEM_SYNC_ALL, mode=_name_mode(run), run_id=run_id)


def record_failure(run: SyncRun, run_id: str, result: StageResult) -> None:
    """Append that a stage of the sync failed for good or was skipped; the others continue."""
    payload = {"stage": result.stage, "name": result.name, "error": result.error, "run_id": run_id}
    _append(run, EventType.SYSTEM_ERROR, **payload, skipped=result.is_skipped)


def record_end(run: SyncRun, run_id: str, failed: Sequence[str]) -> None:
    """Append that the sync ended, with the stages that failed: the last event of its correlation id."""
    _append(run, EventType.SYSTEM_SYNC_COMPLETED, mode=_name_mode(run), run_id=run_id, failed=[*failed])


def _name_mode(run: SyncRun) -> str:
    return "full" if run.full else "incremental"


def _append(run: SyncRun, type_: EventType, **payload: object) -> None:
    with run.engine.begin() as connection:
        append_events(connection, SOURCE, run.correlation_id, [NewEvent(type_, payload)])
