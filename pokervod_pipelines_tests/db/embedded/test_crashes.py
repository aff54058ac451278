"""Whatever was killed, full, stale or half made: the next user gets a server with its data, or is told what to do."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.embedded.locks import is_held
from pokervod_pipelines.db.embedded.process import LOG_LIMIT
from pokervod_pipelines.errors import Conflict, OperatorNeeded, PokervodError
from pokervod_pipelines_tests.db.embedded.actors import Actor

MakeServer = Callable[..., EmbeddedServer]
MakeActor = Callable[..., Actor]


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return as soon as it is so; fail when it never is."""
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def fill(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url("postgres", "postgresql"), autocommit=True) as connection:
        connection.execute("create table kept as select 42 as answer")


def read(server: EmbeddedServer) -> int:
    with psycopg.connect(server.url("postgres", "postgresql")) as connection:
        return connection.execute("select answer from kept").fetchone()[0]


def kill_server(server: EmbeddedServer) -> None:
    """Kill the postmaster as a power cut would, and wait until its children have gone as well."""
    os.kill(server.status().pid, signal.SIGKILL)
    wait_until(lambda: not is_held(server.folder / "server.lock"))


@pytest.fixture(params=["a stranger", "ourselves", "init"])
def living_pid(request: pytest.FixtureRequest, ground: Path) -> Iterator[int]:
    """The number of a process that lives and is no PostgreSQL."""
    account = 65534 if os.geteuid() == 0 else None  # the server's own, or PostgreSQL would see through it
    stranger = subprocess.Popen(["sleep", "600"], user=account)
    yield {"a stranger": stranger.pid, "ourselves": os.getpid(), "init": 1}[request.param]
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_killed_server_comes_back_with_its_data(ground: Path, make_server: MakeServer) -> None:
    server = make_server(ground)
    with server:
        fill(server)
        first = server.status().pid
        os.kill(first, signal.SIGKILL)

        with server:
            assert server.status().pid != first
            assert read(server) == 42


def test_a_pid_file_that_names_a_living_stranger_is_not_believed(
    ground: Path, make_server: MakeServer, living_pid: int
) -> None:
    server = make_server(ground)
    with server:
        fill(server)
        pid_file = server.status().data_folder / "postmaster.pid"
        socket_lock = pid_file.with_name(".s.PGSQL.5432.lock")
        told = pid_file.read_text().split("\n", 1)[1]
        kill_server(server)
    for stale in (pid_file, socket_lock):
        stale.write_text(f"{living_pid}\n{told}")

    assert not server.status().running
    with server:
        assert server.status().pid != living_pid
        assert read(server) == 42


def test_a_child_that_outlived_its_server_is_named_and_waited_for(ground: Path, make_server: MakeServer) -> None:
    server = make_server(ground)
    server.acquire()
    fill(server)
    client = psycopg.connect(server.url("postgres", "postgresql"))
    orphan = client.info.backend_pid
    os.kill(orphan, signal.SIGSTOP)
    os.kill(server.status().pid, signal.SIGKILL)

    with pytest.raises(Conflict, match=str(orphan)):
        make_server(ground, patience=0.3).acquire()
    os.kill(orphan, signal.SIGCONT)
    client.close()
    with server:
        assert read(server) == 42


@pytest.mark.parametrize(
    "trace",
    [
        "start.lock",  # before anything was made
        "data.new-*/PG_VERSION",  # in the middle of initdb
        "data.new-*/global/pg_control",  # later in initdb
        "data/PG_VERSION",  # made, not started
        "server.log",  # being started
        "data/postmaster.pid",  # started, not ready
    ],
)
def test_a_starter_killed_at_any_moment_leaves_nothing_in_the_way(
    ground: Path, make_actor: MakeActor, make_server: MakeServer, trace: str
) -> None:
    starter = make_actor("use", ground)
    wait_until(lambda: any(ground.glob(trace)))
    starter.kill()

    server = make_server(ground)
    with server:
        fill(server)
        assert read(server) == 42
    assert not server.status().running


def test_a_server_started_without_us_is_used_and_never_doubled(ground: Path, make_server: MakeServer) -> None:
    server = make_server(ground)
    with server:
        fill(server)
        pid = server.status().pid
        program = Path(f"/proc/{pid}/exe").readlink()
    data = server.status().data_folder
    owner = data.stat().st_uid if os.geteuid() == 0 else None
    command = [program, "-D", data, "-c", "listen_addresses=", "-c", f"unix_socket_directories={data}"]
    foreign = subprocess.Popen(command, user=owner, cwd="/", stderr=subprocess.DEVNULL)
    wait_until(lambda: server.status().running)

    server.acquire()
    assert (server.status().pid, read(server)) == (foreign.pid, 42)
    foreign.send_signal(signal.SIGSTOP)
    with pytest.raises(Conflict, match=str(foreign.pid)):
        make_server(ground, patience=0.1).acquire()
    foreign.send_signal(signal.SIGCONT)
    server.release()
    assert foreign.wait() == 0


