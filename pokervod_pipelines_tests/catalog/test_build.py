import random
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.catalog.build import CatalogReport, build_catalog
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines_tests.catalog.inventory import (
    add_file,
    change_file,
    episodes_by_file,
    events_of,
    shape,
    snapshot,
)
from pokervod_pipelines_tests.sizes import choose

PATHS = [
    "WSOP 1983/WSOP_1983.mov",
    "WSOP 1983/wsop-1983-me-nobug.mp4",
    "WSOP 2004/WSOP_2004_16.mxf",
    "WSOP 2004/2004 WSOP Show 16 ME 04_ES0400142216.mov",
    "WSOP 2004/WSOP_2004_3.mxf",
    "Clean/10-wsop-2024-be-ev-21-25k-nlh-hr-ft-ann-wins-clean.mp4",
    "Mastered/10-wsop-2024-be-ev-21-25k-nlh-hr-ft-ann-wins.mp4",
    "A/WSOP 2025 Main Event _ Day 1A.mp4",
    "A/WSOP 2025 Main Event Day 1B & $100K PLO Final Table.mp4",
    "PAD S12/pad-s12-ep01-002.mp4",
    "PAD S12/pad-s12-ep02-003.mp4",
    "GOG/E11_GOG_final_edit_20231203_찐최종.mp4",
    "GOG/E11_GOG_final_edit_클린본_20231201.mp4",
    "HCL Clips/Can He Fold @HustlerCasinoLive.mp4",
    "Clips/시퀀스 01.mp4",
]


def build(engine: Engine, **options: object) -> CatalogReport:
    return build_catalog(engine, correlation_id="test", **options)


@pytest.fixture
def files(engine: Engine) -> dict[str, int]:
    """Build a catalog from an archive of a few files of every kind."""
    added = {path: add_file(engine, path) for path in PATHS}
    build(engine)
    return added


def test_the_first_build_reports_and_announces_all_there_is(engine: Engine) -> None:
    for path in PATHS:
        add_file(engine, path)

    report = build(engine)

    assert (report.projects, report.video_files, report.reparsed) == (5, len(PATHS), len(PATHS))
    assert report.created["episodes"] == report.episodes == len(events_of(engine, "catalog.episode.created"))
    assert report.changed == report.removed == {}
    assert [event["project"] for event in events_of(engine, "catalog.project.created")] == [
        "GOG",
        "HCL",
        "OTHER",
        "PAD",
        "WSOP",
    ]
    assert len(events_of(engine, "catalog.updated")) == 1


def test_what_no_rule_knows_is_counted_with_its_reason(engine: Engine, files: dict[str, int]) -> None:
    report = build(engine)

    assert report.unknown == 1
    assert report.reasons == {"neither the name nor a folder names a known show": 1}


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.usefixtures("files")
def test_building_again_changes_nothing_and_appends_no_event(engine: Engine, full: bool) -> None:
    before, announced = snapshot(engine), len(events_of(engine, "catalog.updated"))

    report = build(engine, full=full)

    assert snapshot(engine) == before
    assert len(events_of(engine, "catalog.updated")) == announced
    assert report.created == report.changed == report.removed == {}
    assert report.reparsed == (len(PATHS) if full else 0)


@pytest.mark.usefixtures("files")
def test_a_new_version_of_an_episode_joins_it_and_creates_none(engine: Engine) -> None:
    before = episodes_by_file(engine)

    added = add_file(engine, "GOG/E11_GOG_final_edit_20231130_최종.mp4")
    report = build(engine)

    assert report.reparsed == 1
    assert "episodes" not in report.created
    assert episodes_by_file(engine)[added] in before.values()


def test_a_renamed_folder_leaves_every_id(engine: Engine, files: dict[str, int]) -> None:
    before = episodes_by_file(engine)

    for path, file_id in files.items():
        change_file(engine, file_id, path=f"Archive 2026/{path}")
    report = build(engine)

    assert report.reparsed == len(files)
    assert episodes_by_file(engine) == before
    assert report.created == report.removed == {}


