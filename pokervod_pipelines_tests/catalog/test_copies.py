import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.catalog.copies import CopyRow, classify_group, find_copies
from pokervod_pipelines_tests.catalog.inventory import add_file


def row(path: str, *, mtime: int, claim: str | None = None, episode: int) -> CopyRow:
    return CopyRow(1, path, 9_000, mtime, path, claim, [episode])


@pytest.mark.parametrize(
    ("rows", "kind", "evidence"),
    [
        (
            [row("a/x.mp4", mtime=1, episode=1), row("b/X.mp4", mtime=2, episode=2)],
            "copy",
            "same size, file name",
        ),
        (
            [row("a/x.mp4", mtime=1, episode=1), row("b/y.mp4", mtime=1, episode=1)],
            "copy",
            "same size, time of change, programme",
        ),
        (
            [row("a/x.mp4", mtime=1, episode=1), row("b/y.mp4", mtime=1, episode=2)],
            "other_name",
            "same size, time of change",
        ),
        (
            [row("x.mp4", mtime=1, claim="hand 1", episode=1), row("y.mp4", mtime=1, claim="hand 2", episode=2)],
            "mislabelled",
            "same size, time of change",
        ),
        (
            [row("x.mp4", mtime=1, claim="hand 1", episode=1), row("a/x.mp4", mtime=1, episode=2)],
            "copy",
            "same size, time of change, file name",
        ),
        ([row("x.mp4", mtime=1, episode=1), row("y.mp4", mtime=2, episode=2)], "same_size", "same size"),
    ],
)
def test_a_group_is_judged_by_what_agrees(rows: list[CopyRow], kind: str, evidence: str) -> None:
    group = classify_group(rows)

    assert (group.kind, group.evidence, group.spare) == (kind, evidence, 9_000)


def test_copies_of_the_catalog_are_listed_those_that_contradict_first(engine: Engine) -> None:
    for path, size in (
        ("Clips/WP23-PE-01.mp4", 50_000),
        ("Player Emotion/WP23-PE-01.mp4", 50_000),
        ("WSOP 2024/Day 1/1213_Hand_62_A AA vs B KK_Clean.mp4", 60_000),
        ("WSOP 2024/Day 1/1213_Hand_67_A AA vs B KK_Clean.mp4", 60_000),
        ("PAD S12/pad-s12-ep01-002.mp4", 70_000),
        ("PAD S12/pad-s12-ep02-003.mp4", 4_096),
        ("PAD S12/pad-s12-ep03-003.mp4", 4_096),
    ):
        add_file(engine, path, size=size, mtime_ns=size)
    add_file(engine, "Old/WP23-PE-01.mp4", size=50_000, state="missing")
    build_catalog(engine, correlation_id="test")

    groups = find_copies(engine)

    assert [(group.kind, len(group.files)) for group in groups] == [("mislabelled", 2), ("copy", 2)]
    assert [file.claim for file in groups[0].files] == ["hand 62", "hand 67"]


def test_hard_links_are_one_file_unless_their_names_contradict_each_other(engine: Engine) -> None:
    for path, size in (
        ("Clips/WP23-PE-01.mp4", 50_000),
        ("Player Emotion/WP23-PE-01.mp4", 50_000),
        ("WSOP 2024/Day 1/1213_Hand_62_A AA vs B KK_Clean.mp4", 60_000),
        ("WSOP 2024/Day 1/1213_Hand_67_A AA vs B KK_Clean.mp4", 60_000),
    ):
        add_file(engine, path, size=size, mtime_ns=size)
    with engine.begin() as connection:
        connection.execute(text("update nas_files set inode = size"))
    build_catalog(engine, correlation_id="test")

    assert [group.kind for group in find_copies(engine)] == ["mislabelled"]
