"""Real files: made, checked, stopped in the middle, refused, and put where something lies already."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pokervod_pipelines.render.actions import Order, cancel
from pokervod_pipelines.render.outputs.audit import KnownOutput, audit_outputs
from pokervod_pipelines.render.outputs.wanted import Wanted
from pokervod_pipelines.render.queue import Made
from pokervod_pipelines.render.queue_store import Claim
from pokervod_pipelines.render.renderers.job import RenderJob, Report
from pokervod_pipelines.render.renderers.local.drawing import Drawing
from pokervod_pipelines.render.states import Settlement
from pokervod_pipelines.render.templates import Template, TemplateFiles, load_templates
from pokervod_pipelines.render.worker.studio import Studio
from pokervod_pipelines_tests.processes.system import wait_until_gone
from pokervod_pipelines_tests.render.outputs.outputs import make_output
from pokervod_pipelines_tests.render.queue_desk import QueueDesk
from pokervod_pipelines_tests.render.worker.gallery import (
    ELIMINATION,
    LONG,
    SMALL,
    ask_graphic,
    ask_whole,
    list_children,
    list_finished,
    list_unfinished,
    open_small_studio,
)
from pokervod_pipelines_tests.render.worker.hire import are_all, come, give_away, hired, limit_eliminations, play

ORDER = Order(by="eva", reason="wrong player", correlation_id="")
TEMPLATES = load_templates()


def read_outputs(desk: QueueDesk) -> list[KnownOutput]:
    rows = desk.execute("select path, size_bytes, mtime_ns, sha256 from render_outputs order by instruction_id")
    return [KnownOutput(**row._mapping) for row in rows]


@pytest.mark.parametrize("output", ["mov_alpha", "mp4", "png_sequence"])
def test_a_graphic_lies_at_its_place_as_its_row_says_and_nothing_beside_it(
    queue_desk: QueueDesk, tmp_path: Path, output: str
) -> None:
    async def case() -> None:
        studio = open_small_studio(tmp_path / "renders")
        async with hired(queue_desk, studio):
            ask_graphic(queue_desk, format=output)
            await come(are_all(queue_desk, "completed"))
        assert list_children() == set()

    play(case())

    (known,) = read_outputs(queue_desk)
    assert audit_outputs(tmp_path / "renders", [known]) == []
    assert list_finished(tmp_path / "renders") == [Path(known.path).name]
    assert list_unfinished(tmp_path / "renders") == []


def test_a_cancelled_render_stops_its_child_and_leaves_nothing_and_the_next_goes_on(
    queue_desk: QueueDesk, tmp_path: Path
) -> None:
    async def case() -> None:
        root = tmp_path / "renders"
        async with hired(queue_desk, open_small_studio(root)):
            long = ask_graphic(queue_desk, **LONG)
            next_ = ask_graphic(queue_desk)
            await come(lambda: (queue_desk.row(long).progress or 0) > 0)
            (child,) = list_children()
            assert list_unfinished(root) == [f"{queue_desk.row(long).claim_id}.mov"]
            cancel(queue_desk.engine, [long], ORDER)
            await come(lambda: queue_desk.row(long).state == "cancelled")
            await asyncio.to_thread(wait_until_gone, child)
            await come(lambda: queue_desk.row(next_).state == "completed")
            assert queue_desk.row(long).reason == "wrong player (eva)"
        assert list_unfinished(root) == []
        assert len(list_finished(root)) == 1

    play(case())


def test_a_worker_whose_claim_was_taken_stops_its_child_and_leaves_nothing(
    queue_desk: QueueDesk, tmp_path: Path
) -> None:
    async def case() -> None:
        root = tmp_path / "renders"
        async with hired(queue_desk, open_small_studio(root)):
            long = ask_graphic(queue_desk, **LONG)
            await come(lambda: (queue_desk.row(long).progress or 0) > 0)
            (child,) = list_children()
            await asyncio.to_thread(give_away, queue_desk)
            await asyncio.to_thread(wait_until_gone, child)
            await come(lambda: list_unfinished(root) == [])
        assert queue_desk.row(long).claimed_by == "next"
        assert list_finished(root) == []

    play(case())


def test_a_template_says_how_long_its_render_may_last(queue_desk: QueueDesk, tmp_path: Path) -> None:
    async def case() -> None:
        root = tmp_path / "renders"
        async with hired(queue_desk, open_small_studio(root), look=limit_eliminations(most_seconds=0.5)):
            long = ask_graphic(queue_desk, **LONG)
            queue_desk.execute("update render_instructions set max_retries = 1")
            await come(lambda: queue_desk.row(long).state == "timed_out")
        assert (list_unfinished(root), list_finished(root)) == ([], [])

    play(case())


class Forger:
    """A renderer whose files are real, and not what was asked for: as ``forge`` says of each try, then as wanted."""

    name = "local"

    def __init__(self, *forge: Callable[[Path, Wanted], Path]) -> None:
        self._forge = list(forge)

    async def render(self, job: RenderJob, report: Report) -> None:
        """The file is there, whatever it shows."""
        folder = job.target.parent / f"{job.claim_id} forge"
        folder.mkdir()
        wanted = Wanted(template=job.template, layers=job.layers, picture=job.picture, renderer="local")
        forge = self._forge.pop(0) if self._forge else draw_truly
        await asyncio.to_thread(lambda: forge(folder, wanted).replace(job.target))
        folder.rmdir()

    def find_faults(self, template: Template) -> list[str]:
        return []

    async def close(self) -> None:
        """Nothing runs."""


def draw_truly(folder: Path, wanted: Wanted) -> Path:
    return make_output(folder, wanted, draw=Drawing)


def draw_black(folder: Path, wanted: Wanted) -> Path:
    return make_output(
        folder, wanted, draw=Drawing, change=lambda _, image: Image.new("RGBA", image.size, (0, 0, 0, 255))
    )


def draw_another(folder: Path, wanted: Wanted) -> Path:
    other = {**wanted.layers, "player": "Bo Chen"}
    return make_output(
        folder,
        Wanted(template=wanted.template, layers=other, picture=wanted.picture, renderer="local"),
        draw=Drawing,
    )


def write_half(folder: Path, wanted: Wanted) -> Path:
    path = draw_truly(folder, wanted)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    return path


def write_nothing(folder: Path, _: Wanted) -> Path:
    path = folder / "output.mov"
    path.touch()
    return path


FORGERIES = [draw_black, draw_another, write_half, write_nothing]


def test_a_spoiled_file_is_refused_and_never_at_its_place_until_a_sound_one_is_made(
    queue_desk: QueueDesk, tmp_path: Path
) -> None:
    root = tmp_path / "renders"
    seen: list[tuple[str, int]] = []

    def look(settlement: Settlement) -> None:
        left = [name for name in list_unfinished(root) if name.startswith(str(settlement.held.claim_id))]
        seen.append((settlement.state, len(list_finished(root)) + len(left)))

    async def case() -> None:
        async with hired(queue_desk, open_small_studio(root, Forger(*FORGERIES)), tell=look):
            ask_graphic(queue_desk, width=640, height=360)
            queue_desk.execute("update render_instructions set max_retries = 4")
            await come(are_all(queue_desk, "completed"))

    play(case())

    assert seen == [*[("pending", 0)] * 4, ("completed", 1)]
    reasons = queue_desk.execute("select reason from render_attempts where outcome = 'failed' order by started_at")
    assert all("the file is not what was asked for" in row.reason for row in reasons)
    assert audit_outputs(root, read_outputs(queue_desk)) == []


def test_a_graphic_that_is_always_spoiled_fails_in_the_end_and_is_nowhere(
    queue_desk: QueueDesk, tmp_path: Path
) -> None:
    root = tmp_path / "renders"

    async def case() -> None:
        async with hired(queue_desk, open_small_studio(root, Forger(*[draw_another] * 4))):
            ask_graphic(queue_desk, width=640, height=360)
            await come(are_all(queue_desk, "failed"))

    play(case())

    assert (list_finished(root), list_unfinished(root), read_outputs(queue_desk)) == ([], [], [])


def change(**fields: Any) -> Template:
    """The template of an elimination, as somebody changed it meanwhile."""
    return Template.model_validate(TEMPLATES["elimination"].model_dump(by_alias=True, exclude_none=True) | fields)


LAYERS = TEMPLATES["elimination"].model_dump(by_alias=True, exclude_none=True)["layers"]
CHANGED = {
    "removed": ({}, "there is no template 'elimination' any more; put its file back"),
    "another renderer": (
        {"elimination": change(renderer="nexrender", source="a.aep")},
        "is rendered by nexrender now, this was asked of local",
    ),
    "a layer more": (
        {
            "elimination": change(
                layers={**LAYERS, "table": {"type": "text", "required": True, "description": "Its name"}}
            )
        },
        "template elimination: table: the layer is needed and not given",
    ),
    "a layer less": (
        {"elimination": change(layers={"player": LAYERS["player"], "place": LAYERS["place"]})},
        "template elimination: prize: the template has no such layer; it has ",
    ),
    "a layer of another kind": (
        {
            "elimination": change(
                layers={**LAYERS, "player": {"type": "chips", "required": True, "description": "How many"}}
            )
        },
        "template elimination: player: 'Ana Ruiz' is no number",
    ),
}


@pytest.mark.parametrize(("templates", "reason"), CHANGED.values(), ids=CHANGED)
def test_a_template_that_was_changed_after_asking_fails_it_for_a_clear_reason_and_at_once(
    queue_desk: QueueDesk, tmp_path: Path, templates: Mapping[str, Template], reason: str
) -> None:
    files = TemplateFiles(sound=templates)

    async def case() -> None:
        async with hired(queue_desk, open_small_studio(tmp_path / "renders", look=lambda: files)):
            ask_graphic(queue_desk)
            await come(are_all(queue_desk, "failed"))

    play(case())

    (row,) = queue_desk.execute("select reason, failure_kind, retry_count from render_instructions")
    assert reason in row.reason
    assert (row.failure_kind, row.retry_count) == ("bad_input", 0)
    assert list_unfinished(tmp_path / "renders") == []


@pytest.mark.parametrize("missing", ["path", "format", "seconds", "fps"])
def test_an_instruction_that_does_not_say_how_it_comes_out_fails_and_says_what_is_missing(
    queue_desk: QueueDesk, tmp_path: Path, missing: str
) -> None:
    async def case() -> None:
        async with hired(queue_desk, open_small_studio(tmp_path / "renders")):
            output = {name: value for name, value in SMALL.items() if name != missing}
            ask_whole(queue_desk, "elimination", ELIMINATION, output)
            await come(are_all(queue_desk, "failed"))

    play(case())

    (row,) = queue_desk.execute("select reason, failure_kind from render_instructions")
    assert f"does not say its {missing}" in row.reason
    assert row.failure_kind == "bad_input"


@pytest.mark.parametrize("leftover", ["a file", "a folder"])
def test_what_was_left_at_the_place_of_a_graphic_is_replaced(
    queue_desk: QueueDesk, tmp_path: Path, leftover: str
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
        async with hired(queue_desk, open_small_studio(root)):
            ask_graphic(queue_desk, path="{day}/{template}")
            await come(are_all(queue_desk, "completed"))

    play(case())

    assert audit_outputs(root, read_outputs(queue_desk)) == []
    assert list_finished(root) == ["elimination.mov"]
    assert list_unfinished(root) == []


LOCKERS = """
    select pg_terminate_backend(l.pid) from pg_locks l join pg_class c on c.oid = l.relation
    where c.relname = 'render_instructions' and l.mode = 'RowShareLock' and l.pid <> pg_backend_pid()
