"""Check the whole sync as its users run it: the command, database, files and Dagster run."""

from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from pokervod_pipelines.defs import sync
from pokervod_pipelines.errors import OperatorNeeded
from pokervod_pipelines_tests.sync.installation import InProcess, Installation, build_installation, write_file

EPISODES_AND_CLIPS = """
    select 'episode', e.id, f.size from episodes e join episode_files ef on ef.episode_id = e.id
    join nas_files f on f.id = ef.file_id
    union all select 'clip', c.id, f.size from hand_clips c join nas_files f on f.id = c.file_id
    union all select 'row', r.id, r.row_number from sheet_rows r
    order by 1, 2, 3
"""
FILE_EVENTS = "select type, count(*) from events where type like 'nas.file.%' group by 1 order by 1"


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Installation:
    """Build an installation whose commands run in this process."""
    return build_installation(tmp_path, database_url=database_url, kind=InProcess)


def totals(document: dict[str, Any], stage: str = "libraries") -> dict[str, int]:
    counts: dict[str, int] = {}
    for outcome in document[stage]:
        for name, count in outcome["counts"].items():
            counts[name] = counts.get(name, 0) + count
    return {name: count for name, count in counts.items() if count}


def read_checks(installation: Installation, monkeypatch: pytest.MonkeyPatch, asset: str, name: str) -> list[str]:
    """Return what Dagster shows of a check, newest first."""
    monkeypatch.chdir(installation.folder)
    for variable, value in installation.environ.items():
        monkeypatch.setenv(variable, value)
    with dg.DagsterInstance.from_config(str(installation.folder / ".pokervod" / "dagster")) as instance:
        check = dg.AssetCheckKey(dg.AssetKey(asset), name)
        history = instance.event_log_storage.get_asset_check_execution_history(check, limit=5)
    return [record.status.value for record in history]


