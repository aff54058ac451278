"""Check how the status of a block and of the whole follows from attempts, by tables; and when the next sync is due."""

import itertools
import os
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dagster._utils.schedules import cron_string_iterator, is_valid_cron_string
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from pokervod_pipelines.checks import Severity
from pokervod_pipelines.db.locks import hold_lock
from pokervod_pipelines.events.types import BLOCKS
from pokervod_pipelines.monitoring.status import PROCESS_ENDED, judge_block, judge_overall, read_status
from pokervod_pipelines.monitoring.status_runs import RecordedCheck, Run, RunFacts, RunState, StageAttempt
from pokervod_pipelines.monitoring.status_schedule import find_next_tick
from pokervod_pipelines.monitoring.status_shape import BlockState, PartStatus, SystemStatus, WatcherStatus
from pokervod_pipelines.monitoring.status_stages import STAGES
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.cron import FIELDS, CronField, read_cron
from pokervod_pipelines.workflows.run_requests import (
    HandedRequest,
    RunRequest,
    WaitingRequests,
    delete_answered,
    mark_handed,
    read_requests,
    store_requests,
)
from pokervod_pipelines.workflows.watch.sources import WATCH_LOCK, Source, record_look

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
OK, BAD, STOPPED, BUSY = RunState.SUCCEEDED, RunState.FAILED, RunState.STOPPED, RunState.RUNNING


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def attempt(stage: str, name: str, state: RunState, minutes: float, **values: object) -> StageAttempt:
    return StageAttempt(stage=stage, name=name, state=state, at=ago(minutes), **values)  # type: ignore[arg-type]


class Told:
    """Tell facts as a history of runs would."""

    def __init__(self, facts: RunFacts) -> None:
        self.facts = facts

    def read(self, settings: Settings) -> RunFacts:
        return self.facts


@pytest.fixture
def told(engine: Engine, settings_factory: Callable[..., Settings]) -> Callable[..., SystemStatus]:
    """Return ``told(*attempts, **facts)``: the status of two libraries and a sheet."""
    values = {
        "archive_roots": [{"name": "nas", "path": "archive"}],
        "libraries": [{"name": "WSOP", "root": "nas", "folder": "W"}, {"name": "a-b", "root": "nas", "folder": "A"}],
        "sheets": [{"name": "notes", "path": "notes.csv"}],
    }

    def read(*attempts: StageAttempt, **facts: object) -> SystemStatus:
        history = Told(RunFacts(attempts=attempts, **facts))  # type: ignore[arg-type]
        return read_status(engine, history, settings_factory(**values), now=NOW)

    return read


def part(stage: str, state: RunState | None) -> PartStatus:
    return PartStatus(stage=stage, name="x", state=state, at=None)


@pytest.mark.parametrize(
    ("parts", "is_unfinished", "expected"),
    [
        ([], False, BlockState.IDLE),
        ([("nas", None), ("media", None)], False, BlockState.IDLE),
        ([("nas", OK), ("nas", None)], False, BlockState.COMPLETED),  # a new library has not been scanned yet
        ([("nas", OK), ("nas", BAD)], False, BlockState.PARTIAL),
        ([("nas", OK), ("nas", STOPPED)], False, BlockState.PARTIAL),
        ([("nas", STOPPED)], False, BlockState.FAILED),  # nothing of it is up to date, whoever ended it
        ([("nas", BAD), ("nas", BAD)], False, BlockState.FAILED),
        ([("nas", BAD), ("media", OK)], False, BlockState.FAILED),  # nothing is left to probe
        ([("nas", OK), ("media", BAD)], False, BlockState.PARTIAL),
        ([("nas", BAD), ("nas", BUSY)], False, BlockState.IN_PROGRESS),
        ([("nas", OK)], True, BlockState.IN_PROGRESS),
    ],
)
def test_a_block_is_as_the_last_attempts_of_its_parts(
    parts: list[tuple[str, RunState | None]], is_unfinished: bool, expected: BlockState
) -> None:
    assert judge_block([part(*each) for each in parts], is_unfinished=is_unfinished) is expected


