"""Test what the server receives for a claim."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.render.failures import BadInstruction
from pokervod_pipelines.render.renderers.job import RenderJob
from pokervod_pipelines.render.renderers.nexrender.farm import FarmFolder, is_local, name_file, write_address
from pokervod_pipelines.render.renderers.nexrender.job_builder import (
    OUR_NAME,
    build_job,
    hash_content,
    list_layer_names,
    make_assets,
    name_job,
    write_text,
)
from pokervod_pipelines.render.templates import Template, load_templates
from pokervod_pipelines_tests.render.nexrender.nexrender_factory import make_template

WINDOWS = FarmFolder(Path("/mnt/farm"), r"\\nas\farm")
LAYERS = {
    "player": {"type": "text", "required": True, "description": "who"},
    "pot": {"type": "chips", "required": False, "description": "chips"},
    "left": {"type": "number", "required": False, "description": "players"},
    "card": {"type": "card", "required": False, "description": "one card"},
    "board": {"type": "cards", "required": False, "limit": 3, "description": "cards"},
    "photo": {"type": "image", "required": False, "description": "face"},
    "rows": {
        "type": "rows",
        "required": False,
        "limit": 2,
        "description": "stacks",
        "columns": {"player": {"type": "text"}, "chips": {"type": "chips"}},
    },
}


def read_texts(layers: dict[str, Any]) -> dict[str, str]:
    assets = make_assets(make_template(layers=LAYERS), layers, WINDOWS)
    return {asset["layerName"]: asset["value"] for asset in assets if asset.get("property") == "Source Text"}


def test_every_layer_has_its_value_and_those_without_one_are_blank() -> None:
    layers = {
        "player": "Kim",
        "pot": 1_250_000,
        "left": 17.5,
        "card": "As",
        "board": ["Td", "9d"],
        "rows": [{"player": "이", "chips": 1000}],
    }

    assert read_texts(layers) == {
        "player": "Kim",
        "pot": "1,250,000",
        "left": "17.5",
        "card": "As",
        "board 1": "Td",
        "board 2": "9d",
        "board 3": "",
        "rows 1 player": "이",
        "rows 1 chips": "1,000",
        "rows 2 player": "",
        "rows 2 chips": "",
    }


def test_what_is_not_given_is_written_blank_so_that_nothing_stale_is_on_air() -> None:
    assert set(read_texts({"player": "Kim"}).values()) == {"Kim", ""}
    assert len(read_texts({"player": "Kim"})) == len(read_texts({}))


def test_a_picture_is_footage_and_the_place_of_one_that_is_missing_is_hidden() -> None:
    template = make_template(layers=LAYERS)

    given, *_ = [
        a for a in make_assets(template, {"photo": r"N:\faces\Kim Á.png"}, WINDOWS) if a["layerName"] == "photo"
    ]
    missing, *_ = [a for a in make_assets(template, {}, WINDOWS) if a["layerName"] == "photo"]

    src = "file:///N:/faces/Kim%20%C3%81.png"
    assert given == {"type": "image", "layerName": "photo", "src": src, "name": "photo-Kim_Á.png"}
    assert missing == {"type": "data", "layerName": "photo", "property": "Opacity", "value": 0}


@pytest.mark.parametrize("place", ["faces/kim.png", "/nowhere/kim.png"])
def test_a_picture_that_no_node_can_find_is_refused_by_its_layer(place: str) -> None:
    with pytest.raises(BadInstruction, match=f"photo: .*{place}"):
        make_assets(make_template(layers=LAYERS), {"photo": place}, WINDOWS)


def test_a_picture_in_the_farms_folder_has_its_name_there(tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces/kim.png").touch()
    farm = FarmFolder(tmp_path, r"\\nas\farm")

    assets = make_assets(make_template(layers=LAYERS), {"photo": str(tmp_path / "faces/kim.png")}, farm)

    assert [asset["src"] for asset in assets if asset["type"] == "image"] == ["file://nas/farm/faces/kim.png"]


def test_a_film_is_copied_to_the_farms_folder_by_its_tag(job_factory: Callable[..., RenderJob]) -> None:
    job = job_factory()

    order = build_job(job, "pokervod-x-1", WINDOWS)

    assert order["tags"] == "pokervod-x-1"
    assert order["actions"] == {
        "postrender": [{"module": "@nexrender/action-copy", "output": r"\\nas\farm\pokervod-x-1.mov"}]
    }
    assert order["template"] == {
        "src": write_address(job.template.source or ""),
        "name": "graphics_project.aep",
        "composition": "plain",
        "continueOnMissing": False,
        "outputModule": "Lossless with Alpha",
        "outputExt": "mov",
        "frameStart": 0,
        "frameEnd": 11,
    }


def test_a_sequence_is_written_where_it_belongs(job_factory: Callable[..., RenderJob]) -> None:
    order = build_job(job_factory(format="png_sequence"), "pokervod-x-1", WINDOWS)

    assert order["template"]["output"] == r"\\nas\farm\pokervod-x-1\[#####].png"
    assert order["template"]["outputExt"] == "png"


@pytest.mark.parametrize("other", [{"width": 320}, {"height": 180}, {"fps": 25}])
def test_a_size_or_rate_that_the_composition_has_not_is_refused(
    job_factory: Callable[..., RenderJob], other: dict[str, int]
) -> None:
    job = job_factory()

    with pytest.raises(BadInstruction, match="After Effects renders its composition"):
        build_job(replace(job, spec=replace(job.spec, **other)), "pokervod-x-1", WINDOWS)


@pytest.mark.parametrize("template", load_templates().values(), ids=lambda template: template.name)
def test_no_two_values_of_a_shipped_template_go_to_one_layer(template: Template) -> None:
    names = [name for layer, facts in template.layers.items() for name in list_layer_names(layer, facts)]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("place", "local", "address"),
    [
        ("/mnt/a b/ü.aep", True, "file:///mnt/a%20b/%C3%BC.aep"),
        (r"N:\a.aep", False, "file:///N:/a.aep"),
        ("N:/a.aep", False, "file:///N:/a.aep"),
        (r"\\nas\share\a.aep", False, "file://nas/share/a.aep"),
        ("https://host/a.aep?x=1", False, "https://host/a.aep?x=1"),
        ("file:///Volumes/nas/a.aep", False, "file:///Volumes/nas/a.aep"),
        ("s3://bucket/a.aep", False, "s3://bucket/a.aep"),
    ],
)
def test_places_become_addresses(place: str, local: bool, address: str) -> None:
    assert is_local(place) == local
    assert write_address(place) == address
    assert re.fullmatch(r"[\wü]+\.aep", name_file(address))


@given(st.one_of(st.integers(-(10**18), 10**18), st.floats(-1e12, 1e12)))
def test_numbers_keep_their_value_to_two_decimals(number: float) -> None:
    written = write_text(number)

    assert abs(float(written.replace(",", "")) - number) <= 0.006
    assert not written.endswith(".")
    assert written != "-0"


@given(st.uuids(), st.integers(1, 99))
def test_our_names_are_known_as_ours(claim: Any, number: int) -> None:
    assert OUR_NAME.fullmatch(name_job(claim, number))


SHOWN = {"player": "Kim", "pot": 1_250_000, "left": 37.501, "board": ["Td"], "rows": [{"player": "이", "chips": 1}]}
CHANGES: list[tuple[dict[str, Any], bool]] = [
    ({"left": 37.502}, True),
    ({"pot": 1_250_000.0}, True),
    ({"left": 37.51}, False),
    ({"pot": 1_250_001}, False),
    ({"player": "Kin"}, False),
    ({"board": ["Td", "9d"]}, False),
    ({"rows": [{"player": "이", "chips": 2}]}, False),
    ({"rows": [{"player": "이", "chips": 1}, {"player": "김", "chips": 1}]}, False),
    ({"card": "As"}, False),
    ({"photo": "/nowhere/kim.png"}, False),
]


@pytest.mark.parametrize(("change", "is_same"), CHANGES)
def test_values_that_look_the_same_are_the_same_content_and_no_others(change: dict[str, Any], is_same: bool) -> None:
    template = make_template(layers=LAYERS)

    assert (hash_content(template, SHOWN | change) == hash_content(template, SHOWN)) is is_same


def test_a_layer_that_is_new_in_the_template_and_not_given_is_no_other_content() -> None:
    before = make_template(layers={name: LAYERS[name] for name in SHOWN})

    assert hash_content(before, SHOWN) == hash_content(make_template(layers=LAYERS), SHOWN)


def test_a_picture_counts_by_what_it_shows_and_not_by_where_it_lies(tmp_path: Path) -> None:
    template = make_template(layers=LAYERS)
    (tmp_path / "old.png").write_bytes(b"kim")
    before = hash_content(template, SHOWN | {"photo": str(tmp_path / "old.png")})
    (tmp_path / "old.png").rename(tmp_path / "new.png")
    (tmp_path / "other.png").write_bytes(b"lee")

    assert hash_content(template, SHOWN | {"photo": str(tmp_path / "new.png")}) == before
    assert hash_content(template, SHOWN | {"photo": str(tmp_path / "other.png")}) != before
    assert hash_content(template, SHOWN | {"photo": "https://host/old.png"}) != before