def test_a_corrected_name_carries_its_episode_event_and_season_on(engine: Engine, files: dict[str, int]) -> None:
    """PAD's season 12 was season 14 all along: the same rows, under another name."""
    before = episodes_by_file(engine)
    with engine.connect() as connection:
        seasons = set(connection.scalars(text("select id from seasons")))

    for path in [path for path in PATHS if path.startswith("PAD")]:
        change_file(engine, files[path], path=path.replace("s12", "s14").replace("S12", "S14"))
    report = build(engine)

    assert episodes_by_file(engine) == before
    assert report.created == report.removed == {}
    with engine.connect() as connection:
        assert set(connection.scalars(text("select id from seasons"))) == seasons
        assert "Season 14" in set(connection.scalars(text("select title from seasons")))


def test_two_episodes_that_swap_names_swap_files_not_keys(engine: Engine, files: dict[str, int]) -> None:
    one, two = files["PAD S12/pad-s12-ep01-002.mp4"], files["PAD S12/pad-s12-ep02-003.mp4"]
    before = episodes_by_file(engine)

    change_file(engine, one, path="parked")
    change_file(engine, two, path="PAD S12/pad-s12-ep01-002.mp4")
    change_file(engine, one, path="PAD S12/pad-s12-ep02-003.mp4")
    build(engine)

    after = episodes_by_file(engine)
    assert (after[one], after[two]) == (before[two], before[one])


def test_an_event_whose_key_another_takes_over_gets_another_key(engine: Engine) -> None:
    """Unique keys are checked row by row; a chain of renames must not trip over itself."""
    ids = [
        add_file(engine, f"A/WSOP 2025 Bracelet Events _ Event #{number} $1K Razz _ Day 2.mp4") for number in (1, 2, 3)
    ]
    build(engine)

    for file_id, number in zip(reversed(ids), (4, 3, 2), strict=True):
        change_file(engine, file_id, path=f"A/WSOP 2025 Bracelet Events _ Event #{number} $1K Razz _ Day 2.mp4")
    report = build(engine)

    assert report.events == 3
    assert len(episodes_by_file(engine)) == 3


def test_a_missing_file_stays_but_is_no_longer_preferred(engine: Engine, files: dict[str, int]) -> None:
    final, clean = (files[path] for path in PATHS if path.startswith("GOG"))
    query = text(
        "select e.preferred_file_id from episodes e join episode_files f on f.episode_id = e.id where f.file_id = :id"
    )

    with engine.connect() as connection:
        assert connection.scalar(query, {"id": clean}) == final
    change_file(engine, final, state="missing")
    report = build(engine)

    assert report.changed["episodes"] == 1
    with engine.connect() as connection:
        assert connection.scalar(query, {"id": clean}) == clean


def test_an_unmounted_share_changes_nothing(engine: Engine, files: dict[str, int]) -> None:
    before = snapshot(engine)

    for file_id in files.values():
        change_file(engine, file_id, state="unseen")
    report = build(engine)

    assert snapshot(engine) == before
    assert report.reparsed == 0


def test_a_cleared_file_is_removed_from_the_catalog_with_empty_groups(engine: Engine, files: dict[str, int]) -> None:
    change_file(engine, files["HCL Clips/Can He Fold @HustlerCasinoLive.mp4"], state="cleared")

    report = build(engine)

    assert report.removed == {"video_files": 1, "episodes": 1, "catalog_events": 1, "seasons": 1, "projects": 1}
    assert report.video_files == len(PATHS) - 1


@pytest.mark.parametrize(
    "outside", [{"is_junk": True}, {"category": "metadata"}, {"state": "cleared"}]
)  # fmt: skip
def test_junk_and_what_is_no_video_are_not_in_the_catalog(engine: Engine, outside: dict[str, object]) -> None:
    add_file(engine, "PAD S12/._pad-s12-ep01-002.mp4", **outside)

    assert build(engine).video_files == 0