def test_each_stage_is_of_a_block_and_each_block_is_told(told: Callable[..., SystemStatus]) -> None:
    status = told()

    assert {stage.block for stage in STAGES} <= set(BLOCKS)
    assert list(status.blocks) == list(BLOCKS)
    assert status.overall == "idle"
    absent = {block for block, each in status.blocks.items() if not each.exists}
    assert all(status.blocks[block].note.startswith("not running: this version has no ") for block in absent)


def test_a_failure_counts_until_a_later_success_of_the_same_part(told: Callable[..., SystemStatus]) -> None:
    failed = [attempt("nas", name, BAD, 5, error="not mounted") for name in ("WSOP", "a-b")]
    before = [attempt("nas", name, OK, 60, counts={"files": 10}) for name in ("WSOP", "a-b")]
    healed = attempt("nas", "WSOP", OK, 1, counts={"files": 12})

    away, partly = told(*before, *failed), told(*before, *failed, healed)

    assert (away.overall, away.blocks["A"].status) == ("failed", "failed")
    assert (away.blocks["A"].items_processed, away.blocks["A"].items_total) == (0, 20)
    assert (away.blocks["A"].items_at, partly.blocks["A"].items_at) == (ago(60), ago(60))
    assert (away.blocks["A"].last_sync_at, away.blocks["A"].last_error) == (ago(60), "not mounted")
    assert (partly.overall, partly.blocks["A"].status) == ("degraded", "partial")
    assert [each.name for each in partly.blocks["A"].failed_parts] == ["a-b"]
    assert (partly.blocks["A"].items_processed, partly.blocks["A"].items_total) == (12, 22)
    assert (partly.blocks["A"].last_sync_at, partly.blocks["A"].last_error_at) == (ago(1), ago(5))


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        ([("2026-05-03", BAD, 60), ("2026-05-04", OK, 5)], BlockState.COMPLETED),  # the later one read what was left
        ([("2026-05-04", OK, 60), ("2026-05-03", BAD, 5)], BlockState.FAILED),
        ([("2026-05-03", BAD, 60)], BlockState.FAILED),
    ],
)
def test_a_day_that_failed_is_made_good_by_the_next(
    told: Callable[..., SystemStatus], attempts: list[tuple[str, RunState, float]], expected: BlockState
) -> None:
    status = told(*(attempt("hands", day, state, minutes) for day, state, minutes in attempts))

    assert status.blocks["C"].status is expected


def test_a_sync_that_goes_on_keeps_the_block_in_progress_between_its_stages(
    engine: Engine, told: Callable[..., SystemStatus]
) -> None:
    run = Run(run_id="r", job="full_sync", state=BUSY, at=ago(1), started_at=ago(1))
    scanned = attempt("nas", "WSOP", OK, 0.5, run_id="r", counts={"files": 7})
    old = [attempt("nas", "a-b", OK, 60, counts={"files": 5}), attempt("sheets", "notes", OK, 60)]

    with hold_lock(engine, "run r"):
        status = told(scanned, *old, in_progress=(run,))

    assert (status.overall, status.blocks["A"].status, status.blocks["D"].status) == (
        "in_progress",
        "in_progress",
        "completed",
    )


