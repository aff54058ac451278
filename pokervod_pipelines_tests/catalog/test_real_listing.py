"""Check sizes and laws on the real archive listing, where it is beside the checkout."""

from collections import Counter
from pathlib import Path, PurePosixPath

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.catalog.tree import TreeProject, read_tree
from pokervod_pipelines_tests.catalog.inventory import snapshot

VIDEOS = {".mp4", ".mov", ".mxf", ".mkv", ".avi"}


@pytest.fixture
def tree(engine: Engine, shared_data: Path) -> tuple[TreeProject, ...]:
    """Return the catalog of the real listing."""
    lines = (shared_data / "archive_listing.tsv").read_text("utf-8").splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    videos = [
        {"path": path, "size": int(size)}
        for path, kind, size in rows
        if kind == "file"
        and PurePosixPath(path).suffix.lower() in VIDEOS
        and not PurePosixPath(path).name.startswith("._")
    ]
    with engine.begin() as connection:
        connection.execute(
            text("""
                insert into nas_files
                    (root, library, path, path_key, size, mtime_ns, inode, category, version_type, is_junk)
                values ('/a', 'all', :path, :path, :size, 0, 0, 'video', 'generic', false)
            """),
            videos,
        )
    build_catalog(engine, correlation_id="test")
    return read_tree(engine)


def test_every_video_is_in_the_tree_and_almost_none_in_other(engine: Engine, tree: tuple[TreeProject, ...]) -> None:
    held = Counter(
        file.file_id
        for show in tree
        for season in show.seasons
        for event in season.events
        for episode in event.episodes
        for file in episode.files
    )
    others = [show for show in tree if show.code == "OTHER"]

    with engine.connect() as connection:
        assert len(held) == connection.scalar(text("select count(*) from nas_files"))
    assert sum(1 for times in held.values() if times > 1) <= len(held) // 500
    assert (
        sum(len(event.episodes) for show in others for season in show.seasons for event in season.events)
        <= len(held) // 100
    )


def test_no_title_is_empty_repeated_in_its_event_or_has_an_underscore(tree: tuple[TreeProject, ...]) -> None:
    for show in tree:
        for season in show.seasons:
            for event in season.events:
                titles = [episode.title for episode in event.episodes]
                assert all(title.strip() and "_" not in title and "  " not in title for title in titles), titles
                assert len(set(titles)) == len(titles), titles


def test_years_ascend(tree: tuple[TreeProject, ...]) -> None:
    for show in tree:
        years = [season.year or 9999 for season in show.seasons]
        assert years == sorted(years)


@pytest.mark.usefixtures("tree")
def test_a_second_full_build_of_it_changes_nothing(engine: Engine) -> None:
    before = snapshot(engine)

    build_catalog(engine, correlation_id="test", full=True)

    assert snapshot(engine) == before
