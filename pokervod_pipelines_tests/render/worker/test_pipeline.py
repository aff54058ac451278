"""Render real files: verified, stopped in the middle, refused, and published over leftovers."""

import asyncio
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.render.actions import cancel
from pokervod_pipelines.render.outputs.audit import KnownOutput, audit_outputs
from pokervod_pipelines.render.outputs.inspection import ExpectedOutput
from pokervod_pipelines.render.queue import FinishedRender
from pokervod_pipelines.render.queue_store import ClaimedJob
from pokervod_pipelines.render.renderers.job import RenderJob, ReportProgress
from pokervod_pipelines.render.renderers.local.drawing import Drawing
from pokervod_pipelines.render.states import Transition
from pokervod_pipelines.render.templates import Template, TemplateFiles, load_templates
from pokervod_pipelines.render.worker.pipeline import RenderPipeline
from pokervod_pipelines_tests.processes.system import wait_until_gone
from pokervod_pipelines_tests.render.outputs.output_factory import make_output
from pokervod_pipelines_tests.render.queue_database import QueueDatabase
from pokervod_pipelines_tests.render.worker.graphics import (
    ELIMINATION,
    LONG,
    SMALL,
    list_children,
    list_finished,
    list_unfinished,
    open_small_pipeline,
    request_graphic,
    request_whole,
)
from pokervod_pipelines_tests.render.worker.running_worker import (
    are_all,
    limit_eliminations,
    reassign_jobs,
    run_case,
    running_worker,
    wait_for,
)

ACTOR = Actor(who="eva", reason="wrong player", correlation_id="")
TEMPLATES = load_templates()


def read_outputs(database: QueueDatabase) -> list[KnownOutput]:
    rows = database.execute("select path, size_bytes, mtime_ns, sha256 from render_outputs order by instruction_id")
    return [KnownOutput(**row._mapping) for row in rows]


@pytest.mark.parametrize("output", ["mov_alpha", "mp4", "png_sequence"])
def test_a_file_is_published_as_its_row_says_and_nothing_beside_it(
    queue_database: QueueDatabase, tmp_path: Path, output: str
) -> None:
    async def case() -> None:
        pipeline = open_small_pipeline(tmp_path / "renders")
        async with running_worker(queue_database, pipeline):
            request_graphic(queue_database, format=output)
            await wait_for(are_all(queue_database, "completed"))
        assert list_children() == set()

    run_case(case())

    (known,) = read_outputs(queue_database)
    assert audit_outputs(tmp_path / "renders", [known]) == []
    assert list_finished(tmp_path / "renders") == [Path(known.path).name]
    assert list_unfinished(tmp_path / "renders") == []


def test_a_cancelled_render_stops_its_child_and_leaves_nothing_and_the_next_one_runs(
    queue_database: QueueDatabase, tmp_path: Path
) -> None:
    async def case() -> None:
        root = tmp_path / "renders"
        async with running_worker(queue_database, open_small_pipeline(root)):
            long = request_graphic(queue_database, **LONG)
            next_ = request_graphic(queue_database)
            await wait_for(lambda: (queue_database.row(long).progress or 0) > 0)
            (child,) = list_children()
            assert list_unfinished(root) == [f"{queue_database.row(long).claim_id}.mov"]
            cancel(queue_database.engine, [long], ACTOR)
            await wait_for(lambda: queue_database.row(long).state == "cancelled")
            await asyncio.to_thread(wait_until_gone, child)
            await wait_for(lambda: queue_database.row(next_).state == "completed")
            assert queue_database.row(long).reason == "wrong player (eva)"
        assert list_unfinished(root) == []
        assert len(list_finished(root)) == 1

    run_case(case())


def test_a_share_unmounted_during_a_render_is_not_filled(queue_database: QueueDatabase, tmp_path: Path) -> None:
    async def case() -> None:
        root = tmp_path / "renders"
        async with running_worker(queue_database, open_small_pipeline(root)):
            request_graphic(queue_database, seconds=10)
            await wait_for(lambda: list_unfinished(root))
            root.rename(tmp_path / "unmounted")
            root.mkdir()
            await wait_for(
                lambda: queue_database.execute(
                    "select from render_attempts where reason like '%the marker%is missing%'"
                )
            )
        assert list(root.iterdir()) == []

    run_case(case())


