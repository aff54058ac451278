"""Test laws of scanning on real trees: the same disk is no change, and a content keeps its row wherever it moves."""

import shutil
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pokervod_pipelines_tests.events.rewriting import rewrite_log
from pokervod_pipelines_tests.nas.conftest import Archive
from pokervod_pipelines_tests.sizes import choose

FOLDERS = ("A", "A/x", "A/y", "B", "B/x")
NAMES = ("one.mp4", "two.mp4", "three.mp4", "._one.mp4")
PLACES = st.tuples(st.sampled_from(FOLDERS), st.sampled_from(NAMES)).map("/".join)
STEPS = st.one_of(
    st.tuples(st.just("add"), PLACES, PLACES),
    st.tuples(st.just("delete"), PLACES, PLACES),
    st.tuples(st.just("rename"), PLACES, PLACES),
    st.tuples(st.just("rename folder"), st.sampled_from(FOLDERS), st.sampled_from(["C", "D/x", "B/z"])),
)


@pytest.fixture
def trees(archive: Archive) -> Archive:
    archive.options["scan"] = {"loss_files": 1_000}
    return archive


def reset(archive: Archive) -> None:
    shutil.rmtree(archive.root)
    archive.root.mkdir()
    archive.write("keep.mp4")
    with archive.engine.begin() as connection:
        rewrite_log(connection, "truncate nas_files, nas_scans, held_files, events cascade")


def apply(archive: Archive, step: tuple[str, str, str], contents: dict[str, str]) -> None:
    """Do the step on disk, and record in ``contents`` which content each path now has."""
    what, one, other = step
    source, goal = archive.root / one, archive.root / other
    if what == "add" and not source.exists():
        archive.write(one, 10_000 + archive.written)
        contents[one] = uuid.uuid4().hex
    elif what == "delete" and one in contents:
        source.unlink()
        del contents[one]
    elif what == "rename" and one in contents and not goal.exists():
        goal.parent.mkdir(parents=True, exist_ok=True)
        source.rename(goal)
        content = contents.pop(one)
        # A hidden file is not content, so hiding one deletes it and showing it adds another.
        contents[other] = content if ("/." in one) == ("/." in other) else uuid.uuid4().hex
    elif what == "rename folder" and source.is_dir() and not goal.exists() and source not in goal.parents:
        goal.parent.mkdir(parents=True, exist_ok=True)
        source.rename(goal)
        for path in [path for path in contents if path.startswith(f"{one}/")]:
            contents[f"{other}/{path.removeprefix(f'{one}/')}"] = contents.pop(path)


@settings(max_examples=choose(10, long=100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.lists(STEPS, max_size=8), after=st.lists(STEPS, max_size=8))
def test_a_content_that_is_still_there_keeps_its_row(
    trees: Archive, before: list[tuple[str, str, str]], after: list[tuple[str, str, str]]
) -> None:
    reset(trees)
    contents: dict[str, str] = {}
    for step in before:
        apply(trees, step, contents)
    trees.scan()
    rows = {content: trees.ids()[path] for path, content in contents.items()}

    for step in after:
        apply(trees, step, contents)
    trees.scan()

    ids = trees.ids()
    assert set(ids) == {*contents, "keep.mp4"}
    assert {content: ids[path] for path, content in contents.items() if content in rows} == {
        content: row for content, row in rows.items() if content in contents.values()
    }
    assert set(rows.values()) <= set(trees.ask("select id from nas_files"))
    events = len(trees.events())
    again = trees.scan()
    assert (again.unchanged, len(trees.events())) == (again.seen, events)
