"""Measure names a second on one core."""

import time
from collections.abc import Iterator
from itertools import islice

from pokervod_pipelines.catalog.names import parse_name
from pokervod_pipelines.sample.archive import list_all
from pokervod_pipelines_tests.bench.figure import Figure


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Parse the sample's names in folders never seen before, so that no cache of whole paths helps."""
    paths = [entry.path for entry in list_all()]
    fresh = [f"shelf {copy}/{path}" for copy in range(4 if is_small else 20) for path in paths]
    videos = [path for path in fresh if not path.rpartition("/")[2].startswith(".")]
    for what, names in (("all names of an archive", fresh), ("without hidden files", list(islice(videos, 20_000)))):
        seconds = min(_seconds_of_core(names) for _ in range(3))
        yield Figure(f"{what}, names/s of one core", f"{len(names) / seconds:,.0f}", "≥ 50,000")


def _seconds_of_core(names: list[str]) -> float:
    started = time.process_time()
    for name in names:
        parse_name(name)
    return time.process_time() - started
