"""Check that a folder is prepared once, and that nothing of a person is changed."""

from pathlib import Path

import pytest

from pokervod_pipelines.workflows.setup import find_dagster_home, prepare_folder, set_up_folder
from pokervod_pipelines_tests.sync.installation import build_installation


def test_without_a_configuration_the_sample_is_created_and_used(tmp_path: Path) -> None:
    settings = set_up_folder(tmp_path)

    assert len(settings.libraries) == 9
    assert len(settings.sheets) == 3
    assert all(settings.root_of(library).path.is_dir() for library in settings.libraries)
    assert set_up_folder(tmp_path) == prepare_folder(tmp_path) == settings


def test_a_configuration_is_left_as_it_is(tmp_path: Path) -> None:
    installation = build_installation(tmp_path)
    written = (tmp_path / "pokervod.yaml").read_bytes()

    settings = set_up_folder(tmp_path)

    assert (tmp_path / "pokervod.yaml").read_bytes() == written
    assert not (tmp_path / ".pokervod" / "sample").exists()
    assert [sheet.path for sheet in settings.sheets] == [installation.sheet]


def test_dotenv_names_dagsters_home_and_keeps_a_persons_lines(tmp_path: Path) -> None:
    build_installation(tmp_path)
    (tmp_path / ".env").write_text("POKERVOD_TIME_ZONE=Asia/Seoul\nDAGSTER_HOME=/old\n", encoding="utf-8")

    settings = prepare_folder(tmp_path)

    assert (tmp_path / ".env").read_text(encoding="utf-8").splitlines() == [
        "POKERVOD_TIME_ZONE=Asia/Seoul",
        f"DAGSTER_HOME={find_dagster_home(settings)}",
    ]
    assert (find_dagster_home(settings) / "dagster.yaml").is_file()


@pytest.mark.parametrize(("before", "after"), [(None, 0o600), (0o640, 0o640)])
def test_a_new_dotenv_is_closed_to_others_and_a_persons_mode_is_kept(
    tmp_path: Path, before: int | None, after: int
) -> None:
    build_installation(tmp_path)
    (tmp_path / ".env").unlink(missing_ok=True)
    if before is not None:
        (tmp_path / ".env").touch()
        (tmp_path / ".env").chmod(before)

    prepare_folder(tmp_path)

    assert (tmp_path / ".env").stat().st_mode & 0o777 == after


@pytest.mark.parametrize("link", ["shared.env", "env/shared.env", "../shared.env"])
def test_a_dotenv_that_is_a_link_stays_one(tmp_path: Path, link: str) -> None:
    """A line was written into a file in its place, and those who share the target no longer saw the same."""
    folder = tmp_path / "project"
    build_installation(folder)
    target, dotenv = folder / link, folder / ".env"
    target.parent.mkdir(exist_ok=True)
    target.write_text("POKERVOD_TIME_ZONE=Asia/Seoul\n", encoding="utf-8")
    dotenv.unlink(missing_ok=True)
    dotenv.symlink_to(link)

    prepare_folder(folder)

    assert dotenv.is_symlink()
    assert "DAGSTER_HOME=" in target.read_text(encoding="utf-8")
    assert [each.name for each in target.parent.glob("*.part")] == []


def test_a_dotenv_that_leads_to_itself_is_replaced(tmp_path: Path) -> None:
    build_installation(tmp_path)
    (tmp_path / ".env").unlink(missing_ok=True)
    (tmp_path / ".env").symlink_to(".env")

    prepare_folder(tmp_path)

    assert "DAGSTER_HOME=" in (tmp_path / ".env").read_text(encoding="utf-8")