def test_a_first_sync_reports_every_file_once_and_is_a_run_of_dagster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sync in a process of its own, below a folder in Hangul, with the embedded server."""
    installation = build_installation(tmp_path / "제작 하우스 2026")

    first = installation.sync()

    assert first["status"] == "success"
    assert [(each["name"], each["counts"]["files"]) for each in first["libraries"]] == [
        ("WSOP", 20),
        ("PAD", 21),
        ("rest", 21),
    ]
    assert totals(first) == {"files": 62, "videos": 60, "junk": 2, "added": 62}
    assert totals(first, "sheets") == {"rows": 20, "added": 20, "matched": 20}
    assert totals(first, "clips") == {"clips": 20, "usable": 20, "created": 20}
    assert all(check["passed"] for check in first["checks"])
    monkeypatch.chdir(installation.folder)
    with dg.DagsterInstance.from_config(str(installation.folder / ".pokervod" / "dagster")) as instance:
        run = instance.get_run_by_id(first["run_id"])
        partitions = instance.get_materialized_partitions(dg.AssetKey("nas_files"))
    assert run is not None
    assert run.status is dg.DagsterRunStatus.SUCCESS
    assert run.tags["pokervod/correlation_id"] == first["correlation_id"]
    assert partitions == {"WSOP", "PAD", "rest"}
    assert read_checks(installation, monkeypatch, "nas_files", "every_library_was_read") == ["SUCCEEDED"]


def assert_it_begins_and_ends(installation: Installation, document: dict[str, Any], failed: list[str]) -> None:
    """Check the first and the last event of the sync, and one event for each stage that failed."""
    events = installation.ask(
        f"""
        select type, payload from events where correlation_id = '{document["correlation_id"]}' order by id
        """
    )
    run = {"mode": "full", "run_id": document["run_id"]}
    errors = [f"{payload['stage']} {payload['name']}" for kind, payload in events if kind == "system.error"]
    assert events[0] == ("system.sync.all", run)
    assert events[-1] == ("system.sync.completed", run | {"failed": failed})
    assert errors == failed


def test_a_second_sync_changes_nothing_and_tells_of_nothing_but_itself(installation: Installation) -> None:
    first = installation.sync()
    changes = (
        "select count(*), max(id) from events where type <> 'nas.scan.completed' and type not like 'system.sync.%'"
    )
    before = installation.ask(changes)
    assert_it_begins_and_ends(installation, first, failed=[])

    again = installation.sync()

    assert totals(again) == {"files": 62, "videos": 60, "junk": 2, "unchanged": 62}
    assert again["catalog"]["counts"]["created"] == 0
    assert installation.ask(changes) == before
    assert_what_happens_on_disk_is_reported(installation)


def assert_what_happens_on_disk_is_reported(installation: Installation) -> None:
    """Change files of a synced archive: each change is reported as what it is, and ids stay."""
    before = {(kind, size): row_id for kind, row_id, size in installation.ask(EPISODES_AND_CLIPS)}
    pad = installation.archive / "ARCHIVE/PAD"
    (pad / "PAD S12").rename(pad / "Poker After Dark Season 12")
    (installation.archive / "ARCHIVE/WSOP/WSOP 1973/wsop-1973-me-nobug.mp4").unlink()
    write_file(installation.archive / "ARCHIVE/WSOP/WSOP 1999/wsop-1999-me-nobug.mp4", 77_777)
    write_file(installation.archive / "ARCHIVE/WSOP/WSOP 1980/wsop-1980-me-nobug.mp4", 88_888)

    document = installation.sync(full=False)

    counts = totals(document)
    assert {name: counts.get(name) for name in ("added", "changed", "moved", "removed", "missing")} == {
        "added": 1,
        "changed": 1,
        "moved": 21,
        "removed": 1,
        "missing": 1,
    }
    after = {(kind, size): row_id for kind, row_id, size in installation.ask(EPISODES_AND_CLIPS)}
    assert {key: after[key] for key in before if key in after} == {key: before[key] for key in before if key in after}
    assert set(before) - set(after) == {
        ("episode", 1_000_007),
        *((key) for key in before if key == ("clip", 1_000_007)),
    }
    assert installation.ask(FILE_EVENTS) == [
        ("nas.file.added", 61),
        ("nas.file.changed", 1),
        ("nas.file.moved", 20),
        ("nas.file.removed", 1),
    ]


@pytest.mark.long
def test_a_lost_library_fails_alone_and_loses_nothing(installation: Installation) -> None:
    installation.sync()
    before = installation.ask("select count(*) from nas_files"), installation.ask(EPISODES_AND_CLIPS)
    (installation.archive / "ARCHIVE/WSOP").rename(installation.folder / "unmounted")
    installation.sheet.write_text(
        installation.sheet.read_text(encoding="utf-8").replace("0:00:55", "0:00:50"), encoding="utf-8"
    )

    document = installation.sync(expect=1)

    errors = {each["name"]: each["error"] for each in document["libraries"]}
    assert "WSOP" in str(errors["WSOP"])
    assert errors["PAD"] is None
    assert errors["rest"] is None
    assert document["sheets"][0]["counts"]["changed"] == 1
    assert_it_begins_and_ends(installation, document, failed=["nas WSOP", "media WSOP"])
    assert (installation.ask("select count(*) from nas_files"), installation.ask(EPISODES_AND_CLIPS)) == before
    assert installation.ask("select count(*) from nas_files where state in ('missing', 'cleared')") == [(0,)]

    (installation.folder / "unmounted").rename(installation.archive / "ARCHIVE/WSOP")
    assert totals(installation.sync()).get("missing") is None
    assert installation.ask("select count(*) from nas_files where state <> 'present'") == [(0,)]


@pytest.mark.long
def test_a_lost_root_is_told_once_for_all_its_libraries(installation: Installation) -> None:
    installation.archive.rename(installation.folder / "unmounted")

    done = installation.run("sync")

    fault = f"{installation.archive}: No such file or directory. Mount the share, or correct the path in the settings."
    assert [line for line in done.stderr.splitlines() if fault in line] == [f"failed nas      {'WSOP':24} {fault}"]
    assert [line for line in done.stdout.splitlines() if fault in line] == [f"failed: nas WSOP, PAD, rest: {fault}"]
    assert "every_library_was_read: 3 libraries could not be scanned" in done.stdout
    assert "run `pokervod nas scan --library NAME`" in done.stdout


@pytest.mark.long
def test_a_sheet_that_cannot_be_read_keeps_its_clips(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.sync()
    before = installation.ask(EPISODES_AND_CLIPS)
    read_at = installation.ask("select read_at from sheet_states")[0][0].isoformat(timespec="seconds")
    installation.sheet.write_bytes(b"")

    document = installation.sync(expect=1)

    assert "notes.csv" in document["sheets"][0]["error"]
    assert document["clips"][0]["stale_since"] == read_at
    assert installation.ask(EPISODES_AND_CLIPS) == before
    assert [check["name"] for check in document["checks"] if not check["passed"]] == ["every_sheet_was_read"]
    assert read_checks(installation, monkeypatch, "sheet_rows", "every_sheet_was_read") == ["FAILED", "SUCCEEDED"]


@pytest.mark.long
def test_a_deletion_that_an_operator_clears_is_audited(installation: Installation) -> None:
    installation.sync()
    gone = "ARCHIVE/WSOP/WSOP 1973/wsop-1973-me-nobug.mp4"
    (installation.archive / gone).unlink()
    installation.sync()

    listed = installation.run("nas", "missing")
    cleared = installation.run(
        "nas", "clear", "--library", "WSOP", "--below", gone, "--reason", "re-cut", "--by", "archivist"
    )

    assert "wsop-1973-me-nobug.mp4" in listed.stdout
    assert cleared.returncode == 0, cleared.stderr
    assert installation.ask("select action, by, reason from archive_clearances") == [("clear", "archivist", "re-cut")]
    assert installation.ask("select state from nas_files where path like '%1973%'") == [("cleared",)]


@pytest.mark.parametrize(
    ("called", "error", "told"),
    [
        (
            "prune_events",
            OperatorNeeded("the database's disk is full; free space on it, then run it again"),
            "delete_old: the database's disk is full; free space on it, then run it again",
        ),
        ("prune_events", KeyError("a"), "delete_old: unexpected KeyError: 'a'. This is a bug of PokerVOD: report it"),
        (
            "refresh_search",
            OperationalError("select secret", {}, psycopg.OperationalError("server closed the connection")),
            "conclude: the database failed: server closed the connection; check with `pokervod doctor`",
        ),
    ],
)
def test_what_fails_outside_the_stages_is_told_in_its_own_words(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, called: str, error: Exception, told: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(sync, called, fail)
    done = installation.run("sync")

    assert done.returncode == 1
    assert f"failed: {told}" in done.stdout
    assert "select secret" not in done.stdout


def test_a_type_of_events_that_does_not_exist_is_refused_before_anything_runs(installation: Installation) -> None:
    with (installation.folder / "pokervod.yaml").open("a", encoding="utf-8") as file:
        file.write("events: {keep_days_of: {nas.fil: 3}}\n")

    for command in ("sync", "dev"):
        done = installation.run(command)

        assert done.returncode == 2
        assert "pokervod.yaml:12: events.keep_days_of: unknown event type 'nas.fil'; did you mean" in done.stderr
    assert not list(installation.folder.glob(".pokervod/*.lock"))
