"""Import files: each hand once, in its most complete version, in any order, and nothing half written."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines.errors import ArchiveUnavailable, BadInput, BadSettings
from pokervod_pipelines.hands import session_files
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.imports import make_rules
from pokervod_pipelines.hands.parsed_sessions import HandRules, ParsedSession, parse_file
from pokervod_pipelines.hands.phh_export import export_phh
from pokervod_pipelines.processes.share_reader import Report
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.hands.damaged_files import mutate
from pokervod_pipelines_tests.hands.hand_factory import DATA, build_one, needs_real_sessions
from pokervod_pipelines_tests.hands.sessions import (
    Json,
    make_player,
    make_showdown,
    make_walk,
    write_session,
)
from pokervod_pipelines_tests.hands.table import Table, table
from pokervod_pipelines_tests.processes.shares import record_processes

__all__ = ["table"]


def make_early() -> Json:
    """Return a showdown that is still being played."""
    early = make_showdown(at=3, Duration="PT30S")
    early["Events"] = early["Events"][:4]
    return early


SNAPSHOTS = {
    "a.json": write_session(make_walk(), make_early()),
    "b.json": write_session(make_walk(), make_showdown(at=3), make_walk(at=6), EventTitle="High Roller"),
    "c.json": write_session(make_showdown(at=3), {"HandNum": 9}),
    "d.json": write_session(make_walk(), ID=7),
    "e.json": write_session(make_walk(at=9), make_walk(at=12), make_early(), EventTitle="Table test"),
}


def test_a_session_is_stored_with_all_that_follows_from_it(table: Table) -> None:
    table.write(write_session(make_walk(), make_showdown(at=3)))

    report = table.take()

    assert (report.files, report.read, report.created, report.changed, report.problem_count) == (1, 1, 2, 0, 0)
    rows = table.ask(
        "select hand_number, grade, is_premium, best_category, pot, winners, table_name from hands order by started_at"
    )
    assert rows[1] == (1, "A", True, "four_of_a_kind", 2_300, [1], "table-7")
    assert table.ask("select hands_reported, table_name, is_test from hand_sessions") == [(2, "table-7", False)]
    (content,) = table.ask("select content from hands where is_premium")[0]
    assert Hand.from_content(content).find_seat(1)
    assert table.count_events() == {"hand.created": 2}


def test_a_file_that_did_not_change_is_passed_over(table: Table) -> None:
    table.write(SNAPSHOTS["b.json"])
    table.take()

    report = table.take()

    assert (report.unchanged, report.read, report.created) == (1, 0, 0)
    assert table.count_events() == {"hand.created": 3}


def test_files_on_a_share_are_read_by_one_child_and_parsed_here(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing a large file takes longer than a share has time to answer."""
    parsed: list[str] = []

    def parse_here(raw: bytes, path: str, rules: HandRules) -> tuple[ParsedSession, ...]:
        parsed.append(path)
        return parse_file(raw, path, rules)

    monkeypatch.setattr(session_files, "parse_file", parse_here)
    started = record_processes(monkeypatch)
    files = [table.write(write_session(make_walk(), ID=number), f"{number}.json") for number in range(1, 31)]

    reports = [table.take(*files), table.take(*files, table.drop)]

    assert [(report.files, report.created, report.unchanged) for report in reports] == [(30, 30, 0), (30, 0, 30)]
    assert parsed == [*map(str, files)]
    assert started.count("share reader") == 1 + 2
    assert set(started) == {"path check", "share reader"}


def test_a_drop_folder_on_a_share_is_asked_whether_it_answers_not_each_folder_in_it(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 21):
        (table.drop / str(number)).mkdir()
        table.write(write_session(make_walk(), ID=number), f"{number}/s.json")
    started = record_processes(monkeypatch)

    assert table.take(table.drop).created == 20
    assert started == ["path check", "share reader"] * 2  # a folder is listed by one of its own