def test_a_worker_whose_claim_was_lost_stops_its_child_and_leaves_nothing(
    queue_database: QueueDatabase, tmp_path: Path
) -> None:
    async def case() -> None:
        root = tmp_path / "renders"
        async with running_worker(queue_database, open_small_pipeline(root)):
            long = request_graphic(queue_database, **LONG)
            await wait_for(lambda: (queue_database.row(long).progress or 0) > 0)
            (child,) = list_children()
            await asyncio.to_thread(reassign_jobs, queue_database)
            await asyncio.to_thread(wait_until_gone, child)
            await wait_for(lambda: list_unfinished(root) == [])
        assert queue_database.row(long).claimed_by == "next"
        assert list_finished(root) == []

    run_case(case())


def test_a_template_limits_the_time_of_its_renders(queue_database: QueueDatabase, tmp_path: Path) -> None:
    async def case() -> None:
        root = tmp_path / "renders"
        async with running_worker(
            queue_database, open_small_pipeline(root), read_templates=limit_eliminations(max_seconds=0.5)
        ):
            long = request_graphic(queue_database, **LONG)
            queue_database.execute("update render_instructions set max_retries = 1")
            await wait_for(lambda: queue_database.row(long).state == "timed_out")
        assert (list_unfinished(root), list_finished(root)) == ([], [])

    run_case(case())


class Forger:
    """Write real files that differ from their instruction: as ``forge`` says of each attempt, then correct ones."""

    name = "local"

    def __init__(self, *forge: Callable[[Path, ExpectedOutput], Path]) -> None:
        self._forge = list(forge)

    async def render(self, job: RenderJob, report: ReportProgress) -> None:
        """Write the file, whatever it shows."""
        folder = job.target.parent / f"{job.claim_id} forge"
        folder.mkdir()
        expected = ExpectedOutput(template=job.template, layers=job.layers, spec=job.spec, renderer="local")
        forge = self._forge.pop(0) if self._forge else draw_truly
        await asyncio.to_thread(lambda: forge(folder, expected).replace(job.target))
        folder.rmdir()

    def find_faults(self, template: Template) -> list[str]:
        return []

    async def close(self) -> None:
        """Stop nothing: nothing runs."""


def draw_truly(folder: Path, expected: ExpectedOutput) -> Path:
    return make_output(folder, expected, draw=Drawing)


def draw_black(folder: Path, expected: ExpectedOutput) -> Path:
    return make_output(
        folder, expected, draw=Drawing, change=lambda _, image: Image.new("RGBA", image.size, (0, 0, 0, 255))
    )


def draw_another(folder: Path, expected: ExpectedOutput) -> Path:
    other = {**expected.layers, "player": "Bo Chen"}
    return make_output(
        folder,
        ExpectedOutput(template=expected.template, layers=other, spec=expected.spec, renderer="local"),
        draw=Drawing,
    )


def write_half(folder: Path, expected: ExpectedOutput) -> Path:
    path = draw_truly(folder, expected)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    return path


def write_nothing(folder: Path, _: ExpectedOutput) -> Path:
    path = folder / "output.mov"
    path.touch()
    return path


FORGERIES = [draw_black, draw_another, write_half, write_nothing]


def test_a_spoiled_file_is_refused_and_never_published(queue_database: QueueDatabase, tmp_path: Path) -> None:
    root = tmp_path / "renders"
    seen: list[tuple[str, int]] = []

    def record(transition: Transition) -> None:
        left = [name for name in list_unfinished(root) if name.startswith(str(transition.job.claim_id))]
        seen.append((transition.state, len(list_finished(root)) + len(left)))

    async def case() -> None:
        async with running_worker(queue_database, open_small_pipeline(root, Forger(*FORGERIES)), on_transition=record):
            request_graphic(queue_database, width=640, height=360)
            queue_database.execute("update render_instructions set max_retries = 4")
            await wait_for(are_all(queue_database, "completed"))

    run_case(case())

    assert seen == [*[("pending", 0)] * 4, ("completed", 1)]
    reasons = queue_database.execute("select reason from render_attempts where outcome = 'failed' order by started_at")
    assert all("the file differs from its instruction" in row.reason for row in reasons)
    assert audit_outputs(root, read_outputs(queue_database)) == []


