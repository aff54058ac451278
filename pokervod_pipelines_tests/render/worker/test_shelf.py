"""Templates of the house that are added, changed, broken, mended and removed while a worker runs."""

import asyncio
import os
from pathlib import Path

import pytest

from pokervod_pipelines.render.renderers.job import RenderJob, Report
from pokervod_pipelines.render.templates import SHIPPED, BadTemplate, Template, load_templates
from pokervod_pipelines.render.worker.shelf import Shelf
from pokervod_pipelines_tests.render.queue_desk import QueueDesk
from pokervod_pipelines_tests.render.worker.gallery import ELIMINATION, ask_graphic, open_small_studio
from pokervod_pipelines_tests.render.worker.hire import (
    DEAF,
    StagedMaker,
    are_all,
    come,
    hired,
    play,
)

TEXT = (SHIPPED / "elimination.yaml").read_text(encoding="utf-8")
SPONSOR = "\n  sponsor: {type: text, required: false, description: Who pays}\n"
PATIENT = DEAF.model_copy(update={"retry_seconds": 0.1})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The house's own templates: one, called ``out``."""
    folder = tmp_path / "templates"
    folder.mkdir()
    write(folder)
    return folder


def write(folder: Path, name: str = "out", more: str = "") -> Path:
    """The template of an elimination lies there by this name, with more at its end."""
    path = folder / f"{name}.yaml"
    path.write_text(TEXT.replace("name: elimination", f"name: {name}").rstrip() + more, encoding="utf-8")
    return path


def test_what_is_added_changed_and_removed_is_seen_at_the_next_look(folder: Path) -> None:
    shelf = Shelf([folder])
    before = shelf.look()

    write(folder, more=SPONSOR)
    write(folder, "added")
    changed = shelf.look()
    (folder / "out.yaml").unlink()

    assert "sponsor" not in before.sound["out"].layers
    assert "sponsor" in changed.sound["out"].layers
    assert {*changed.sound} == {*load_templates(), "out", "added"}
    assert {*shelf.look().sound} == {*load_templates(), "added"}


def test_files_that_are_as_they_were_are_not_read_again(folder: Path) -> None:
    shelf = Shelf([folder])

    assert shelf.look() is shelf.look()


def test_another_file_of_the_same_size_and_time_is_another(folder: Path) -> None:
    shelf = Shelf([folder])
    shelf.look()
    there = (folder / "out.yaml").stat()
    other = write(folder.parent, more="")
    other.write_text(other.read_text(encoding="utf-8").replace("title: Elimination", "title: elimination"))
    os.utime(other, ns=(there.st_atime_ns, there.st_mtime_ns))
    other.replace(folder / "out.yaml")

    assert shelf.look().sound["out"].title == "elimination"


def test_a_broken_file_costs_no_other_one_and_is_told_with_its_line(folder: Path) -> None:
    shelf = Shelf([folder])
    broken = write(folder, "elimination", more="\nfps: 0\nfpz: 1\n")

    files = shelf.look()
    broken.write_text(TEXT, encoding="utf-8")

    assert {*files.sound} == {*load_templates(), "out"} - {"elimination"}
    assert f"{broken}:" in files.faults["elimination"]
    assert (shelf.look().faults, "elimination" in shelf.look().sound) == ({}, True)


def test_a_folder_that_is_away_takes_no_template_away(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf([folder])
    away = folder.rename(folder.with_name("away"))

    assert "out" in shelf.look().sound
    assert "out" in shelf.look().sound
    away.rename(folder)
    write(folder, "added")
    assert "added" in shelf.look().sound
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "templates are used as they were, their folder cannot be listed"
    ]


def test_a_shelf_needs_its_folders_to_begin_with(tmp_path: Path) -> None:
    with pytest.raises(BadTemplate, match="no folder of templates"):
        Shelf([tmp_path / "nowhere"])


def test_a_worker_makes_graphics_of_templates_that_came_or_changed_while_it_runs(
    queue_desk: QueueDesk, folder: Path, tmp_path: Path
) -> None:
    async def case() -> None:
        shelf = Shelf([folder])
        async with hired(queue_desk, open_small_studio(tmp_path / "renders", look=shelf.look), look=shelf.look):
            ask_graphic(queue_desk, "out")
            await come(are_all(queue_desk, "completed"))
            write(folder, more=SPONSOR)
            ask_graphic(queue_desk, "out", {**ELIMINATION, "sponsor": "A bank"})
            await come(are_all(queue_desk, "completed"))
            write(folder, "added")
            ask_graphic(queue_desk, "added")
            await come(are_all(queue_desk, "completed"))

    play(case())

    assert queue_desk.execute("select distinct outcome from render_attempts") == [("completed",)]


