"""Measure how rows are matched to files."""

from collections.abc import Iterator

from pokervod_pipelines.catalog.name_identity import identify_name
from pokervod_pipelines.sheets.file_index import CandidateFile, FileIndex
from pokervod_pipelines.sheets.match import match
from pokervod_pipelines_tests.bench.figure import Figure, median_seconds

ROWS = 500


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Match 500 rows: a third exact, a third without extension, a third of files that do not exist."""
    for size in (2_000, 20_000):
        files = [
            CandidateFile(id=n, path=f"ARCHIVE/WSOP/{n % 40}/{n}-wsop-{2000 + n % 25}-be-ev-{n % 97}-Stone-{n}.mp4")
            for n in range(size)
        ]
        seconds = median_seconds(lambda files=files: FileIndex.build(files, parsed_identity=identify_name), times=3)
        yield Figure(f"index of {size:,} files, s", f"{seconds:.2f}")
        index = FileIndex.build(files, parsed_identity=identify_name)
        names = [files[n].path.rpartition("/")[2] for n in range(ROWS)]
        rows = [(name, name[:-4], f"{name[:-4]} gone")[n % 3] for n, name in enumerate(names)]
        seconds = median_seconds(lambda rows=rows, index=index: [match(index, row) for row in rows], times=1)
        yield Figure(f"{ROWS} rows against {size:,} files, s", f"{seconds:.2f}", "grows less than the files")
        if is_small:
            return
