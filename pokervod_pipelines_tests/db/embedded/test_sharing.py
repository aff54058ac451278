"""Any number of processes use one server; the first starts it and the last one leaving stops it."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from pokervod_pipelines.db.embedded import EmbeddedServer, ServerAddress
from pokervod_pipelines.errors import Conflict, Unavailable
from pokervod_pipelines_tests.db.embedded.actors import Actor, ask

MakeServer = Callable[..., EmbeddedServer]
MakeActor = Callable[..., Actor]


def test_processes_starting_at_once_get_one_server(ground: Path, make_actor: MakeActor) -> None:
    actors = [make_actor("use", ground / "pg") for _ in range(3)]

    assert len({actor.read()["pid"] for actor in actors}) == 1


def test_the_last_one_leaving_stops_the_server(ground: Path, make_actor: MakeActor, make_server: MakeServer) -> None:
    first, last = make_actor("use", ground), make_actor("use", ground)
    pids = {first.read()["pid"], last.read()["pid"]}
    server = make_server(ground)

    first.leave()
    assert {server.status().pid} == pids
    last.leave()
    assert not server.status().running


def test_a_user_killed_does_not_stop_the_others(ground: Path, make_actor: MakeActor, make_server: MakeServer) -> None:
    killed, other = make_actor("use", ground), make_actor("use", ground)
    killed.read()
    url = other.read()["url"]

    killed.kill()
    assert ask(url, "select 1") == 1
    other.leave()
    assert not make_server(ground).status().running


def test_a_server_whose_only_user_was_killed_is_stopped_by_the_next(
    ground: Path, make_actor: MakeActor, make_server: MakeServer
) -> None:
    killed = make_actor("use", ground)
    pid = killed.read()["pid"]
    killed.kill()
    server = make_server(ground)

    with server:
        assert server.status().pid == pid
    assert not server.status().running


def test_whoever_keeps_it_running_leaves_it_running(ground: Path, make_server: MakeServer) -> None:
    with make_server(ground, keep_running=True):
        pass

    assert make_server(ground).status().running
    assert make_server(ground).stop()
    assert not make_server(ground).stop()


def test_uses_of_one_process_nest(ground: Path, make_server: MakeServer) -> None:
    outer, inner = make_server(ground), make_server(ground / "." / "..", patience=60.0)
    inner.folder = outer.folder

    with outer:
        with inner, inner:
            pass
        assert outer.status().running
    assert not outer.status().running


def test_a_forked_child_keeps_the_server_after_its_parent(
    ground: Path, make_actor: MakeActor, make_server: MakeServer
) -> None:
    parent = make_actor("fork_and_leave", ground)
    parent.read()
    parent.process.wait()
    server = make_server(ground)
    assert server.status().running

    parent.process.stdin.close()
    parent.process.stdout.read()  # ends with the child, who holds the other end

    assert not server.status().running


def test_a_program_started_by_a_user_does_not_hold_the_server(
    ground: Path, make_actor: MakeActor, make_server: MakeServer
) -> None:
    actor = make_actor("leave_a_program_behind", ground)
    program = actor.read()["program"]

    actor.leave()

    assert not make_server(ground).status().running
    os.kill(program, signal.SIGKILL)


def test_starts_and_stops_of_many_never_meet(ground: Path, make_actor: MakeActor, make_server: MakeServer) -> None:
    actors = [make_actor("come_and_go", ground) for _ in range(3)]

    assert [actor.read() for actor in actors] == [{"rounds": 8}] * 3
    for actor in actors:
        actor.leave()
    assert not make_server(ground).status().running


def test_of_many_who_create_a_database_one_makes_it(ground: Path, make_actor: MakeActor) -> None:
    actors = [make_actor("create", ground) for _ in range(3)]
    for actor in actors:
        actor.read()
    for actor in actors:
        actor.process.stdin.write("go\n")
        actor.process.stdin.flush()

    assert sorted(actor.read()["made"] for actor in actors) == [False, False, True]


def test_what_was_written_is_there_after_a_restart(ground: Path, make_server: MakeServer) -> None:
    server = make_server(ground)
    for expected in (True, False):
        with server:
            assert server.create_database('name "with" 한글') is expected


def test_the_server_is_set_up_for_one_machine(ground: Path, make_server: MakeServer) -> None:
    expected = {
        "listen_addresses": "",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "max_connections": "200",
        "shared_buffers": "64MB",
        "unix_socket_permissions": "0700",
    }
    with make_server(ground) as server:
        shown = {name: ask(server.url("postgres"), f"show {name}") for name in expected}

        assert shown == expected
        assert server.status().version.startswith("18.")


def test_a_pgport_of_the_environment_changes_nothing(
    ground: Path, make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "6543")

    with make_server(ground) as server:
        assert ask(server.url("postgres"), "show port") == "5432"


def test_a_server_full_of_clients_still_counts_as_running(ground: Path, make_server: MakeServer) -> None:
    with make_server(ground, settings={"max_connections": "4", "superuser_reserved_connections": "1"}) as server:
        clients = [psycopg.connect(server.url("postgres", "postgresql")) for _ in range(4)]

        with make_server(ground):
            pass
        for client in clients:
            client.close()


def test_status_of_nothing_makes_nothing(ground: Path, make_server: MakeServer) -> None:
    server = make_server(ground / "nothing")

    assert not server.status().running
    assert not server.stop()
    server.erase()
    assert list(ground.iterdir()) == []


def test_an_address_is_known_only_after_acquiring(ground: Path, make_server: MakeServer) -> None:
    with pytest.raises(Unavailable, match="acquire it"):
        make_server(ground).url("postgres")


def test_what_is_in_use_is_not_erased(ground: Path, make_server: MakeServer) -> None:
    server = make_server(ground)
    with server, pytest.raises(Conflict, match="in use"):
        server.erase()

    server.erase()
    assert not server.status().data_folder.exists()


def test_a_hanging_starter_is_named(ground: Path, make_server: MakeServer) -> None:
    ground.joinpath("start.lock").write_text("4242")
    holder = subprocess.Popen(["flock", str(ground / "start.lock"), "-c", "echo held; cat"], stdin=-1, stdout=-1)
    assert holder.stdout.readline() == b"held\n"

    with pytest.raises(Conflict, match="4242"):
        make_server(ground, patience=0.1).acquire()
    holder.communicate()


@given(
    folder=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30),
    database=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20),
)
def test_a_url_gives_back_folder_and_database(folder: str, database: str) -> None:
    path = Path("/") / folder
    url = make_url(ServerAddress(path).url(database))

    assert (url.query["host"], url.database, url.username) == (str(path), database, "postgres")
