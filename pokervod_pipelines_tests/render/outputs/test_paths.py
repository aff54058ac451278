"""Make paths of graphics: below the root, with names that are valid on every file system, whatever the values are."""

from pathlib import Path, PurePosixPath
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.render.failures import BadWorker
from pokervod_pipelines.render.outputs.marker import FIRST_USE, write_marker
from pokervod_pipelines.render.outputs.paths import (
    MAX_BYTES,
    PathOutsideRoot,
    fill_path,
    find_output_path,
    prepare_target,
)

NASTY = st.one_of(
    st.text(max_size=320),
    st.sampled_from(
        [
            "",
            ".",
            "..",
            "../..",
            "/etc/passwd",
            "a/../../b",
            "C:\\x",
            "CON",
            "con.txt",
            "lpt1",
            "aux ",
            "x.",
            "x ",
            "\0",
        ]
    ),
    st.text(alphabet="한글👩\u200d🚀é\u0301\u1100\u1161.:/\\", max_size=320),
)
PATTERNS = st.sampled_from(
    [
        "{day}/{template}/{template}_{id}",
        "{kind}/{key}_{id}",
        "{key}/{id}",
        "{id}",
        "{key}/{key}{kind}{key}/{id}.v{version}",
    ]
)
WINDOWS_FORBIDS = set('<>:"/\\|?*') | {chr(code) for code in range(32)}
DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"
}


