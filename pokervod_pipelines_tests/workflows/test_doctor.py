"""The doctor finds what is broken and says what to do; it leaves sound things alone."""

from pathlib import Path

import pytest

from pokervod_pipelines.workflows.doctor import examine
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
