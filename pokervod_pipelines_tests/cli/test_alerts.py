"""``pokervod alerts``: what people were told, by key; and channels that fail hold up no programme."""

import pytest

from pokervod_pipelines_tests.alerts.servers import find_free_port
from pokervod_pipelines_tests.cli.command import WHY, RunCommand, escalate
from pokervod_pipelines_tests.rollout.plan_folder import PlanFolder


def test_alerts_are_acknowledged_and_resolved_by_key(plans: PlanFolder, pokervod: RunCommand) -> None:
    escalate(plans, pokervod)
    key = "rollout demo week 2 escalated"

    assert key in pokervod("alerts", "list", "--open").printed
    assert pokervod("alerts", "ack", key, *WHY).printed == "acknowledged\n"
    assert pokervod("alerts", "ack", key, *WHY).status == 2
    assert pokervod("alerts", "resolve", key, *WHY).printed == "resolved\n"
    assert pokervod("alerts", "resolve", key, *WHY).status == 2
    assert pokervod("alerts", "resolve", "nothing", *WHY).error == (
        "no alert 'nothing' is open; `pokervod alerts list --open` shows those there are"
    )
    assert key not in pokervod("alerts", "list", "--open").printed
    assert len(pokervod("alerts", "list", "--limit", "1", "--json").json) == 1


@pytest.mark.parametrize("command", ["ack", "resolve"])
def test_nobody_closes_an_alert_without_a_reason(plans: PlanFolder, pokervod: RunCommand, command: str) -> None:
    escalate(plans, pokervod)

    assert pokervod("alerts", command, "rollout demo week 2 escalated").status == 2
    said = pokervod("alerts", command, "rollout demo week 2 escalated", "--reason", " ")
    assert (said.status, "say who does it and why" in said.error) == (2, True)


def test_a_test_alert_arrives_and_is_over(plans: PlanFolder, pokervod: RunCommand) -> None:
    said = pokervod("alerts", "test")

    assert (said.status, said.printed) == (0, "everything due was sent\n")
    assert said.errors.startswith("CRITICAL: A test of PokerVOD's alerts\nIt arrived.")
    assert pokervod("alerts", "list", "--open", "--json").json == []
    assert pokervod("alerts", "deliver").printed == "everything due was sent\n"


def test_without_a_channel_a_test_says_where_to_name_one(plans: PlanFolder, pokervod: RunCommand) -> None:
    plans.alerts = {}

    said = pokervod("alerts", "test")

    assert (said.status, said.error) == (
        2,
        "no channel is configured; name one under alerts.channels (docs/alerts.md)",
    )


def test_a_channel_without_an_address_is_told_and_nothing_waits_for_it(
    plans: PlanFolder, pokervod: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POKERVOD_ALERT_HERE")
    plans.prove(1, 2, 3, 4)

    said = pokervod("rollout", "run")

    assert (said.status, plans.record().state) == (0, "completed")
    assert "alert not delivered to here, tried again later" in said.errors
    assert "set POKERVOD_ALERT_HERE" in said.errors
    for command in ("deliver", "test"):
        refused = pokervod("alerts", command)
        assert (refused.status, "set POKERVOD_ALERT_HERE" in refused.error) == (2, True)


def test_a_channel_that_is_down_is_told_and_nothing_waits_for_it(
    plans: PlanFolder, pokervod: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POKERVOD_ALERT_HERE", f"json://eva:sesame77@127.0.0.1:{find_free_port()}/secret-path")

    said = escalate(plans, pokervod)

    assert said.status == 3
    assert "alert not delivered to here, tried again later: " in said.errors
    listed = pokervod("alerts", "list").printed
    assert "here: waiting, " in listed
    plans.execute("update alert_deliveries set due_at = now()")
    refused = pokervod("alerts", "deliver")
    assert (refused.status, "not taken by 1 of 1 channels, tried again" in refused.error) == (1, True)
    everything = said.errors + said.printed + said.error + listed + refused.error + str(plans.dump())
    assert "sesame77" not in everything
    assert "secret-path" not in everything
