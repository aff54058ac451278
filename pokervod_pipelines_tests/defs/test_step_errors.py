"""Check that a step's error, as Dagster recorded it, says the same to a person wherever it is read."""

from collections.abc import Callable

import dagster as dg
import psycopg
import pytest
from dagster._core.events import EngineEventData
from dagster._serdes import serialize_value
from dagster._utils.error import SerializableErrorInfo
from sqlalchemy.exc import OperationalError, StatementError

from pokervod_pipelines.defs.ended_runs import describe_failure
from pokervod_pipelines.defs.run_history import read_step_error
from pokervod_pipelines.errors import Unavailable

STATEMENT, VALUES = "select secret from nas_files where id = %(id)s", {"id": 5}
CHECK = "check with `pokervod doctor` that it answers, then retry"


def fail_by(error: Exception, cause: Exception | None = None) -> Callable[[], None]:
    def fail() -> None:
        raise error from cause

    return fail


def fail_after_retries() -> None:
    raise dg.RetryRequested(max_retries=0) from Unavailable("the share is away: mount it")


@pytest.mark.parametrize(
    ("fail", "told"),
    [
        (fail_by(Unavailable("/mnt/nas: not mounted", is_absent=True)), "/mnt/nas: not mounted"),
        (fail_by(Unavailable("nas: away"), OSError(5, "Input/output error")), "nas: away"),
        (fail_by(dg.Failure("notes: no column `Time In`", allow_retries=False)), "notes: no column `Time In`"),
        (fail_by(dg.Failure("a\nb", allow_retries=False), KeyError("below")), "a\nb"),
        (fail_after_retries, "the share is away: mount it"),
        (fail_by(ValueError("outer"), KeyError("inner")), "outer"),
        (fail_by(AssertionError()), "no reason is known"),
        (fail_by(Unavailable("\n")), "no reason is known"),
        (
            fail_by(OperationalError(STATEMENT, VALUES, psycopg.OperationalError("server closed the connection"))),
            f"the database failed: server closed the connection; {CHECK}",
        ),
        (
            fail_by(OperationalError(STATEMENT, VALUES, psycopg.errors.LockNotAvailable("a lock\nDETAIL: long"))),
            f"the database failed: a lock; {CHECK}",
        ),
        (fail_by(psycopg.OperationalError("no route to host")), f"the database failed: no route to host; {CHECK}"),
        (fail_by(psycopg.errors.DiskFull()), f"the database failed: no reason is known; {CHECK}"),
        (fail_by(StatementError("no time zone", STATEMENT, VALUES, ValueError())), "no time zone"),
    ],
)
def test_an_error_says_the_same_to_an_alert_and_to_the_status(fail: Callable[[], None], told: str) -> None:
    @dg.op
    def scan() -> None:
        fail()

    @dg.job
    def scans() -> None:
        scan()

    with dg.DagsterInstance.ephemeral() as instance:
        run_id = scans.execute_in_process(instance=instance, raise_on_error=False).run_id
        (entry,) = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)

        assert describe_failure(instance, run_id) == told
        assert read_step_error(serialize_value(entry)) == told


def test_a_run_that_could_not_be_started_says_why() -> None:
    @dg.op
    def scan() -> None: ...

    @dg.job
    def scans() -> None:
        scan()

    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(scans)
        error = SerializableErrorInfo("ValueError: the code server does not answer\n", stack=[], cls_name="ValueError")
        instance.report_engine_event("taken from the queue", run, EngineEventData(error=error))
        instance.report_run_failed(run)
        assert describe_failure(instance, run.run_id) == "the code server does not answer"
