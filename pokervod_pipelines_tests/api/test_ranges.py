"""Byte ranges are those of RFC 9110: what is sent is the slice of the file, whatever is asked for."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.api.errors import Refused
from pokervod_pipelines.api.ranges import MOST_RANGES, find_ranges, read_ranges

SIZES = st.integers(min_value=0, max_value=40)
ENDS = st.integers(min_value=0, max_value=50)
SPECS = st.one_of(
    st.tuples(ENDS, ENDS).map(lambda ends: f"{min(ends)}-{max(ends)}"),
    ENDS.map(lambda first: f"{first}-"),
    ENDS.map(lambda most: f"-{most}"),
)


def take(spec: str, data: bytes) -> set[int]:
    """Return the places that one range means, read in the simplest way."""
    first, _, last = spec.partition("-")
    if not first:
        return {*range(len(data))[len(data) - min(int(last), len(data)) :]}
    return {place for place in range(int(first), int(last) + 1 if last else len(data)) if place < len(data)}


def read(header: str, size: int) -> list[range] | Refused | None:
    """Return the ranges, or the refusal."""
    try:
        return read_ranges(header, size)
    except Refused as refused:
        return refused


@given(size=SIZES, specs=st.lists(SPECS, min_size=1, max_size=MOST_RANGES))
def test_the_bytes_are_those_of_slices(size: int, specs: list[str]) -> None:
    wanted = set().union(*(take(spec, bytes(size)) for spec in specs))

    found = read(f"bytes={', '.join(specs)}", size)

    if isinstance(found, Refused):
        assert (found.status, found.headers, wanted) == (416, {"Content-Range": f"bytes */{size}"}, set())
        return
    assert found is not None
    assert [place for span in found for place in span] == sorted(wanted)
    assert all(one.stop < other.start for one, other in pairwise(found))


@given(header=st.text(max_size=30), size=SIZES)
def test_whatever_is_written_is_answered(header: str, size: int) -> None:
    found = read(header, size)

    if isinstance(found, Refused):
        assert found.status == 416
    elif found is not None:
        assert all(0 <= span.start < span.stop <= size for span in found)


@pytest.mark.parametrize(
    "header",
    [
        "lines=1-2",  # another unit
        "bytes=5-2",  # ends before it begins
        "bytes=", "bytes", "bytes=a-b", "bytes=1", "bytes=--1", "bytes=1-2-3", "bytes=1-2;3-4", "bytes=0x1-2",
    ],
)  # fmt: skip
def test_what_is_no_range_counts_as_none(header: str) -> None:
    assert read_ranges(header, 10) is None


def test_a_huge_list_of_ranges_is_refused() -> None:
    with pytest.raises(Refused, match="at most 10 ranges, got 50,000") as refused:
        read_ranges("bytes=" + ",".join(["0-0"] * 50_000), 10)
    assert refused.value.status == 416


@pytest.mark.parametrize(
    ("had", "found"),
    [
        ('"now"', [range(3)]),
        ("Tue, 14 Nov 2023 22:13:20 GMT", [range(3)]),
        ('"before"', None),
        ('W/"now"', None),  # a weak one names no bytes
        ("Tue, 14 Nov 2023 22:13:19 GMT", None),
    ],
)
def test_a_part_is_sent_only_of_the_file_that_the_client_has(had: str, found: list[range] | None) -> None:
    headers = {"range": "bytes=0-2", "if-range": had}

    assert find_ranges(headers, size=9, etag='"now"', changed_at=1_700_000_000) == found
