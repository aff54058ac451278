"""Check that a sync says what it waits for, and ends soon after Ctrl-C or SIGTERM."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest
from dagster._core.events import EngineEventData

from pokervod_pipelines.defs.workflows import EXCLUSIVE_TAG
from pokervod_pipelines.workflows.setup import find_dagster_home, prepare_folder
from pokervod_pipelines_tests.sizes import choose
from pokervod_pipelines_tests.sync.installation import Installation, build_installation


@dg.op
def scan() -> None:
    pass


@dg.job
def other_job() -> None:
    scan()


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Installation:
    return build_installation(tmp_path, database_url=database_url)


@pytest.fixture
def instance(installation: Installation) -> Iterator[dg.DagsterInstance]:
    with contextlib.chdir(installation.folder), mock.patch.dict(os.environ, installation.environ):
        home = find_dagster_home(prepare_folder(installation.folder))
        with dg.DagsterInstance.from_config(str(home)) as made:
            yield made
            for run in made.get_runs():
                made.event_log_storage.free_concurrency_slots_for_run(run.run_id)
                made.delete_run(run.run_id)


@pytest.mark.parametrize("number", choose([signal.SIGTERM], long=[signal.SIGTERM, signal.SIGINT]))
def test_a_sync_that_waits_for_a_pool_says_so_and_obeys_signals(
    installation: Installation, instance: dg.DagsterInstance, number: signal.Signals
) -> None:
    other = instance.create_run_for_job(other_job, status=dg.DagsterRunStatus.STARTED)
    instance.report_engine_event("", other, EngineEventData.in_process(os.getpid()))
    instance.event_log_storage.set_concurrency_slots("nas", 1)
    instance.event_log_storage.claim_concurrency_slot("nas", other.run_id, "scan")

    with installation.start("sync") as process:
        assert process.stderr is not None
        said = next((line for line in process.stderr if "waits for" in line), "")
        os.kill(process.pid, number)
        rest = process.communicate(timeout=60)[1]

    (run,) = instance.get_runs(dg.RunsFilter(job_name="full_sync"))
    assert said.split(maxsplit=1)[1] == f"waits for pool nas, held by run {other.run_id[:8]} (other_job)\n"
    assert (process.returncode, rest.splitlines()[-1]) == (
        128 + number,
        "stopped; what was committed is kept, and the next sync resumes from there",
    )
    assert run.status is dg.DagsterRunStatus.CANCELED
    assert instance.event_log_storage.get_concurrency_info("nas").active_run_ids == {other.run_id}


@pytest.mark.long
def test_a_sync_waits_for_another_that_dagster_runs(installation: Installation, instance: dg.DagsterInstance) -> None:
    other = instance.create_run_for_job(other_job, status=dg.DagsterRunStatus.STARTED, tags=EXCLUSIVE_TAG)
    instance.report_engine_event("", other, EngineEventData.in_process(os.getpid()))

    with installation.start("sync") as process:
        assert process.stderr is not None
        said = next((line for line in process.stderr if "waits for" in line), "")
        assert not instance.get_runs(dg.RunsFilter(job_name="full_sync"))
        instance.report_run_canceled(other)
        rest = process.communicate(timeout=120)[1]

    assert said.split(maxsplit=1)[1] == f"waits for other_job (run {other.run_id[:8]}) to end\n"
    assert process.returncode == 0, rest
