"""Measure the walk beside ``find``, and the whole scan."""

import subprocess
from collections.abc import Iterator

from pokervod_pipelines.nas.file_system import LOCAL
from pokervod_pipelines.nas.library_scan import scan_library
from pokervod_pipelines.nas.scan import WalkResult, find_library_folder, walk
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.bench.figure import Figure, make_tree, median_seconds, scratch, scratch_database


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Measure 20,000 and 200,000 files; the ratio counts, since machines differ."""
    for files in (20_000,) if is_small else (20_000, 200_000):
        with scratch() as folder, scratch_database(folder) as engine:
            tree = make_tree(folder / "tree", files)
            settings = Settings.model_validate(
                {
                    "home": folder,
                    "archive_roots": [{"name": "tree", "path": tree}],
                    "libraries": [{"name": "tree", "root": "tree"}],
                }
            )
            command = ["find", str(tree), "-type", "f", "-printf", "%p %s %T@ %i\n"]
            find = median_seconds(
                lambda command=command: subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            )
            walk = median_seconds(lambda settings=settings: _walk(settings))
            yield Figure(f"{files:,} files: find, s", f"{find:.2f}")
            yield Figure(f"{files:,} files: our walk, s", f"{walk:.2f}")
            yield Figure(f"{files:,} files: ratio", f"{walk / find:.2f}", "< 5, aim < 2")
            for what in ("first", "second"):
                run = lambda s=settings, e=engine: scan_library(e, s, "tree", correlation_id="bench")  # noqa: E731
                yield Figure(f"{files:,} files: {what} scan into the database, s", f"{median_seconds(run, 1):.1f}")


def _walk(settings: Settings) -> int:
    place = find_library_folder(LOCAL, str(settings.archive_roots[0].path), ".", (), settings.scan.stall_seconds)
    return sum(len(batch) for batch in walk(LOCAL, place, WalkResult(), settings.scan.stall_seconds))
