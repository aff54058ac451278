"""A stage logs its begin and its end, or its failure, which goes on to whoever runs it."""

import logging
import re
from types import SimpleNamespace

import pytest

from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.logs.context import read_context
from pokervod_pipelines.workflows.stage_log import log_stage
from pokervod_pipelines.workflows.stage_result import StageResult, make_result

RUN = SimpleNamespace(correlation_id="c1")


@pytest.fixture(autouse=True)
def _level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pokervod_pipelines.nas")


@log_stage("nas", "nas")
def scan(run: SimpleNamespace, library: str, error: Exception | None = None) -> StageResult:
    """Scan."""
    assert read_context().correlation_id == run.correlation_id
    if error:
        raise error
    counts = {"files": 1_125, "added": 0}
    return make_result("nas", library, 0.25, counts, [(f"{library}/a.mp4", "broken")])


def test_a_stage_logs_its_counts_and_not_its_files(caplog: pytest.LogCaptureFixture) -> None:
    assert scan(RUN, "wsop").counts["files"] == 1_125

    assert caplog.messages == ["nas wsop begins", "nas wsop ended after 0.2 s: files 1,125, problems 1"]
    assert {each.name for each in caplog.records} == {"pokervod_pipelines.nas"}
    assert read_context().correlation_id == ""


@pytest.mark.parametrize(("error", "has_trace"), [(Unavailable("not mounted"), False), (ValueError("a bug"), True)])
def test_a_failure_goes_on(caplog: pytest.LogCaptureFixture, error: Exception, has_trace: bool) -> None:
    with pytest.raises(type(error)):
        scan(RUN, "wsop", error)

    failed = caplog.records[-1]
    assert (failed.levelno, bool(failed.exc_info)) == (logging.ERROR, has_trace)
    assert re.fullmatch(rf"nas wsop failed after \d+\.\d s: {error}", failed.getMessage())
