"""Find files that end before their container says so, and never accuse a whole one."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.media.truncation import find_truncation
from pokervod_pipelines_tests.media.films import Film, make_film

FAST_START = (("movflags", "faststart"),)
FRAGMENTED = (("movflags", "frag_keyframe+empty_moov"),)
SHAPES = {
    "mp4": ("mp4", Film()),
    "mp4 with its index first": ("mp4", Film(options=FAST_START)),
    "mp4 in fragments": ("mp4", Film(options=FRAGMENTED)),
    "mov with timecode": ("mov", Film(timecode="01:00:00:00")),
    "mkv": ("mkv", Film()),
    "avi": ("avi", Film()),
    "mxf": ("mxf", Film(codec="mpeg2video")),
    "ts": ("ts", Film(codec="mpeg2video")),
}
NUMBERED = ("mp4", "mp4 with its index first", "mov with timecode", "mkv", "avi")
"""Shapes in which every truncation shows: fragments and transport streams are whole wherever a piece ends."""


class Shapes(dict[str, bytes]):
    """Map the name of a shape to a whole file."""

    def __repr__(self) -> str:
        return f"Shapes({list(self)})"


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Shapes:
    folder = tmp_path_factory.mktemp("shapes")
    return Shapes(
        (name, make_film(folder / f"{number}.{suffix}", film).read_bytes())
        for number, (name, (suffix, film)) in enumerate(SHAPES.items())
    )


def find(content: bytes) -> str | None:
    return find_truncation(io.BytesIO(content), len(content))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_whole_file_is_whole(shapes: Shapes, shape: str) -> None:
    assert find(shapes[shape]) is None


@pytest.mark.parametrize("shape", NUMBERED)
@given(share=st.floats(0.01, 0.999))
def test_a_file_truncated_anywhere_is_found(shapes: Shapes, shape: str, share: float) -> None:
    whole = shapes[shape]

    assert find(whole[: max(int(len(whole) * share), 64)])


@given(share=st.floats(0.01, 0.95))
def test_an_mxf_truncated_before_its_footer_is_found(shapes: Shapes, share: float) -> None:
    assert "its footer" in (find(shapes["mxf"][: int(len(shapes["mxf"]) * share)]) or "")


def test_the_reason_has_both_numbers(shapes: Shapes) -> None:
    whole = shapes["mp4 with its index first"]

    reason = find(whole[: len(whole) - 1_000])

    assert reason is not None
    assert f"reaches to byte {len(whole):,}, the file ends at {len(whole) - 1_000:,}" in reason


@pytest.mark.parametrize(("after", "says"), [(b"moov", "an index but no media"), (b"ftyp", "no index (moov)")])
def test_a_movie_that_ends_between_two_atoms_is_found_too(shapes: Shapes, after: bytes, says: str) -> None:
    whole = shapes["mp4 with its index first"]
    start = whole.index(after) - 4
    end = start + int.from_bytes(whole[start : start + 4])

    assert says in (find(whole[:end]) or "")


@pytest.mark.parametrize("junk", [b"\0", b"\0" * 4_096, b"junk", b"\xff" * 100])
def test_junk_behind_a_movie_does_not_make_it_broken(shapes: Shapes, junk: bytes) -> None:
    assert find(shapes["mp4"] + junk) is None


@pytest.mark.parametrize("length", [0, 1, 7, 2**31])
def test_an_atom_of_an_impossible_length_ends_the_search(shapes: Shapes, length: int) -> None:
    broken = length.to_bytes(4) + b"ftypisom" + shapes["mp4"][12:]

    assert find(broken)


def test_a_long_atom_has_its_length_in_eight_bytes(shapes: Shapes) -> None:
    media = (1).to_bytes(4) + b"mdat" + (2**40).to_bytes(8)

    assert f"{2**40:,}" in (find(media) or "")


def test_a_recording_without_a_length_is_not_judged() -> None:
    live = bytes.fromhex("1a45dfa3 80 18538067 01ffffffffffffff") + b"clusters"

    assert find(live) is None


@given(content=st.binary(max_size=200))
def test_any_bytes_are_judged(content: bytes) -> None:
    assert find(content) is None or "byte" in (find(content) or "")


@pytest.mark.parametrize("head", ["000000186674797069736f6d", "1a45dfa3", "52494646", "060e2b34020501010d0102010102"])
@given(content=st.binary(max_size=200))
def test_any_bytes_behind_a_known_beginning_are_judged(head: str, content: bytes) -> None:
    find(bytes.fromhex(head) + content)


def test_thousands_of_atoms_are_not_all_read(shapes: Shapes) -> None:
    start = shapes["mp4"][: int.from_bytes(shapes["mp4"][:4])]

    assert find(start + ((8).to_bytes(4) + b"free") * 5_000) is None
