"""Check the rules: which incident and which event goes to which channel, at which hour, and whom it escalates to."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.alerts.rules import find_event_rules, find_route
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.settings.alerts import AlertSettings
from pokervod_pipelines.subjects import SubjectKind
from pokervod_pipelines_tests.alerts.outbox import FakeChannels, Outbox

CHANNELS = [{"name": "mail"}, {"name": "slack", "min_severity": "info"}, {"name": "phone", "min_severity": "critical"}]
MONDAY_NOON = datetime(2026, 11, 30, 12, tzinfo=ZoneInfo("Asia/Seoul"))
NIGHT = {"from": "22:00", "until": "06:00"}
RENDERED = {"instruction_id": 7, "template": "winner_card", "state": "completed"}


def settle(*rules: dict[str, Any]) -> AlertSettings:
    named = [{"name": f"rule{number}"} | rule for number, rule in enumerate(rules)]
    return AlertSettings.model_validate({"channels": CHANNELS, "rules": named})


def route(alerts: AlertSettings, moment: datetime = MONDAY_NOON, severity: str = "error") -> tuple[set[str], set[str]]:
    """Return the channels that are told at once and in a digest of an archive root that is away."""
    found = find_route(
        alerts, severity=AlertSeverity(severity), detector="root_away", kind=SubjectKind.ROOT, moment=moment
    )
    return set(found.at_once), set(found.digest)


@pytest.mark.parametrize(
    ("rules", "at_once", "digest"),
    [
        # without rules the severities of the channels decide
        ([], {"mail", "slack"}, set()),
        # a rule about it decides alone
        ([{"to": "phone"}], {"phone"}, set()),
        ([{"severities": ["error", "critical"], "to": ["phone", "mail"]}], {"phone", "mail"}, set()),
        ([{"detectors": ["root_away"], "to": "phone"}], {"phone"}, set()),
        ([{"subjects": ["root"], "to": "phone"}], {"phone"}, set()),
        # what no rule is about is in digests
        ([{"severities": ["critical"], "to": "phone"}], set(), {"mail", "slack"}),
        ([{"detectors": ["disk_full"], "to": "phone"}], set(), {"mail", "slack"}),
        ([{"subjects": ["sheet"], "to": "phone"}], set(), {"mail", "slack"}),
        # all conditions of a rule hold at once
        ([{"detectors": ["root_away"], "subjects": ["sheet"], "to": "phone"}], set(), {"mail", "slack"}),
        # several rules add up, and a message of its own counts before a digest
        ([{"to": "phone"}, {"to": "mail"}], {"phone", "mail"}, set()),
        ([{"to": ["phone", "mail"], "digest": True}, {"to": "mail"}], {"mail"}, {"phone"}),
        # rules about events say nothing of incidents
        ([{"events": "render.completed", "to": "phone"}], {"mail", "slack"}, set()),
        # at other hours than its own a rule makes wait, not digests
        ([{"to": "phone", "hours": NIGHT}], set(), set()),
        ([{"to": "phone", "hours": NIGHT}, {"to": "mail"}], {"mail"}, set()),
        ([{"to": "phone", "hours": {"days": ["mon"]}}], {"phone"}, set()),
        ([{"to": "phone", "hours": {"days": ["sun", "tue"]}}], set(), set()),
    ],
)
def test_where_an_incident_is_told(rules: list[dict[str, Any]], at_once: set[str], digest: set[str]) -> None:
    assert route(settle(*rules)) == (at_once, digest)


@pytest.mark.parametrize(
    ("hours", "day", "clock", "is_told"),
    [
        (NIGHT, 30, "21:59", False),
        (NIGHT, 30, "22:00", True),
        (NIGHT, 30, "05:59", True),
        (NIGHT, 30, "06:00", False),
        # a night belongs to the day on which it begins: 30 November 2026 is a Monday
        (NIGHT | {"days": ["mon"]}, 30, "23:00", True),
        (NIGHT | {"days": ["mon"]}, 30, "05:00", False),
        (NIGHT | {"days": ["sun"]}, 30, "05:00", True),
        ({"from": "09:00", "until": "18:00", "days": ["mon"]}, 30, "09:00", True),
        ({"from": "09:00", "until": "18:00", "days": ["mon"]}, 29, "09:00", False),
        ({"until": "08:00"}, 30, "00:00", True),
        ({"from": "08:00"}, 30, "23:59", True),
        ({}, 30, "12:00", True),
    ],
)
def test_hours_are_local_and_may_pass_midnight(hours: dict[str, Any], day: int, clock: str, is_told: bool) -> None:
    moment = datetime.fromisoformat(f"2026-11-{day:02}T{clock}").replace(tzinfo=ZoneInfo("Asia/Seoul"))

    assert route(settle({"to": "phone", "hours": hours}), moment)[0] == ({"phone"} if is_told else set())


@pytest.mark.parametrize(
    ("rule", "is_asked"),
    [
        ({"events": "render.completed"}, True),
        ({"events": "render"}, True),
        ({"events": ["hand.created", "render.completed"]}, True),
        ({"events": "render.failed"}, False),
        ({"events": "render", "where": {"template": "winner_card"}}, True),
        ({"events": "render", "where": {"template": ["lower_third", "winner*"]}}, True),
        ({"events": "render", "where": {"template": "lower_third"}}, False),
        ({"events": "render", "where": {"template": "winner*", "instruction_id": "7"}}, True),
        ({"events": "render", "where": {"worker": "*"}}, False),
        ({"events": "render", "hours": NIGHT}, False),
    ],
)
def test_which_event_a_rule_asks_for(rule: dict[str, Any], is_asked: bool) -> None:
    event = LoggedEvent(1, MONDAY_NOON, "render.completed", "render", "c", RENDERED)
    rules = settle(rule | {"to": "slack"}).rules

    assert [*find_event_rules(rules, event, MONDAY_NOON)] == ([*rules] if is_asked else [])


def with_rules(outbox: Outbox, *rules: dict[str, Any], **more: Any) -> FakeChannels:
    for each in CHANNELS:
        outbox.open(each["name"], f"json://{each['name']}", min_severity=each.get("min_severity", "warning"))
    outbox.limits = AlertSettings.model_validate(settle(*rules).model_dump(by_alias=True) | more)
    return FakeChannels()


def told(box: FakeChannels) -> list[tuple[str, str]]:
    return sorted((channel, message.headline) for channel, message in box.sent)


def test_what_waits_for_the_hours_of_its_rule_is_told_then_if_it_lasts(outbox: Outbox) -> None:
    box = with_rules(outbox, {"to": "phone", "hours": {"from": "10:00", "until": "11:00"}})
    outbox.find("nas")
    outbox.find("tape")
    outbox.deliver(box.open_channel)
    outbox.wait(minutes=30)
    outbox.end("tape")
    before = told(box)

    outbox.wait(minutes=30)
    outbox.announce()
    outbox.deliver(box.open_channel)

    assert (before, told(box)) == ([], [("phone", "CRITICAL: root nas is away")])


def test_what_nobody_acknowledges_is_told_to_others_once(outbox: Outbox) -> None:
    box = with_rules(outbox, {"to": "mail", "escalate_to": "phone", "escalate_after_minutes": 15})
    outbox.find("nas")
    outbox.find("tape")
    outbox.acknowledge("tape")
    outbox.wait(minutes=14)
    assert outbox.announce() == 0

    outbox.wait(minutes=1)
    assert [outbox.announce(), outbox.announce()] == [1, 0]
    outbox.wait(hours=5)
    assert outbox.announce() == 0
    outbox.deliver(box.open_channel)
    outbox.end("nas")
    outbox.deliver(box.open_channel)

    assert told(box) == [
        ("mail", "CRITICAL: root nas is away"),
        ("mail", "CRITICAL: root tape is away"),
        ("mail", "RESOLVED: root nas is away"),
        ("phone", "CRITICAL: nobody has acknowledged: root nas is away"),
        ("phone", "RESOLVED: root nas is away"),
    ]


def test_nobody_acknowledged_is_told_also_when_it_became_less_grave(outbox: Outbox) -> None:
    box = with_rules(outbox, {"to": "mail", "escalate_to": "phone", "escalate_after_minutes": 15})
    outbox.find(severity="critical")
    outbox.wait(minutes=5)
    outbox.find(severity="error")
    outbox.wait(minutes=10)

    assert [outbox.announce(), outbox.announce()] == [1, 0]
    outbox.deliver(box.open_channel)
    assert ("phone", "ERROR: nobody has acknowledged: root nas is away") in told(box)


def test_what_no_rule_is_about_is_in_a_digest_of_each_channel_of_its_severity(outbox: Outbox) -> None:
    box = with_rules(outbox, {"severities": ["critical"], "to": "phone"}, digest_minutes=30)
    for name in ("nas", "tape"):
        outbox.find(name, severity="warning")
    outbox.wait(minutes=29)
    assert outbox.announce() == 0
    outbox.end("tape")

    outbox.wait(minutes=1)
    outbox.announce()
    outbox.deliver(box.open_channel)

    assert told(box) == [("mail", "WARNING: Digest of 2 things"), ("slack", "WARNING: Digest of 2 things")]
    body = box.sent[0][1].body
    assert "- WARNING root nas is away (incident 1, open)\n- WARNING root tape is away (incident 2, over)\n" in body


def test_a_digest_waits_for_the_end_of_a_silence_and_tells_the_others(outbox: Outbox) -> None:
    box = with_rules(outbox, {"severities": ["critical"], "to": "phone"}, digest_minutes=30)
    outbox.find("nas", severity="warning")
    outbox.mute("nas", hours=2)
    outbox.wait(minutes=10)
    outbox.find("tape", severity="warning")

    outbox.wait(minutes=20)
    assert outbox.announce() == 0
    outbox.wait(minutes=10)
    outbox.announce()
    outbox.deliver(box.open_channel)
    assert [message.body.splitlines()[0] for _, message in box.sent] == [
        "- WARNING root tape is away (incident 2, open)"
    ] * 2

    box.sent.clear()
    outbox.wait(hours=2)
    outbox.announce()
    outbox.deliver(box.open_channel)
    assert [message.body.splitlines()[0] for _, message in box.sent] == [
        "- WARNING root nas is away (incident 1, open)"
    ] * 2


def append(outbox: Outbox, *templates: str) -> None:
    events = [NewEvent(EventType.RENDER_COMPLETED, RENDERED | {"template": each}, "c1") for each in templates]
    with outbox.engine.begin() as connection:
        append_events(connection, "render", "c1", events)


def test_a_finished_graphic_is_told_once_and_none_of_before_the_rule(outbox: Outbox) -> None:
    append(outbox, "winner_card")
    box = with_rules(outbox, {"events": "render.completed", "where": {"template": "winner*"}, "to": "slack"})
    assert outbox.announce() == 0
    append(outbox, "winner_card", "lower_third")

    assert [outbox.announce(), outbox.announce()] == [1, 0]
    outbox.deliver(box.open_channel)

    assert told(box) == [("slack", "INFO: render.completed: instruction id 7, template winner_card, state completed")]
    assert "pokervod events tail --correlation c1" in box.sent[0][1].body
    outbox.limits = settle()
    outbox.announce()
    assert outbox.execute("select consumer from event_cursors") == [], "nothing is read where no rule asks"


def test_a_thousand_graphics_are_twenty_messages_and_a_digest(outbox: Outbox) -> None:
    box = with_rules(outbox, {"events": "render.completed", "to": "slack"})
    outbox.announce()
    append(outbox, *["winner_card"] * 1000)

    assert outbox.announce() == 1000
    outbox.wait(hours=1)
    outbox.announce()
    outbox.deliver(box.open_channel)

    assert len(box.sent) == 21
    assert box.sent[-1][1].headline == "INFO: Digest of 980 things"
    lines = box.sent[-1][1].body.splitlines()
    shown = [line for line in lines if line.startswith("- render.completed: ")]
    assert f"- … and {980 - len(shown)} more" in lines
    assert lines[-1] == "`pokervod incidents list --all` lists incidents."


def test_telling_of_alerts_asks_for_no_alerts(outbox: Outbox) -> None:
    with_rules(outbox, {"events": ["alert", "alert.raised"], "to": "slack"})
    outbox.announce()
    outbox.raise_one()

    assert outbox.announce() == 0


def test_hours_of_events_are_those_when_they_happened(outbox: Outbox) -> None:
    now = datetime.now(UTC)
    around = {"from": f"{(now.hour - 1) % 24:02}:00", "until": f"{(now.hour + 2) % 24:02}:00"}
    other = {"from": around["until"], "until": around["from"]}
    box = with_rules(
        outbox,
        {"events": "render", "to": "slack", "hours": around},
        {"events": "render", "to": "mail", "hours": other},
    )
    outbox.announce()
    append(outbox, "winner_card")
    outbox.announce()
    outbox.deliver(box.open_channel)

    assert [channel for channel, _ in told(box)] == ["slack"]


def test_the_rules_of_the_page_are_valid_and_do_what_it_says() -> None:
    page = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")
    (given,) = [text for text in re.findall(r"```yaml\n(.*?)```", page, re.S) if "rules:" in text]
    alerts = AlertSettings.model_validate(yaml.safe_load(given)["alerts"])

    by_night = datetime(2026, 11, 30, 23, tzinfo=ZoneInfo("Asia/Seoul"))
    assert route(alerts) == ({"slack", "ops_mail"}, set())
    assert route(alerts, by_night) == ({"slack"}, set())
    assert route(alerts, by_night, "warning") == (set(), set())
    card = LoggedEvent(1, MONDAY_NOON, "render.completed", "render", "c", RENDERED)
    assert [rule.name for rule in find_event_rules(alerts.rules, card, MONDAY_NOON)] == ["winners", "graphics"]