def test_a_reader_that_dies_over_a_file_on_a_share_ends_the_import(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pokervod_pipelines.processes.path_check.LOCAL", frozenset())
    monkeypatch.setattr(session_files, "_read", die)
    table.write(write_session(make_walk()))

    with pytest.raises(ArchiveUnavailable, match=r"s.json: cannot be read \(its reader: exit code 3\)"):
        table.take()


def die(_file: Path, _report: Report) -> None:
    os._exit(3)


def test_a_growing_file_changes_only_the_hand_that_grew(table: Table) -> None:
    file = table.write(SNAPSHOTS["a.json"])
    table.take()
    file.write_bytes(SNAPSHOTS["b.json"].replace(b"High Roller", b""))

    report = table.take()

    assert (report.created, report.changed) == (1, 1)
    assert table.count_events() == {"hand.created": 3, "hand.changed": 1}
    table.take()
    assert table.count_events() == {"hand.created": 3, "hand.changed": 1}


@settings(max_examples=12)
@given(order=st.lists(st.sampled_from(sorted(SNAPSHOTS)), min_size=1, max_size=8))
def test_order_and_repeats_of_files_make_no_difference(table: Table, order: list[str]) -> None:
    table.forget()
    for name in order:
        table.take(table.write(SNAPSHOTS[name], name))
    state, events = table.list_state(), table.count_events()

    table.take(*(table.drop / name for name in sorted(set(order))))
    assert (table.list_state(), table.count_events()) == (state, events)

    table.forget()
    table.take(*(table.drop / name for name in sorted(set(order))))
    assert table.list_state() == state
    assert events["hand.created"] == len(state)


def test_the_largest_file_names_the_session(table: Table) -> None:
    table.write(SNAPSHOTS["a.json"], "a.json")
    table.take()
    table.write(write_session(*(make_walk(at=9 + at) for at in range(5)), EventTitle="Table test"), "e.json")

    table.take()

    assert table.ask("select distinct is_test, grade, content ->> 'event_title' from hands") == [
        (True, None, "Table test")
    ]
    assert table.ask("select is_test from hand_sessions") == [(True,)]
    assert table.count_events() == {"hand.created": 7, "hand.changed": 2}


def test_the_file_a_hand_came_from_may_correct_it_and_another_may_not(table: Table) -> None:
    file = table.write(write_session(make_showdown()), "a.json")
    table.take()
    corrected = make_showdown()
    corrected["Players"][1] = make_player(2, end=99_900, cards="7c")
    file.write_bytes(write_session(corrected))

    assert table.take().changed == 1

    table.write(write_session(make_early() | {"StartDateTimeUTC": make_showdown()["StartDateTimeUTC"]}), "b.json")
    assert table.take().changed == 0


def test_a_session_that_crosses_midnight_stays_whole(table: Table) -> None:
    night = [make_walk(at=at) for at in (0, 60 * 7, 60 * 11)]
    table.write(write_session(*night))
    table.take()

    assert table.ask("select distinct broadcast_day::text from hands") == [("2031-05-04",)]


def test_hand_numbers_repeat_and_starts_do_not(table: Table) -> None:
    table.write(write_session(make_walk(), make_walk(at=1), make_walk(at=1)))

    assert table.take().created == 2


def test_a_broken_hand_is_named_and_does_not_take_the_others_along(table: Table) -> None:
    file = table.write(write_session(make_walk(), {"HandNum": 9}, make_showdown(at=1, Players=[
        make_player(1, 2**63 - 1), make_player(2, 2**63 - 1), make_player(3, 2**63 - 1)
    ])))  # fmt: skip

    report = table.take()

    assert report.created + report.problem_count == 3
    assert any(problem.where == str(file) and "StartDateTimeUTC" in problem.what for problem in report.problems)
    assert "hand 2 (hand number 9)" in table.ask("select reason from hand_files")[0][0]
    assert table.take().problem_count == 1  # reported as long as the file has it


def test_a_cut_file_is_read_when_it_is_complete(table: Table) -> None:
    file = table.write(SNAPSHOTS["a.json"][:-40])

    report = table.take()

    assert (report.waiting, report.quarantined, report.created) == (1, 0, 0)
    assert file.exists()
    assert table.ask("select state from hand_files") == [("waiting",)]
    file.write_bytes(SNAPSHOTS["a.json"])
    assert table.take().created == 2
    assert table.ask("select state, reason from hand_files") == [("read", None)]


def test_a_file_that_is_not_a_session_is_quarantined_with_its_reason(table: Table) -> None:
    file = table.write(b"no session")
    kept = table.write(b"no session", elsewhere=True)

    report = table.take(file, kept, file)

    assert report.quarantined == 2
    quarantined = {path.name: path.read_bytes() for path in (table.settings.home / "quarantine").iterdir()}
    (name,) = [name for name in quarantined if name.endswith(".json")]
    assert quarantined[name] == b"no session"
    assert b"not JSON at line 1" in quarantined[f"{name}.reason.txt"]
    assert (file.exists(), kept.read_bytes()) == (False, b"no session")
    assert table.count_events() == {"hand.file.quarantined": 2}
    assert table.take(kept).quarantined == 1
    assert table.count_events() == {"hand.file.quarantined": 2}


def test_a_corrected_file_is_imported_after_its_quarantine(table: Table) -> None:
    table.write(b"no session")
    table.take()
    table.write(SNAPSHOTS["a.json"])

    assert table.take().created == 2
    assert table.ask("select state from hand_files") == [("read",)]
    assert list((table.settings.home / "quarantine").glob("*.json"))


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_read(table: Table) -> None:
    table.write(SNAPSHOTS["a.json"], "a.json")
    (table.drop / "b.json").symlink_to("b.json")

    report = table.take(table.drop / "a.json", table.drop)

    assert (report.read, report.unreadable) == (1, 1)
    assert "cannot be read" in report.problems[0].what


def test_a_path_that_does_not_exist_is_refused(table: Table) -> None:
    with pytest.raises(BadInput, match="no such file"):
        table.take(Path("nowhere.json"))


def test_hand_histories_never_replace_what_a_table_recorded(table: Table) -> None:
    hand = build_one(make_showdown())
    history = table.write(export_phh(hand).encode(), "one.phh", elsewhere=True)
    assert table.take(history).created == 1
    assert table.ask("select source, pot, winners from hands") == [("manual", 2_300, [1])]

    table.write(write_session(make_showdown()))
    assert table.take().changed == 1
    assert table.take(history).changed == 0
    history.write_bytes(history.read_bytes() + b"\n")
    assert table.take(history).changed == 0
    assert table.ask("select source from hands") == [("rfid",)]


def test_a_hand_history_may_be_corrected_in_any_way(table: Table) -> None:
    history = table.write(export_phh(build_one(make_showdown())).encode(), "one.phh")
    table.take()
    history.write_text(history.read_text().replace("four", "4").replace("7c2d", "7c2h"), encoding="utf-8")

    assert table.take().changed == 1


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"variant = 'NT'", b""])
def test_a_file_that_is_not_a_hand_history_is_quarantined(table: Table, raw: bytes) -> None:
    table.write(raw, "one.phh")

    assert table.take().quarantined == 1


