"""Keep every part of an address out of tables, events, errors, logs and output."""

import logging

import pytest

from pokervod_pipelines_tests.alerts.outbox import Outbox
from pokervod_pipelines_tests.alerts.servers import HookServer, MailServer, find_free_port


def read_database(outbox: Outbox) -> str:
    """Return every row of every table as text."""
    tables = outbox.execute("select table_name from information_schema.tables where table_schema = 'public'")
    rows = [outbox.execute(f'select t::text from "{name}" t') for (name,) in tables]
    return "\n".join(row[0] for table in rows for row in table)


def test_addresses_leave_no_trace_whatever_goes_wrong(
    outbox: Outbox,
    hook: HookServer,
    mail: MailServer,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    closed = find_free_port()
    hook.answers = [404, 500]
    mail.answers = ["550 go away"]
    outbox.open_slack(hook)
    outbox.open("web", f"json://sesameuser:sesamepass@127.0.0.1:{hook.port}/sesamepath?-token=sesametoken")
    outbox.open("closed", f"json://127.0.0.1:{closed}/sesamepath")
    outbox.open(
        "mail", f"mailto://127.0.0.1:{mail.port}?from=p@example.org&to=sesame@example.org&pass=sesamepass&user=u"
    )
    outbox.open("wrong", "tgram://sesametoken/sesame")
    outbox.raise_one()

    report = outbox.deliver()

    assert sorted(report.failures) == ["closed", "mail", "slack", "web", "wrong"]
    assert "refused" in report.failures["closed"]
    assert "error=" in report.failures["slack"]
    database = read_database(outbox)
    assert "alert.delivery.failed" in database
    out, err = capfd.readouterr()
    for text in (database, str(report), caplog.text, out, err, repr(outbox.channels)):
        assert "sesame" not in text.lower()