def test_a_broken_template_fails_its_own_graphics_only_which_are_made_once_it_is_mended(
    queue_desk: QueueDesk, folder: Path, tmp_path: Path
) -> None:
    async def case() -> None:
        shelf = Shelf([folder])
        studio = open_small_studio(tmp_path / "renders", look=shelf.look)
        async with hired(queue_desk, studio, PATIENT, look=shelf.look):
            broken = write(folder, more="\nfpz: 1\n")
            mine = ask_graphic(queue_desk, "out")
            queue_desk.execute("update render_instructions set max_retries = 99")
            await come(lambda: queue_desk.row(mine).retry_count)
            other = ask_graphic(queue_desk)
            await come(lambda: queue_desk.row(other).state == "completed")
            (reason,) = queue_desk.execute("select reason, kind from render_attempts where kind is not null limit 1")
            assert "the template cannot be read; mend it, then retry: " in reason.reason
            assert (f"{broken}:" in reason.reason, reason.kind) == (True, "transient")
            write(folder)
            await come(are_all(queue_desk, "completed"))

    play(case())


def test_a_graphic_of_a_template_that_stays_broken_fails_in_the_end(
    queue_desk: QueueDesk, folder: Path, tmp_path: Path
) -> None:
    async def case() -> None:
        shelf = Shelf([folder])
        async with hired(queue_desk, open_small_studio(tmp_path / "renders", look=shelf.look)):
            (folder / "out.yaml").write_text("", encoding="utf-8")
            ask_graphic(queue_desk, "out")
            await come(are_all(queue_desk, "failed"))

    play(case())

    assert queue_desk.execute("select set_aside from render_workers") == [(None,)]


class SlowRenderer:
    """Draws nothing; keeps what it was given, and says that it broke off once it may."""

    name = "local"

    def __init__(self) -> None:
        self.jobs: list[RenderJob] = []
        self.gate = asyncio.Event()

    async def render(self, job: RenderJob, report: Report) -> None:
        self.jobs.append(job)
        await self.gate.wait()
        job.target.write_bytes(b"no picture")

    def find_faults(self, template: Template) -> list[str]:
        return []

    async def close(self) -> None:
        """Nothing runs."""


def test_a_graphic_at_work_keeps_the_template_it_was_begun_with(
    queue_desk: QueueDesk, folder: Path, tmp_path: Path
) -> None:
    async def case() -> None:
        shelf, renderer = Shelf([folder]), SlowRenderer()
        async with hired(queue_desk, open_small_studio(tmp_path / "renders", renderer, look=shelf.look)):
            number = ask_graphic(queue_desk, "out")
            await come(lambda: renderer.jobs)
            (folder / "out.yaml").write_text("broken: [", encoding="utf-8")
            assert shelf.look().faults
            renderer.gate.set()
            await come(lambda: queue_desk.row(number).state == "failed")
        assert [job.template.name for job in renderer.jobs] == ["out"]
        first, *later = queue_desk.execute("select reason from render_attempts order by ended_at")
        assert "the file is not what was asked for" in first.reason
        assert all("the template cannot be read" in each.reason for each in later)

    play(case())


async def stay(*_: object) -> None:
    """It is never made."""
    await asyncio.Event().wait()


def test_a_limit_of_time_that_was_changed_holds_for_the_next_graphic(queue_desk: QueueDesk, folder: Path) -> None:
    async def case() -> None:
        shelf, maker = Shelf([folder]), StagedMaker()
        async with hired(queue_desk, maker, look=shelf.look):
            queue_desk.ask(template="out")
            await come(are_all(queue_desk, "completed"))
            maker.play = stay
            write(folder, more="\nmost_seconds: 0.5\n")
            (slow,) = queue_desk.ask(template="out")
            await come(lambda: queue_desk.row(slow).state == "timed_out")
        assert queue_desk.row(slow).failure_kind == "timeout"

    play(case())


def test_a_limit_of_time_that_was_changed_holds_for_the_rescue(queue_desk: QueueDesk, folder: Path) -> None:
    over, patient = queue_desk.take_one(template="out"), queue_desk.take_one()
    queue_desk.execute(
        "update render_instructions set max_retries = 0, started_at = now() - interval '5 minutes', "
        "lease_until = now() + interval '1 hour'"
    )

    async def case() -> None:
        shelf = Shelf([folder])
        async with hired(queue_desk, StagedMaker(), DEAF.model_copy(update={"lease_seconds": 1.0}), look=shelf.look):
            write(folder, more="\nmost_seconds: 60\n")
            await come(lambda: queue_desk.row(over.id).state == "timed_out")

    play(case())

    assert queue_desk.row(patient.id).state == "processing"
