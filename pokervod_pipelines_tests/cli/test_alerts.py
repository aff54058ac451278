"""Run ``pokervod alerts``; channels that fail delay no rollout."""

import pytest

from pokervod_pipelines_tests.alerts.servers import find_free_port
from pokervod_pipelines_tests.cli.command import WHY, RunCommand, escalate
from pokervod_pipelines_tests.rollout.plan_folder import PlanFolder


def test_alerts_are_acknowledged_and_resolved_by_key(plans: PlanFolder, pokervod: RunCommand) -> None:
    escalate(plans, pokervod)
    key = "rollout demo week 2 escalated"

    assert f"incident 1: {key}" in pokervod("alerts", "list", "--open").printed
    assert pokervod("alerts", "ack", key, *WHY).printed == "incident 1 is acknowledged\n"
    assert pokervod("alerts", "ack", "1", *WHY).error.startswith("incident 1 is over or acknowledged already")
    assert [each["state"] for each in pokervod("incidents", "list", "--json").json] == ["acknowledged"]
    assert pokervod("alerts", "resolve", key, *WHY).printed == "incident 1 is resolved\n"
    assert pokervod("alerts", "resolve", key, *WHY).status == 2
    assert pokervod("alerts", "resolve", "nothing", *WHY).error.startswith("unknown incident 'nothing'")
    refused = pokervod("alerts", "resolve", "rollout demo week 1 attempt 1", *WHY)
    assert "is a message, not an incident" in refused.error
    assert key not in pokervod("alerts", "list", "--open").printed
    assert len(pokervod("alerts", "list", "--limit", "1", "--json").json) == 1


@pytest.mark.parametrize("command", ["ack", "resolve"])
def test_an_alert_is_not_closed_without_a_reason(plans: PlanFolder, pokervod: RunCommand, command: str) -> None:
    escalate(plans, pokervod)

    assert pokervod("alerts", command, "rollout demo week 2 escalated").status == 2
    result = pokervod("alerts", command, "rollout demo week 2 escalated", "--reason", " ")
    assert (result.status, "--reason is required" in result.error) == (2, True)


def test_a_test_alert_arrives(plans: PlanFolder, pokervod: RunCommand) -> None:
    result = pokervod("alerts", "test")

    assert (result.status, result.printed) == (0, "everything due was sent\n")
    assert result.errors.startswith("CRITICAL: A test of PokerVOD's alerts\nIt arrived.")
    assert pokervod("alerts", "list", "--open", "--json").json == []
    assert pokervod("alerts", "deliver").printed == "everything due was sent\n"


@pytest.mark.parametrize("command", ["test", "deliver"])
def test_a_rule_about_events_that_never_come_is_refused(plans: PlanFolder, pokervod: RunCommand, command: str) -> None:
    rule = {"name": "done", "events": "render.complete", "to": "here"}
    plans.alerts = {"channels": [{"name": "here"}], "rules": [rule]}

    result = pokervod("alerts", command)
    assert result.status == 2
    assert "alerts.rules, done: unknown event type 'render.complete'; did you mean `render.completed`?" in result.error


def test_without_a_channel_a_test_tells_where_to_add_one(plans: PlanFolder, pokervod: RunCommand) -> None:
    plans.alerts = {}

    result = pokervod("alerts", "test")

    assert (result.status, result.error) == (
        2,
        "no channel is configured. Add one under alerts.channels (docs/alerts.md).",
    )
    assert pokervod("alerts", "deliver").printed == "nobody is told: no channel is configured\n"


def test_a_channel_without_an_address_is_reported_and_delays_nothing(
    plans: PlanFolder, pokervod: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POKERVOD_ALERT_HERE")
    plans.prove(1, 2, 3, 4)

    result = pokervod("rollout", "run")

    assert (result.status, plans.record().state) == (0, "completed")
    assert "alert not delivered to here, retried later" in result.errors
    assert "Set POKERVOD_ALERT_HERE" in result.errors
    for command in ("deliver", "test"):
        refused = pokervod("alerts", command)
        assert (refused.status, "Set POKERVOD_ALERT_HERE" in refused.error) == (2, True)


def test_a_channel_that_is_down_is_reported_and_delays_nothing(
    plans: PlanFolder, pokervod: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POKERVOD_ALERT_HERE", f"json://eva:sesame77@127.0.0.1:{find_free_port()}/secret-path")

    result = escalate(plans, pokervod)

    assert result.status == 3
    assert "alert not delivered to here, retried later: " in result.errors
    listed = pokervod("alerts", "list").printed
    assert "here: pending, " in listed
    plans.execute("update alert_deliveries set due_at = now()")
    refused = pokervod("alerts", "deliver")
    assert (refused.status, "1 of 1 channels failed; retried later" in refused.error) == (1, True)
    everything = result.errors + result.printed + result.error + listed + refused.error + str(plans.dump())
    assert "sesame77" not in everything
    assert "secret-path" not in everything
