"""Check that others can read nothing of an installation, and that the server's user still gets to its data."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pokervod_pipelines.db.embedded.system_user import SystemUser
from pokervod_pipelines.db.engine import serve_database
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.workflows.file_access import find_accessible, restrict_access
from pokervod_pipelines.workflows.setup import prepare_folder
from pokervod_pipelines_tests.sync.installation import InProcess, build_installation

SERVER = "postgresql://example.invalid/pokervod"
STRANGER = SystemUser(54321, 54321)


def find_modes(*paths: Path) -> list[str]:
    return [f"{path.stat().st_mode & 0o777:o}" for path in paths]


@pytest.mark.parametrize(
    ("kind", "wide", "closed"),
    [("folder", 0o755, "700"), ("folder", 0o2775, "700"), ("file", 0o644, "600"), ("file", 0o666, "600")],
)
def test_what_is_in_home_is_closed_and_keeps_the_rights_of_its_owner(
    settings_factory: Callable[..., Settings], tmp_path: Path, kind: str, wide: int, closed: str
) -> None:
    settings = settings_factory(database_url=SERVER)
    entry, secrets, shared = settings.home / "entry", tmp_path / ".env", tmp_path / "shared"
    for folder in (settings.home, shared, *([entry] if kind == "folder" else [])):
        folder.mkdir()
    for path in (secrets, *([entry] if kind == "file" else [])):
        path.touch()
    for path in (settings.home, entry, secrets, shared):
        path.chmod(wide)
    (settings.home / "link").symlink_to(shared)
    opened = find_accessible(settings, tmp_path)

    restrict_access(settings, tmp_path)

    assert opened == [settings.home, secrets]
    assert find_accessible(settings, tmp_path) == []
    assert find_modes(entry) == [closed]
    assert find_modes(shared) == [f"{wide & 0o777:o}"]


@pytest.mark.parametrize(("place", "mode"), [("", 0o755), ("home", 0o1777)])
def test_a_folder_that_others_use_too_is_left(
    settings_factory: Callable[..., Settings], tmp_path: Path, place: str, mode: int
) -> None:
    home = tmp_path / place
    home.mkdir(exist_ok=True)
    home.chmod(mode)
    settings = settings_factory(home=home, database_url=SERVER)

    restrict_access(settings, tmp_path)

    assert find_accessible(settings, tmp_path) == []
    assert home.stat().st_mode & 0o7777 == mode


@pytest.mark.parametrize("wide", [0o644, 0o666, 0o755, 0o777, 0o604, 0o4755])
def test_a_link_closes_what_it_refers_to(settings_factory: Callable[..., Settings], tmp_path: Path, wide: int) -> None:
    """The rights to take away were those of the file, what was left those of the link: 0644 became 0733."""
    settings = settings_factory(database_url=SERVER)
    secrets, home = tmp_path / "shared.env", tmp_path / "state"
    secrets.touch()
    home.mkdir()
    for path in (secrets, home):
        path.chmod(wide)
    (tmp_path / ".env").symlink_to(secrets)
    settings.home.symlink_to(home)

    for _ in range(2):
        restrict_access(settings, tmp_path)

        assert find_modes(secrets, home) == [f"{wide & 0o700:o}"] * 2
        assert find_accessible(settings, tmp_path) == []


@pytest.mark.parametrize("target", ["missing", ".env", "queue"])
def test_a_link_to_no_file_is_left(settings_factory: Callable[..., Settings], tmp_path: Path, target: str) -> None:
    """A ``.env`` that is ``/dev/null`` would be closed to everybody on the machine."""
    settings = settings_factory(database_url=SERVER)
    os.mkfifo(tmp_path / "queue")
    (tmp_path / "queue").chmod(0o666)
    (tmp_path / ".env").symlink_to(target)

    restrict_access(settings, tmp_path)

    assert find_accessible(settings, tmp_path) == []
    assert find_modes(tmp_path / "queue") == ["666"]


def test_a_home_that_leads_to_the_folder_of_the_project_is_left(
    settings_factory: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = settings_factory(home=tmp_path / "project" / "state", database_url=SERVER)
    settings.home.parent.mkdir()
    settings.home.symlink_to(tmp_path)
    tmp_path.chmod(0o755)

    restrict_access(settings, settings.home.parent)

    assert find_modes(tmp_path) == ["755"]


@pytest.fixture
def reachable() -> Iterator[Path]:
    """Yield an empty folder that every user can enter; pytest's own is closed."""
    folder = Path(tempfile.mkdtemp(prefix="pokervod-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_the_servers_user_passes_through_a_home_that_is_closed_to_others(reachable: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    settings = load_settings({}, reachable)
    home, data = settings.home, settings.home / "postgres" / "data"
    for before in ("missing", "made while it was open"):
        restrict_access(settings, reachable)
        with serve_database(settings):
            pass

        owner = data.stat()
        assert SystemUser(owner.st_uid, owner.st_gid).can_enter(data), before
        assert not STRANGER.can_enter(home), before
        home.chmod(0o755)
        data.parent.chmod(0o755)


def test_every_command_closes_what_it_finds_open(tmp_path: Path) -> None:
    installation = build_installation(tmp_path, kind=InProcess, database_url=SERVER)
    prepare_folder(tmp_path)
    paths = (tmp_path / ".env", tmp_path / ".pokervod", tmp_path / ".pokervod" / "dagster")
    for path in paths:
        path.chmod(0o755)

    installation.run("nas", "missing")

    assert find_modes(*paths) == ["700"] * 3


def test_a_home_that_cannot_be_made_is_left_to_the_command_that_needs_it(
    settings_factory: Callable[..., Settings], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    settings = settings_factory(home=tmp_path / "file" / "home")

    restrict_access(settings, tmp_path)

    assert find_accessible(settings, tmp_path) == []