def test_a_job_whose_files_are_always_spoiled_fails_and_leaves_nothing(
    queue_database: QueueDatabase, tmp_path: Path
) -> None:
    root = tmp_path / "renders"

    async def case() -> None:
        async with running_worker(queue_database, open_small_pipeline(root, Forger(*[draw_another] * 4))):
            request_graphic(queue_database, width=640, height=360)
            await wait_for(are_all(queue_database, "failed"))

    run_case(case())

    assert (list_finished(root), list_unfinished(root), read_outputs(queue_database)) == ([], [], [])


def change(**fields: Any) -> Template:
    """Return the template of an elimination with these fields changed."""
    return Template.model_validate(TEMPLATES["elimination"].model_dump(by_alias=True, exclude_none=True) | fields)


LAYERS = TEMPLATES["elimination"].model_dump(by_alias=True, exclude_none=True)["layers"]
CHANGED = {
    "removed": ({}, "the template 'elimination' was deleted; restore its file"),
    "another renderer": (
        {"elimination": change(renderer="nexrender", source="a.aep")},
        "is rendered by nexrender now, the instruction is for local",
    ),
    "a layer more": (
        {
            "elimination": change(
                layers={**LAYERS, "table": {"type": "text", "required": True, "description": "Its name"}}
            )
        },
        "template elimination: table: the layer is required",
    ),
    "a layer less": (
        {"elimination": change(layers={"player": LAYERS["player"], "place": LAYERS["place"]})},
        "template elimination: prize: unknown layer; the layers are ",
    ),
    "a layer of another kind": (
        {
            "elimination": change(
                layers={**LAYERS, "player": {"type": "chips", "required": True, "description": "How many"}}
            )
        },
        "template elimination: player: expected a number, got 'Ana Ruiz'",
    ),
}


@pytest.mark.parametrize(("templates", "reason"), CHANGED.values(), ids=CHANGED)
def test_a_template_that_was_changed_after_the_request_fails_it_at_once_with_a_clear_reason(
    queue_database: QueueDatabase, tmp_path: Path, templates: Mapping[str, Template], reason: str
) -> None:
    files = TemplateFiles(valid=templates)

    async def case() -> None:
        async with running_worker(
            queue_database, open_small_pipeline(tmp_path / "renders", read_templates=lambda: files)
        ):
            request_graphic(queue_database)
            await wait_for(are_all(queue_database, "failed"))

    run_case(case())

    (row,) = queue_database.execute("select reason, failure_kind, retry_count from render_instructions")
    assert reason in row.reason
    assert (row.failure_kind, row.retry_count) == ("bad_input", 0)
    assert list_unfinished(tmp_path / "renders") == []


@pytest.mark.parametrize("missing", ["path", "format", "seconds", "fps"])
def test_an_instruction_without_its_whole_output_fails_and_names_what_is_missing(
    queue_database: QueueDatabase, tmp_path: Path, missing: str
) -> None:
    async def case() -> None:
        async with running_worker(queue_database, open_small_pipeline(tmp_path / "renders")):
            output = {name: value for name, value in SMALL.items() if name != missing}
            request_whole(queue_database, "elimination", ELIMINATION, output)
            await wait_for(are_all(queue_database, "failed"))

    run_case(case())

    (row,) = queue_database.execute("select reason, failure_kind from render_instructions")
    assert f"lacks its {missing}" in row.reason
    assert row.failure_kind == "bad_input"


