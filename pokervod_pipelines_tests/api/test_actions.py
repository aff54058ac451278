"""A decision over HTTP is what the command does: the same event, signed by who asked, and once for a key."""

import threading

import httpx2
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import app
from pokervod_pipelines_tests.api.serving import OPERATOR, VIEWER, Served

RUNNER = CliRunner()
EVENT = "/api/events/1"

UNDECIDED = """
    update monitoring_events set acknowledged_at = null, acknowledged_by = null, acknowledged_reason = null,
        resolved_at = null, resolved_by = null, resolved_reason = null, is_resolved_by_person = false,
        verdict = null, verdict_at = null, verdict_by = null, verdict_reason = null
"""

ACTIONS = [
    ("acknowledge", {}, ["acknowledge", "1"]),
    ("mute", {"until": "2h"}, None),
    ("resolve", {}, ["resolve", "1"]),
    ("verdict", {"verdict": "noise"}, ["verdict", "1", "noise"]),
]


def list_signed(api: Served, type_: str) -> list[tuple[object, ...]]:
    with api.engine.connect() as connection:
        rows = connection.execute(
            text("select type, payload, correlation_id from events where type like :type order by id"), {"type": type_}
        )
        return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("action", "body", "command"), [each for each in ACTIONS if each[2]], ids=[each[0] for each in ACTIONS if each[2]]
)
def test_an_action_leaves_the_event_that_the_command_leaves(
    api: Served, monkeypatch: pytest.MonkeyPatch, action: str, body: dict[str, str], command: list[str]
) -> None:
    monkeypatch.setenv("POKERVOD_DATABASE_URL", api.settings.database_url.get_secret_value())  # type: ignore[union-attr]
    monkeypatch.setenv("POKERVOD_HOME", str(api.settings.home))
    before = len(list_signed(api, "monitoring.incident.%"))
    assert api.post(f"{EVENT}/{action}", {**body, "reason": "as planned"}).json()["changed"] is True
    [by_api] = list_signed(api, "monitoring.incident.%")[before:]
    with api.engine.begin() as connection:
        connection.execute(text(UNDECIDED))
    result = RUNNER.invoke(app, ["incidents", *command, "--reason", "as planned", "--by", "anna"])
    [by_command] = list_signed(api, "monitoring.incident.%")[before + 1 :]

    assert result.exit_code == 0, result.output
    assert by_api[:2] == by_command[:2]
    assert by_api[1]["by"] == "anna"  # type: ignore[index]


@pytest.mark.parametrize(("action", "body", "_command"), ACTIONS, ids=[each[0] for each in ACTIONS])
def test_a_request_that_is_sent_again_changes_nothing(
    api: Served, action: str, body: dict[str, str], _command: object
) -> None:
    first = api.post(f"{EVENT}/{action}", {**body, "reason": "x"}, **{"Idempotency-Key": "key-00001"})
    events = list_signed(api, "monitoring.incident.%")
    again = api.post(f"{EVENT}/{action}", {**body, "reason": "x"}, **{"Idempotency-Key": "key-00001"})

    assert first.status_code == 200, first.text
    assert again.json() == first.json()
    assert list_signed(api, "monitoring.incident.%") == events


def test_a_key_is_of_one_request(api: Served) -> None:
    api.post(f"{EVENT}/acknowledge", {"reason": "x"}, **{"Idempotency-Key": "key-00001"})
    other = api.post(f"{EVENT}/acknowledge", {"reason": "y"}, **{"Idempotency-Key": "key-00001"})

    assert (other.status_code, "another request" in other.json()["detail"]) == (409, True)


def test_a_request_sent_many_times_at_once_changes_it_once(api: Served) -> None:
    answers: list[httpx2.Response] = []

    def send() -> None:
        answers.append(api.post(f"{EVENT}/acknowledge", {"reason": "x"}, **{"Idempotency-Key": "key-00001"}))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert {each.status_code for each in answers} == {200}
    assert len({each.text for each in answers}) == 1
    assert len(list_signed(api, "monitoring.incident.acknowledged")) == 1


def test_the_answer_names_the_request_in_the_log(api: Served) -> None:
    answer = api.post(f"{EVENT}/acknowledge", {"reason": "x"}, **{"X-Correlation-Id": "request-17"})

    filed = answer.json()["correlation_id"]
    assert answer.headers["x-correlation-id"] == "request-17"
    assert filed == answer.json()["incident"]["correlation_id"], "the events of an incident are together"
    assert "monitoring.incident.acknowledged" in [
        each["type"] for each in api.read(f"/api/log?correlation_id={filed}")["items"]
    ]


def test_an_older_program_says_who_resolved_it_and_its_notes(api: Served) -> None:
    answer = api.post(f"{EVENT}/resolve", {"resolved_by": "old monitor", "notes": "the cable was out"}, OPERATOR)

    incident = answer.json()["incident"]
    assert (incident["state"], incident["resolved_by"]) == ("resolved", "anna")
    assert incident["resolved_reason"] == "the cable was out (for old monitor)"


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        (f"{EVENT}/acknowledge", {}, 422, "body.reason: required"),
        (f"{EVENT}/acknowledge", {"reason": ""}, 422, "body.reason: must not be empty"),
        (f"{EVENT}/acknowledge", {"reson": "x"}, 422, "body.reson: unknown; did you mean `reason`?"),
        (f"{EVENT}/acknowledge", {"reason": "  "}, 422, "a reason is required"),
        (f"{EVENT}/acknowledge", {"reason": "x", "by": "me"}, 422, "body.by"),
        (f"{EVENT}/resolve", {"resolved_by": "me"}, 422, "a reason is required"),
        (f"{EVENT}/verdict", {"reason": "x", "verdict": "maybe"}, 422, "body.verdict"),
        (f"{EVENT}/mute", {"reason": "x", "until": "2020-01-01"}, 400, "expected a time to come"),
        ("/api/events/99/acknowledge", {"reason": "x"}, 404, "no incident has the number 99"),
    ],
)
def test_a_wrong_request_changes_nothing_and_says_why(
    api: Served, path: str, body: dict[str, str], status: int, said: str
) -> None:
    answer = api.post(path, body)

    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text
    assert list_signed(api, "monitoring.incident.acknowledged") == []


def test_a_viewer_decides_nothing(api: Served) -> None:
    answer = api.post(f"{EVENT}/acknowledge", {"reason": "x"}, VIEWER)

    assert (answer.status_code, "needs the role operator" in answer.json()["detail"]) == (403, True)
    assert list_signed(api, "monitoring.incident.acknowledged") == []
