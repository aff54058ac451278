"""Check what people are told of an incident: that it began and that it is over, and nothing while it is silenced."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.holds.windows import Coverage, plan_window
from pokervod_pipelines.monitoring.incidents import lifecycle
from pokervod_pipelines.monitoring.incidents.listing import find_open
from pokervod_pipelines.subjects import SubjectKind
from pokervod_pipelines_tests.alerts.outbox import FakeChannels, Outbox, make_finding
from pokervod_pipelines_tests.alerts.servers import HookServer, MailServer

Step = tuple[str, str]

OPENED, ERROR, RESOLVED = "CRITICAL: root nas is away", "ERROR: root nas is away", "RESOLVED: root nas is away"


@pytest.fixture
def box(outbox: Outbox) -> FakeChannels:
    """Return the channel ``web``, which keeps what it is sent."""
    outbox.open("web", "json://host")
    return FakeChannels()


def headlines(box: FakeChannels) -> list[str]:
    return [message.headline for _, message in box.sent]


@pytest.mark.parametrize(
    ("steps", "sent"),
    [
        # found and delivered
        ([("find", "critical"), ("deliver", "")], [OPENED]),
        # found again, it is the same
        ([("find", "critical"), ("deliver", ""), ("find", "critical")], [OPENED]),
        ([("find", "critical"), ("find", "info")], [OPENED]),
        # over: first and last
        ([("find", "critical"), ("deliver", ""), ("end", "")], [OPENED, RESOLVED]),
        # over before the first was sent: the first tells so, and there is no last
        ([("find", "critical"), ("end", "")], [OPENED]),
        # graver
        ([("find", "error"), ("deliver", ""), ("find", "critical")], [ERROR, "CRITICAL: graver: root nas is away"]),
        ([("find", "error"), ("find", "critical")], ["CRITICAL: graver: root nas is away"]),
        ([("find", "critical"), ("deliver", ""), ("find", "error")], [OPENED]),
        # acknowledged: told no more, unless it becomes graver, and of its end
        ([("find", "error"), ("deliver", ""), ("acknowledge", ""), ("find", "error")], [ERROR]),
        (
            [("find", "error"), ("deliver", ""), ("acknowledge", ""), ("find", "critical")],
            [ERROR, "CRITICAL: graver: root nas is away"],
        ),
        ([("find", "error"), ("deliver", ""), ("acknowledge", ""), ("end", "")], [ERROR, "RESOLVED: root nas is away"]),
        # it comes back within the hour: in the digest, and so is its end
        (
            [("find", "critical"), ("deliver", ""), ("end", ""), ("deliver", ""), ("find", "critical"), ("end", "")],
            [OPENED, RESOLVED],
        ),
        # it comes back within the hour, and lasts
        (
            [
                *[
                    ("find", "error"),
                    ("deliver", ""),
                    ("end", ""),
                    ("deliver", ""),
                    ("find", "error"),
                    ("announce", ""),
                ],
                *[("wait", "9"), ("announce", ""), ("wait", "1"), ("announce", ""), ("announce", ""), ("deliver", "")],
                *[("end", ""), ("deliver", "")],
            ],
            [ERROR, RESOLVED, "ERROR: again: root nas is away", RESOLVED],
        ),
        # it comes back later
        (
            [("find", "critical"), ("deliver", ""), ("end", ""), ("deliver", ""), ("wait", "90"), ("find", "critical")],
            [OPENED, RESOLVED, "CRITICAL: again: root nas is away"],
        ),
        # it comes back soon, and graver
        (
            [("find", "error"), ("deliver", ""), ("end", ""), ("deliver", ""), ("find", "critical")],
            [ERROR, RESOLVED, "CRITICAL: again: root nas is away"],
        ),
    ],
)
def test_the_messages_of_an_incident(outbox: Outbox, box: FakeChannels, steps: list[Step], sent: list[str]) -> None:
    actions: dict[str, Callable[[str], object]] = {
        "find": lambda severity: outbox.find(severity=severity),
        "end": lambda _: outbox.end(),
        "acknowledge": lambda _: outbox.acknowledge(),
        "wait": lambda minutes: outbox.wait(minutes=int(minutes)),
        "announce": lambda _: outbox.announce(),
        "deliver": lambda _: outbox.deliver(box.open_channel),
    }
    for step, value in [*steps, ("deliver", "")]:
        actions[step](value)
        outbox.wait(seconds=1)

    assert headlines(box) == sent


def test_a_first_message_says_what_to_do_and_with_which_commands(outbox: Outbox, box: FakeChannels) -> None:
    outbox.find(link="http://host/runs/1", figures={"report": "1,373 files"})
    outbox.deliver(box.open_channel)

    ((_, message),) = box.sent
    assert message.key == "root_away root nas"
    assert message.link == "http://host/runs/1"
    assert "What to do: mount it\n" in message.body
    assert "`pokervod incidents acknowledge 1 --reason …`" in message.body
    assert "`pokervod incidents mute 1 --until 2h --reason …`" in message.body
    assert message.body.endswith("1,373 files")
    assert message.footer.startswith("Raised 2031-05-04 09:00 UTC. Incident 1. Delivery ")


def test_a_last_message_says_how_long_it_was(outbox: Outbox, box: FakeChannels) -> None:
    outbox.find()
    outbox.deliver(box.open_channel)
    outbox.wait(minutes=75)
    outbox.end()
    outbox.deliver(box.open_channel)

    message = box.sent[-1][1]
    assert message.body.startswith("It lasted 75 min. Resolved by root_away: it is not found any more.")
    assert message.footer.startswith("Resolved 2031-05-04 10:15 UTC. Incident 1. Delivery ")


def test_a_last_message_after_a_silence_says_when_it_was_over(outbox: Outbox, box: FakeChannels) -> None:
    outbox.find()
    outbox.deliver(box.open_channel)
    outbox.mute(hours=2)
    outbox.end()
    outbox.wait(hours=3)
    outbox.announce()
    outbox.deliver(box.open_channel)

    assert box.sent[-1][1].footer.startswith("Resolved 2031-05-04 09:00 UTC. ")


def test_what_is_reported_just_after_its_cause_is_over_is_an_effect_still(outbox: Outbox, box: FakeChannels) -> None:
    outbox.find()
    outbox.deliver(box.open_channel)
    outbox.wait(minutes=9)
    outbox.end()
    outbox.wait(minutes=1)
    outbox.find("clips", explained_by=(make_finding().key,))
    outbox.deliver(box.open_channel)

    assert headlines(box) == [OPENED, RESOLVED]


def test_an_effect_of_an_effect_is_folded_under_the_cause_of_both(outbox: Outbox, box: FakeChannels) -> None:
    outbox.find()
    outbox.report("wsop", explained_by=(make_finding().key,))
    outbox.find("clips", explained_by=(make_finding("wsop").key,))
    outbox.deliver(box.open_channel)

    assert headlines(box) == [OPENED]
    folded = outbox.execute("select subject, cause_id from monitoring_events order by id")
    assert [tuple(each) for each in folded] == [("nas", None), ("wsop", 1), ("clips", 1)]


@pytest.mark.parametrize("before", ["info", "warning"])
def test_a_title_that_is_cut_is_whole_in_the_body(outbox: Outbox, box: FakeChannels, before: str) -> None:
    summary = f"root nas is away: {'x' * 118} end"
    outbox.find(severity=before, summary=summary)
    outbox.deliver(box.open_channel)
    outbox.find(severity="error", summary=summary)
    outbox.deliver(box.open_channel)

    message = box.sent[-1][1]
    assert (message.title[-1], message.body.splitlines()[0]) == ("…", summary)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("end", "Resolved 2031-05-04 10:00 UTC by root_away"),
        ("acknowledge", "Acknowledged 2031-05-04 10:00 UTC by eva"),
    ],
)
def test_a_message_that_waited_tells_what_became_of_the_incident(
    outbox: Outbox, box: FakeChannels, change: str, told: str
) -> None:
    outbox.find()
    outbox.wait(hours=1)
    getattr(outbox, change)()
    outbox.deliver(box.open_channel)

    ((_, message),) = box.sent
    assert told in message.footer


@pytest.mark.usefixtures("box")
def test_an_alert_is_listed_with_the_state_of_its_incident(outbox: Outbox) -> None:
    for name in ("nas", "tape", "clips", "rest"):
        outbox.find(name)
    outbox.mute("tape", hours=2)
    outbox.report("clips", explained_by=(make_finding("nas").key,))
    outbox.execute("update monitoring_events set muted_until = now() + interval '1 hour' where muted_until is not null")
    with outbox.engine.begin() as connection:
        now = datetime.now(UTC)
        subject = Coverage(kind=SubjectKind.ROOT, name="rest")
        plan_window(connection, now, now + timedelta(hours=1), [subject], Actor(who="eva", reason="a new cable"))

    states = {each.key: each.state for each in outbox.listed()}
    assert states == {
        "root_away root nas": "open",
        "root_away root tape": "muted",
        "root_away root clips": "folded",
        "root_away root rest": "muted",
    }


def test_effects_are_not_told(outbox: Outbox, box: FakeChannels) -> None:
    outbox.find()
    for name in ("wsop", "pad"):
        outbox.find(name, explained_by=(make_finding().key,))
    outbox.announce()
    outbox.deliver(box.open_channel)

    assert headlines(box) == [OPENED]
    outbox.find(severity="info")
    assert len(outbox.rows()) == 1


def test_a_muted_incident_is_told_when_the_silence_ends_if_it_still_lasts(outbox: Outbox, box: FakeChannels) -> None:
    for name in ("nas", "tape"):
        outbox.report(name)
        outbox.mute(name, hours=2)
    outbox.wait(hours=1)
    outbox.end("tape")
    assert (outbox.announce(), outbox.rows()) == (0, [])

    outbox.wait(hours=1, seconds=1)
    outbox.announce()
    outbox.deliver(box.open_channel)

    assert headlines(box) == [OPENED]


def test_who_was_told_before_the_silence_is_told_the_end_after_it(outbox: Outbox, box: FakeChannels) -> None:
    outbox.find()
    outbox.deliver(box.open_channel)
    outbox.mute(hours=2)
    outbox.wait(hours=1)
    outbox.end()
    outbox.deliver(box.open_channel)
    during = headlines(box)

    outbox.wait(hours=2)
    outbox.announce()
    outbox.deliver(box.open_channel)

    assert (during, headlines(box)) == ([OPENED], [OPENED, RESOLVED])


@pytest.mark.parametrize(
    ("coverage", "is_silent"),
    [
        ((), True),
        ((Coverage(kind=SubjectKind.ROOT),), True),
        ((Coverage(kind=SubjectKind.ROOT, name="nas"),), True),
        ((Coverage(kind=SubjectKind.ROOT, name="tape"),), False),
        ((Coverage(kind=SubjectKind.SHEET),), False),
    ],
)
def test_a_maintenance_window_silences_its_objects(
    outbox: Outbox, box: FakeChannels, coverage: tuple[Coverage, ...], is_silent: bool
) -> None:
    eva = Actor(who="eva", reason="the move", correlation_id="c")
    with outbox.engine.begin() as connection:
        plan_window(connection, outbox.now - timedelta(hours=1), outbox.now + timedelta(hours=1), coverage, eva)

    outbox.find()
    assert len(outbox.rows()) == (0 if is_silent else 1)
    outbox.wait(hours=1, seconds=1)
    outbox.announce()
    outbox.deliver(box.open_channel)

    assert headlines(box) == [OPENED]


def test_what_comes_and_goes_is_one_digest_an_hour(outbox: Outbox, box: FakeChannels) -> None:
    for _ in range(6):
        outbox.find()
        outbox.deliver(box.open_channel)
        outbox.wait(minutes=2)
        outbox.end()
        outbox.deliver(box.open_channel)
        outbox.wait(minutes=2)
    outbox.wait(hours=1)
    outbox.announce()
    outbox.deliver(box.open_channel)

    assert headlines(box) == [OPENED, RESOLVED, "CRITICAL: Digest of 1 thing"]
    assert "- CRITICAL root nas is away (incident 1, over, began 5 times)" in box.sent[-1][1].body
    outbox.wait(hours=3)
    assert outbox.announce() == 0


def test_many_that_announce_at_once_post_each_message_once(outbox: Outbox, box: FakeChannels) -> None:
    for name in ("nas", "tape", "lto"):
        outbox.report(name)

    with ThreadPoolExecutor(6) as pool:
        counts = [*pool.map(lambda _: outbox.announce(), range(6))]

    assert sorted(counts) == [0, 0, 0, 0, 0, 3]
    assert len(outbox.rows()) == 3


def test_what_is_rolled_back_is_not_told(outbox: Outbox, box: FakeChannels) -> None:
    outbox.find()
    with outbox.engine.connect() as connection:
        number = find_open(connection, make_finding().key)
        assert number is not None
        lifecycle.resolve(connection, number, actor=Actor(who="eva", reason="fixed"), now=outbox.now)
        connection.rollback()
    outbox.announce()

    assert [each.kind for each in outbox.listed()] == ["opened"]


def test_killed_before_the_commit_the_next_who_announces_tells_it_once(
    outbox: Outbox, box: FakeChannels, database_url: str
) -> None:
    """Have a process announce all and die as by kill -9 before it commits."""
    outbox.report()
    program = "pokervod_pipelines_tests.alerts.dying_announcer"
    command = [sys.executable, "-m", program, database_url, outbox.now.isoformat()]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], check=False, env=dict(os.environ))
    assert done.returncode == -signal.SIGKILL
    assert outbox.rows() == []

    assert [outbox.announce(), outbox.announce()] == [1, 0]
    outbox.deliver(box.open_channel)
    assert headlines(box) == [OPENED]


def test_endpoints_down_for_an_hour_get_what_lasts_and_what_is_over_once(
    outbox: Outbox, hook: HookServer, mail: MailServer
) -> None:
    outbox.open_slack(hook)
    outbox.open_mail(mail)
    outbox.find("before")
    outbox.deliver()
    hook.stop()
    mail.stop()
    outbox.find("lasts")
    outbox.find("heals")
    for _ in range(3):
        outbox.deliver()
        outbox.wait(minutes=20)
    outbox.end("before")
    outbox.end("heals")
    outbox.deliver()
    hook.start()
    mail.start()
    for _ in range(4):
        outbox.wait(minutes=16)
        outbox.announce()
        outbox.deliver()

    slack = [post.body["attachments"][0]["title"] for post in hook.posts]
    assert sorted(slack) == sorted(letter["Subject"] for letter in mail.mails)
    assert sorted(slack) == [
        "CRITICAL: root before is away",
        "CRITICAL: root heals is away",
        "CRITICAL: root lasts is away",
        "RESOLVED: root before is away",
    ]
    texts = {post.body["attachments"][0]["title"]: post.body["attachments"][0]["text"] for post in hook.posts}
    assert "Resolved 2031-05-04 10:00 UTC" in texts["CRITICAL: root heals is away"]
    assert "already" not in "".join(texts.values())
    assert {state for _, state in outbox.states()} == {"delivered"}


@pytest.mark.parametrize(
    ("severity", "priority", "importance"),
    [("info", "5", "low"), ("warning", "3", "normal"), ("error", "2", "high"), ("critical", "1", "high")],
)
def test_a_mail_has_the_priority_of_its_severity(
    outbox: Outbox, mail: MailServer, severity: str, priority: str, importance: str
) -> None:
    outbox.open_mail(mail)
    outbox.find(severity=severity)
    outbox.deliver()
    outbox.end()
    outbox.deliver()

    first, last = mail.mails
    assert (first["X-Priority"], first["Importance"]) == (priority, importance)
    assert (last["Subject"], last["X-Priority"]) == ("RESOLVED: root nas is away", "3")