@pytest.mark.parametrize("leftover", ["a file", "a folder"])
def test_leftovers_at_the_path_of_a_file_are_replaced(
    queue_database: QueueDatabase, tmp_path: Path, leftover: str
) -> None:
    root = tmp_path / "renders"
    place = root / "2031-05-04" / "elimination.mov"
    place.parent.mkdir(parents=True)
    if leftover == "a folder":
        place.mkdir()
        (place / "00001.png").write_bytes(b"half of it")
    else:
        place.write_bytes(b"half of it")

    async def case() -> None:
        async with running_worker(queue_database, open_small_pipeline(root)):
            request_graphic(queue_database, path="{day}/{template}")
            await wait_for(are_all(queue_database, "completed"))

    run_case(case())

    assert audit_outputs(root, read_outputs(queue_database)) == []
    assert list_finished(root) == ["elimination.mov"]
    assert list_unfinished(root) == []


LOCKERS = """
    select pg_terminate_backend(l.pid) from pg_locks l join pg_class c on c.oid = l.relation
    where c.relname = 'render_instructions' and l.mode = 'RowShareLock' and l.pid <> pg_backend_pid()
"""


class CutOffPipeline:
    """Publish the first file, and cut the connection before the database hears of it."""

    def __init__(self, pipeline: RenderPipeline, database: QueueDatabase, meanwhile: Callable[[int], object]) -> None:
        self._pipeline, self._desk, self._meanwhile = pipeline, database, meanwhile
        self.slots, self.discard, self.close = pipeline.slots, pipeline.discard, pipeline.close
        self.is_cut_off = False

    async def render(self, job: ClaimedJob, report: ReportProgress) -> FinishedRender:
        made = await self._pipeline.render(job, report)

        def publish() -> None:
            made.publish()
            if not self.is_cut_off:
                self.is_cut_off = True
                assert self._desk.execute(LOCKERS)
                self._meanwhile(job.id)

        return replace(made, publish=publish)


@pytest.mark.parametrize("output", ["mov_alpha", "png_sequence"])
def test_a_file_whose_publish_did_not_commit_before_a_cancel_is_deleted(
    queue_database: QueueDatabase, tmp_path: Path, output: str
) -> None:
    async def case() -> None:
        pipeline = open_small_pipeline(tmp_path / "renders")
        pipeline = CutOffPipeline(
            pipeline, queue_database, lambda number: cancel(queue_database.engine, [number], ACTOR)
        )
        async with running_worker(queue_database, pipeline):
            request_graphic(queue_database, format=output)
            await wait_for(are_all(queue_database, "cancelled"))
        assert pipeline.is_cut_off

    run_case(case())

    assert (list_finished(tmp_path / "renders"), list_unfinished(tmp_path / "renders")) == ([], [])


def test_a_file_whose_publish_did_not_commit_is_completed_by_the_next_call(
    queue_database: QueueDatabase, tmp_path: Path
) -> None:
    async def case() -> None:
        pipeline = CutOffPipeline(open_small_pipeline(tmp_path / "renders"), queue_database, lambda _: None)
        async with running_worker(queue_database, pipeline):
            request_graphic(queue_database)
            await wait_for(are_all(queue_database, "completed"))
        assert pipeline.is_cut_off

    run_case(case())

    assert audit_outputs(tmp_path / "renders", read_outputs(queue_database)) == []


def test_a_missing_outputs_folder_is_the_machine_s_fault_and_is_not_created(
    queue_database: QueueDatabase, tmp_path: Path
) -> None:
    async def case() -> None:
        pipeline = open_small_pipeline(tmp_path / "renders")
        shutil.rmtree(tmp_path / "renders")
        async with running_worker(queue_database, pipeline):
            request_graphic(queue_database)
            await wait_for(
                lambda: queue_database.execute("select 1 from render_workers where quarantine_reason is not null")
            )

    run_case(case())

    (row,) = queue_database.execute("select reason, failure_kind from render_instructions")
    assert "mount the share or create the folder" in row.reason
    assert row.failure_kind == "bad_worker"
    assert not (tmp_path / "renders").exists()
