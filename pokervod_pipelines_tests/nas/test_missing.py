"""Check that missing files are listed with what refers to them, and that only a person clears them."""

import errno
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import ArchiveUnavailable, BadInput, Conflict, SuspiciousLoss
from pokervod_pipelines.nas.file_system import LOCAL, FileSystem
from pokervod_pipelines.nas.missing import clear_missing, confirm_loss, list_clearable, list_lost, list_missing
from pokervod_pipelines.periods import Period
from pokervod_pipelines_tests.nas.conftest import Archive
from pokervod_pipelines_tests.nas.faults import FaultyDisk

ANN = Actor(who="ann", reason="moved to tape", correlation_id="c")


@pytest.fixture
def lost(archive: Archive) -> Archive:
    """Return an archive with two of six files missing."""
    archive.fill("A", 4)
    archive.fill("B", 2)
    archive.scan()
    (archive.root / "A/show-00.mp4").unlink()
    (archive.root / "B/show-00.mp4").unlink()
    archive.scan()
    return archive


def test_missing_files_are_filtered_by_when_they_went_missing(lost: Archive) -> None:
    with lost.engine.begin() as connection:
        connection.exec_driver_sql(
            "update nas_files set state_since = now() - interval '2 days' where path = 'A/show-00.mp4'"
        )
    day_ago = datetime.now(UTC) - timedelta(days=1)

    assert [file.path for file in list_missing(lost.engine, period=Period(since=day_ago))] == ["B/show-00.mp4"]
    assert [file.path for file in list_missing(lost.engine, period=Period(until=day_ago))] == ["A/show-00.mp4"]


def clear(archive: Archive, **options: object) -> int:
    given = {"library": "all", "actor": ANN} | options
    return clear_missing(archive.engine, **given)  # type: ignore[arg-type]


def confirm(archive: Archive, below: str, fs: FileSystem = LOCAL, actor: Actor = ANN) -> int:
    return confirm_loss(
        archive.engine,
        archive.settings,
        library="all",
        below=below,
        actor=actor,
        fs=fs,
    )


def test_a_missing_file_is_listed_with_what_hangs_on_it(lost: Archive) -> None:
    with lost.engine.begin() as connection:
        connection.exec_driver_sql("""
            with f as (select id from nas_files where path = 'A/show-00.mp4'),
            r as (insert into sheet_rows (sheet, tab, row_number, fingerprint, file_name, folder_link, content,
                    match_status, file_id)
                select 's', 't', n, n::text, '', '', '{}', 'matched', f.id from f, generate_series(1, 3) n
                returning id, file_id)
            insert into hand_clips (sheet_row_id, sheet, file_id, in_ms, out_ms, title, winner, hands, input_hash)
            select id, 's', file_id, 0, 1, '', '', '', '' from r limit 2
        """)

    files = list_missing(lost.engine, "all")

    assert [(file.path, file.state, file.clips, file.sheet_rows, file.episodes) for file in files] == [
        ("A/show-00.mp4", "missing", 2, 3, 0),
        ("B/show-00.mp4", "missing", 0, 0, 0),
    ]
    assert files[0].since.tzinfo is not None
    assert list_missing(lost.engine, "other") == []


def test_missing_since_is_the_first_scan_that_missed_it(lost: Archive) -> None:
    before = list_missing(lost.engine)

    lost.scan()

    assert list_missing(lost.engine) == before


@pytest.mark.parametrize(
    ("options", "cleared"),
    [
        ({"below": "A"}, ["A/show-00.mp4"]),
        ({"below": "A/"}, ["A/show-00.mp4"]),
        ({"below": "."}, ["A/show-00.mp4", "B/show-00.mp4"]),
        ({"below": "A/show-00.mp4"}, ["A/show-00.mp4"]),
        ({"below": "A/show"}, []),
        ({"paths": ["B/show-00.mp4", "B/show-01.mp4"]}, ["B/show-00.mp4"]),
        ({"below": "A", "library": "other"}, []),
    ],
)
def test_only_missing_files_of_the_place_are_cleared(
    lost: Archive, options: dict[str, object], cleared: list[str]
) -> None:
    below, library = options.get("below"), str(options.get("library", "all"))
    listed = None if below is None else list_clearable(lost.engine, library=library, below=str(below))
    count = clear(lost, **options)

    assert count == len(cleared)
    assert listed is None or sorted(file.path for file in listed) == cleared
    assert sorted(path for path, state in lost.states().items() if state == "cleared") == cleared
    assert lost.ask("select payload->>'path' from events where type = 'nas.file.cleared'") == cleared


