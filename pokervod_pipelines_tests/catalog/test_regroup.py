"""Check that ids are inherited by keys, and that a build reads one season and one batch at a time."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.catalog import store
from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.catalog.identity import find_season
from pokervod_pipelines.catalog.names import ParsedName
from pokervod_pipelines.catalog.regroup import find_heirs
from pokervod_pipelines.catalog.scope_store import list_season_facts, open_scope, stream_seasons
from pokervod_pipelines.catalog.search import update
from pokervod_pipelines.catalog.staging_store import IdCandidate
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines_tests.catalog.inventory import add_file, shape
from pokervod_pipelines_tests.catalog.test_laws import found_by

ONE, OTHER = ("WSOP", ":2003"), ("WSOP", ":2004")

PATHS = (
    "WSOP 2004/WSOP_2004_2.mxf",
    "WSOP 2004/WSOP_2004_3.mxf",
    "WSOP 2024/WSOP 2024 Main Event Day 1B & $100K PLO Final Table.mp4",
    "Clips/10-wsop-2024-be-ev-21-25k-nlh-hr-ft-ann-wins.mp4",
    "PAD/pad-s12-ep04-001.mp4",
    "PAD/pad-s13-ep04-001.mp4",
    "Elsewhere/Holiday.mp4",
)


def moved(vanished: int, file_id: int, number: int, key: tuple[str, ...], kept: int | None = None) -> IdCandidate:
    return IdCandidate(vanished, file_id, number, kept, key)


@pytest.mark.parametrize(
    ("candidates", "heirs"),
    [
        ([], {}),
        # all files of a group went to one new group
        ([moved(7, 1, 0, ONE), moved(7, 2, 0, ONE)], {0: 7}),
        # two new groups share them: the one with most
        ([moved(7, 1, 0, ONE), moved(7, 2, 1, OTHER), moved(7, 3, 1, OTHER)], {1: 7}),
        # a group that has an id needs none
        ([moved(7, 1, 0, ONE, kept=3)], {}),
        # and even with most of the files it leaves the id to nobody else
        ([moved(7, 1, 0, ONE, kept=3), moved(7, 2, 0, ONE, kept=3), moved(7, 3, 1, OTHER)], {}),
        # two groups became one: the id that brings more files
        ([moved(7, 1, 0, ONE), moved(8, 2, 0, ONE), moved(8, 3, 0, ONE)], {0: 8}),
        # a file in two new groups counts for both; of equal ones the smaller key
        ([moved(7, 1, 1, OTHER), moved(7, 1, 0, ONE)], {0: 7}),
    ],
)
def test_a_group_that_is_no_more_leaves_its_id_to_the_new_group_with_most_of_its_files(
    candidates: list[IdCandidate], heirs: dict[int, int]
) -> None:
    assert find_heirs(candidates) == heirs
    assert find_heirs(reversed(candidates)) == heirs


def test_names_to_read_come_a_batch_at_a_time(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("""
                insert into nas_files
                    (root, library, path, path_key, size, mtime_ns, inode, category, version_type, is_junk)
                select '/a', 'all', p, p, 1, 0, n, 'video', 'generic', false
                from (select n, n || '.mp4' as p from generate_series(1, 4500) n) files
            """)
        )

        sizes = [len(batch) for batch in store.stream_unread(connection, "1", full=False)]

    assert sum(sizes) == 4_500
    assert max(sizes) <= 2_000


def test_seasons_come_in_the_order_of_their_keys_each_with_its_videos(engine: Engine) -> None:
    for path in PATHS:
        add_file(engine, path)
    build_catalog(engine, correlation_id="test")

    with engine.begin() as connection:
        open_scope(connection, files=None)
        seasons = {facts: find_season(ParsedName(**facts._asdict())) for facts in list_season_facts(connection)}
        keys = {facts: (season.project, season.key) for facts, season in seasons.items()}
        streamed = [(key, sorted(video.path for video in videos)) for key, videos in stream_seasons(connection, keys)]
        none = list(stream_seasons(connection, {}))

    assert [key for key, _ in streamed] == sorted(set(keys.values()))
    assert sorted(path for _, paths in streamed for path in paths) == sorted(PATHS)
    assert none == []


def test_the_index_is_the_same_however_few_entries_are_gathered_at_once(
    engine: Engine, make_database: Callable[[bool], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_engine(make_database(True))
    for path in PATHS:
        add_file(engine, path)
        add_file(other, path)

    build_catalog(engine, correlation_id="test")
    monkeypatch.setattr(update, "_BATCH", 2)
    build_catalog(other, correlation_id="test")

    assert shape(engine) == shape(other)
    assert found_by(engine) == found_by(other)
    other.dispose()
