"""Test what is found wrong before a render node is used."""

from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.render.failures import NoCapacity
from pokervod_pipelines.render.renderers.nexrender.checks import find_faults
from pokervod_pipelines.render.renderers.nexrender.renderer import NexrenderRenderer
from pokervod_pipelines.settings.render import NexrenderSettings
from pokervod_pipelines_tests.render.nexrender.farm import find_port
from pokervod_pipelines_tests.render.nexrender.nexrender_factory import make_template, run

ROWS = {
    "rows": {
        "type": "rows",
        "required": True,
        "limit": 2,
        "description": "stacks",
        "columns": {"player": {"type": "text"}},
    }
}


@pytest.mark.parametrize(
    ("facts", "texts"),
    [
        ({"source": r"N:\a.aep"}, []),
        ({"source": "https://host/a.aep"}, []),
        ({"source": "a.aep"}, ["source: 'a.aep' must be an absolute path"]),
        ({"source": "/nowhere/a.aep"}, ["source: /nowhere/a.aep is not a file on this machine"]),
        ({"source": r"N:\a.aep", "output_module": None}, ["output_module: missing"]),
        ({"source": r"N:\a.aep", "composition": " "}, ["composition: blank"]),
        ({"source": r"N:\a.aep", "formats": ["mov_alpha", "mp4"]}, ["formats: one output module makes one format"]),
    ],
)
def test_faults_are_named_by_their_key(facts: dict[str, Any], texts: list[str]) -> None:
    faults = find_faults(make_template(**facts))

    assert len(faults) == len(texts)
    assert all(fault.startswith(text) for fault, text in zip(faults, texts, strict=True))


@pytest.mark.parametrize("begin", [b"RIFX....", b"<?xml version='1.0'?>"])
def test_layers_that_a_project_does_not_hold_are_named(tmp_path: Path, begin: bytes) -> None:
    project = tmp_path / "a.aep"
    project.write_bytes(begin + b"\0Utf8\0main\0Utf8\0rows 1 player\0")

    assert find_faults(make_template(source=str(project), layers=ROWS)) == [
        f"source: {project} has no layer or composition named 'rows 2 player'; rename it there"
    ]
    project.write_bytes(begin + b"main rows 1 player rows 2 player and more")
    assert find_faults(make_template(source=str(project), layers=ROWS)) == []


@pytest.mark.parametrize("content", [b"", b"something else"])
def test_a_file_that_is_no_project_we_know_is_left_to_after_effects(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.aep").write_bytes(content)

    assert find_faults(make_template(source=str(tmp_path / "a.aep"), layers=ROWS)) == []


def test_the_doctor_is_told_all_that_is_missing(tmp_path: Path) -> None:
    async def case() -> None:
        nothing = NexrenderRenderer(NexrenderSettings(), None)
        assert [fault.split(";")[0] for fault in await nothing.check_server()] == [
            "render.nexrender.folder is not set",
            "render.nexrender.url is not set",
        ]
        await nothing.close()
        url = f"http://127.0.0.1:{find_port()}"
        down = NexrenderRenderer(NexrenderSettings(url=url, folder=tmp_path), "hush")
        (fault,) = await down.check_server()
        assert fault.startswith(f"nexrender at {url}: ")
        assert await nothing.sweep() == []
        await down.close()

    run(case())


def test_without_an_address_no_job_is_begun(job_factory: Any, tmp_path: Path) -> None:
    async def case() -> None:
        with pytest.raises(NoCapacity, match=r"render\.nexrender\.url is not set"):
            await NexrenderRenderer(NexrenderSettings(folder=tmp_path), None).render(job_factory(), lambda _: None)

    run(case())
