"""Kill importers and run several at once: nothing is doubled, lost or half written."""

import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from pokervod_pipelines_tests.hands.sessions import SESSION_ID, make_showdown, make_walk, write_session
from pokervod_pipelines_tests.hands.table import Table, table

__all__ = ["table"]

SESSIONS, HANDS = 6, 15
HALF_WRITTEN = """
    select s.session_id from hands h join hand_sessions s using (session_id) group by 1, s.hands_reported
    having count(*) <> s.hands_reported
"""


def write_sessions(folder: Path) -> None:
    for session in range(SESSIONS):
        hands = [(make_walk if at % 2 else make_showdown)(at=at, number=at) for at in range(HANDS)]
        for name, exported in (("late", hands), ("early", hands[:5])):
            (folder / f"{session} {name}.json").write_bytes(write_session(*exported, ID=SESSION_ID + session))


def start_import(table: Table) -> subprocess.Popen[str]:
    url = table.engine.url.render_as_string(hide_password=False)
    command = [
        sys.executable,
        "-m",
        "pokervod_pipelines_tests.hands.import_process",
        url,
        table.settings.home,
        table.drop,
    ]
    return subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)


def test_an_import_killed_at_any_file_leaves_whole_sessions_and_the_next_one_ends_the_same(table: Table) -> None:
    write_sessions(table.drop)
    for files in (1, 7):
        process = start_import(table)
        assert process.stdout is not None
        for _ in range(files):
            process.stdout.readline()
        process.kill()
        process.communicate()
        assert table.ask(HALF_WRITTEN) == []

    table.take()
    after_crashes, events = table.list_state(), table.count_events()

    table.forget()
    table.take()
    assert after_crashes == table.list_state()
    assert events == {"hand.created": SESSIONS * HANDS}


def test_two_importers_at_once_do_the_work_once(table: Table) -> None:
    write_sessions(table.drop)
    both = [start_import(table) for _ in range(2)]
    created = [int(process.communicate()[0].rpartition(" ")[2]) for process in both]

    assert sum(created) == SESSIONS * HANDS
    assert table.count_events() == {"hand.created": SESSIONS * HANDS}


def test_a_failure_inside_a_file_leaves_nothing_of_it(table: Table) -> None:
    write_sessions(table.drop)
    with table.engine.begin() as connection:
        connection.execute(text("alter table hand_sessions add constraint no_third check (session_id % 10 <> 1)"))

    report = table.take()

    assert (report.quarantined, report.read) == (2, 2 * SESSIONS - 2)
    assert all("no_third" in problem.what for problem in report.problems)
    stored = table.ask("select h.session_id, count(*) from hands h group by 1")
    assert all(count == HANDS for _, count in stored)
    assert table.count_events().get("hand.created", 0) == sum(count for _, count in stored)
