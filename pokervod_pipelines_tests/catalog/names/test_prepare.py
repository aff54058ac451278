"""Test that endings, junk and separators are removed before any rule reads, and that other files are known."""

import pytest

from pokervod_pipelines.catalog.names.prepare import fold_words, prepare_name, shows_no_video, strip_noise


@pytest.mark.parametrize(
    ("file_name", "stem"),
    [
        ("WSOP_2004_1.mxf", "WSOP_2004_1"),
        ("double.mov.mov", "double"),
        ("sidecar.mxf.xmp", "sidecar"),
        ("peak.mp4 48000.pek", "peak"),
        ("unfinished.mp4.part", "unfinished"),
        ("stream.f399.mp4", "stream"),
        ("title [dQw4w9WgXcQ].mp4", "title"),
        ("title (1) (2).mp4", "title"),
        ("title (1080p).mp4", "title"),
        ("title (4K).mp4", "title"),
        ("title copy 2.mp4", "title"),
        ("제목 - 복사본 (2).mp4", "제목"),
        # as its author typed it, where Windows forbids a character, or a blank or dot at the end
        ("Main Event\uf022 Day 1.mp4", "Main Event: Day 1"),
        ("Main Event.mp4\uf028", "Main Event"),
        ("Main Event.mp4\uf029", "Main Event"),
        ("Main Event.mp4.", "Main Event"),
        ("What Now...", "What Now..."),
        # kept: a part, a year, an inner dot, a stage in brackets, a name that is only an ending
        ("Day 4 (Part 2).mp4", "Day 4 (Part 2)"),
        ("Main Event (2019).mp4", "Main Event (2019)"),
        ("3.5x Pot", "3.5x Pot"),
        ("H.O.R.S.E. Championship", "H.O.R.S.E. Championship"),
        ("Main Event [Final_Table].mp4", "Main Event [Final_Table]"),
        (".mp4", ".mp4"),
        ("", ""),
    ],
)
def test_only_endings_and_junk_are_cut_off(file_name: str, stem: str) -> None:
    assert strip_noise(file_name) == stem


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("a_b-c – d", "a b c d"),
        ("$1,500, then [Day 1A]", "$1,500 then Day 1A"),
        ("  King’s   Million ", "King's Million"),
        ("Événement_İstanbul", "Événement İstanbul"),
    ],
)
def test_separators_become_single_spaces_and_texts_stay_aligned(words: str, shown: str) -> None:
    as_written, text = fold_words(words)

    assert as_written == shown
    assert len(text) == len(as_written)


@pytest.mark.parametrize("file_name", [".DS_Store", "._clip.mp4", "Thumbs.db", "link.lnk", "notes.txt", "LIST.CSV"])
def test_files_of_the_system_and_of_desks_are_foreign(file_name: str) -> None:
    assert shows_no_video(file_name)


@pytest.mark.parametrize("path", [".isg/x/WSOP_1983.mp4", "a/.trash/WSOP_1983.mp4", "a/._WSOP_1983.mp4"])
def test_hidden_folders_hold_no_content(path: str) -> None:
    assert prepare_name(path) is None


@pytest.mark.parametrize("path", ["./WSOP_1983.mp4", "../a/WSOP_1983.mp4", "WSOP_1983.mp4"])
def test_relative_folders_are_not_hidden(path: str) -> None:
    name = prepare_name(path)

    assert name is not None
    assert name.text == "wsop 1983"
