"""Check what `pokervod events` prints, and that a consumer reads again."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.events import EventType, append_events
from pokervod_pipelines.events.cursors import Consumer, advance_cursor, find_round, stream_round
from pokervod_pipelines.events.retries import record_failure
from pokervod_pipelines.workflows.pending_events import INSTRUCTIONS, read_pending_events
from pokervod_pipelines_tests.cli.outage import cut_off
from pokervod_pipelines_tests.cli.test_known import Run, run
from pokervod_pipelines_tests.cli.test_render_follow import INTERRUPTIBLE
from pokervod_pipelines_tests.events.made import make_event
from pokervod_pipelines_tests.sheets.harness import SheetHarness, harness

__all__ = ["harness", "run"]


@pytest.mark.parametrize(("words", "count"), [((), 20), (("--since", "1h"), 25), (("--since", "1h", "-n", "3"), 3)])
def test_a_time_limits_what_is_printed_and_nothing_else_does(
    run: Run, harness: SheetHarness, words: tuple[str, ...], count: int
) -> None:
    with harness.engine.begin() as connection:
        append_events(connection, "test", "sync 1", [make_event(EventType.NAS_FILE_ADDED)] * 25)

    printed = run("events", "tail", "--json", "--type", "nas.file", *words).stdout

    assert len(printed.splitlines()) == count


def test_a_consumer_is_listed_and_reads_again(run: Run, harness: SheetHarness) -> None:
    def pending() -> int:
        return int(json.loads(run("events", "cursors", "--json").stdout)[0]["pending"])

    day = make_event(EventType.HAND_CREATED)
    with harness.engine.begin() as connection:
        append_events(connection, "test", "sync 1", [day, day])
    before = pending()
    with harness.engine.begin() as connection:
        advance_cursor(connection, INSTRUCTIONS, read_pending_events(connection).read)
    after = pending()
    again = ("events", "replay", INSTRUCTIONS.name, "--from", "1h")

    assert (before, after) == (2, 0)
    assert "would read 2 events with its next run" in run(*again, "--preview").stdout
    assert pending() == 0
    assert "reads 2 events with its next run" in run(*again).stdout
    assert pending() == 2
    assert "render instructions" in run("events", "cursors").stdout


def test_an_unknown_consumer_is_named_with_what_was_meant(run: Run, harness: SheetHarness) -> None:
    error = run("events", "replay", "render instruction", "--from", "1h").exception

    assert "unknown consumer 'render instruction'; did you mean `render instructions`?" in str(error)


@pytest.mark.parametrize("moment", ["", "soon"])
def test_a_time_that_is_none_is_refused_with_its_option(run: Run, harness: SheetHarness, moment: str) -> None:
    error = run("events", "replay", INSTRUCTIONS.name, "--from", moment).exception

    assert "--from: expected a time such as 2h, 30m" in str(error)
    assert repr(moment) in str(error)


def test_a_block_selects_the_events_of_its_rooms(run: Run, harness: SheetHarness) -> None:
    with harness.engine.begin() as connection:
        append_events(connection, "nas", "sync 1", [make_event(EventType.NAS_FILE_ADDED)])
        append_events(connection, "render", "sync 1", [make_event(EventType.RENDER_STARTED)])
        append_events(connection, "rollout", "sync 1", [make_event(EventType.ROLLOUT_STARTED)])

    def list_types(*blocks: str) -> list[str]:
        words = [word for block in blocks for word in ("--block", block)]
        printed = run("events", "tail", "--json", "--correlation", "sync 1", *words).stdout
        return [json.loads(line)["type"] for line in printed.splitlines()]

    assert list_types("A") == ["nas.file.added"]
    assert list_types("C", "rollout") == ["render.started", "rollout.started"]
    assert "did you mean `render`?" in str(run("events", "tail", "--block", "rendr").exception)


def test_parked_events_are_listed_and_decided(run: Run, harness: SheetHarness) -> None:
    consumer = Consumer("console", (EventType.NAS_FILE_ADDED,))
    with harness.engine.begin() as connection:
        append_events(connection, "nas", "sync 1", [make_event(EventType.NAS_FILE_ADDED)] * 2)
    with harness.engine.begin() as connection:
        pending = find_round(connection, consumer)
        for event in stream_round(connection, consumer, pending):
            record_failure(connection, consumer.name, event, "ValueError: no", attempts=3, wait=None)
        advance_cursor(connection, consumer, pending)
    listed = json.loads(run("events", "parked", "console", "--json").stdout)
    first, second = [str(each["event_id"]) for each in listed]

    assert [each["error"] for each in listed] == ["ValueError: no"] * 2
    assert "parked" in run("events", "parked").stdout
    assert "--reason" in str(run("events", "drop", "console", first).exception)
    assert run("events", "drop", "console", first, "--reason", "a test").stdout == f"1 event dropped: {first}\n"
    assert run("events", "retry", "console", "--preview").stdout == f"1 event would be handled again: {second}\n"
    assert run("events", "retry", "console", "--reason", "x").stdout == f"1 event will be handled again: {second}\n"
    assert "did you mean `console`?" in str(run("events", "retry", "consle", "--reason", "x").exception)
    assert f"console: not parked: {first};" in str(run("events", "drop", "console", first, "--reason", "x").exception)


@pytest.fixture
def following(engine: Engine, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Yield `pokervod events tail --follow`, which begins with no event."""
    (tmp_path / "pokervod.yaml").write_text("archive_roots: [{name: nas, path: archive}]\n", encoding="utf-8")
    words = ["events", "tail", "--follow", "--json", "--lines", "1"]
    url = engine.url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, *words],
        cwd=tmp_path,
        env={**os.environ, "POKERVOD_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def test_following_survives_an_outage_without_loss_and_ends_well(
    following: "subprocess.Popen[str]", engine: Engine
) -> None:
    assert following.stdout is not None
    assert following.stderr is not None

    def append(correlation: str) -> None:
        with engine.begin() as connection:
            append_events(connection, "nas", correlation, [make_event(EventType.NAS_FILE_ADDED)])

    append("before")
    seen = [json.loads(following.stdout.readline())["correlation_id"]]
    append("second")
    seen.append(json.loads(following.stdout.readline())["correlation_id"])
    with cut_off(engine):
        away = following.stderr.readline()
    append("meanwhile")
    seen.append(json.loads(following.stdout.readline())["correlation_id"])
    append("after")
    seen.append(json.loads(following.stdout.readline())["correlation_id"])
    following.send_signal(signal.SIGINT)
    rest, errors = following.communicate(timeout=60)

    assert seen == ["before", "second", "meanwhile", "after"]
    assert away.startswith("the database is unavailable: ")
    assert (rest, errors) == ("", "the database is available again\n")
    assert following.returncode == 0
