"""No piece of any address stands in a table, an event, an error, a log or on the output."""

import logging

import pytest

from pokervod_pipelines_tests.alerts.desk import Desk
from pokervod_pipelines_tests.alerts.servers import HookServer, MailServer, find_free_port


def read_database(desk: Desk) -> str:
    """Every row of every table as text."""
    tables = desk.execute("select table_name from information_schema.tables where table_schema = 'public'")
    rows = [desk.execute(f'select t::text from "{name}" t') for (name,) in tables]
    return "\n".join(row[0] for table in rows for row in table)


def test_addresses_leave_no_trace_whatever_goes_wrong(
    desk: Desk,
    hook: HookServer,
    mail: MailServer,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    closed = find_free_port()
    hook.answers = [404, 500]
    mail.answers = ["550 go away"]
    desk.open_slack(hook)
    desk.open("web", f"json://sesameuser:sesamepass@127.0.0.1:{hook.port}/sesamepath?-token=sesametoken")
    desk.open("closed", f"json://127.0.0.1:{closed}/sesamepath")
    desk.open("mail", f"mailto://127.0.0.1:{mail.port}?from=p@example.org&to=sesame@example.org&pass=sesamepass&user=u")
    desk.open("wrong", "tgram://sesametoken/sesame")
    desk.raise_one()

    report = desk.deliver()

    assert sorted(report.faults) == ["closed", "mail", "slack", "web", "wrong"]
    assert "refused" in report.faults["closed"]
    assert "error=" in report.faults["slack"]
    database = read_database(desk)
    assert "alert.delivery.failed" in database
    out, err = capfd.readouterr()
    for text in (database, str(report), caplog.text, out, err, repr(desk.channels)):
        assert "sesame" not in text.lower()
