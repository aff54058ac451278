"""Let incidents come and go, deliver in any order: each message is sent once, and every channel learns how it ended."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines_tests.alerts.outbox import START, FakeChannels, Outbox, make_finding
from pokervod_pipelines_tests.sizes import choose

CHANNELS = {"all": "info", "some": "warning", "few": "critical"}
KEYS = st.sampled_from(["a", "b"])
STEPS = st.one_of(
    st.tuples(st.just("find"), KEYS, st.sampled_from([*AlertSeverity])),
    st.tuples(st.just("find"), KEYS, st.sampled_from([*AlertSeverity])),
    st.tuples(st.just("end"), KEYS, st.none()),
    st.tuples(st.just("mute"), KEYS, st.integers(1, 60)),
    st.tuples(st.just("deliver"), st.sets(st.sampled_from(sorted(CHANNELS))), st.none()),
    st.tuples(st.just("wait"), st.integers(0, 60), st.none()),
)


def play(outbox: Outbox, box: FakeChannels, steps: list[tuple[str, Any, Any]]) -> None:
    for step, what, value in steps:
        if step == "find":
            outbox.find(what, severity=value)
        elif step == "end":
            outbox.end(what)
        elif step == "mute":
            outbox.execute(
                "update monitoring_events set muted_until = null, muted_by = null where key = :key", key=what
            )
            if outbox.execute(
                "select from monitoring_events where resolved_at is null and key = :key", key=make_finding(what).key
            ):
                outbox.mute(what, minutes=value)
        elif step == "wait":
            outbox.wait(minutes=what)
        else:
            box.down = what
            outbox.deliver(box.open_channel)


def read_told(outbox: Outbox, channel: str) -> dict[int, list[tuple[int, str, str]]]:
    """Return opening, kind and severity of what the channel was sent of each incident, by messages and digests."""
    rows = outbox.execute(
        """
        select a.incident_id, a.opening, a.kind, a.severity, d.told_end from alerts a
        join alert_deliveries d on d.alert_id = a.id
        where a.incident_id is not null and d.channel = :channel and d.state = 'delivered'
        union all
        select l.incident_id, l.opening, l.kind, l.severity, false from alert_digest_lines l
        join alert_deliveries d on d.alert_id = l.alert_id where l.channel = :channel and d.state = 'delivered'
        """,
        channel=channel,
    )
    told: dict[int, list[tuple[int, str, str]]] = {}
    for incident, opening, kind, severity, told_end in rows:
        told.setdefault(incident, []).append((opening, kind, severity))
        if told_end and kind != "resolved":
            told[incident].append((opening, "resolved", severity))
    return told


@settings(max_examples=choose(25, long=200))
@given(steps=st.lists(STEPS, max_size=14))
def test_each_message_is_sent_once_and_each_channel_learns_of_the_beginning_and_of_the_end(
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
    box.down = set()
    for _ in range(3):  # every silence ends, every digest is due
        outbox.wait(minutes=61)
        outbox.announce()
        outbox.deliver(box.open_channel)

    sent = Counter(message.delivery_id for _, message in box.sent)
    assert not [what for what, count in sent.items() if count > 1]
    assert {state for _, state in outbox.states()} <= {"delivered", "superseded"}
    incidents = outbox.execute("select id, openings, severity, resolved_at from monitoring_events")
    for name, least in CHANNELS.items():
        told = read_told(outbox, name)
        for id_, openings, severity, resolved_at in incidents:
            known = told.get(id_, [])
            firsts = [(opening, AlertSeverity(grade).rank) for opening, kind, grade in known if kind != "resolved"]
            lasts = [opening for opening, kind, _ in known if kind == "resolved"]
            rank = AlertSeverity(severity).rank
            if resolved_at is None and rank >= AlertSeverity(least).rank:
                assert any(opening == openings and told_rank >= rank for opening, told_rank in firsts), (name, known)
            if resolved_at is not None and firsts:
                assert max(lasts, default=0) >= max(opening for opening, _ in firsts), (name, known)
            assert len(lasts) == len(set(lasts)), "the end of an opening is told once"
