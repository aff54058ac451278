"""Check that the doctor finds broken parts, says what to do, and passes valid ones."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pokervod_pipelines.checks import CheckResult
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.monitoring.doctor import check_installation
from pokervod_pipelines.nas.library_scan import scan_library
from pokervod_pipelines.nas.path_rules import MARKER
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines.workflows.setup import prepare_folder
from pokervod_pipelines_tests.sync.installation import Installation, build_installation


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    installation = build_installation(tmp_path)
    prepare_folder(tmp_path)
    return installation


def broken_parts(folder: Path) -> dict[str, str]:
    return {each.name: each.next_step for each in check_installation(folder) if not each.passed}


def test_a_valid_installation_has_nothing_to_fix(installation: Installation) -> None:
    assert broken_parts(installation.folder) == {}


def test_every_broken_part_is_named_with_what_to_do(installation: Installation) -> None:
    (installation.archive / "ARCHIVE" / "PAD").rename(installation.folder / "elsewhere")
    (installation.archive / "ARCHIVE" / "WSOP").rename(installation.folder / "unmounted")
    (installation.archive / "ARCHIVE" / "WSOP").mkdir()
    installation.sheet.unlink()
    (installation.folder / ".pokervod" / "dagster" / "dagster.yaml").unlink()

    found = broken_parts(installation.folder)

    assert set(found) == {"library PAD", "library WSOP", "sheet notes", "Dagster's home"}
    assert "mount the share" in found["library PAD"]
    assert "the folder is empty" in found["library WSOP"]
    assert "pokervod setup" in found["Dagster's home"]


def test_a_library_that_is_a_file_is_no_folder(installation: Installation) -> None:
    (installation.archive / "ARCHIVE" / "PAD").rename(installation.folder / "elsewhere")
    (installation.archive / "ARCHIVE" / "PAD").touch()

    assert broken_parts(installation.folder)["library PAD"] == "expected a folder; correct the path in the settings"


def test_a_root_that_is_not_the_one_that_was_scanned_is_named(installation: Installation) -> None:
    settings = load_settings(folder=installation.folder)
    with open_database(settings) as engine:
        scan_library(engine, settings, "PAD", correlation_id="test")
    assert broken_parts(installation.folder) == {}

    (installation.archive / MARKER).unlink()

    assert broken_parts(installation.folder) == {
        f"root {settings.archive_roots[0].name}": "mount the share, or "
        f"`pokervod nas accept-folder --root {settings.archive_roots[0].name} --reason …`"
    }


def test_what_others_can_read_is_named(installation: Installation) -> None:
    home, secrets = installation.folder / ".pokervod", installation.folder / ".env"
    home.chmod(0o755)
    secrets.chmod(0o644)

    found = [each for each in check_installation(installation.folder) if each.name == "rights"]

    assert [each.summary for each in found] == [
        f"{home} has mode 755: other users can read what is there",
        f"{secrets} has mode 644: other users can read what is there",
    ]
    assert found[1].next_step == f"run as its owner, user {os.getuid()}, or as root: chmod go= {secrets}"


def test_broken_settings_are_the_only_result(installation: Installation) -> None:
    (installation.folder / "pokervod.yaml").write_text("time_zone: [", encoding="utf-8")

    results = check_installation(installation.folder)

    assert [each.name for each in results] == ["settings"]
    assert "pokervod.yaml:1" in results[0].summary


def test_an_unknown_type_of_events_is_named(installation: Installation) -> None:
    settings = installation.folder / "pokervod.yaml"
    settings.write_text(f"{settings.read_text()}events: {{keep_days_of: {{nas.fil: 3}}}}\n")

    [broken] = [each for each in check_installation(installation.folder) if not each.passed]
    assert broken.summary.startswith("events.keep_days_of: unknown event type 'nas.fil'; did you mean")


def test_a_server_that_is_down_fails(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POKERVOD_DATABASE_URL", "postgresql://me:hunter2@127.0.0.1:1/pokervod")

    results = {each.name: each for each in check_installation(installation.folder)}

    assert not results["database"].passed
    assert "hunter2" not in results["database"].summary


@pytest.fixture
def configure(installation: Installation) -> Callable[[str], dict[str, CheckResult]]:
    """Return ``configure(lines)``, which gives the results by part for these settings of ``render``."""
    plain = (installation.folder / "pokervod.yaml").read_text(encoding="utf-8")

    def check_with(render: str) -> dict[str, CheckResult]:
        (installation.folder / "pokervod.yaml").write_text(f"{plain}\nrender: {render}\n", encoding="utf-8")
        return {each.name: each for each in check_installation(installation.folder)}

    return check_with


def test_a_configured_outputs_folder_has_to_exist(configure: Callable[[str], dict[str, CheckResult]]) -> None:
    assert configure("{}")["outputs folder"].passed
    assert "mount the share" in configure("{outputs: nowhere}")["outputs folder"].next_step


def test_unfinished_graphics_have_to_be_on_the_file_system_of_finished_ones(
    installation: Installation, configure: Callable[[str], dict[str, CheckResult]]
) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == installation.folder.stat().st_dev:
        pytest.skip("there is no other file system here")
    (installation.folder / "renders").mkdir()
    (installation.folder / "renders" / ".unfinished").symlink_to(elsewhere)

    assert "make it a plain folder" in configure("{outputs: renders}")["outputs folder"].next_step


def test_a_template_that_cannot_be_rendered_is_named(
    installation: Installation, configure: Callable[[str], dict[str, CheckResult]]
) -> None:
    (installation.folder / "own").mkdir()
    (installation.folder / "own" / "banner.yaml").write_text(
        "{name: banner, title: B, description: d, renderer: nexrender, source: /nowhere/b.aep, composition: main, "
        "output_module: PNG, formats: [png_sequence], seconds: 2, "
        "layers: {player: {type: text, required: true, description: d}}}",
        encoding="utf-8",
    )

    assert configure("{}")["render templates"].summary == "6 templates can be rendered"
    assert "/nowhere/b.aep is not a file" in configure("{templates: own}")["template banner"].summary


def test_a_render_farm_that_is_down_fails_without_showing_its_secret(
    configure: Callable[[str], dict[str, CheckResult]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POKERVOD_NEXRENDER_SECRET", "hunter2")

    assert "nexrender" not in configure("{}")
    result = configure("{nexrender: {url: 'http://127.0.0.1:1', folder: farm}}")["nexrender"]

    assert "nexrender at http://127.0.0.1:1" in result.next_step
    assert "hunter2" not in repr(result)
