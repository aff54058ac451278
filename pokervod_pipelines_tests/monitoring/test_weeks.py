"""Spoil a healthy week in every way, and see it named in its stage, in its week, and in no other."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.hands.store import put_file, read_files
from pokervod_pipelines.monitoring.weeks.shape import StageState, Week
from pokervod_pipelines.monitoring.weeks.stages import STAGES
from pokervod_pipelines.monitoring.weeks.validation import check_stage, find_days
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.tournaments.store import ExportFileState, write_file_state
from pokervod_pipelines_tests.monitoring.week_data import ARCHIVE, WeekData, at
from pokervod_pipelines_tests.monitoring.week_faults import FAULTS, MONDAY, NO_FAULTS, SUNDAY, TUESDAY

WEEK, BEFORE = "2026-W48", "2026-W47"


@pytest.fixture
def data(engine: Engine, settings_factory: Callable[..., Settings]) -> WeekData:
    return WeekData(engine=engine, settings=settings_factory(**ARCHIVE))


HEALTHY = {
    "files_arrived": "all 5 broadcast days; all 5 files",
    "names_understood": "all 5 names",
    "rows_matched": "notes: all 5 rows; all 5 videos",
    "clips_usable": "all 5 clips",
    "hands_whole": "all 5 days",
    "instructions_made": "all 5 premium hands",
    "graphics_delivered": "all 10 graphics",
    "delivered_before_slot": "all 10 graphics",
}


def test_a_healthy_week_is_complete_in_every_stage_and_says_how_much_was_looked_at(data: WeekData) -> None:
    data.put_week(MONDAY)

    found = data.validate(WEEK)

    assert {each.stage: each.sentence for each in found.stages} == HEALTHY
    assert found.is_complete
    assert all(check_stage(found.week, each).passed for each in found.stages)
    assert found.summary == "8 complete, of 8 stages"


def test_a_week_of_nothing_passes_no_check(data: WeekData) -> None:
    data.put_week(MONDAY)

    found = data.validate(BEFORE)

    checks = [check_stage(found.week, each) for each in found.stages]
    assert {(each.passed, each.looked_at, each.evidence) for each in checks} == {(False, 0, ())}
    assert all(": nothing to look at: " in each.summary for each in checks)
    assert not found.is_complete


@pytest.mark.parametrize(("about", "spoil", "stage", "sentence", "case"), FAULTS, ids=[each[0] for each in FAULTS])
def test_a_fault_is_named_in_its_stage_of_its_week(
    data: WeekData, about: str, spoil: Callable[[WeekData], object], stage: str, sentence: str, case: str
) -> None:
    data.put_week(MONDAY)
    spoil(data)

    weeks = data.validate_all("2026-W46", "2026-W49")

    (found,) = [each for each in weeks[WEEK].stages if each.stage == stage]
    assert found.sentence == sentence, about
    assert case in found.cases[0], about
    assert not check_stage(Week.parse(WEEK), found).passed
    assert not weeks[WEEK].is_complete
    spoiled = {name for name, each in weeks.items() for s in each.stages if s.state is StageState.INCOMPLETE}
    assert spoiled == {WEEK}
    assert {*weeks} == {"2026-W46", BEFORE, WEEK, "2026-W49"}


@pytest.mark.parametrize(("about", "put", "stage"), NO_FAULTS, ids=[each[0] for each in NO_FAULTS])
def test_what_need_not_be_there_is_no_case(
    data: WeekData, about: str, put: Callable[[WeekData], object], stage: str
) -> None:
    data.put_week(MONDAY)
    put(data)

    assert data.find(WEEK, stage).state is StageState.COMPLETE, about


def test_a_row_of_one_version_covers_the_other_files_of_its_episode(data: WeekData) -> None:
    data.put_week(MONDAY)
    other = data.put_video(at(TUESDAY, 9))
    assert data.find(WEEK, "rows_matched").case_count == 1
    data.join_episode(other, data.execute("select min(file_id) from sheet_rows")[0][0])

    assert data.find(WEEK, "rows_matched").sentence == "notes: all 5 rows; all 6 videos"


def test_a_later_version_does_not_make_a_graphic_late_that_was_there_in_time(data: WeekData) -> None:
    data.put_week(MONDAY)
    ((old, hand, key),) = data.execute(
        "select id, hand_id, trigger_key from render_instructions where hand_id is not null and broadcast_day = :day",
        day=TUESDAY,
    )
    late = at(TUESDAY + timedelta(days=1), 9)
    new = data.put_graphic("premium_hand", key, TUESDAY, hand=hand, finished=late, version=2)
    data.execute("update render_instructions set superseded_by = :new where id = :old", new=new, old=old)

    assert data.find(WEEK, "delivered_before_slot").state is StageState.COMPLETE


def test_what_is_not_due_yet_is_not_looked_at(data: WeekData) -> None:
    data.put_week(MONDAY, days=1)
    graphic = data.put_graphic("person", "a", MONDAY, state="pending")
    entry = f"{at(MONDAY, 19).isoformat()}/Second"
    data.put_slot(MONDAY, channel="Second")
    data.put_graphic("schedule_entry", entry, MONDAY, state="pending")
    data.execute("update render_instructions set created_at = :at", at=at(MONDAY, 18, 10))
    data.now = at(MONDAY, 18, 30)
    assert data.find(WEEK, "graphics_delivered").sentence == "all 2 graphics"
    assert data.find(WEEK, "delivered_before_slot").sentence == "all 2 graphics"
    assert data.find(WEEK, "hands_whole").state is StageState.NOTHING
    data.now = at(MONDAY, 19, 30)

    assert data.find(WEEK, "graphics_delivered").cases[0].startswith(f"instruction {graphic} ")
    assert data.find(WEEK, "delivered_before_slot").sentence == "1 of 3 graphics missing when needed"


def test_a_file_that_is_read_again_stays_in_the_week_in_which_it_was_read_first(data: WeekData) -> None:
    data.put_week(MONDAY)
    data.put_session_file(at(TUESDAY, 9), "read")
    export = ExportFileState(
        path="chips.csv", kind=None, digest="", size=1, seen_at=at(TUESDAY, 9), rows=0, problems=(), error="no header"
    )
    with data.engine.begin() as connection:
        write_file_state(connection, export)
        for table, first in (("hand_files", "first_read_at"), ("tournament_files", "first_imported_at")):
            connection.execute(text(f"update {table} set {first} = :at"), {"at": at(TUESDAY, 9)})
    before = data.find(WEEK, "files_arrived")
    with data.engine.begin() as connection:
        write_file_state(connection, export)
        put_file(connection, replace(read_files(connection)["/drop/a.json"], digest="other"))

    after = data.find(WEEK, "files_arrived")

    assert before.sentence.count("1 session file") == before.sentence.count("1 export") == 1
    assert after == before


def test_twenty_cases_are_shown_of_many(data: WeekData) -> None:
    for _ in range(23):
        data.put_row(at(MONDAY, 9), None)

    found = data.find(WEEK, "rows_matched")

    assert (found.case_count, len(found.cases)) == (23, 20)


def test_rows_are_told_by_sheet(data: WeekData, settings_factory: Callable[..., Settings]) -> None:
    sheets = [{"name": name, "path": f"{name}.xlsx"} for name in ("notes", "tracker")]
    data.settings = settings_factory(**{**ARCHIVE, "sheets": sheets})
    for row in range(3):
        data.put_row(at(MONDAY, 9), None if row else data.put_video(at(MONDAY, 9)))
    data.execute("update sheet_rows set sheet = 'tracker' where id > (select min(id) from sheet_rows)")

    assert data.find(WEEK, "rows_matched").sentence == (
        "notes: all 1 row; tracker: 2 of 2 rows without video; all 1 video"
    )


def test_many_cases_of_one_kind_do_not_hide_those_of_another(data: WeekData) -> None:
    data.put_week(MONDAY)
    data.put_video(at(MONDAY, 9))
    for _ in range(23):
        data.put_row(at(MONDAY, 9), None)

    assert data.find(WEEK, "rows_matched").cases[-1].endswith(": no row names it")


def test_sheets_and_libraries_that_left_the_settings_are_not_looked_at(
    data: WeekData, settings_factory: Callable[..., Settings]
) -> None:
    data.put_week(MONDAY)
    data.settings = settings_factory()

    found = data.validate(WEEK)

    assert [each.looked_at for each in found.stages[1:4]] == [0, 0, 0]


LONDON = {**ARCHIVE, "time_zone": "Europe/London", "hands": {"day_starts_at": "06:00"}}
EDGES = [
    # the clocks go back on 2026-10-25, in week 43, whose last day ends on Monday at 6:00 GMT
    (datetime(2026, 10, 26, 5, 59, tzinfo=UTC), "2026-W43"),
    (datetime(2026, 10, 26, 6, 0, tzinfo=UTC), "2026-W44"),
    (datetime(2026, 10, 19, 4, 59, tzinfo=UTC), "2026-W42"),
    (datetime(2026, 10, 19, 5, 0, tzinfo=UTC), "2026-W43"),
    # they go forward on 2026-03-29, in week 13
    (datetime(2026, 3, 30, 4, 59, tzinfo=UTC), "2026-W13"),
    (datetime(2026, 3, 30, 5, 0, tzinfo=UTC), "2026-W14"),
    # a year with 53 weeks
    (datetime(2027, 1, 4, 5, 59, tzinfo=UTC), "2026-W53"),
    (datetime(2027, 1, 4, 6, 0, tzinfo=UTC), "2027-W01"),
    (datetime(2026, 12, 28, 5, 59, tzinfo=UTC), "2026-W52"),
]


@pytest.mark.parametrize(("seen", "week"), EDGES)
def test_a_file_is_of_the_week_of_its_broadcast_day(
    data: WeekData, settings_factory: Callable[..., Settings], seen: datetime, week: str
) -> None:
    data.settings = settings_factory(**LONDON)
    data.put_video(seen)

    weeks = data.validate_all("2026-W10", "2027-W02")

    assert {name for name, each in weeks.items() if each.stages[1].looked_at} == {week}
    days = find_days(data.settings)
    start, end = Week.parse(week).find_bounds(days)
    assert start <= seen < end
    assert Week.of(days.find_day(seen)).name == week


def test_the_stages_have_unique_names_and_say_what_to_do() -> None:
    assert len({each.name for each in STAGES}) == len({each.title for each in STAGES}) == 8
    assert all(each.next_step.endswith(".") and each.description.endswith(".") for each in STAGES)


@pytest.mark.parametrize("text", ["2026-W54", "48", "2026-W00", "", "week 48"])
def test_a_text_that_names_no_week_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="expected a week such as 2026-W48"):
        Week.parse(text)


@pytest.mark.parametrize("text", ["9999-W52", "9999-12-31", "0001-W01", "0001-01-01"])
def test_a_week_at_the_end_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=f"expected a week of the years 1900 to 2999, got '{text}'"):
        Week.parse(text)


def test_a_week_is_over_when_its_last_broadcast_day_has_ended(data: WeekData) -> None:
    days, week = find_days(data.settings), Week.parse(WEEK)

    assert not week.is_over(at(SUNDAY + timedelta(days=1), 5, 59), days)
    assert week.is_over(at(SUNDAY + timedelta(days=1), 6), days)