def test_a_file_of_two_events_is_in_an_episode_of_each(engine: Engine, files: dict[str, int]) -> None:
    both = files["A/WSOP 2025 Main Event Day 1B & $100K PLO Final Table.mp4"]

    assert len(episodes_by_file(engine)[both]) == 2


def test_an_empty_inventory_makes_an_empty_catalog(engine: Engine) -> None:
    report = build(engine, full=True)

    assert (report.projects, report.episodes, report.created) == (0, 0, {})


def test_two_builds_at_once_do_the_work_once(engine: Engine) -> None:
    for path in PATHS:
        add_file(engine, path)
    reports: list[CatalogReport] = []
    builders = [threading.Thread(target=lambda: reports.append(build(engine))) for _ in range(2)]

    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()

    assert sorted(report.reparsed for report in reports) == [0, len(PATHS)]
    assert len(events_of(engine, "catalog.updated")) == 1


def test_a_build_that_fails_leaves_no_trace(engine: Engine) -> None:
    for path in PATHS:
        add_file(engine, path)

    def refuse(_: int) -> None:
        raise RuntimeError

    for number in range(1_000):
        add_file(engine, f"PAD S12/pad-s12-ep{number + 100}-001.mp4")
    with pytest.raises(RuntimeError):
        build(engine, progress=refuse)

    assert all(not rows for rows in snapshot(engine).values())
    assert events_of(engine, "catalog.project.created") == []


RENAMES: list[Callable[[random.Random, str], str]] = [
    lambda chance, path: f"Moved {chance.randrange(9)}/{path.rpartition('/')[2]}",  # to another folder
    lambda chance, path: path.replace("ep0", f"ep{chance.randrange(1, 9)}"),  # another episode
    lambda chance, path: path.replace("2004", str(chance.randrange(2003, 2010))),  # another year
    lambda chance, path: path.replace(".mp4", "-clean.mp4"),  # another cut
    lambda _, path: path.rpartition("/")[2],  # out of its folder
]


@pytest.mark.parametrize("seed", range(choose(1, long=3)))
def test_after_random_renames_ids_stay_and_a_fresh_build_agrees(
    make_database: Callable[[bool], str], engine: Engine, seed: int
) -> None:
    """Untouched episodes keep their ids, nothing doubles, and history leaves no trace in keys and titles."""
    chance = random.Random(seed)
    paths = {add_file(engine, path): path for path in PATHS}
    build(engine)

    for _ in range(12):
        before, touched = episodes_by_file(engine), set(chance.sample(sorted(paths), 3))
        for file_id in touched:
            renamed = chance.choice(RENAMES)(chance, paths[file_id])
            if renamed not in paths.values():
                change_file(engine, file_id, path=renamed)
                paths[file_id] = renamed
        build(engine)
        _check_ids(before, episodes_by_file(engine), touched)

    assert shape(engine) == _shape_of_a_fresh_build(make_database, paths)


def _check_ids(before: dict[int, list[int]], after: dict[int, list[int]], touched: set[int]) -> None:
    disturbed = {episode for file_id in touched for episode in before[file_id] + after[file_id]}
    for file_id in before.keys() - touched:
        if not disturbed.intersection(before[file_id]):
            assert after[file_id] == before[file_id]


def _shape_of_a_fresh_build(make_database: Callable[[bool], str], paths: dict[int, str]) -> set[tuple[object, ...]]:
    fresh = make_engine(make_database(True))
    for file_id in sorted(paths):
        add_file(fresh, paths[file_id])
    build(fresh)
    made = shape(fresh)
    fresh.dispose()
    return made


def test_a_file_without_a_version_has_none_in_its_title(engine: Engine) -> None:
    add_file(engine, "WSOP/2023 WSOP Event #2 -$3,000 Mixed Triple Draw Final Table.mp4", version_type="")

    build_catalog(engine, correlation_id="test")

    with engine.connect() as connection:
        (row,) = connection.execute(text("select version, title from video_files")).all()
    assert row.version is None
    assert not row.title.endswith("()")
