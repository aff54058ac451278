"""Test that templates are valid or refused, each problem with file and line."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.render.templates import SHIPPED, BadTemplate, load_templates, read_template
from pokervod_pipelines_tests.read_yaml import read_yaml

CASES = Path(__file__).parents[1] / "cases" / "render"
BROKEN = read_yaml(CASES / "broken_templates.yaml")
GOOD: dict[str, Any] = {
    "name": "banner",
    "title": "Banner",
    "renderer": "local",
    "composition": "lower_third",
    "width": 1920,
    "fps": 30,
    "formats": ["mp4"],
    "seconds": 5,
    "layers": {"player": {"type": "text", "required": True, "description": "Who"}},
    "height": 1080,
    "description": "",
}


def write_template(folder: Path, case: dict[str, Any]) -> Path:
    """Write the valid template with the case's mistake in it."""
    layer = {**GOOD["layers"]["player"], **case.get("layer", {})}
    values = {**GOOD, "layers": {"player": layer}, **case.get("put", {})}
    lines = [f"{key}: {yaml.safe_dump(value, default_flow_style=True, width=9999)}" for key, value in values.items()]
    whole = "".join(lines).replace("...\n", "").replace("layers: {player: ", "layers:\n  {player: ")
    path = folder / "banner.yaml"
    path.write_text(case.get("text", whole), encoding="utf-8")
    return path


def test_a_valid_template_is_read_whole(tmp_path: Path) -> None:
    template = read_template(write_template(tmp_path, {}))

    assert (template.name, template.seconds, {*template.required_layers}) == ("banner", 5.0, {"player"})


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["about"])
def test_a_broken_template_is_refused_with_its_line_and_what_is_wrong(tmp_path: Path, case: dict[str, Any]) -> None:
    path = write_template(tmp_path, case)

    with pytest.raises(BadInput) as refusal:
        read_template(path)

    assert case["says"] in str(refusal.value)
    assert f"banner.yaml:{case['line']}: " in str(refusal.value)


def test_every_problem_of_every_file_is_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("name: one\n", encoding="utf-8")
    write_template(tmp_path, {"put": {"fps": 0, "seconds": 0}})

    with pytest.raises(BadTemplate) as refusal:
        load_templates([tmp_path])

    assert all(text in str(refusal.value) for text in ("one.yaml:1: title", "banner.yaml:6: fps", "yaml:8: seconds"))


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTemplate, match="cannot list the folder of templates"):
        load_templates([tmp_path / "nowhere"])


def test_a_configured_template_replaces_one_of_its_name(tmp_path: Path) -> None:
    shipped = (SHIPPED / "elimination.yaml").read_text(encoding="utf-8")
    (tmp_path / "elimination.yaml").write_text(shipped.replace("title: Elimination", "title: Out!"), encoding="utf-8")

    templates = load_templates([tmp_path])

    assert templates["elimination"].title == "Out!"
    assert templates.keys() == load_templates().keys()


def test_the_package_brings_the_graphics_that_rules_and_people_ask_for() -> None:
    templates = load_templates()

    assert {*templates} == {"premium_hand", "elimination", "leaderboard", "chip_counts", "payouts", "next_stream"}
    assert templates["leaderboard"].layers["rows"].limit == 9
    assert all((each.width, each.height, each.fps) == (1920, 1080, 30) for each in templates.values())
    assert all({*each.formats} == {"png_sequence", "mov_alpha", "mp4"} for each in templates.values())
