"""A record becomes one line and is read again as it was, without secrets and control characters."""

import logging
import sys
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.logs.context import bind
from pokervod_pipelines.logs.lines import MAX_CHARACTERS, LineFormatter, LogLine, read_line
from pokervod_pipelines.processes.threads import run_in_thread

AT = datetime(2026, 11, 30, 13, 31, 2, 123_000, ZoneInfo("Asia/Seoul"))


def format_record(msg: object, *args: object, **values: Any) -> str:
    facts = {"name": "pokervod_pipelines.nas.scan", "levelname": "INFO", "process": 4242, "created": AT.timestamp()}
    record = logging.makeLogRecord({**facts, "msg": msg, "args": args, **values})
    return LineFormatter(ZoneInfo("Asia/Seoul"), lambda text: text.replace("hunter2", "***")).format(record)


def read(text: str) -> LogLine:
    line = read_line("sync", text)
    assert line is not None
    return line


def test_a_line_has_time_level_room_process_and_ids() -> None:
    with bind(run_id="r1", correlation_id="c 1"):
        text = format_record("%s: %d files", "wsop", 3)

    assert text == "2026-11-30T13:31:02.123+09:00 INFO nas 4242 r1 c_1 wsop: 3 files"
    assert read(text) == LogLine(
        at=AT,
        level="INFO",
        process="sync",
        room="nas",
        pid=4242,
        run_id="r1",
        correlation_id="c_1",
        text="wsop: 3 files",
    )


def test_ids_end_with_their_context_and_those_of_a_record_win() -> None:
    with bind(run_id="r1"), bind(correlation_id="c1"):
        assert " r1 c1 x" in format_record("x")
        assert " r2 c1 x" in format_record("x", run_id="r2")
    assert " - - x" in format_record("x")


def test_a_thread_of_ours_keeps_the_ids() -> None:
    with bind(run_id="r1", correlation_id="c1"):
        written = run_in_thread(lambda: format_record("x"), "test")

    assert " r1 c1 x" in written.result()


@pytest.mark.parametrize(
    ("message", "written"),
    [
        ("a\x1b[31mb", "a␛[31mb"),
        ("a\r2026", "a␍2026"),
        ("a\u202eb", "a\ufffdb"),
        ("the password hunter2", "the password ***"),
        ("x\n2026-11-30T13:31:02.123+09:00 ERROR nas 1 - - forged", None),
    ],
)
def test_untrusted_text_is_shown_and_forges_no_line(message: str, written: str | None) -> None:
    text = format_record(message)

    assert read(text).text == (written or message)
    assert [line[:1] == " " for line in text.split("\n")[1:]] == [True] * message.count("\n")


def test_an_exception_is_on_further_lines() -> None:
    try:
        raise ValueError("hunter2")  # noqa: TRY301
    except ValueError:
        text = format_record("failed", exc_info=sys.exc_info())

    first, *further = text.split("\n")
    assert first.endswith(" failed")
    assert further[0] == "    Traceback (most recent call last):"
    assert further[-1] == "    ValueError: ***"
    assert read(text).text.endswith("\nValueError: ***")


DIVISION = "select :hand as secret_hand, 1 /\ncast(:zero as int)"
VALUES = {"hand": "Ana's\naces", "zero": 0}
STATEMENT = "insert into clips (title)\nvalues (%(title)s)"


def test_no_statement_of_a_database_error_is_written(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError) as raised:
        connection.execute(text(DIVISION), VALUES)
    outer = RuntimeError(f"again: {raised.value}")
    outer.__cause__ = raised.value
    written = format_record("failed: %s", raised.value, exc_info=(RuntimeError, outer, None))

    assert written.count("division by zero") == 4
    assert not [word for word in ("secret_hand", "[parameters", "Ana", "sqlalche.me", "[SQL") if word in written]
    assert "The above exception was the direct cause" in written


@pytest.mark.parametrize(
    ("error", "written"),
    [
        (f"(x.Error) gone\n[SQL: {STATEMENT}]\n[parameters: {{'title': 'Ana'}}]\nnext", "(x.Error) gone\nnext"),
        (
            f"(x.Error) gone\n[SQL: {STATEMENT}]\n(Background on this error at: https://x/e)\nnext",
            "(x.Error) gone\nnext",
        ),
        (f"(x.Error) gone\n[SQL: {STATEMENT}]", "(x.Error) gone"),
        ("(x.Error) gone\n(Background on this error at: https://x/e)", "(x.Error) gone"),
        ("(x.Error) twice\nDETAIL:  Key (name)=(Ana) already exists.\nHINT:  x", "(x.Error) twice\nHINT:  x"),
        ("(x.Error) deadlock\nDETAIL:  Process 1 waits", "(x.Error) deadlock\nDETAIL:  Process 1 waits"),
    ],
)
def test_what_a_database_adds_to_an_error_is_left_out(error: str, written: str) -> None:
    assert read(format_record(error)).text == written


def test_facts_beside_the_message_are_kept() -> None:
    assert format_record("a file was left", path="/x", is_shown=True).endswith("a file was left (path=/x)")


@pytest.mark.parametrize(("message", "arguments"), [("%d files", ("many",)), ("%s %s", ("one",))])
def test_a_message_that_does_not_fit_is_written_all_the_same(message: str, arguments: tuple[str, ...]) -> None:
    assert format_record(message, *arguments).endswith(f"{message} {arguments}")


def test_a_message_is_cut() -> None:
    assert len(format_record("x" * 10 * MAX_CHARACTERS)) < MAX_CHARACTERS + 200


@pytest.mark.parametrize(
    "text", ["", "    x", "2026 INFO nas", "2026-11-30T13:31:02 INFO nas 1 - - x", "2026-13-30T1 A b 1 - - x"]
)
def test_what_is_no_line_is_none(text: str) -> None:
    assert read_line("sync", text) is None
