"""Check that names are valid on Windows, macOS and a NAS, unique, and keep letters of any language."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines.clips.export.output_files import make_file_name, make_file_names

WINDOWS_REFUSES = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³")}

tricky = st.one_of(
    st.text(max_size=300),
    st.sampled_from([*DEVICES, "CON.", "Aux .tar", "...", " ", "a" * 400, "찐최종" * 90, "👨‍👩‍👧" * 60]),
    st.text(alphabet='.. :?*<>|"/\\\t\u202eAé찐', max_size=200),
)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("E11_GOG_final_edit_찐최종", "E11_GOG_final_edit_찐최종.mov"),
        ("AKo vs KK: who wins?", "AKo vs KK_ who wins_.mov"),
        ('Ivey | "Dwan" <3 a/b\\c*', "Ivey _ _Dwan_ _3 a_b_c_.mov"),
        ("The end...", "The end.mov"),
        ("  two  blanks  inside ", "two  blanks  inside.mov"),
        (".hidden", "hidden.mov"),
        ("con", "_con.mov"),
        ("LPT1.backup", "_LPT1.backup.mov"),
        ("COM¹", "_COM¹.mov"),
        ("contest", "contest.mov"),
        ("", "clip.mov"),
        ("...", "clip.mov"),
        ("line\nbreak\x00", "line break.mov"),
        ("evil\u202evom.exe", "evilvom.exe.mov"),
        ("\ud800", "clip.mov"),
        (unicodedata.normalize("NFD", "한글 é"), "한글 é.mov"),
        ("$5M GTD – Day 3 €", "$5M GTD – Day 3 €.mov"),
        ("v1.2 final", "v1.2 final.mov"),  # what follows a dot is kept
    ],
)
def test_a_title_becomes_a_name_that_windows_takes(title: str, name: str) -> None:
    assert make_file_name(title, ".mov") == name


@settings(deadline=None)
@given(tricky)
def test_any_title_becomes_a_name_that_every_system_takes(title: str) -> None:
    name = make_file_name(title, ".mov")
    stem = name.removesuffix(".mov")

    assert stem
    assert not WINDOWS_REFUSES.search(name)
    assert stem == stem.strip(". ")
    assert stem.partition(".")[0].rstrip().casefold() not in DEVICES
    assert len(name.encode("utf-16-le")) <= 2 * 120
    assert len(name.encode()) <= 143


@settings(deadline=None)
@given(st.lists(tricky, max_size=12))
def test_names_of_one_folder_are_different_on_every_system(titles: list[str]) -> None:
    names = make_file_names(titles, ".mov", taken=["Clip.MOV"])

    assert len(names) == len(titles)
    assert len({unicodedata.normalize("NFC", name).casefold() for name in [*names, "clip.mov"]}) == len(titles) + 1


def test_the_second_of_two_alike_is_numbered_also_when_it_has_to_be_shortened() -> None:
    first, second, third = make_file_names(["가" * 99, "가" * 99, "가" * 99 + "b"], ".mov")

    assert first.startswith("가가가")
    assert second.endswith("가 (2).mov")
    assert third.endswith("가 (3).mov")


@settings(deadline=None)
@given(tricky)
def test_a_name_can_be_written_here(tmp_path_factory: pytest.TempPathFactory, title: str) -> None:
    folder = tmp_path_factory.mktemp("names")
    path: Path = folder / make_file_name(title, ".mov")

    path.touch()

    assert [found.name for found in folder.iterdir()] == [path.name]
