"""Tell of a run's stages which did nothing, because a person held their library or sheet when they began."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.defs.run_progress import name_end, read_holders
from pokervod_pipelines.defs.step_errors import FROM_OUTSIDE, NO_REASON
from pokervod_pipelines.monitoring.status_runs import Run, RunState, StageAttempt

AT = datetime(2026, 5, 4, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)

ADD = text("""
    insert into holds (subject_kind, subject, by, reason, correlation_id, placed_at, until, ended_at, ended_by,
        end_reason)
    values ('sheet', 'tracker', 'anna', 'x', 'placed', :placed_at, :until, :ended_at,
        case when cast(:ended_at as timestamptz) is not null then 'anna' end,
        case when cast(:ended_at as timestamptz) is not null then 'x' end)
""")


@pytest.mark.parametrize(
    ("placed_at", "until", "ended_at", "is_held"),
    [
        (AT - HOUR, None, None, True),
        (AT - HOUR, AT + HOUR, None, True),
        (AT - HOUR, None, AT + HOUR, True),
        (AT + HOUR, None, None, False),
        (AT - 2 * HOUR, AT - HOUR, None, False),
        (AT - 2 * HOUR, AT + HOUR, AT - HOUR, False),
    ],
)
def test_a_stage_tells_who_held_what_it_was_for(
    engine: Engine, placed_at: datetime, until: datetime | None, ended_at: datetime | None, *, is_held: bool
) -> None:
    attempts = [
        StageAttempt(stage=stage, name=name, state=RunState.SUCCEEDED, at=AT, started_at=AT, run_id="r")
        for stage, name in (("sheets", "tracker"), ("clips", "tracker"), ("sheets", "notes"), ("nas", "tracker"))
    ]
    with engine.begin() as connection:
        connection.execute(ADD, {"placed_at": placed_at, "until": until, "ended_at": ended_at})
        found = read_holders(connection, attempts)

    assert found == ({("sheets", "tracker"): "anna"} if is_held else {})


@pytest.mark.parametrize(
    ("of_run", "error", "state", "told"),
    [
        ("stopped", NO_REASON, "stopped", "the run was cancelled"),
        ("stopped", "the disk is full", "failed", "the disk is full"),
        ("failed", NO_REASON, "failed", NO_REASON),
        ("failed", FROM_OUTSIDE, "failed", "the process of the run died"),
    ],
)
def test_a_stage_that_was_cut_off_says_by_what(of_run: str, error: str, state: str, told: str) -> None:
    run = Run(run_id="r", job="full_sync", state=RunState(of_run), at=AT, correlation_id="x")
    attempt = StageAttempt(stage="nas", name="wsop", state=RunState.FAILED, at=AT, error=error)

    found = name_end(run, attempt)

    assert (found.state, found.error) == (state, told)