def test_other_files_than_those_of_the_preview_are_not_cleared(lost: Archive) -> None:
    with pytest.raises(Conflict, match="expected 3 missing files, but it is 2 now"):
        clear(lost, below=".", expected=3)

    assert "cleared" not in lost.states().values()
    assert clear(lost, below=".", expected=2) == 2


def test_what_would_be_cleared_has_junk_and_what_hangs_on_each(lost: Archive) -> None:
    with lost.engine.begin() as connection:
        connection.exec_driver_sql("update nas_files set is_junk = true where path = 'A/show-00.mp4'")

    listed = list_clearable(lost.engine, library="all", below=".")
    assert {file.path: file.clips for file in listed} == {"A/show-00.mp4": 0, "B/show-00.mp4": 0}
    assert len(listed) == clear(lost, below=".")


def test_a_clearance_is_audited_once_and_no_row_is_lost(lost: Archive) -> None:
    assert (clear(lost, below="A"), clear(lost, below="A")) == (1, 0)

    audit = lost.ask("select action, by, reason, library, below, jsonb_array_length(file_ids) from archive_clearances")
    assert audit == [("clear", "ann", "moved to tape", "all", "A", 1)]
    assert len(lost.states()) == 6
    assert [file.path for file in list_missing(lost.engine)] == ["B/show-00.mp4"]


def test_a_cleared_file_that_appears_again_is_added_with_its_old_id(lost: Archive) -> None:
    before = lost.ask("select id from nas_files where path = 'A/show-00.mp4'")
    clear(lost, below="A")
    lost.write("A/show-00.mp4", 999)

    report = lost.scan()

    assert (report.added, report.returned) == (1, 0)
    assert lost.ask("select id from nas_files where path = 'A/show-00.mp4' and state = 'present'") == before


@pytest.mark.parametrize(
    "options",
    [{}, {"below": "A", "paths": ["A/x"]}],
)
def test_a_decision_needs_paths_or_a_folder(lost: Archive, options: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        clear(lost, **options)

    assert "cleared" not in lost.states().values()


@pytest.fixture
def suspected(archive: Archive) -> Archive:
    """Return an archive where a folder of 30 files is unseen: the scan suspects a mount."""
    archive.fill("keep", 30)
    archive.fill("old/takes", 30)
    archive.scan()
    shutil.rmtree(archive.root / "old")
    with pytest.raises(SuspiciousLoss):
        archive.scan()
    return archive


def test_a_confirmed_loss_is_missing_and_the_next_scan_completes(suspected: Archive) -> None:
    assert confirm(suspected, "old") == 30

    assert suspected.scan().missing == 30
    assert suspected.ask("select action, below from archive_clearances") == [("confirm-loss", "old")]
    assert suspected.ask("select count(*) from events where type = 'nas.file.removed'") == [30]


def test_a_loss_is_not_confirmed_for_files_that_are_there_again(suspected: Archive) -> None:
    suspected.write("old/takes/show-07.mp4")

    listed = list_lost(suspected.engine, suspected.settings, library="all", below="old")
    assert [file.state for file in listed] == ["unseen"] * 29
    assert confirm(suspected, "old") == 29
    assert suspected.states()["old/takes/show-07.mp4"] == "unseen"


def test_no_loss_is_confirmed_while_the_root_stands_empty(suspected: Archive) -> None:
    suspected.root.rename(suspected.root.with_name("elsewhere"))
    suspected.root.mkdir()

    with pytest.raises(ArchiveUnavailable, match="unreadable or empty"):
        confirm(suspected, "old")
    with pytest.raises(ArchiveUnavailable, match="unreadable or empty"):
        list_lost(suspected.engine, suspected.settings, library="all", below="old")

    assert "missing" not in suspected.states().values()


def test_no_loss_is_confirmed_while_the_root_cannot_be_read(suspected: Archive) -> None:
    with pytest.raises(ArchiveUnavailable):
        confirm(suspected, "old", fs=FaultyDisk({"/archive": errno.ESTALE}))


def test_unseen_files_are_never_cleared(suspected: Archive) -> None:
    assert clear(suspected, below=".") == 0