@pytest.mark.parametrize(
    ("state", "minutes", "processes", "is_locked", "is_alive"),
    [
        (BUSY, 2, {}, False, False),
        (BUSY, 2, {}, True, True),
        (BUSY, 0.5, {}, False, True),  # it need not have its lock yet
        (BUSY, 0.5, {0: 0.4}, False, False),  # its process has begun and ended
        (BUSY, 2, {0: 0.1}, False, True),  # a process on another machine has begun just now
        (RunState.QUEUED, 60, {}, False, True),  # nothing of it has begun
    ],
)
def test_a_run_whose_process_has_ended_leaves_its_stage_failed(
    engine: Engine,
    told: Callable[..., SystemStatus],
    state: RunState,
    minutes: float,
    processes: dict[int, float],
    *,
    is_locked: bool,
    is_alive: bool,
) -> None:
    """A database that was killed took the sync with it, which was in progress until the next one."""
    run = Run(run_id="r", job="full_sync", state=state, at=ago(minutes), started_at=ago(minutes))
    seen = {"r": {no_process + 2**30: ago(age) for no_process, age in processes.items()}}

    with hold_lock(engine, "run r") if is_locked else nullcontext():
        status = told(attempt("nas", "WSOP", BUSY, minutes, run_id="r"), in_progress=(run,), processes=seen)

    assert status.orphans == (() if is_alive else ("r",))
    assert status.blocks["A"].status == ("in_progress" if is_alive else "failed")
    assert status.overall == ("in_progress" if is_alive else "failed")
    assert [each.error for each in status.blocks["A"].failed_parts] == ([] if is_alive else [PROCESS_ENDED])


def test_a_run_that_ended_between_two_stages_degrades_the_whole(told: Callable[..., SystemStatus]) -> None:
    run = Run(run_id="r", job="full_sync", state=BUSY, at=ago(2), started_at=ago(2))

    status = told(attempt("nas", "WSOP", OK, 1, run_id="r"), in_progress=(run,))

    assert (status.overall, status.blocks["A"].status) == ("degraded", "completed")


def test_a_process_that_lives_here_keeps_its_run_alive_without_a_lock(
    engine: Engine, settings_factory: Callable[..., Settings]
) -> None:
    now = datetime.now(UTC)
    run = Run(run_id="r", job="full_sync", state=BUSY, at=now, started_at=now)
    history = Told(RunFacts(in_progress=(run,), processes={"r": {os.getpid(): now}}))

    status = read_status(engine, history, settings_factory(), now=now + timedelta(hours=1))

    assert (status.overall, status.orphans) == ("in_progress", ())


@pytest.mark.parametrize(("severity", "overall"), [(Severity.ERROR, "degraded"), (Severity.WARNING, "ok")])
def test_a_failed_check_degrades_where_a_result_is_wrong(
    told: Callable[..., SystemStatus], severity: Severity, overall: str
) -> None:
    check = RecordedCheck(
        name="each", asset="sheet_rows", passed=False, severity=severity, summary="1 is not.", at=ago(1)
    )

    status = told(attempt("sheets", "notes", OK, 1), checks=(check,))

    assert (status.overall, status.blocks["D"].failed_checks) == (overall, (check,))
    assert judge_overall(status.blocks.values(), is_running=False) == overall


@pytest.mark.parametrize(
    ("seen", "is_scheduled", "is_due", "note"),
    [
        (0.5, True, True, ""),
        (30, True, True, "no scheduler runs"),
        (None, True, True, "no scheduler runs"),
        (0.5, False, False, "its schedule is stopped"),
    ],
)
def test_the_next_sync_says_what_keeps_it_from_starting(
    told: Callable[..., SystemStatus], seen: float | None, *, is_scheduled: bool, is_due: bool, note: str
) -> None:
    status = told(scheduler_seen_at=None if seen is None else ago(seen), is_scheduled=is_scheduled)

    assert (status.next_scheduled_sync is not None) is is_due
    assert status.schedule_note.startswith(note)
    assert bool(status.schedule_note) is bool(note)


@pytest.mark.parametrize(
    ("lives", "hours", "expected"),
    [
        (True, 0, WatcherStatus(name="newer", doing="nas_sync wsop", left_out=("folders",))),
        (False, 0, None),  # it died a moment ago
        (True, 1, None),  # it hangs
    ],
)
def test_the_watcher_that_looks_is_told(
    engine: Engine, told: Callable[..., SystemStatus], hours: float, expected: WatcherStatus | None, *, lives: bool
) -> None:
    with engine.begin() as connection:
        record_look(connection, Source.EVENTS, "older", "")
        record_look(connection, Source.SHEETS, "newer", "nas_sync wsop")
        connection.execute(text("update watches set seen_at = seen_at - :hours * interval '1 hour'"), {"hours": hours})

    with hold_lock(engine, WATCH_LOCK) if lives else nullcontext():
        status = told(scheduler_seen_at=ago(1))

    assert (status.watcher, status.has_sensors) == (expected, True)


