"""Check that a file appears only when it is complete, and that media URLs open in editing programs."""

from pathlib import Path

import pytest

from pokervod_pipelines.clips.export.output_files import replace_when_whole, save_list
from pokervod_pipelines.clips.export.timeline import make_media_url, name_media


def test_a_list_is_saved_as_it_is_written(tmp_path: Path) -> None:
    save_list("찐최종\r\nb\n", tmp_path / "a.csv")

    assert (tmp_path / "a.csv").read_bytes() == "찐최종\r\nb\n".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_a_file_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "a.edl"
    target.write_text("old")

    def fail_half_way() -> None:
        with replace_when_whole(target) as unfinished:
            unfinished.write_text("half")
            assert target.read_text() == "old"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()

    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_an_unfinished_file_keeps_the_suffix_and_is_hidden(tmp_path: Path) -> None:
    with replace_when_whole(tmp_path / "a.mov") as unfinished:
        unfinished.touch()

        assert unfinished.suffix == ".mov"
        assert unfinished.name.startswith(".")
        assert unfinished.parent == tmp_path


@pytest.mark.parametrize(
    ("path", "url", "name"),
    [
        ("/archive/A  B #1?.mp4", "file:///archive/A%20%20B%20%231%3F.mp4", "A  B #1?.mp4"),
        ("/archive/찐.mov", "file:///archive/%EC%B0%90.mov", "찐.mov"),
        (r"Z:\ARCHIVE\a b.mov", "file:///Z:/ARCHIVE/a%20b.mov", "a b.mov"),
        ("z:/ARCHIVE/a.mov", "file:///z:/ARCHIVE/a.mov", "a.mov"),
        (r"\\nas\archive\a.mov", "file://nas/archive/a.mov", "a.mov"),
        ("//nas/archive/a.mov", "file://nas/archive/a.mov", "a.mov"),
        ("ARCHIVE/PAD/a:b.mov", "ARCHIVE/PAD/a%3Ab.mov", "a:b.mov"),  # relative stays relative
        ("a:b.mov", "a%3Ab.mov", "a:b.mov"),  # no drive and no scheme
        (r"/archive/back\slash.mov", "file:///archive/back%5Cslash.mov", r"back\slash.mov"),
    ],
)
def test_a_path_becomes_the_url_that_its_machine_opens(path: str, url: str, name: str) -> None:
    assert make_media_url(path) == url
    assert name_media(path) == name
