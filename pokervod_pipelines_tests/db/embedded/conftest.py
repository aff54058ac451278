"""Create folders that every user can enter, and servers in them; stop the servers after each test."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines_tests.db.embedded.client_process import ClientProcess

FAST = {"fsync": "off"}


@pytest.fixture
def base() -> Iterator[Path]:
    """Yield an empty folder that the server's user can enter (pytest's own is closed), short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="pokervod-test-")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def homes(base: Path) -> tuple[Path, ...]:
    return (base / "home",)


@pytest.fixture
def make_server(homes: tuple[Path, ...]) -> Iterator[Callable[..., EmbeddedServer]]:
    """Return ``make_server(folder, **options)``; stop what still runs at the end."""
    made: list[EmbeddedServer] = []

    def make(folder: Path, **options: object) -> EmbeddedServer:
        made.append(EmbeddedServer(folder, **{"homes": homes, "settings": FAST, **options}))
        return made[-1]

    yield make
    for server in made:
        with suppress(PokervodError, OSError):  # a folder that the test has broken
            server.release()
            server.stop()


@pytest.fixture
def make_client(
    make_server: Callable[..., EmbeddedServer], homes: tuple[Path, ...]
) -> Iterator[Callable[..., ClientProcess]]:
    """Return ``make_client(job, folder, **options)``; kill the processes that are left at the end."""
    made: list[ClientProcess] = []

    def make(job: str, folder: Path, **options: object) -> ClientProcess:
        make_server(folder)  # its server is stopped at the end, even if every client was killed
        made.append(ClientProcess(job, folder, **{"homes": homes, "settings": FAST, **options}))
        return made[-1]

    yield make
    for client in made:
        client.__exit__()


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
