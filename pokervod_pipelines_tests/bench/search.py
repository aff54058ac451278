"""Measure building the catalog and searching in it."""

import time
from collections.abc import Iterator
from itertools import cycle

from sqlalchemy import Engine, text

from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.catalog.search import search_catalog
from pokervod_pipelines.sample.archive import list_videos
from pokervod_pipelines_tests.bench.figure import Figure, median_seconds, percentile, scratch, scratch_database

QUERIES = (
    "event 21",
    "2024 ft",
    "stone 2-7",
    "$25k",
    "castelan",
    "최종",
    "main event day 2",
    "hustler",
    "wsop clean 2024",
    "plo",
    "gog episode 11",
)
ROUNDS = 20


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Repeat the sample's names under other folders and numbers; run every query many times."""
    for files in (2_000,) if is_small else (2_000, 20_000, 200_000):
        with scratch() as folder, scratch_database(folder) as engine:
            fill_files(engine, files)
            first = median_seconds(lambda engine=engine: build_catalog(engine, correlation_id="bench"), 1)
            again = median_seconds(lambda engine=engine: build_catalog(engine, correlation_id="bench"), 1)
            yield Figure(f"{files:,} files: catalog built, s", f"{first:.1f}")
            yield Figure(f"{files:,} files: built again, nothing changed, s", f"{again:.2f}")
            search_catalog(engine, "warm")
            taken = [_milliseconds(engine, query) for _ in range(ROUNDS) for query in QUERIES]
            yield Figure(f"{files:,} files: search p50 ms", f"{percentile(taken, 0.5):.1f}")
            yield Figure(f"{files:,} files: search p99 ms", f"{percentile(taken, 0.99):.1f}", "< 30")


def fill_files(engine: Engine, files: int) -> None:
    """Insert so many videos, named as those of the sample."""
    videos = cycle(list_videos())
    with engine.begin() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        columns = "root, library, path, path_key, size, mtime_ns, inode, category, version_type, is_junk"
        with driver.cursor().copy(f"copy nas_files ({columns}) from stdin") as copy:
            for number in range(files):
                video = next(videos)
                path = f"shelf {number // 1_000:03}/{number} {video.path}" if number >= 1_000 else video.path
                copy.write_row(("bench", "bench", path, path, video.size, 0, number, "video", "", False))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("analyze nas_files"))


def _milliseconds(engine: Engine, query: str) -> float:
    started = time.perf_counter()
    search_catalog(engine, query)
    return (time.perf_counter() - started) * 1_000