def test_a_changed_rule_grades_the_hands_again(table: Table, settings_factory: object) -> None:
    table.write(write_session(make_showdown()))
    table.take()
    strict = table.settings.model_copy(
        update={
            "hands": table.settings.hands.model_copy(
                update={"rule": type(table.settings.hands.rule)(min_seconds=9_999)}
            )
        }
    )

    report = Table(table.engine, strict, table.drop, table.elsewhere).take()

    assert (report.read, report.changed) == (1, 1)
    assert table.ask("select grade from hands") == [("B",)]


def test_an_unknown_category_in_the_settings_is_refused(table: Table) -> None:
    wrong = Settings.model_validate({"home": table.drop, "hands": {"rule": {"min_category": "five_of_a_kind"}}})

    with pytest.raises(BadSettings, match="five_of_a_kind"):
        make_rules(wrong)


def test_a_session_without_hands_is_read_and_stores_none(table: Table) -> None:
    table.write(write_session(CreatedDateTimeUTC=""))

    assert (table.take().read, table.ask("select * from hand_sessions")) == (1, [])


def test_damaged_files_are_stored_as_far_as_valid_or_quarantined_with_a_reason(table: Table) -> None:
    for seed in range(40):
        table.write(mutate(seed), f"{seed}.json")

    report = table.take()

    assert report.read + report.waiting + report.quarantined == report.files == 40
    assert all(reason for (reason,) in table.ask("select reason from hand_files where state <> 'read'"))
    assert table.count_events()["hand.created"] == report.created == len(table.list_state())


@needs_real_sessions
def test_the_real_sessions_are_stored_once_in_any_order(table: Table) -> None:
    files = sorted((DATA / "pgfx").rglob("*.json"))
    table.take(*files[::-1])
    backwards = table.list_state()
    assert table.take(DATA / "pgfx").created == 0
    table.forget()

    assert table.take(DATA / "pgfx").created == len(backwards)
    assert table.list_state() == backwards