def test_what_events_ask_for_is_counted_until_its_run_is_recorded(
    engine: Engine, told: Callable[..., SystemStatus]
) -> None:
    counted = [told().requests]
    with engine.begin() as connection:
        store_requests(connection, [make_request("clips_update", 5), make_request("nas_sync", 9)])
        oldest = next(each for each in read_requests(connection) if each.request.workflow == "nas_sync")
        mark_handed(connection, HandedRequest(run_key="k", parts=(oldest,)))
    counted.append(told().requests)
    with engine.begin() as connection:
        delete_answered(connection, ["k"])
    counted.append(told().requests)

    assert counted == [
        WaitingRequests(),
        WaitingRequests(count=2, oldest="nas_sync", oldest_at=ago(9)),
        WaitingRequests(count=1, oldest="clips_update", oldest_at=ago(5)),
    ]


def make_request(workflow: str, minutes: float) -> RunRequest:
    return RunRequest(
        workflow=workflow,
        input={},
        correlation_id="c",
        event_id=1,
        first_at=ago(minutes),
        asked_at=ago(0),
        due_at=ago(0),
    )


FIRST, LAST = (datetime.fromisoformat(day) for day in ("2026-01-01", "2027-12-31"))


def make_part(field: CronField) -> st.SearchStrategy[str]:
    """Make a part of a field in each form that people write: a number, a name, a range also past the end, a step."""
    number = st.integers(field.low, 7 if field.title == "weekday" else field.high).map(str)
    end = number | st.sampled_from(field.names) if field.names else number
    step = st.integers(1, 9)
    return st.one_of(
        end,
        st.builds("{}-{}".format, end, end),
        st.builds("*/{}".format, step),
        st.builds("{}/{}".format, end, step),
        st.builds("{}-{}/{}".format, end, end, step),
    )


def can_read(cron: str) -> bool:
    try:
        read_cron(cron)
    except ValueError:
        return False
    return True


CRON_LINES = st.tuples(
    *(st.just("*") | st.lists(make_part(each), min_size=1, max_size=2).map(",".join) for each in FIELDS)
).map(" ".join)
DAGSTER_READS = ["0 3 */2 * 1", "0 3 1-7 * */7", "0 22-2 * * *", "0 3 * * 6-1", "0 3 * dec-feb *", "0 3 29 2 *"]


def with_examples(test: Callable[..., None]) -> Callable[..., None]:
    for cron in DAGSTER_READS:
        test = example(cron=cron, zone="Europe/London", after=datetime(2026, 3, 20, 5, tzinfo=UTC))(test)
    return test


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    cron=CRON_LINES.filter(can_read),
    zone=st.sampled_from(["Europe/London", "America/Los_Angeles", "Asia/Seoul", "UTC"]),
    after=st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
)
@with_examples
def test_the_next_time_of_a_schedule_is_that_of_dagster(cron: str, zone: str, after: datetime) -> None:
    theirs = (each for each in cron_string_iterator(after.timestamp(), cron, zone) if each > after)

    assert is_valid_cron_string(cron)
    assert find_next_tick(cron, ZoneInfo(zone), after).timestamp() == next(theirs).timestamp()


@pytest.mark.parametrize("start", [datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)])
@pytest.mark.parametrize("cron", ["30 1 * * *", "0 1 * * *", "17 * * * *", "59 1 * * *", "0 2 * * *"])
def test_where_clocks_change_it_is_that_of_dagster_too(cron: str, start: datetime) -> None:
    theirs = [*itertools.islice((each for each in cron_string_iterator(start.timestamp(), cron, "Europe/London")), 40)]
    ours, moment = [], start
    for _ in theirs:
        found = find_next_tick(cron, ZoneInfo("Europe/London"), moment)
        moment = found.astimezone(UTC)
        ours.append(moment.timestamp())

    assert ours == [each.timestamp() for each in theirs]
