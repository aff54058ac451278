"""Test laws of the parser that hold for every name, not only for those in the corpora."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.catalog.names import FIELDS, explain_name, find_family, parse_events, parse_name
from pokervod_pipelines_tests.catalog.names.corpora import read_cases
from pokervod_pipelines_tests.catalog.names.forms import ANY_FORM, FAMILIES, Form

_PATHS = [case.path for case in read_cases()]
_ENDINGS = st.sampled_from([".mp4", ".MOV", ".mov.mov", ".mp4.mp4", ".mxf.xmp", ".mp4 48000.pek", ".mkv.part", ""])
_JUNK = st.sampled_from(
    [" (1)", "(2)", " copy", " copy 2", " - Copy", "_copy", " - 복사본", ".f399", " [dQw4w9WgXcQ]", " (1080p)"]
)
_VIDEO_ID = st.text("abcXYZ0123456789_-", min_size=11, max_size=11).map(lambda letters: f" [{letters}]")
# Pieces of real traps make collisions that plain random text never finds.
_PIECES = st.sampled_from(
    [
        *("wsop", "WSOP13", "2024", "day", "Day1", "ft", "final", "table", "event", "#", "$", "1,979", "k", "gtd"),
        *("hand", "vs", "e01", "gog", "pad", "s12", "ep01", "me", "ME01", "show", "&", "/", ".", "_", "-", "[", "]"),
        *(
            "(",
            ")",
            "part",
            "İ",
            "최종",
            "🏆",
            "\n",
            "\0",
            "\udcff",
            "9" * 20,
            "super",
            "high",
            "roller",
            "with",
            "best of",
        ),
    ]
)


def told(path: str) -> dict[str, object]:
    return {field: value for field, value in parse_name(path).as_dict().items() if value is not None}


def folded(answer: dict[str, object]) -> dict[str, str]:
    return {field: str(value).casefold() for field, value in answer.items()}


@given(st.text() | st.lists(_PIECES, max_size=12).map(" ".join) | st.lists(_PIECES, max_size=12).map("".join))
def test_any_string_parses_and_its_explanation_agrees(path: str) -> None:
    answer = parse_name(path)

    assert {finding.field: finding.value for finding in explain_name(path)} == told(path)
    assert (answer.year is None) == (answer.year_in_filename is None)
    assert parse_events(path)[0] == answer


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
def test_what_a_family_writes_it_reads_back(family: str, data: st.DataObject) -> None:
    name, fields = data.draw(FAMILIES[family])

    assert told(name) == fields
    assert find_family(name) == family


@given(ANY_FORM, st.lists(_JUNK | _VIDEO_ID, max_size=3), _ENDINGS)
def test_junk_behind_a_name_changes_nothing(form: Form, junk: list[str], ending: str) -> None:
    name, fields = form

    assert told(name + "".join(junk) + ending) == fields


@given(st.sampled_from(_PATHS).filter(lambda path: path.endswith(".mp4")), st.lists(_JUNK, max_size=2), _ENDINGS)
def test_junk_behind_a_name_of_the_corpora_changes_nothing(path: str, junk: list[str], ending: str) -> None:
    stem = path.removesuffix(".mp4")

    assert told(stem + "".join(junk) + ending) == told(path)


@given(ANY_FORM, st.sampled_from([str.lower, str.upper]))
def test_letter_case_changes_no_fact(form: Form, change: object) -> None:
    name, fields = form

    assert folded(told(change(name))) == folded(fields)  # type: ignore[operator]


@given(ANY_FORM, st.sampled_from([" ", "_", "-", "  ", " - ", "__"]))
def test_the_kind_of_separator_changes_no_fact(form: Form, separator: str) -> None:
    name, fields = form
    respaced = "".join(separator if letter in " _-" else letter for letter in name)

    assert told(respaced) == fields


@given(ANY_FORM)
def test_a_folder_that_tells_nothing_changes_nothing(form: Form) -> None:
    name, fields = form

    assert told(f"Share/New folder (3)/{name}.mp4") == fields


@given(ANY_FORM)
def test_a_mac_and_a_windows_client_read_the_same(form: Form) -> None:
    name, fields = form

    assert told(unicodedata.normalize("NFD", name)) == fields


def test_the_columns_are_those_of_the_record() -> None:
    assert tuple(parse_name("").as_dict()) == FIELDS
