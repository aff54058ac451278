"""Raise, resolve and deliver in any order: each message is sent once, and never not at all."""

from collections import Counter
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines_tests.alerts.outbox import START, FakeChannels, Outbox
from pokervod_pipelines_tests.sizes import choose

CHANNELS = {"all": "info", "some": "warning", "few": "critical"}
KEYS = st.sampled_from(["a", "b"])
STEPS = st.one_of(
    st.tuples(st.just("raise"), KEYS, st.sampled_from([*AlertSeverity])),
    st.tuples(st.just("raise"), KEYS, st.sampled_from([*AlertSeverity])),
    st.tuples(st.just("resolve"), KEYS, st.none()),
    st.tuples(st.just("deliver"), st.sets(st.sampled_from(sorted(CHANNELS))), st.none()),
    st.tuples(st.just("wait"), st.integers(0, 60), st.none()),
)


def play(outbox: Outbox, box: FakeChannels, steps: list[tuple[str, Any, Any]]) -> None:
    for step, what, severity in steps:
        if step == "raise":
            outbox.raise_one(what, severity=severity)
        elif step == "resolve":
            outbox.resolve(what)
        elif step == "wait":
            outbox.wait(minutes=what)
        else:
            box.down = what
            outbox.deliver(box.open_channel)


@settings(max_examples=choose(25, long=200))
@given(steps=st.lists(STEPS, max_size=14))
def test_one_message_for_each_alert_severity_and_channel_and_the_last_one_always_comes(
    outbox: Outbox, steps: list[tuple[str, Any, Any]]
) -> None:
    outbox.clear()
    outbox.now = START
    outbox.configured.clear()
    outbox.channels.clear()
    for name, least in CHANNELS.items():
        outbox.open(name, f"json://{name}", min_severity=least)
    box = FakeChannels()
    play(outbox, box, steps)
    outbox.wait(hours=1)
    box.down = set()
    outbox.deliver(box.open_channel)

    owners = {row.id: (row.alert_id, row.severity, row.channel) for row in outbox.rows()}
    sent = Counter(owners[UUID(message.delivery_id)] for _, message in box.sent)
    assert not [what for what, count in sent.items() if count > 1]
    expected = {
        (alert.id, alert.severity, name)
        for alert in outbox.listed()
        for name, least in CHANNELS.items()
        if AlertSeverity(alert.severity).rank >= AlertSeverity(least).rank
    }
    assert expected <= set(sent)
    assert {state for _, state in outbox.states()} <= {"delivered", "superseded"}
