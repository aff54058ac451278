"""Check that any number of processes share one server: the first starts it, the last one to leave stops it."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from pokervod_pipelines.db.embedded import EmbeddedServer, ServerAddress
from pokervod_pipelines.errors import Conflict, Unavailable
from pokervod_pipelines_tests.db.embedded.client_process import ClientProcess, ask

MakeServer = Callable[..., EmbeddedServer]
MakeClient = Callable[..., ClientProcess]


def test_processes_starting_at_once_get_one_server(base: Path, make_client: MakeClient) -> None:
    clients = [make_client("use", base / "pg") for _ in range(3)]

    assert len({client.read()["pid"] for client in clients}) == 1


def test_the_last_one_leaving_stops_the_server(base: Path, make_client: MakeClient, make_server: MakeServer) -> None:
    first, last = make_client("use", base), make_client("use", base)
    pids = {first.read()["pid"], last.read()["pid"]}
    server = make_server(base)

    first.leave()
    assert {server.status().pid} == pids
    last.leave()
    assert not server.status().running


@pytest.mark.long
def test_a_user_killed_does_not_stop_the_others(base: Path, make_client: MakeClient, make_server: MakeServer) -> None:
    killed, other = make_client("use", base), make_client("use", base)
    killed.read()
    url = other.read()["url"]

    killed.kill()
    assert ask(url, "select 1") == 1
    other.leave()
    assert not make_server(base).status().running


def test_a_server_whose_users_were_all_killed_is_stopped(
    base: Path, make_client: MakeClient, make_server: MakeServer
) -> None:
    clients = [make_client("use", base) for _ in range(2)]
    pid = clients[0].read()["pid"]
    server = psutil.Process(pid)
    for client in clients:
        client.kill()

    server.wait(30)

    assert not make_server(base).status().running


def test_a_server_is_kept_while_a_user_lives_and_stopped_though_its_starter_was_killed(
    base: Path, make_client: MakeClient, make_server: MakeServer
) -> None:
    starter = make_client("use", base)
    pid = starter.read()["pid"]
    other = make_client("use", base)
    other.read()
    starter.kill()

    assert make_server(base).status().pid == pid
    server = psutil.Process(pid)
    other.kill()
    server.wait(30)


@pytest.mark.long
def test_keep_running_leaves_the_server_running(base: Path, make_server: MakeServer) -> None:
    with make_server(base, keep_running=True):
        pass

    assert make_server(base).status().running
    assert make_server(base).stop()
    assert not make_server(base).stop()


@pytest.mark.long
def test_uses_of_one_process_nest(base: Path, make_server: MakeServer) -> None:
    outer, inner = make_server(base), make_server(base / "." / "..", timeout_seconds=60.0)
    inner.folder = outer.folder

    with outer:
        with inner, inner:
            pass
        assert outer.status().running
    assert not outer.status().running


@pytest.mark.long
def test_a_forked_child_keeps_the_server_after_its_parent(
    base: Path, make_client: MakeClient, make_server: MakeServer
) -> None:
    parent = make_client("fork_and_leave", base)
    parent.read()
    parent.process.wait()
    server = make_server(base)
    assert server.status().running

    parent.process.stdin.close()
    parent.process.stdout.read()  # ends with the child, which has the other end

    assert not server.status().running


@pytest.mark.long
def test_a_program_started_by_a_client_does_not_count_as_a_user(
    base: Path, make_client: MakeClient, make_server: MakeServer
) -> None:
    client = make_client("leave_a_program_behind", base)
    program = client.read()["program"]

    client.leave()

    assert not make_server(base).status().running
    os.kill(program, signal.SIGKILL)


@pytest.mark.long
def test_concurrent_starts_and_stops_wait_in_turn(base: Path, make_client: MakeClient, make_server: MakeServer) -> None:
    clients = [make_client("use_repeatedly", base) for _ in range(3)]

    assert [client.read() for client in clients] == [{"rounds": 8}] * 3
    for client in clients:
        client.leave()
    assert not make_server(base).status().running


@pytest.mark.long
def test_of_concurrent_creators_of_a_database_one_creates_it(base: Path, make_client: MakeClient) -> None:
    clients = [make_client("create", base) for _ in range(3)]
    for client in clients:
        client.read()
    for client in clients:
        client.process.stdin.write("go\n")
        client.process.stdin.flush()

    assert sorted(client.read()["made"] for client in clients) == [False, False, True]


def test_what_was_written_is_there_after_a_restart(base: Path, make_server: MakeServer) -> None:
    server = make_server(base)
    for expected in (True, False):
        with server:
            assert server.create_database('name "with" 한글') is expected


@pytest.mark.long
def test_the_server_is_set_up_for_one_machine(base: Path, make_server: MakeServer) -> None:
    expected = {
        "listen_addresses": "",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "max_connections": "200",
        "shared_buffers": "64MB",
        "unix_socket_permissions": "0700",
    }
    with make_server(base) as server:
        shown = {name: ask(server.url("postgres"), f"show {name}") for name in expected}

        assert shown == expected
        assert server.status().version.startswith("18.")


@pytest.mark.long
def test_a_pgport_of_the_environment_changes_nothing(
    base: Path, make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "6543")

    with make_server(base) as server:
        assert ask(server.url("postgres"), "show port") == "5432"


@pytest.mark.long
def test_a_server_full_of_clients_still_counts_as_running(base: Path, make_server: MakeServer) -> None:
    with make_server(base, settings={"max_connections": "4", "superuser_reserved_connections": "1"}) as server:
        clients = [psycopg.connect(server.url("postgres", "postgresql")) for _ in range(4)]

        with make_server(base):
            pass
        for client in clients:
            client.close()


def test_status_creates_nothing(base: Path, make_server: MakeServer) -> None:
    server = make_server(base / "nothing")

    assert not server.status().running
    assert not server.stop()
    server.erase()
    assert list(base.iterdir()) == []


def test_an_address_is_known_only_after_acquiring(base: Path, make_server: MakeServer) -> None:
    with pytest.raises(Unavailable, match="acquire it"):
        make_server(base).url("postgres")


@pytest.mark.long
def test_a_server_in_use_is_not_erased(base: Path, make_server: MakeServer) -> None:
    server = make_server(base)
    with server, pytest.raises(Conflict, match="in use"):
        server.erase()

    server.erase()
    assert not server.status().data_folder.exists()


def test_a_process_that_hangs_at_the_start_is_named(base: Path, make_server: MakeServer) -> None:
    base.joinpath("start.lock").write_text("4242")
    holder = subprocess.Popen(["flock", str(base / "start.lock"), "-c", "echo held; cat"], stdin=-1, stdout=-1)
    assert holder.stdout.readline() == b"held\n"

    with pytest.raises(Conflict, match="4242"):
        make_server(base, timeout_seconds=0.1).acquire()
    holder.communicate()


@given(
    folder=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30),
    database=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20),
)
def test_a_url_gives_back_folder_and_database(folder: str, database: str) -> None:
    path = Path("/") / folder
    url = make_url(ServerAddress(path).url(database))

    assert (url.query["host"], url.database, url.username) == (str(path), database, "postgres")
