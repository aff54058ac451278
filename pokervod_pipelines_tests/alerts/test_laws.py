"""Whatever is raised, resolved and delivered in whatever order: one message, and never none."""

from collections import Counter
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines.alerts.alert import Severity
from pokervod_pipelines_tests.alerts.desk import START, Desk, Letterbox

CHANNELS = {"all": "info", "some": "warning", "few": "critical"}
KEYS = st.sampled_from(["a", "b"])
STEPS = st.one_of(
    st.tuples(st.just("raise"), KEYS, st.sampled_from([*Severity])),
    st.tuples(st.just("raise"), KEYS, st.sampled_from([*Severity])),
    st.tuples(st.just("resolve"), KEYS, st.none()),
    st.tuples(st.just("deliver"), st.sets(st.sampled_from(sorted(CHANNELS))), st.none()),
    st.tuples(st.just("wait"), st.integers(0, 60), st.none()),
)


def play(desk: Desk, box: Letterbox, steps: list[tuple[str, Any, Any]]) -> None:
    for step, what, severity in steps:
        if step == "raise":
            desk.raise_one(what, severity=severity)
        elif step == "resolve":
            desk.resolve(what)
        elif step == "wait":
            desk.wait(minutes=what)
        else:
            box.down = what
            desk.deliver(box.open_way)


@settings(max_examples=60)
@given(steps=st.lists(STEPS, max_size=14))
def test_one_message_for_each_alert_severity_and_channel_and_the_last_one_always_comes(
    desk: Desk, steps: list[tuple[str, Any, Any]]
) -> None:
    desk.clear()
    desk.now = START
    desk.configured.clear()
    desk.channels.clear()
    for name, least in CHANNELS.items():
        desk.open(name, f"json://{name}", min_severity=least)
    box = Letterbox()
    play(desk, box, steps)
    desk.wait(hours=1)
    box.down = set()
    desk.deliver(box.open_way)

    owners = {row.id: (row.alert_id, row.severity, row.channel) for row in desk.rows()}
    told = Counter(owners[UUID(message.delivery_id)] for _, message in box.sent)
    assert not [what for what, count in told.items() if count > 1]
    wanted = {
        (alert.id, alert.severity, name)
        for alert in desk.listed()
        for name, least in CHANNELS.items()
        if Severity(alert.severity).rank >= Severity(least).rank
    }
    assert wanted <= set(told)
    assert {state for _, state in desk.states()} <= {"delivered", "overtaken"}
