"""Spoil a healthy week in every way, and see it named in its stage, in its week, and in no other."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.monitoring.week_shape import StageState, Week
from pokervod_pipelines.monitoring.week_stages import STAGES
from pokervod_pipelines.monitoring.weeks import check_stage, find_days
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.monitoring.week_data import ARCHIVE, WeekData, at

MONDAY = date(2026, 11, 23)
WEEK, BEFORE = "2026-W48", "2026-W47"
TUESDAY, SUNDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=6)


@pytest.fixture
def data(engine: Engine, settings_factory: Callable[..., Settings]) -> WeekData:
    return WeekData(engine=engine, settings=settings_factory(**ARCHIVE))


HEALTHY = {
    "files_arrived": "5 of 5 broadcast days; 5 of 5 files",
    "names_understood": "5 of 5 names",
    "rows_matched": "5 of 5 rows; 5 of 5 videos",
    "clips_usable": "5 of 5 clips",
    "hands_whole": "5 of 5 days",
    "instructions_made": "5 of 5 premium hands",
    "graphics_delivered": "10 of 10 graphics",
    "delivered_before_slot": "10 of 10 graphics",
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


def put_other_day(data: WeekData) -> None:
    data.put_slot(SUNDAY)


def remove_slot(data: WeekData) -> None:
    data.put_slot(SUNDAY)
    data.put_slot(SUNDAY, 20, is_live=False, seen_at=at(SUNDAY, 9))


def put_open_slot(data: WeekData) -> None:
    hand, *_ = data.put_session(SUNDAY)
    data.put_slot(SUNDAY, end=None)
    data.put_graphic("premium_hand", "b", SUNDAY, hand=hand, finished=at(SUNDAY, 23, 59))


FAULTS: list[tuple[str, Callable[[WeekData], object], str, str, str]] = [
    (
        "a file is missing",
        lambda data: data.put_video(at(TUESDAY, 9), state="missing"),
        "files_arrived",
        "5 of 5 broadcast days; 1 of 6 files missing",
        ".mov, missing, since ",
    ),
    (
        "a file was not seen",
        lambda data: data.put_video(at(TUESDAY, 9), state="unseen"),
        "files_arrived",
        "5 of 5 broadcast days; 1 of 6 files not seen by the last scan",
        ".mov, not seen by the last scan, since ",
    ),
    (
        "a file never stops growing",
        lambda data: data.execute(
            "insert into held_files values ('nas', 'big.mov', 'wsop', 1, 'it is growing', :at)", at=at(TUESDAY, 9)
        ),
        "files_arrived",
        "5 of 5 broadcast days; 1 of 6 files still being written",
        "wsop: big.mov: it is growing",
    ),
    (
        "no video arrived",
        lambda data: data.execute("update nas_files set first_seen_at = :at", at=at(MONDAY - timedelta(days=3), 9)),
        "files_arrived",
        "5 of 5 broadcast days without a video in their week",
        "2026-11-23: no video arrived in its week; live slot 19:00 Final table",
    ),
    (
        "a name is like no other",
        lambda data: data.put_video(at(TUESDAY, 9), project="", reason="no rule knows it"),
        "names_understood",
        "1 of 6 names that no rule understood",
        ".mov: no rule knows it",
    ),
    (
        "the catalog was not built",
        lambda data: data.execute("delete from video_files where file_id = (select max(file_id) from video_files)"),
        "names_understood",
        "1 of 5 names not read yet",
        "the catalog has not read it",
    ),
    (
        "a row names no video",
        lambda data: data.put_row(at(TUESDAY, 9), None),
        "rows_matched",
        "1 of 6 rows without video; 5 of 5 videos",
        ": not matched yet",
    ),
    (
        "a video has no row",
        lambda data: data.put_video(at(TUESDAY, 9)),
        "rows_matched",
        "5 of 5 rows; 1 of 6 videos without a row",
        "no row names it",
    ),
    (
        "a clip has a bad timecode",
        lambda data: data.execute(
            "update hand_clips set problem = 'Out is before In' where id in (select max(id) from hand_clips)"
        ),
        "clips_usable",
        "1 of 5 clips that cannot be cut",
        ": Out is before In",
    ),
    (
        "a clip was not made",
        lambda data: data.execute("delete from hand_clips where id in (select max(id) from hand_clips)"),
        "clips_usable",
        "1 of 5 clips not made",
        "its clip is not made",
    ),
    (
        "a show has no hands",
        put_other_day,
        "hands_whole",
        "1 of 6 days without hands",
        "2026-11-29: no hands; live slot 19:00 Final table",
    ),
    (
        "hands of a session were withdrawn",
        lambda data: data.execute("update hands set withdrawn_by = 'person' where broadcast_day = :day", day=TUESDAY),
        "hands_whole",
        "1 of 5 days without hands",
        "2026-11-24: no hands; live slot",
    ),
    (
        "a session has fewer hands than its file",
        lambda data: data.put_session(TUESDAY, reported=4, stored=0),
        "hands_whole",
        "1 of 5 days with fewer hands than recorded",
        "(Table 7): 0 of 4 hands stored",
    ),
    (
        "a premium hand has no instruction",
        lambda data: data.put_session(TUESDAY),
        "instructions_made",
        "1 of 6 premium hands without instruction",
        "Table 7 2026-11-24 #0 (",
    ),
    (
        "an instruction was withdrawn",
        lambda data: data.execute(
            "update render_instructions set withdrawn_at = now() where hand_id is not null and broadcast_day = :day",
            day=TUESDAY,
        ),
        "instructions_made",
        "1 of 5 premium hands without instruction",
        "Table 7 2026-11-24 #0 (",
    ),
    (
        "a graphic failed",
        lambda data: data.put_graphic("person", "a", TUESDAY, state="failed", finished=at(TUESDAY, 18)),
        "graphics_delivered",
        "1 of 11 graphics failed",
        "(lower_third, 2026-11-24): failed, no font",
    ),
    (
        "a graphic ran out of time",
        lambda data: data.put_graphic("person", "a", TUESDAY, state="timed_out", finished=at(TUESDAY, 18)),
        "graphics_delivered",
        "1 of 11 graphics failed",
        "(lower_third, 2026-11-24): timed_out, no font",
    ),
    (
        "one failed and one waits",
        lambda data: (
            data.put_graphic("person", "a", TUESDAY, state="failed", finished=at(TUESDAY, 18)),
            data.put_graphic("person", "b", TUESDAY, state="pending"),
        ),
        "graphics_delivered",
        "1 of 12 graphics failed, 1 not finished",
        "(lower_third, 2026-11-24): ",
    ),
    (
        "a graphic of a hand came after the show",
        lambda data: data.execute(
            "update render_instructions set finished_at = :at where hand_id is not null and broadcast_day = :day",
            at=at(TUESDAY, 23, 5),
            day=TUESDAY,
        ),
        "delivered_before_slot",
        "1 of 10 graphics late",
        "needed at 2026-11-24 23:00, finished at 2026-11-24 23:05",
    ),
    (
        "the announcement came after the start",
        lambda data: data.execute(
            "update render_instructions set finished_at = :at where hand_id is null and broadcast_day = :day",
            at=at(TUESDAY, 19, 1),
            day=TUESDAY,
        ),
        "delivered_before_slot",
        "1 of 10 graphics late",
        "needed at 2026-11-24 19:00, finished at 2026-11-24 19:01",
    ),
]


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


NO_FAULTS: list[tuple[str, Callable[[WeekData], object], str]] = [
    ("a file that an operator cleared", lambda data: data.put_video(at(TUESDAY, 9), state="cleared"), "files_arrived"),
    (
        "a video of a project that no sheet annotates",
        lambda data: data.put_video(at(TUESDAY, 9), project="PAD"),
        "rows_matched",
    ),
    ("a test session without hands", lambda data: data.put_session(TUESDAY, stored=0, is_test=True), "hands_whole"),
    ("a slot that is not live", lambda data: data.put_slot(SUNDAY, is_live=False), "hands_whole"),
    ("a slot of today", lambda data: data.put_slot(data.now.date()), "hands_whole"),
    (
        "a slot that a later export removed",
        remove_slot,
        "hands_whole",
    ),
    (
        "a graphic that a person cancelled",
        lambda data: data.put_graphic("person", "a", TUESDAY, state="cancelled"),
        "graphics_delivered",
    ),
    (
        "a graphic without a slot",
        lambda data: data.put_graphic("elimination", "a", SUNDAY, finished=at(SUNDAY, 23, 59)),
        "delivered_before_slot",
    ),
    (
        "a slot without an end",
        put_open_slot,
        "delivered_before_slot",
    ),
]


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

    assert data.find(WEEK, "rows_matched").sentence == "5 of 5 rows; 6 of 6 videos"


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
    assert data.find(WEEK, "graphics_delivered").sentence == "2 of 2 graphics"
    assert data.find(WEEK, "delivered_before_slot").sentence == "2 of 2 graphics"
    assert data.find(WEEK, "hands_whole").state is StageState.NOTHING
    data.now = at(MONDAY, 19, 30)

    assert data.find(WEEK, "graphics_delivered").cases[0].startswith(f"instruction {graphic} ")
    assert data.find(WEEK, "delivered_before_slot").sentence == "1 of 3 graphics missing when needed"


def test_twenty_cases_are_shown_of_many(data: WeekData) -> None:
    for _ in range(23):
        data.put_row(at(MONDAY, 9), None)

    found = data.find(WEEK, "rows_matched")

    assert (found.case_count, len(found.cases)) == (23, 20)


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


def test_a_week_is_over_when_its_last_broadcast_day_has_ended(data: WeekData) -> None:
    days, week = find_days(data.settings), Week.parse(WEEK)

    assert not week.is_over(at(SUNDAY + timedelta(days=1), 5, 59), days)
    assert week.is_over(at(SUNDAY + timedelta(days=1), 6), days)
