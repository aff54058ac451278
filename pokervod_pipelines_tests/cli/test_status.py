"""Check what `pokervod status` prints, for a person and for a program, and that it follows in a real terminal."""

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.checks import Severity
from pokervod_pipelines.cli.output import SafeConsole
from pokervod_pipelines.cli.status_pages import format_moment, make_page
from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.locks import hold_lock
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.monitoring.status import judge_overall
from pokervod_pipelines.monitoring.status_runs import RecordedCheck, Run, RunState
from pokervod_pipelines.monitoring.status_shape import (
    BlockState,
    BlockStatus,
    PartStatus,
    SystemStatus,
    WatcherStatus,
)
from pokervod_pipelines.workflows.run_requests import WaitingRequests
from pokervod_pipelines.workflows.watch.sources import WATCH_LOCK, Source, record_look
from pokervod_pipelines_tests.cli.command import RunCommand
from pokervod_pipelines_tests.cli.outage import cut_off
from pokervod_pipelines_tests.cli.test_render_follow import INTERRUPTIBLE

NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
ERROR = "/mnt/nas: No such file or directory. Mount the share, or correct the path in the settings."


def make_block(block: str, room: str, status: BlockState, *parts: PartStatus, **values: object) -> BlockStatus:
    """Return a block that succeeded 12 minutes ago and was attempted a minute ago."""
    known = {
        "exists": True,
        "note": "",
        "last_attempt_at": NOW - timedelta(minutes=1),
        "last_sync_at": NOW - timedelta(minutes=12),
        "last_error": None,
        "last_error_at": None,
        "items_processed": 12_000,
        "items_total": 20_000,
        "items_unit": "files",
    }
    return BlockStatus(block_id=block, rooms=(room,), status=status, parts=parts, **known | values)  # type: ignore[arg-type]


def make_part(name: str, state: RunState, error: str | None = None, **values: object) -> PartStatus:
    at = NOW - timedelta(minutes=1)
    return PartStatus(stage="nas", name=name, state=state, at=at, error=error, **values)  # type: ignore[arg-type]


def draw(*blocks: BlockStatus, outage: str = "", **values: object) -> list[str]:
    """Return the lines of the page at 80 columns."""
    known = {
        "last_sync": NOW - timedelta(days=3),
        "last_sync_status": RunState.SUCCEEDED,
        "next_scheduled_sync": NOW + timedelta(hours=14),
        "schedule_note": "",
        "in_progress": (),
        "orphans": (),
        "watcher": None,
        "has_sensors": True,
        "requests": WaitingRequests(),
    }
    overall = judge_overall(blocks, is_running=False)
    status = SystemStatus(overall=overall, blocks={each.block_id: each for each in blocks}, **known | values)  # type: ignore[arg-type]
    console = SafeConsole(highlight=False, width=80, file=StringIO())
    console.print(make_page(status, NOW, width=80, outage=outage))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_a_failed_block_says_what_failed_and_what_to_do_in_80_columns() -> None:
    parts = [make_part(name, RunState.FAILED, ERROR) for name in ("WSOP", "PAD")]
    check = RecordedCheck(
        name="every_library_was_read", asset="nas_files", passed=False, severity=Severity.ERROR, summary="", at=NOW
    )

    lines = draw(
        make_block("A", "nas", BlockState.FAILED, *parts, items_at=NOW - timedelta(minutes=12), failed_checks=(check,))
    )

    assert lines[0] == "failed: a block could not be brought up to date, see below"
    assert max(map(len, lines)) <= 80
    assert " A nas   failed   20,000 files, of 12:18   60 s ago   12 min ago" in map(squeeze, lines)
    text = " ".join(lines)
    assert f"A nas WSOP, PAD failed 60 s ago: {ERROR}" in text
    assert "→ then run `pokervod sync --incremental`" in text
    assert "A checks that failed: every_library_was_read" in text
    assert "last full sync: 2026-05-01 12:30, succeeded" in text
    assert "next full sync: 2026-05-05 02:30" in lines


def squeeze(line: str) -> str:
    """Return the line with three blanks between columns."""
    return " " + "   ".join(each.strip() for each in line.split("  ") if each.strip())


