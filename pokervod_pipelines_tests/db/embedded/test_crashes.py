"""Check that after kills, full disks and stale files the next user gets the data, or learns what to do."""

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
from pokervod_pipelines_tests.db.embedded.client_process import ClientProcess
from pokervod_pipelines_tests.sizes import choose

MakeServer = Callable[..., EmbeddedServer]
MakeClient = Callable[..., ClientProcess]


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until the condition is true; fail after 30 s."""
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
    """Kill the postmaster as a power cut would, and wait until its children have ended."""
    os.kill(server.status().pid, signal.SIGKILL)
    wait_until(lambda: not is_held(server.folder / "server.lock"))


@pytest.fixture(params=choose(["a stranger"], long=["a stranger", "ourselves", "init"]))
def living_pid(request: pytest.FixtureRequest, base: Path) -> Iterator[int]:
    """Yield the id of a living process that is not PostgreSQL."""
    account = 65534 if os.geteuid() == 0 else None  # the server's own user, or PostgreSQL would notice
    stranger = subprocess.Popen(["sleep", "600"], user=account)
    yield {"a stranger": stranger.pid, "ourselves": os.getpid(), "init": 1}[request.param]
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_killed_server_restarts_with_its_data(base: Path, make_server: MakeServer) -> None:
    server = make_server(base)
    with server:
        fill(server)
        first = server.status().pid
        os.kill(first, signal.SIGKILL)

        with server:
            assert server.status().pid != first
            assert read(server) == 42


def test_a_pid_file_that_names_another_living_process_is_ignored(
    base: Path, make_server: MakeServer, living_pid: int
) -> None:
    server = make_server(base)
    with server:
        fill(server)
        pid_file = server.status().data_folder / "postmaster.pid"
        socket_lock = pid_file.with_name(".s.PGSQL.5432.lock")
        reported = pid_file.read_text().split("\n", 1)[1]
        kill_server(server)
    for stale in (pid_file, socket_lock):
        stale.write_text(f"{living_pid}\n{reported}")

    assert not server.status().running
    with server:
        assert server.status().pid != living_pid
        assert read(server) == 42


@pytest.mark.long
def test_a_child_that_outlived_its_server_is_named_and_awaited(base: Path, make_server: MakeServer) -> None:
    server = make_server(base)
    server.acquire()
    fill(server)
    client = psycopg.connect(server.url("postgres", "postgresql"))
    orphan = client.info.backend_pid
    os.kill(orphan, signal.SIGSTOP)
    os.kill(server.status().pid, signal.SIGKILL)

    with pytest.raises(Conflict, match=str(orphan)):
        make_server(base, timeout_seconds=0.3).acquire()
    os.kill(orphan, signal.SIGCONT)
    client.close()
    with server:
        assert read(server) == 42


TRACES = (
    "start.lock",  # before anything was made
    "data.new-*/PG_VERSION",  # in the middle of initdb
    "data.new-*/global/pg_control",  # later in initdb
    "data/PG_VERSION",  # made, not started
    "server.log",  # being started
    "data/postmaster.pid",  # started, not ready
)


@pytest.mark.parametrize("trace", choose((TRACES[1], TRACES[-1]), long=TRACES))
def test_a_start_killed_at_any_moment_does_not_block_the_next(
    base: Path, make_client: MakeClient, make_server: MakeServer, trace: str
) -> None:
    starter = make_client("use", base)
    wait_until(lambda: any(base.glob(trace)))
    starter.kill()

    server = make_server(base)
    with server:
        fill(server)
        assert read(server) == 42
    assert not server.status().running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_start_ended_before_the_server_is_ready_leaves_no_server(
    base: Path, make_client: MakeClient, make_server: MakeServer, number: signal.Signals
) -> None:
    server = make_server(base)
    with server:
        fill(server)
    starter = make_client("use", base)
    wait_until((base / "data" / "postmaster.pid").exists)
    starter.process.send_signal(number)
    starter.process.wait()

    wait_until(lambda: not is_held(base / "server.lock"))
    with server:
        assert read(server) == 42


@pytest.mark.long
def test_a_server_started_without_us_is_used(base: Path, make_server: MakeServer) -> None:
    server = make_server(base)
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
        make_server(base, timeout_seconds=0.1).acquire()
    foreign.send_signal(signal.SIGCONT)
    server.release()
    assert foreign.wait() == 0


@pytest.mark.long
def test_half_created_data_are_deleted(base: Path, make_server: MakeServer) -> None:
    leftover = base / "data.new-abc" / "base"
    leftover.mkdir(parents=True)

    with make_server(base):
        assert not leftover.parent.exists()


@pytest.mark.long
def test_a_failed_start_shows_the_end_of_the_log_and_releases_its_locks(base: Path, make_server: MakeServer) -> None:
    with pytest.raises(OperatorNeeded, match='invalid value for parameter "shared_buffers"'):
        make_server(base, settings={"shared_buffers": "plenty"}).acquire()

    with make_server(base) as server:
        fill(server)
    assert not server.status().running


@pytest.fixture
def small_disk(base: Path, as_root: None) -> Iterator[Path]:
    """Mount a disk of 60 MB: enough for a database, and easily filled."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m,mode=755", "tmpfs", base], check=False)
    if mounted.returncode != 0:
        pytest.skip("may not mount")
    yield base
    subprocess.run(["umount", "--lazy", base], check=True)


