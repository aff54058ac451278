"""Check templates that are added, changed, broken, corrected and removed while a worker runs."""

import asyncio
import os
from pathlib import Path

import pytest

from pokervod_pipelines.render.renderers.job import RenderJob, ReportProgress
from pokervod_pipelines.render.templates import SHIPPED, BadTemplate, Template, TemplateCache, load_templates
from pokervod_pipelines_tests.render.queue_database import QueueDatabase
from pokervod_pipelines_tests.render.worker.graphics import ELIMINATION, open_small_pipeline, request_graphic
from pokervod_pipelines_tests.render.worker.running_worker import (
    NO_POLLING,
    ScriptedPipeline,
    are_all,
    run_case,
    running_worker,
    wait_for,
)

TEXT = (SHIPPED / "elimination.yaml").read_text(encoding="utf-8")
SPONSOR = "\n  sponsor: {type: text, required: false, description: Who pays}\n"
FAST_RETRY = NO_POLLING.model_copy(update={"retry_seconds": 0.1})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one template, called ``out``."""
    folder = tmp_path / "templates"
    folder.mkdir()
    write(folder)
    return folder


def write(folder: Path, name: str = "out", more: str = "") -> Path:
    """Write the template of an elimination under this name, with more at its end."""
    path = folder / f"{name}.yaml"
    path.write_text(TEXT.replace("name: elimination", f"name: {name}").rstrip() + more, encoding="utf-8")
    return path


def test_added_changed_and_removed_files_are_seen_at_the_next_read(folder: Path) -> None:
    cache = TemplateCache([folder])
    before = cache.read()

    write(folder, more=SPONSOR)
    write(folder, "added")
    changed = cache.read()
    (folder / "out.yaml").unlink()

    assert "sponsor" not in before.valid["out"].layers
    assert "sponsor" in changed.valid["out"].layers
    assert {*changed.valid} == {*load_templates(), "out", "added"}
    assert {*cache.read().valid} == {*load_templates(), "added"}


def test_unchanged_files_are_not_read_again(folder: Path) -> None:
    cache = TemplateCache([folder])

    assert cache.read() is cache.read()


def test_another_file_of_the_same_size_and_time_is_read(folder: Path) -> None:
    cache = TemplateCache([folder])
    cache.read()
    there = (folder / "out.yaml").stat()
    other = write(folder.parent, more="")
    other.write_text(other.read_text(encoding="utf-8").replace("title: Elimination", "title: elimination"))
    os.utime(other, ns=(there.st_atime_ns, there.st_mtime_ns))
    other.replace(folder / "out.yaml")

    assert cache.read().valid["out"].title == "elimination"


def test_a_broken_file_costs_no_other_one_and_is_reported_with_its_line(folder: Path) -> None:
    cache = TemplateCache([folder])
    broken = write(folder, "elimination", more="\nfps: 0\nfpz: 1\n")

    files = cache.read()
    broken.write_text(TEXT, encoding="utf-8")

    assert {*files.valid} == {*load_templates(), "out"} - {"elimination"}
    assert f"{broken}:" in files.problems["elimination"]
    assert (cache.read().problems, "elimination" in cache.read().valid) == ({}, True)


def test_an_unavailable_folder_removes_no_template(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = TemplateCache([folder])
    away = folder.rename(folder.with_name("away"))

    assert "out" in cache.read().valid
    assert "out" in cache.read().valid
    away.rename(folder)
    write(folder, "added")
    assert "added" in cache.read().valid
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "cached templates are used, their folder is unavailable"
    ]


def test_a_cache_needs_its_folders_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadTemplate, match="cannot list the folder of templates"):
        TemplateCache([tmp_path / "nowhere"])


def test_a_worker_renders_templates_that_were_added_or_changed_while_it_runs(
    queue_database: QueueDatabase, folder: Path, tmp_path: Path
) -> None:
    async def case() -> None:
        cache = TemplateCache([folder])
        async with running_worker(
            queue_database,
            open_small_pipeline(tmp_path / "renders", read_templates=cache.read),
            read_templates=cache.read,
        ):
            request_graphic(queue_database, "out")
            await wait_for(are_all(queue_database, "completed"))
            write(folder, more=SPONSOR)
            request_graphic(queue_database, "out", {**ELIMINATION, "sponsor": "A bank"})
            await wait_for(are_all(queue_database, "completed"))
            write(folder, "added")
            request_graphic(queue_database, "added")
            await wait_for(are_all(queue_database, "completed"))

    run_case(case())

    assert queue_database.execute("select distinct outcome from render_attempts") == [("completed",)]


def test_a_broken_template_fails_its_own_jobs_only_until_it_is_corrected(
    queue_database: QueueDatabase, folder: Path, tmp_path: Path
) -> None:
    async def case() -> None:
        cache = TemplateCache([folder])
        pipeline = open_small_pipeline(tmp_path / "renders", read_templates=cache.read)
        async with running_worker(queue_database, pipeline, FAST_RETRY, read_templates=cache.read):
            broken = write(folder, more="\nfpz: 1\n")
            mine = request_graphic(queue_database, "out")
            queue_database.execute("update render_instructions set max_retries = 99")
            await wait_for(lambda: queue_database.row(mine).retry_count)
            other = request_graphic(queue_database)
            await wait_for(lambda: queue_database.row(other).state == "completed")
            (reason,) = queue_database.execute(
                "select reason, kind from render_attempts where kind is not null limit 1"
            )
            assert "the template cannot be read; correct it, then retry: " in reason.reason
            assert (f"{broken}:" in reason.reason, reason.kind) == (True, "transient")
            write(folder)
            await wait_for(are_all(queue_database, "completed"))

    run_case(case())


def test_a_job_of_a_template_that_stays_broken_fails_in_the_end(
    queue_database: QueueDatabase, folder: Path, tmp_path: Path
) -> None:
    async def case() -> None:
        cache = TemplateCache([folder])
        async with running_worker(queue_database, open_small_pipeline(tmp_path / "renders", read_templates=cache.read)):
            (folder / "out.yaml").write_text("", encoding="utf-8")
            request_graphic(queue_database, "out")
            await wait_for(are_all(queue_database, "failed"))

    run_case(case())

    assert queue_database.execute("select quarantine_reason from render_workers") == [(None,)]


class SlowRenderer:
    """Keep the jobs, and write a wrong file once the gate opens."""

    name = "local"

    def __init__(self) -> None:
        self.jobs: list[RenderJob] = []
        self.gate = asyncio.Event()

    async def render(self, job: RenderJob, report: ReportProgress) -> None:
        self.jobs.append(job)
        await self.gate.wait()
        job.target.write_bytes(b"no picture")

    def find_faults(self, template: Template) -> list[str]:
        return []

    async def close(self) -> None:
        """Stop nothing: nothing runs."""


def test_a_running_job_keeps_the_template_it_started_with(
    queue_database: QueueDatabase, folder: Path, tmp_path: Path
) -> None:
    async def case() -> None:
        cache, renderer = TemplateCache([folder]), SlowRenderer()
        async with running_worker(
            queue_database, open_small_pipeline(tmp_path / "renders", renderer, read_templates=cache.read)
        ):
            number = request_graphic(queue_database, "out")
            await wait_for(lambda: renderer.jobs)
            (folder / "out.yaml").write_text("broken: [", encoding="utf-8")
            assert cache.read().problems
            renderer.gate.set()
            await wait_for(lambda: queue_database.row(number).state == "failed")
        assert [job.template.name for job in renderer.jobs] == ["out"]
        first, *later = queue_database.execute("select reason from render_attempts order by ended_at")
        assert "the file differs from its instruction" in first.reason
        assert all("the template cannot be read" in each.reason for each in later)

    run_case(case())


async def stay(*_: object) -> None:
    """Never finish."""
    await asyncio.Event().wait()


def test_a_changed_time_limit_applies_to_the_next_job(queue_database: QueueDatabase, folder: Path) -> None:
    async def case() -> None:
        cache, pipeline = TemplateCache([folder]), ScriptedPipeline()
        async with running_worker(queue_database, pipeline, read_templates=cache.read):
            queue_database.request(template="out")
            await wait_for(are_all(queue_database, "completed"))
            pipeline.script = stay
            write(folder, more="\nmax_seconds: 0.5\n")
            (slow,) = queue_database.request(template="out")
            await wait_for(lambda: queue_database.row(slow).state == "timed_out")
        assert queue_database.row(slow).failure_kind == "timeout"

    run_case(case())


def test_a_changed_time_limit_applies_to_lost_jobs(queue_database: QueueDatabase, folder: Path) -> None:
    over, other = queue_database.claim_one(template="out"), queue_database.claim_one()
    queue_database.execute(
        "update render_instructions set max_retries = 0, started_at = now() - interval '5 minutes', "
        "lease_until = now() + interval '1 hour'"
    )

    async def case() -> None:
        cache = TemplateCache([folder])
        async with running_worker(
            queue_database,
            ScriptedPipeline(),
            NO_POLLING.model_copy(update={"lease_seconds": 1.0}),
            read_templates=cache.read,
        ):
            write(folder, more="\nmax_seconds: 60\n")
            await wait_for(lambda: queue_database.row(over.id).state == "timed_out")

    run_case(case())

    assert queue_database.row(other.id).state == "processing"