def test_what_runs_is_shown_with_its_progress_and_a_dead_run_as_such() -> None:
    parts = [make_part("WSOP", RunState.RUNNING, done=1_500, total=20_000), make_part("PAD", RunState.RUNNING, done=7)]
    run = Run(run_id="04d83e9d-1", job="full_sync", state=RunState.RUNNING, at=NOW, started_at=NOW)

    block = make_block("A", "nas", BlockState.IN_PROGRESS, *parts)

    lines, dead = draw(block, in_progress=(run,)), draw(block, in_progress=(run,), orphans=(run.run_id,))

    assert lines[0] == "in progress"
    assert "running: full_sync, run 04d83e9d, since 12:30:00" in lines
    assert "    A: nas WSOP 1,500 of 20,000" in lines
    assert "    A: nas PAD 7" in lines
    sentence = "stopped: full_sync, run 04d83e9d, since 12:30:00; its process has ended, run `pokervod sync`"
    assert sentence in " ".join(dead)


@pytest.mark.parametrize("minutes", [0.5, 12, 119, 47 * 60])
def test_no_row_is_wrapped_in_80_columns_however_old(minutes: float) -> None:
    at = NOW - timedelta(minutes=minutes)
    times = {"last_attempt_at": at, "last_sync_at": at, "items_at": at, "items_total": 1_073}
    part = make_part("catalog", RunState.STOPPED)
    blocks = [
        make_block("B", "catalog", BlockState.PARTIAL, part, items_unit="video files", **times),
        make_block("A", "nas", BlockState.IN_PROGRESS, part, **times),
        make_block("F", "console", BlockState.IDLE, exists=False),
    ]

    table = draw(*blocks)[1:7]

    assert [line[:3] for line in table[3:6]] == [" B ", " A ", " F "]
    assert table[1].index("succeeded") == 67  # for every age


def test_what_a_failure_left_stale_is_told_with_its_time() -> None:
    part = make_part("notes", RunState.FAILED, "damaged", counted_at=NOW - timedelta(minutes=12))

    lines = draw(make_block("D", "sheets", BlockState.FAILED, part, items_unit="rows"))

    assert "D nas notes failed 60 s ago, stale: rows of 12:18: damaged" in lines


LONG = "hands_to_renders 2026-05-04 since 12:29:58, sheets_sync clip_tracker since 12:29:59, 2 waiting"


@pytest.mark.parametrize(
    ("watcher", "has_sensors", "shown"),
    [
        (WatcherStatus(name="vm process 7", doing=""), True, "watcher: vm process 7, nothing to run"),
        (WatcherStatus(name="vm process 7", doing=LONG), False, f"watcher: vm process 7, {LONG}"),
        (
            WatcherStatus(name="vm process 7", doing="", left_out=("folders", "sheets")),
            True,
            "watcher: vm process 7, nothing to run; the sensors look at folders and sheets, since it does not",
        ),
        (None, True, "no watcher: Dagster's sensors look"),
        (
            None,
            False,
            "no watcher, and no sensors run: new files, edits and events wait; keep `pokervod dev` running",
        ),
    ],
)
def test_who_looks_for_what_is_to_be_run_is_told_in_80_columns(
    watcher: WatcherStatus | None, shown: str, *, has_sensors: bool
) -> None:
    lines = draw(make_block("G", "db", BlockState.IDLE), watcher=watcher, has_sensors=has_sensors)

    assert f" {shown} last full sync: " in " ".join(lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (1, "1 request of events waits for a run, the oldest (clips_update) since 12:18, 12 min ago"),
        (1_200, "1,200 requests of events wait for a run, the oldest (clips_update) since 12:18, 12 min ago"),
    ],
)
def test_what_events_ask_for_is_told_while_it_waits(count: int, shown: str) -> None:
    requests = WaitingRequests(count=count, oldest="clips_update", oldest_at=NOW - timedelta(minutes=12))

    lines = draw(make_block("G", "db", BlockState.IDLE), requests=requests)

    assert f" {shown} last full sync: " in " ".join(lines)
    assert max(map(len, lines)) <= 80


def test_in_an_outage_the_page_is_that_of_then_and_nothing_is_known_of_now() -> None:
    lines = draw(make_block("A", "nas", BlockState.COMPLETED), outage="the database is unavailable since 12:31:07: x")

    assert lines[0] == "unknown: the database is unavailable since 12:31:07: x"
    assert lines[1].startswith("    → it is tried again every second")
    assert "as of 12:30:00:" in lines
    assert not any(line.startswith("ok") for line in lines)


def test_a_block_of_a_later_version_is_not_running() -> None:
    lines = draw(make_block("E", "api", BlockState.IDLE, exists=False, note="not running: this version has no api"))

    assert " E api   not running   not in this version" in map(squeeze, lines)


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (None, "never"),
        (NOW - timedelta(seconds=5), "12:29, 5 s ago"),
        (NOW - timedelta(hours=34), "02:30, 34 h ago"),
        (NOW - timedelta(days=2), "2026-05-02 12:30"),
        (NOW + timedelta(seconds=2), "12:30, 0 s ago"),  # the clock of another machine
    ],
)
def test_a_moment_has_its_age_while_that_is_short(at: datetime | None, shown: str) -> None:
    assert format_moment(at, NOW) == shown


