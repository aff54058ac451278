"""List what can be wrong with a healthy week, and what only looks so."""

from collections.abc import Callable
from datetime import date, timedelta

from pokervod_pipelines_tests.monitoring.week_data import WeekData, at

MONDAY = date(2026, 11, 23)
TUESDAY, SUNDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=6)


def put_other_day(data: WeekData) -> None:
    data.put_slot(SUNDAY)


def put_unfinished_session(data: WeekData) -> None:
    data.put_session_file(at(TUESDAY, 9), "waiting")
    data.now = at(TUESDAY, 9, 30)


def remove_slot(data: WeekData) -> None:
    data.put_slot(SUNDAY)
    data.put_slot(SUNDAY, 20, is_live=False, seen_at=at(SUNDAY, 9))


def withdraw_session(data: WeekData) -> None:
    data.put_session(SUNDAY, reported=4)
    data.execute("update hands set withdrawn_by = 'person' where broadcast_day = :day and not is_premium", day=SUNDAY)
    data.execute("update hands set is_test = true where broadcast_day = :day and is_premium", day=SUNDAY)


def put_open_slot(data: WeekData) -> None:
    hand, *_ = data.put_session(SUNDAY)
    data.put_slot(SUNDAY, end=None)
    data.put_graphic("premium_hand", "b", SUNDAY, hand=hand, finished=at(SUNDAY, 23, 59))


FAULTS: list[tuple[str, Callable[[WeekData], object], str, str, str]] = [
    (
        "a file is missing",
        lambda data: data.put_video(at(TUESDAY, 9), state="missing"),
        "files_arrived",
        "all 5 broadcast days; 1 of 6 files missing",
        ".mov, missing, since ",
    ),
    (
        "a file was not seen",
        lambda data: data.put_video(at(TUESDAY, 9), state="unseen"),
        "files_arrived",
        "all 5 broadcast days; 1 of 6 files not seen by the last scan",
        ".mov, not seen by the last scan, since ",
    ),
    (
        "a file never stops growing",
        lambda data: data.execute(
            "insert into held_files values ('nas', 'big.mov', 'wsop', 1, 'it is growing', :at)", at=at(TUESDAY, 9)
        ),
        "files_arrived",
        "all 5 broadcast days; 1 of 6 files still being written",
        "wsop: big.mov: it is growing",
    ),
    (
        "a session file is none",
        lambda data: data.put_session_file(at(TUESDAY, 9), "quarantined"),
        "files_arrived",
        "all 5 broadcast days; all 5 files; 1 of 1 session file that could not be read",
        "/drop/a.json: no session",
    ),
    (
        "a session ends in the middle",
        lambda data: data.put_session_file(at(TUESDAY, 9), "waiting"),
        "files_arrived",
        "all 5 broadcast days; all 5 files; 1 of 1 session file that could not be read",
        "/drop/a.json: no session",
    ),
    (
        "an export has no header",
        lambda data: data.execute(
            "insert into tournament_files (path, digest, size, seen_at, rows, error, imported_at, "
            "first_imported_at) values ('chips.csv', '', 1, :at, 0, 'no header', :at, :at)",
            at=at(TUESDAY, 9),
        ),
        "files_arrived",
        "all 5 broadcast days; 1 of 1 export that could not be read; all 5 files",
        "chips.csv: no header",
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
        "notes: 1 of 6 rows without video; all 5 videos",
        ": not matched yet",
    ),
    (
        "a video has no row",
        lambda data: data.put_video(at(TUESDAY, 9)),
        "rows_matched",
        "notes: all 5 rows; 1 of 6 videos without a row",
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
        "hands of a day without a slot were withdrawn by their file",
        lambda data: (
            data.put_session(SUNDAY),
            data.execute("update hands set withdrawn_by = 'file' where broadcast_day = :day", day=SUNDAY),
        ),
        "hands_whole",
        "1 of 6 days without hands",
        "2026-11-29: no hands; session ",
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
"""What is done to the week 2026-W48, the stage that names it, its sentence, and a part of the first case."""

NO_FAULTS: list[tuple[str, Callable[[WeekData], object], str]] = [
    ("a file that an operator cleared", lambda data: data.put_video(at(TUESDAY, 9), state="cleared"), "files_arrived"),
    ("a session file that was read", lambda data: data.put_session_file(at(TUESDAY, 9), "read"), "files_arrived"),
    ("a session that goes on", put_unfinished_session, "files_arrived"),
    (
        "a video of a project that no sheet annotates",
        lambda data: data.put_video(at(TUESDAY, 9), project="PAD"),
        "rows_matched",
    ),
    ("a test session without hands", lambda data: data.put_session(TUESDAY, stored=0, is_test=True), "hands_whole"),
    ("a session whose hands a person withdrew, the others tests", withdraw_session, "hands_whole"),
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
"""What is put into that week, and the stage that stays complete."""
