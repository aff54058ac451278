"""Provide a farm of the test's own, and jobs for it."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.render.renderers.job import OutputSpec, RenderJob
from pokervod_pipelines_tests.render.nexrender import farm as farms
from pokervod_pipelines_tests.render.nexrender.farm import Farm
from pokervod_pipelines_tests.render.nexrender.nexrender_factory import make_template


@pytest.fixture(scope="session")
def packages() -> Path:
    """nexrender from npm."""
    return farms.install()


@pytest.fixture
def farm(packages: Path, tmp_path: Path) -> Iterator[Farm]:
    """Yield a farm with a server and no worker."""
    with farms.running(packages, tmp_path / "farm") as farm:
        farm.start_server()
        yield farm


@pytest.fixture
def job_factory(tmp_path: Path) -> Callable[..., RenderJob]:
    """``job_factory(composition=…, format=…, layers=…)``: a job for the stub's film."""
    project = tmp_path / "graphics project.aep"
    project.write_text("a project")
    (tmp_path / "out").mkdir(exist_ok=True)

    def make(*, composition: str = "plain", format: str = "mov_alpha", **overrides: Any) -> RenderJob:  # noqa: A002
        template = make_template(
            **{"source": str(project), "composition": composition, "formats": [format], **overrides}
        )
        claim = uuid.uuid4()
        ending = "" if format == "png_sequence" else ".mov"
        return RenderJob(
            instruction_id=7,
            claim_id=claim,
            template=template,
            layers={"player": "Kim"},
            spec=OutputSpec(
                format=format,  # type: ignore[arg-type]
                width=farms.T_WIDTH,
                height=farms.T_HEIGHT,
                fps=farms.T_FPS,
                seconds=farms.T_FRAMES / farms.T_FPS,
            ),
            target=tmp_path / "out" / f"{claim}{ending}",
        )

    return make
