"""The doctor finds what is broken and says what to do; it leaves sound things alone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pokervod_pipelines.workflows.doctor import Finding, examine
from pokervod_pipelines.workflows.prepare import prepare
from pokervod_pipelines_tests.sync.house import House, build_house


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = build_house(tmp_path)
    prepare(tmp_path)
    return house


def broken_parts(folder: Path) -> dict[str, str]:
    return {finding.part: finding.fix for finding in examine(folder) if not finding.is_sound}


def test_a_sound_house_has_nothing_to_fix(house: House) -> None:
    assert broken_parts(house.folder) == {}


def test_every_broken_part_is_named_with_what_to_do(house: House) -> None:
    (house.archive / "ARCHIVE" / "PAD").rename(house.folder / "elsewhere")
    (house.archive / "ARCHIVE" / "WSOP").rename(house.folder / "unmounted")
    (house.archive / "ARCHIVE" / "WSOP").mkdir()
    house.sheet.unlink()
    (house.folder / ".pokervod" / "dagster" / "dagster.yaml").unlink()

    found = broken_parts(house.folder)

    assert set(found) == {"library PAD", "library WSOP", "sheet notes", "Dagster's home"}
    assert "mount the share" in found["library PAD"]
    assert "the folder is empty" in found["library WSOP"]
    assert "pokervod setup" in found["Dagster's home"]


def test_broken_settings_are_the_only_finding(house: House) -> None:
    (house.folder / "pokervod.yaml").write_text("time_zone: [", encoding="utf-8")

    findings = examine(house.folder)

    assert [finding.part for finding in findings] == ["settings"]
    assert "pokervod.yaml:1" in findings[0].found


def test_a_server_that_is_down_is_a_finding(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POKERVOD_DATABASE_URL", "postgresql://me:hunter2@127.0.0.1:1/pokervod")

    findings = {finding.part: finding for finding in examine(house.folder)}

    assert not findings["database"].is_sound
    assert "hunter2" not in findings["database"].found


@pytest.fixture
def configure(house: House) -> Callable[[str], dict[str, Finding]]:
    """``configure(lines)``: the findings, by part, where the settings of ``render`` are these."""
    plain = (house.folder / "pokervod.yaml").read_text(encoding="utf-8")

    def examine_with(render: str) -> dict[str, Finding]:
        (house.folder / "pokervod.yaml").write_text(f"{plain}\nrender: {render}\n", encoding="utf-8")
        return {finding.part: finding for finding in examine(house.folder)}

    return examine_with


def test_a_configured_folder_of_graphics_has_to_be_there(configure: Callable[[str], dict[str, Finding]]) -> None:
    assert configure("{}")["outputs folder"].is_sound
    assert "mount the share" in configure("{outputs: nowhere}")["outputs folder"].fix


def test_unfinished_graphics_lie_on_the_file_system_of_the_finished(
    house: House, configure: Callable[[str], dict[str, Finding]]
) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == house.folder.stat().st_dev:
        pytest.skip("there is no other file system here")
    (house.folder / "renders").mkdir()
    (house.folder / "renders" / ".unfinished").symlink_to(elsewhere)

    assert "make it a plain folder" in configure("{outputs: renders}")["outputs folder"].fix


def test_a_template_that_cannot_be_rendered_is_named(
    house: House, configure: Callable[[str], dict[str, Finding]]
) -> None:
    (house.folder / "own").mkdir()
    (house.folder / "own" / "banner.yaml").write_text(
        "{name: banner, title: B, description: d, renderer: nexrender, source: /nowhere/b.aep, composition: main, "
        "output_module: PNG, formats: [png_sequence], seconds: 2, "
        "layers: {player: {type: text, required: true, description: d}}}",
        encoding="utf-8",
    )

    assert configure("{}")["render templates"].found == "6 templates can be rendered"
    assert "/nowhere/b.aep is no file" in configure("{templates: own}")["template banner"].found


def test_a_render_farm_that_is_down_is_a_finding_without_its_secret(
    configure: Callable[[str], dict[str, Finding]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POKERVOD_NEXRENDER_SECRET", "hunter2")

    assert "nexrender" not in configure("{}")
    finding = configure("{nexrender: {url: 'http://127.0.0.1:1', folder: farm}}")["nexrender"]

    assert "nexrender at http://127.0.0.1:1" in finding.fix
    assert "hunter2" not in repr(finding)