def fill_disk(disk: Path, left: int) -> Path:
    """Create a file that leaves only ``left`` bytes of ``disk`` free."""
    free = os.statvfs(disk)
    filler = disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - left)
    return filler


def test_a_full_disk_at_the_first_start_is_reported(small_disk: Path, make_server: MakeServer) -> None:
    fill_disk(small_disk, left=20_000_000)

    with pytest.raises(OperatorNeeded, match=r"100 MB free[\s\S]*free disk space"):
        make_server(small_disk).acquire()
    assert not list(small_disk.glob("data*"))


def test_a_full_disk_at_a_later_start_is_reported_and_loses_nothing(small_disk: Path, make_server: MakeServer) -> None:
    server = make_server(small_disk)
    with server:
        fill(server)
    filler = fill_disk(small_disk, left=0)

    with pytest.raises(OperatorNeeded, match="free space on"):
        server.acquire()
    filler.unlink()
    with server:
        assert read(server) == 42


@pytest.mark.long
def test_data_of_another_major_version_are_not_touched(base: Path, make_server: MakeServer) -> None:
    with make_server(base) as server:
        version = server.status().data_folder / "PG_VERSION"
    version.write_text("15\n")

    with pytest.raises(OperatorNeeded, match=r"created by PostgreSQL 15.*pg_dumpall"):
        make_server(base).acquire()
    assert make_server(base).status().version == "15"


def test_a_folder_with_other_files_is_not_touched(base: Path, make_server: MakeServer) -> None:
    data = base / "data"
    data.mkdir()
    data.joinpath("thesis.doc").touch()
    if os.geteuid() == 0:
        os.chown(data, 65534, 65534)

    with pytest.raises(OperatorNeeded, match="neither empty nor a database"):
        make_server(base).acquire()
    assert data.joinpath("thesis.doc").exists()


def test_a_file_instead_of_a_folder_is_reported(base: Path, make_server: MakeServer) -> None:
    base.joinpath("file").touch()

    with pytest.raises(PokervodError, match="file"):
        make_server(base / "file").acquire()


@pytest.mark.long
def test_a_long_log_is_rotated_while_the_server_writes_to_it(base: Path, make_server: MakeServer) -> None:
    with make_server(base) as server:
        log = server.status().log_file
        with log.open("ab") as file:
            file.truncate(LOG_LIMIT + 1)

        with server, psycopg.connect(server.url("postgres", "postgresql")) as connection:
            with pytest.raises(psycopg.errors.UndefinedTable):
                connection.execute("select * from nowhere")
            assert b"nowhere" in log.read_bytes()
            assert log.stat().st_size < 10_000
        assert log.with_name("server.log.1").stat().st_size > LOG_LIMIT


@pytest.mark.long
def test_a_folder_deleted_meanwhile_is_accepted(base: Path, make_server: MakeServer) -> None:
    folder = base / "pg"
    server = make_server(folder)
    server.acquire()
    pid = server.status().pid

    subprocess.run(["rm", "-rf", folder], check=True)
    server.release()

    os.kill(pid, signal.SIGKILL)