def test_half_made_data_are_swept_away(ground: Path, make_server: MakeServer) -> None:
    leftover = ground / "data.new-abc" / "base"
    leftover.mkdir(parents=True)

    with make_server(ground):
        assert not leftover.parent.exists()


def test_a_start_that_fails_shows_the_end_of_the_log_and_holds_nothing(ground: Path, make_server: MakeServer) -> None:
    with pytest.raises(OperatorNeeded, match='invalid value for parameter "shared_buffers"'):
        make_server(ground, settings={"shared_buffers": "plenty"}).acquire()

    with make_server(ground) as server:
        fill(server)
    assert not server.status().running


@pytest.fixture
def small_disk(ground: Path, as_root: None) -> Iterator[Path]:
    """A disk of 60 MB: enough for a database, and easily filled."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m,mode=755", "tmpfs", ground], check=False)
    if mounted.returncode != 0:
        pytest.skip("may not mount")
    yield ground
    subprocess.run(["umount", "--lazy", ground], check=True)


def fill_disk(disk: Path, left: int) -> Path:
    """A file that leaves only so many bytes of ``disk`` free."""
    free = os.statvfs(disk)
    filler = disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - left)
    return filler


def test_a_disk_full_at_the_first_start_is_told(small_disk: Path, make_server: MakeServer) -> None:
    fill_disk(small_disk, left=20_000_000)

    with pytest.raises(OperatorNeeded, match=r"100 MB free[\s\S]*free disk space"):
        make_server(small_disk).acquire()
    assert not list(small_disk.glob("data*"))


def test_a_disk_full_at_a_later_start_is_told_and_nothing_is_lost(small_disk: Path, make_server: MakeServer) -> None:
    server = make_server(small_disk)
    with server:
        fill(server)
    filler = fill_disk(small_disk, left=0)

    with pytest.raises(OperatorNeeded, match="free some space"):
        server.acquire()
    filler.unlink()
    with server:
        assert read(server) == 42


def test_data_of_another_major_version_are_left_alone(ground: Path, make_server: MakeServer) -> None:
    with make_server(ground) as server:
        version = server.status().data_folder / "PG_VERSION"
    version.write_text("15\n")

    with pytest.raises(OperatorNeeded, match=r"made by PostgreSQL 15.*pg_dumpall"):
        make_server(ground).acquire()
    assert make_server(ground).status().version == "15"


def test_a_folder_that_is_no_database_is_left_alone(ground: Path, make_server: MakeServer) -> None:
    data = ground / "data"
    data.mkdir()
    data.joinpath("thesis.doc").touch()
    if os.geteuid() == 0:
        os.chown(data, 65534, 65534)

    with pytest.raises(OperatorNeeded, match="no database and not empty"):
        make_server(ground).acquire()
    assert data.joinpath("thesis.doc").exists()


def test_a_folder_that_is_a_file_is_told(ground: Path, make_server: MakeServer) -> None:
    ground.joinpath("file").touch()

    with pytest.raises(PokervodError, match="file"):
        make_server(ground / "file").acquire()


def test_a_long_log_is_cut_while_the_server_writes_to_it(ground: Path, make_server: MakeServer) -> None:
    with make_server(ground) as server:
        log = server.status().log_file
        with log.open("ab") as file:
            file.truncate(LOG_LIMIT + 1)

        with server, psycopg.connect(server.url("postgres", "postgresql")) as connection:
            with pytest.raises(psycopg.errors.UndefinedTable):
                connection.execute("select * from nowhere")
            assert b"nowhere" in log.read_bytes()
            assert log.stat().st_size < 10_000
        assert log.with_name("server.log.1").stat().st_size > LOG_LIMIT


def test_a_folder_deleted_under_us_is_left_in_peace(ground: Path, make_server: MakeServer) -> None:
    folder = ground / "pg"
    server = make_server(folder)
    server.acquire()
    pid = server.status().pid

    subprocess.run(["rm", "-rf", folder], check=True)
    server.release()

    os.kill(pid, signal.SIGKILL)
