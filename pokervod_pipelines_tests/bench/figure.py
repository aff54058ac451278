"""Take a figure: time, percentiles, and something to measure."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import OUR_DRIVER, make_engine
from pokervod_pipelines.db.migrate import upgrade_database


@dataclass(frozen=True)
class Figure:
    """Hold one line of the table."""

    what: str
    value: str
    target: str = ""


def median_seconds(run: Callable[[], object], times: int = 5) -> float:
    """Return the median of several runs, in seconds."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def percentile(values: list[float], share: float) -> float:
    """Return the value below which that share of the values is."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a folder and delete it afterwards."""
    with tempfile.TemporaryDirectory(prefix="pokervod-bench-") as folder:
        yield Path(folder)


@contextmanager
def scratch_database(folder: Path, **server_settings: str) -> Iterator[Engine]:
    """Yield a migrated database on a server of its own, with these settings, and erase it afterwards."""
    server = EmbeddedServer(folder / "postgres", settings=server_settings)
    with server:
        server.create_database("bench")
        engine = make_engine(server.url("bench", OUR_DRIVER))
        upgrade_database(engine)
        yield engine
        engine.dispose()
    server.erase()


def make_tree(folder: Path, files: int, per_folder: int = 12) -> Path:
    """Write so many sparse videos with names of the archive's shapes."""
    for number in range(files):
        shelf = number // per_folder
        place = folder / f"ARCHIVE/WSOP/WSOP {1973 + shelf // 400 % 50}/shelf {shelf:05}"
        if number % per_folder == 0:
            place.mkdir(parents=True, exist_ok=True)
        name = f"{number}-wsop-{2000 + number % 25}-be-ev-{number % 97 + 1}-1500-nlh-ft-Stone-doubles-{number}.mp4"
        descriptor = os.open(place / name, os.O_CREAT | os.O_WRONLY)
        os.ftruncate(descriptor, 1_000_000 + number)
        os.close(descriptor)
        os.utime(place / name, (1_600_000_000, 1_600_000_000))
    return folder