def fill(pattern: str, **overrides: object) -> str:
    values = {"day": "2026-11-21", "template": "elimination", "kind": "elimination", "key": "e1", "id": 7, "version": 1}
    return str(fill_path(pattern, **{**values, **overrides}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pattern", "values", "path"),
    [
        ("{day}/{template}/{template}_{id}", {}, "2026-11-21/elimination/elimination_7"),
        ("{key}.{id}", {"key": "table 1.5"}, "table 1.5.7"),  # a dot is part of a name
        ("{key}_{id}", {"key": "../../etc"}, "_.._etc_7"),
        ("{key}/{id}", {"key": ".."}, "_/7"),
        ("{key}/{id}", {"key": "a/b\\c:d"}, "a_b_c_d/7"),
        ("{key}/{id}", {"key": "Nul.txt"}, "_Nul.txt/7"),
        ("{key}/{id}", {"key": "COM¹"}, "_COM¹/7"),
        ("{key}_{id}", {"key": "con"}, "con_7"),  # no longer a device
        ("{key}/{id}", {"key": "김철수 👩‍🚀"}, "김철수 👩🚀/7"),
        ("{key}/{id}", {"key": "\u1100\u1161"}, "가/7"),  # letters apart, as macOS writes them, become one
        ("{key}/{id}", {"key": "a\u202egnp.exe"}, "agnp.exe/7"),  # bidirectional controls are left out
        ("{key}/{id}", {"key": "tail. . "}, "tail/7"),
        ("./x//{id}", {}, "x/7"),
        ("hidden:{id}", {}, "hidden_7"),
    ],
)
def test_a_value_becomes_a_part_of_a_name(pattern: str, values: dict[str, object], path: str) -> None:
    assert fill(pattern, **values) == path


@given(pattern=PATTERNS, key=NASTY, kind=NASTY, template=NASTY, number=st.integers(1, 10**18))
def test_every_path_is_below_the_root_and_a_name_on_a_share(
    pattern: str, key: str, kind: str, template: str, number: int
) -> None:
    relative = fill_path(pattern, day="2026-11-21", template=template, kind=kind, key=key, id=number, version=3)

    final = find_output_path(Path("/renders"), relative, "mov_alpha")

    assert Path("/renders") in final.parents
    for part in final.relative_to("/renders").parts:
        assert 0 < len(part.encode()) <= MAX_BYTES + len(".mov")
        assert not WINDOWS_FORBIDS & set(part)
        assert part[0] not in ". "
        assert part[-1] not in ". "
        assert part.partition(".")[0].strip().casefold() not in DEVICES
    assert str(number) in final.name


@given(key=NASTY, numbers=st.lists(st.integers(1, 10**18), min_size=2, max_size=2, unique=True))
def test_two_graphics_never_have_one_path(key: str, numbers: list[int]) -> None:
    one, other = (fill("{day}/{key}_{id}", key=key, id=number) for number in numbers)

    assert one.casefold() != other.casefold()


def test_the_longest_value_is_cut_first_and_between_characters() -> None:
    path = fill("{kind}_{key}_{id}", kind="elimination", key="한" * 300, id=123456)

    assert path.startswith("elimination_한한")
    assert path.endswith("한_123456")
    assert MAX_BYTES - 3 < len(path.encode()) <= MAX_BYTES


@pytest.mark.parametrize("pattern", ["{nothing}/{id}", "{id", "../{id}", "", "x" * 300 + "{id}", "{0}_{id}"])
def test_a_pattern_that_makes_no_path_is_a_settings_error(pattern: str) -> None:
    with pytest.raises(BadSettings, match=r"render\.path"):
        fill(pattern)


@pytest.mark.parametrize(
    ("relative", "name"),
    [("table 1.5/e_7", "e_7.mov"), ("a.b", "a.b.mov"), ("x.mp4", "x.mp4.mov"), ("no. 3", "no. 3.mov")],
)
def test_the_suffix_is_appended_so_that_a_dot_loses_nothing(relative: str, name: str, tmp_path: Path) -> None:
    assert find_output_path(tmp_path, PurePosixPath(relative), "mov_alpha").name == name


def test_a_sequence_is_a_folder_without_an_suffix(tmp_path: Path) -> None:
    assert find_output_path(tmp_path, PurePosixPath("a/b.c"), "png_sequence") == tmp_path / "a" / "b.c"


@pytest.mark.parametrize("relative", ["../x", "a/../../x", "/etc/x", ".", ".unfinished/x", ".UNFINISHED/x"])
def test_a_path_that_leaves_the_root_is_refused_by_name(relative: str, tmp_path: Path) -> None:
    with pytest.raises(PathOutsideRoot, match="not a path below"):
        find_output_path(tmp_path, PurePosixPath(relative), "mp4")


def test_a_link_that_leads_out_of_the_root_is_refused(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / "day", outside):
        folder.mkdir(parents=True)
    (root / "day" / "away").symlink_to(outside)
    (root / "day" / "x.mp4").symlink_to(root / "day" / "y.mp4")

    with pytest.raises(PathOutsideRoot, match="leads out of"):
        find_output_path(root, PurePosixPath("day/away/deep/x"), "mp4")
    with pytest.raises(PathOutsideRoot, match="is a link"):
        find_output_path(root, PurePosixPath("day/x"), "mp4")


def test_a_link_that_stays_below_the_root_is_fine(tmp_path: Path) -> None:
    (tmp_path / "2026").mkdir()
    (tmp_path / "today").symlink_to(tmp_path / "2026")

    assert find_output_path(tmp_path, PurePosixPath("today/x"), "mp4") == tmp_path / "today" / "x.mp4"


def test_a_claim_makes_its_graphic_below_the_root(tmp_path: Path) -> None:
    claim = uuid4()
    write_marker(tmp_path, FIRST_USE)

    target = prepare_target(tmp_path, claim, "mp4")

    assert target == tmp_path / ".unfinished" / f"{claim}.mp4"
    assert target.parent.is_dir()
    assert not target.exists()
    assert prepare_target(tmp_path, claim, "png_sequence").name == str(claim)


def test_where_no_share_is_mounted_no_folder_is_made(tmp_path: Path) -> None:
    with pytest.raises(BadWorker, match="mount the share"):
        prepare_target(tmp_path / "gone", uuid4(), "mp4")

    assert not (tmp_path / "gone").exists()


def test_the_folder_of_unfinished_graphics_may_be_no_link(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    root.mkdir()
    write_marker(root, FIRST_USE)
    elsewhere.mkdir()
    (root / ".unfinished").symlink_to(elsewhere)

    with pytest.raises(PathOutsideRoot, match="is a link"):
        prepare_target(root, uuid4(), "mp4")