def test_json_has_the_shape_of_the_api(pokervod: RunCommand) -> None:
    document = pokervod("status", "--json").json

    assert set(document) >= {"overall", "blocks", "last_sync", "next_scheduled_sync", "watcher", "requests"}
    assert list(document["blocks"]) == list("ABCDEFG")
    assert document["overall"] == "idle"
    assert (document["watcher"], document["requests"]["count"]) == (None, 0)
    assert datetime.fromisoformat(document["next_scheduled_sync"]) > datetime.now(UTC)
    for block, each in document["blocks"].items():
        assert each["block_id"] == block
        assert each["status"] in {"idle", "in_progress", "completed", "failed", "partial"}
        assert {"last_sync_at", "last_error", "items_processed", "items_total"} <= set(each)


SETTINGS = "archive_roots: [{name: nas, path: archive}]\nlibraries: [{name: WSOP, root: nas, folder: W}]\n"


class Terminal:
    """Run `pokervod status --follow` in a terminal, and collect what it shows."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTIBLE, "status", "--follow"],
            cwd=folder,
            env={**os.environ, **environ, "TERM": "xterm", "COLUMNS": "80"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)

    def read_until(self, words: str) -> str:
        """Return what the terminal shows up to these words."""
        new = ""
        while words not in new:
            assert select.select([self._ours], [], [], 60)[0], f"the terminal does not show {words!r}: {new!r}"
            try:
                read = os.read(self._ours, 4096)
            except OSError:  # how Linux tells that nobody writes any more
                return new
            new += read.decode(errors="replace")
        return new

    def count_bytes(self, seconds: float) -> int:
        """Return how many bytes come within this time."""
        count = 0
        while select.select([self._ours], [], [], seconds)[0]:
            count += len(os.read(self._ours, 4096))
        return count

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def terminal(engine: Engine, tmp_path: Path) -> Iterator[Terminal]:
    (tmp_path / "pokervod.yaml").write_text(SETTINGS, encoding="utf-8")
    made = Terminal(tmp_path, POKERVOD_DATABASE_URL=engine.url.render_as_string(hide_password=False))
    yield made
    made.close()


def test_following_shows_changes_survives_an_outage_and_ends_at_once(terminal: Terminal, engine: Engine) -> None:
    terminal.read_until("next full sync")
    at_rest = terminal.count_bytes(2.5)
    payload = {"stage": "nas", "name": "WSOP", "error": "not mounted", "run_id": "r"}
    with engine.begin() as connection:
        append_events(connection, "system", "c", [NewEvent(EventType.SYSTEM_ERROR, payload)])
    terminal.read_until("A nas WSOP failed")
    with cut_off(engine):
        terminal.read_until("unknown: the database is unavailable since")
        terminal.read_until("as of ")
    back = terminal.read_until("failed: a block")
    with hold_lock(engine, WATCH_LOCK):
        with engine.begin() as connection:
            record_look(connection, Source.EVENTS, "vm process 7", "")
        terminal.read_until("watcher: vm process 7, nothing to run")
    terminal.read_until("no watcher, and no sensors run")
    terminal.process.send_signal(signal.SIGINT)

    assert at_rest == 0
    assert back
    assert terminal.process.wait(timeout=10) == 0


@pytest.mark.long
def test_following_starts_an_embedded_server_that_was_killed(tmp_path: Path) -> None:
    (tmp_path / "pokervod.yaml").write_text(SETTINGS, encoding="utf-8")
    terminal = Terminal(tmp_path)
    try:
        terminal.read_until("next full sync")
        pid = EmbeddedServer(tmp_path / ".pokervod/postgres").status().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        terminal.read_until("unknown: the database is unavailable since")
        terminal.read_until("idle: nothing has run yet")
        terminal.process.send_signal(signal.SIGINT)

        assert terminal.process.wait(timeout=30) == 0
    finally:
        terminal.close()


def test_a_database_that_is_away_is_no_idle_system(pokervod: RunCommand, engine: Engine) -> None:
    with cut_off(engine):
        result = pokervod("status", "--json")

    assert (result.status, result.json["overall"]) == (2, "unknown")
    assert result.errors.startswith("the status is unknown: ")