"""


class CutOffStudio:
    """A studio whose first file comes to its place and whose database is gone before it hears of it."""

    def __init__(self, studio: Studio, desk: QueueDesk, meanwhile: Callable[[int], object]) -> None:
        self._studio, self._desk, self._meanwhile = studio, desk, meanwhile
        self.slots, self.discard, self.close = studio.slots, studio.discard, studio.close
        self.is_cut_off = False

    async def make(self, claim: Claim, report: Report) -> Made:
        made = await self._studio.make(claim, report)

        def publish() -> None:
            made.publish()
            if not self.is_cut_off:
                self.is_cut_off = True
                assert self._desk.execute(LOCKERS)
                self._meanwhile(claim.held.id)

        return replace(made, publish=publish)


@pytest.mark.parametrize("output", ["mov_alpha", "png_sequence"])
def test_a_file_whose_graphic_is_cancelled_after_the_database_lost_its_word_is_taken_back(
    queue_desk: QueueDesk, tmp_path: Path, output: str
) -> None:
    async def case() -> None:
        studio = open_small_studio(tmp_path / "renders")
        maker = CutOffStudio(studio, queue_desk, lambda number: cancel(queue_desk.engine, [number], ORDER))
        async with hired(queue_desk, maker):
            ask_graphic(queue_desk, format=output)
            await come(are_all(queue_desk, "cancelled"))
        assert maker.is_cut_off

    play(case())

    assert (list_finished(tmp_path / "renders"), list_unfinished(tmp_path / "renders")) == ([], [])


def test_a_file_whose_word_was_lost_stays_when_it_is_said_again(queue_desk: QueueDesk, tmp_path: Path) -> None:
    async def case() -> None:
        maker = CutOffStudio(open_small_studio(tmp_path / "renders"), queue_desk, lambda _: None)
        async with hired(queue_desk, maker):
            ask_graphic(queue_desk)
            await come(are_all(queue_desk, "completed"))
        assert maker.is_cut_off

    play(case())

    assert audit_outputs(tmp_path / "renders", read_outputs(queue_desk)) == []


def test_a_folder_of_graphics_that_is_not_there_is_the_machines_fault_and_is_not_made(
    queue_desk: QueueDesk, tmp_path: Path
) -> None:
    async def case() -> None:
        studio = open_small_studio(tmp_path / "renders")
        (tmp_path / "renders").rmdir()
        async with hired(queue_desk, studio):
            ask_graphic(queue_desk)
            await come(lambda: queue_desk.execute("select 1 from render_workers where set_aside is not null"))

    play(case())

    (row,) = queue_desk.execute("select reason, failure_kind from render_instructions")
    assert "mount the share or make the folder" in row.reason
    assert row.failure_kind == "bad_worker"
    assert not (tmp_path / "renders").exists()
