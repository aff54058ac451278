"""Folders that every account can enter, servers in them, and their end after each test."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines_tests.db.embedded.actors import Actor

FAST = {"fsync": "off"}


@pytest.fixture
def ground() -> Iterator[Path]:
    """An empty folder that root's server account can enter, which pytest's own is not; short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="pokervod-test-")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def homes(ground: Path) -> tuple[Path, ...]:
    return (ground / "home",)


@pytest.fixture
def make_server(homes: tuple[Path, ...]) -> Iterator[Callable[..., EmbeddedServer]]:
    """``make_server(folder, **options)``; whatever still runs in one of them at the end is stopped."""
    made: list[EmbeddedServer] = []

    def make(folder: Path, **options: object) -> EmbeddedServer:
        made.append(EmbeddedServer(folder, **{"homes": homes, "settings": FAST, **options}))
        return made[-1]

    yield make
    for server in made:
        with suppress(PokervodError, OSError):  # a place that the test has spoilt
            server.release()
            server.stop()


@pytest.fixture
def make_actor(make_server: Callable[..., EmbeddedServer], homes: tuple[Path, ...]) -> Iterator[Callable[..., Actor]]:
    """``make_actor(job, folder, **options)``; whoever still lives at the end is killed."""
    made: list[Actor] = []

    def make(job: str, folder: Path, **options: object) -> Actor:
        make_server(folder)  # its server is stopped at the end, even if every actor was killed
        made.append(Actor(job, folder, **{"homes": homes, "settings": FAST, **options}))
        return made[-1]

    yield make
    for actor in made:
        actor.__exit__()


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
