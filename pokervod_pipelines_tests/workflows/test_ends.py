"""Check that the end of a workflow's run is recorded and told as what it was, whatever is known of why."""

import logging
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.workflows.ends import EndedWorkflowRun, record_workflow_ends
from pokervod_pipelines.workflows.workflow import Workflow

END = EndedWorkflowRun(
    workflow="after_show",
    input={"sheet": "one"},
    run_id="run 1",
    correlation_id="show 1",
    attempt=1,
    seconds=2.5,
    failed=False,
)
WORKFLOWS = {"after_show": Workflow(name="after_show", description="", notify=True)}


@pytest.mark.parametrize("error", ["", "no such tab"])
def test_only_a_run_that_is_not_known_yet_is_asked_why_it_failed(
    engine: Engine, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    asked = []

    def describe_failure(run_id: str) -> str:
        asked.append(run_id)
        return error

    caplog.set_level(logging.INFO, "pokervod_pipelines.workflows.ends")
    failed = replace(END, run_id="run 2", failed=True)
    for ends in ([failed], [END, failed]):
        record_workflow_ends(engine, ends, WORKFLOWS, (), describe_failure=describe_failure)

    assert asked == ["run 2"]
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", f"after_show failed after 2.5 s: {error}"),
        ("INFO", "after_show completed after 2.5 s"),
    ]
    with engine.connect() as connection:
        events = connection.execute(
            text("select type, payload ->> 'error' from events where type like 'system.%' order by id")
        ).all()
        alerts = connection.execute(text("select title, severity from alerts order by id")).all()
        only_messages = connection.scalar(text("select bool_and(kind = 'message') from alerts"))
    assert [tuple(each) for each in events] == [
        ("system.workflow.failed", error),
        ("system.workflow.completed", None),
    ]
    assert [tuple(each) for each in alerts] == [
        ("after_show one failed after 2 s", "warning"),
        ("after_show one is done after 2 s", "info"),
    ]
    assert only_messages
