"""Find the runs that ended since, and why one failed; what is made of them is elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import dagster as dg
from dagster._utils.error import SerializableErrorInfo  # type: ignore[attr-defined]

from pokervod_pipelines.defs.step_errors import FROM_OUTSIDE, WRAPPERS, describe_error

ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
"""A run that a person cancelled asks for nothing, and neither failed nor made anything good."""

OVERLAP = timedelta(minutes=2)
"""Each look goes back so far: a run's end may be stored late."""

RUNS_AT_ONCE = 500
MICROSECOND = timedelta(microseconds=1)

WILL_RETRY_TAG = "dagster/will_retry"
"""Dagster itself starts this run again, since its process died."""


def find_ended(instance: dg.DagsterInstance, since: datetime) -> list[dg.RunRecord]:
    """Return the runs that ended since, the earliest first; those of the overlap were found before."""
    filter_ = dg.RunsFilter(statuses=ENDED, updated_after=since - OVERLAP)
    return [*instance.get_run_records(filter_, order_by="update_timestamp", ascending=True)]


def page_ended(
    instance: dg.DagsterInstance, since: datetime, *, tags: Mapping[str, str | Sequence[str]]
) -> Iterator[list[dg.RunRecord]]:
    """Yield the runs with these tags that ended since, with those of the overlap, in pages, the earliest first.

    The last runs of a page may begin the next one, too. A run that ended before and was only changed since, by a tag
    say, is left out.
    """
    earliest = after = since - OVERLAP
    size = RUNS_AT_ONCE
    while True:
        filter_ = dg.RunsFilter(tags=tags, statuses=ENDED, updated_after=after)
        found = instance.get_run_records(filter_, limit=size, order_by="update_timestamp", ascending=True)
        yield [each for each in found if each.end_time is None or each.end_time > earliest.timestamp()]
        if len(found) < size:
            return
        before = found[-1].update_timestamp - MICROSECOND
        size = 2 * size if before <= after else size  # as many ended at the same moment
        after = max(after, before)


def is_started_again(run: dg.DagsterRun) -> bool:
    """Return whether Dagster starts a run again that failed; of a command's own run it only says so."""
    return run.tags.get(WILL_RETRY_TAG) == "true" and run.remote_job_origin is not None


def describe_failure(instance: dg.DagsterInstance, run_id: str) -> str:
    """Return why the run failed: what its first failed step said, else the run itself, else what Dagster met last."""
    of_steps, of_run, of_engine = (
        [entry.dagster_event for entry in instance.all_logs(run_id, of_type=type_) if entry.dagster_event]
        for type_ in (
            dg.DagsterEventType.STEP_FAILURE,
            dg.DagsterEventType.RUN_FAILURE,
            dg.DagsterEventType.ENGINE_EVENT,
        )
    )
    for event in (*of_steps, *of_run):
        if error := getattr(event.event_specific_data, "error", None):
            return describe_error(find_own_error(error).message)
    told = next((event.message for event in of_run if event.message), "")
    if not told or told == FROM_OUTSIDE:
        for event in reversed(of_engine):
            if error := getattr(event.event_specific_data, "error", None):
                return describe_error(find_own_error(error).message)
    return told or describe_error("")


def find_own_error(error: SerializableErrorInfo) -> SerializableErrorInfo:
    """Return the error below those that Dagster put around it."""
    while error.cause is not None and str(error.cls_name).startswith(WRAPPERS):
        error = error.cause
    return error
