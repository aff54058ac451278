"""Provide rollouts as they may have gone: the plan, the record and the time."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pokervod_pipelines.rollout.criteria.kinds.services import ServiceOwner
from pokervod_pipelines.rollout.plan import PlannedWeek, RolloutPlan
from pokervod_pipelines.rollout.record import (
    AttemptRecord,
    EscalationRecord,
    FixRecord,
    InterventionRecord,
    OverrideRecord,
    ResultRecord,
    RolloutRecord,
    RolloutState,
    WeekRecord,
    WeekState,
)

MONDAY = date(2026, 9, 7)
START = datetime(2026, 9, 7, 9, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

WEEKS = (
    ("API design", "The documents of the six services are valid and complete.", None),
    ("Mock environment", "Each mock answers as its document says.", "Mocks ready"),
    ("Development started", "Every service has an owner and a first passing test run.", None),
    ("Milestone 1", "Video files and hand summaries exist, are filled and fresh.", "Milestone 1: data in place"),
    ("Mock to real", "Services answer from real data; no mock address is left.", None),
    ("Back ends complete", "Health and latency hold.", "Back ends complete"),
    ("Integration tests", "At least 80 % of the end-to-end cases pass.", None),
    ("Bugs fixed", "All end-to-end cases pass.", None),
    ("Production", "Everything again, on the production addresses.", "In production"),
)
NAMES = {5: ("search_is_real", "clipping_contract", "no_mock_left", "ui_health")}
SAID = "answers as the document says: 24 of 24 operations"


def plan_weeks(count: int = 9) -> RolloutPlan:
    """Return a plan with the first weeks."""
    weeks = tuple(
        PlannedWeek(
            number=number,
            title=title,
            summary=summary,
            milestone=milestone,
            starts=MONDAY + (number - 1) * 7 * DAY,
            ends=MONDAY + (number - 1) * 7 * DAY + 4 * DAY,
            attempts=3,
            wait_seconds=300.0,
            criteria=tuple(
                ServiceOwner(name=name, service="search", description=f"The {name.replace('_', ' ')} criterion.")
                for name in NAMES.get(number, (f"week_{number}_documents", f"week_{number}_health"))
            ),
        )
        for number, (title, summary, milestone) in enumerate(WEEKS[:count], 1)
    )
    return RolloutPlan(
        name="default",
        title="PokerVOD goes into production",
        starts=MONDAY,
        services={},
        weeks=weeks,
        fixers=(),
        source=Path("plan.yaml"),
        folder=Path(),
    )


def result(name: str, wrong: str | None = None, *, kind: str = "CONTRACT", overridden: bool = False) -> ResultRecord:
    return ResultRecord(
        criterion=name,
        passed=wrong is None,
        is_overridden=overridden,
        summary=wrong or SAID,
        details=() if wrong is None else (f"first: {wrong}", "GET /clips/{id} answered 502 in 31.2 s"),
        figures={},
        error_class=None if wrong is None else kind,
        seconds=1.5,
    )


def attempt(
    number: int,
    week: int,
    start: datetime,
    results: tuple[ResultRecord, ...],
    *fixes: FixRecord,
    cycle: int = 1,
    took: timedelta = 20 * MINUTE,
) -> AttemptRecord:
    return AttemptRecord(
        id=week * 100 + cycle * 10 + number,
        week=week,
        cycle=cycle,
        number=number,
        started_at=start,
        ended_at=start + took,
        passed=all(each.passed or each.is_overridden for each in results),
        results=results,
        fixes=fixes,
    )


def fix(fixer: str, reported: str, *, done: bool = True) -> FixRecord:
    return FixRecord(fixer=fixer, error_class="SERVICE_DOWN", done=done, reported=reported, at=START)


def week(
    number: int,
    state: WeekState = WeekState.PENDING,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    attempts: int = 0,
) -> WeekRecord:
    return WeekRecord(
        number=number, state=state, cycle=1, attempts=attempts, next_try_at=None, started_at=start, finished_at=end
    )


def fresh() -> RolloutRecord:
    """Return a rollout that has just started."""
    return RolloutRecord(
        plan="default",
        state=RolloutState.RUNNING,
        reason="",
        started_at=START,
        changed_at=START,
        finished_at=None,
        weeks=tuple(week(number) for number in range(1, 10)),
    )


def passed_weeks(count: int) -> tuple[list[WeekRecord], list[AttemptRecord]]:
    """Return the first weeks, passed: the second by a retry, the third by a fixer, week 4 after an override."""
    weeks, attempts = [], []
    for number in range(1, count + 1):
        begin, plan = START + (number - 1) * 8 * DAY, plan_weeks().weeks[number - 1]
        good = tuple(result(each.name) for each in plan.criteria)
        bad = (result(plan.criteria[0].name, "connection refused at 10.0.0.7:8080", kind="SERVICE_DOWN"), *good[1:])
        let = (replace(bad[0], is_overridden=True), *good[1:])
        tries = {
            2: [(bad, ()), (good, ())],
            3: [(bad, (fix("restart_service", "search restarted by its hook; healthy after 4 s"),)), (good, ())],
            4: [(bad, ()), (let, ())],
        }.get(number, [(good, ())])
        for at, (results, fixes) in enumerate(tries, 1):
            attempts.append(attempt(at, number, begin + at * 2 * DAY, results, *fixes))
        end = begin + 8 * DAY
        weeks.append(week(number, WeekState.PASSED, start=begin, end=end, attempts=len(tries)))
    return weeks, attempts


OVERRIDE = OverrideRecord(
    week=4,
    criterion="week_4_documents",
    by="Ada Lovelace",
    reason="The hand sheets of Seoul arrive next month; the table is right.",
    at=START + 27 * DAY,
)
STOPPED = START + 34 * DAY
NOW = STOPPED + 26 * HOUR


def escalated() -> RolloutRecord:
    """Return a rollout half way: four weeks have passed, the fifth failed three times and is blocked for 26 hours."""
    weeks, attempts = passed_weeks(4)
    wrong = "POST /clips: answer 502 does not conform to the document: 'clip_url' is a required property, got {}"
    bad = (
        result("search_is_real"),
        result("clipping_contract", wrong),
        result("no_mock_left", "clipping answers with the header x-pokervod-mock: true", kind="DATA"),
        result("ui_health"),
    )
    said = "the hook answered 403 Forbidden; the token in CLIPPING_HOOK_TOKEN may have run out"
    failing = [
        attempt(1, 5, STOPPED - 40 * MINUTE, bad, fix("restart_service", said, done=False), took=3 * MINUTE),
        attempt(2, 5, STOPPED - 30 * MINUTE, bad, fix("rebuild_mocks", "3 mocks built anew"), took=3 * MINUTE),
        attempt(3, 5, STOPPED - 5 * MINUTE, (*bad[:3], result("ui_health", "p95 2.4 s, limit 1 s")), took=5 * MINUTE),
    ]
    stopped = week(5, WeekState.FAILED, start=START + 32 * DAY, attempts=3)
    summary = "3 of 4 criteria failed at the third attempt: clipping_contract, no_mock_left, ui_health"
    return replace(
        fresh(),
        state=RolloutState.ESCALATED,
        reason="week 5 failed 3 times",
        weeks=(*weeks, stopped, *(week(number) for number in range(6, 10))),
        attempts=(*attempts, *failing),
        overrides=(OVERRIDE,),
        escalations=(EscalationRecord(week=5, cycle=1, at=STOPPED, summary=summary, ended_at=None),),
    )


def completed() -> tuple[RolloutRecord, datetime]:
    """Return a rollout whose nine weeks passed; the fifth was escalated once and resumed by a person."""
    before, (weeks, attempts) = escalated(), passed_weeks(9)
    resumed = NOW + HOUR
    blocked = replace(before.escalations[0], ended_at=resumed)
    again = [replace(each, cycle=2, started_at=resumed, ended_at=resumed + HOUR) for each in attempts if each.week == 5]
    finish = weeks[-1].finished_at
    assert finish is not None
    person = InterventionRecord(kind="resume", week=5, by="Grace Hopper", reason="the hook has a new token", at=resumed)
    record = replace(
        before,
        state=RolloutState.COMPLETED,
        reason="",
        finished_at=finish,
        weeks=tuple(weeks),
        attempts=(*before.attempts, *again, *(each for each in attempts if each.week > 5)),
        escalations=(blocked,),
        interventions=(person,),
    )
    return record, finish
