"""What the comparison with commands does not show: previews, expected numbers, unknown ids, and what resume leaves."""

from typing import Any

from sqlalchemy import text

from pokervod_pipelines.rollout.interventions import pause_rollout
from pokervod_pipelines.rollout.plans import find_plan
from pokervod_pipelines.rollout.rollout import Rollout
from pokervod_pipelines.rollout.runner import start_rollout
from pokervod_pipelines_tests.api.parity_decisions import BEN
from pokervod_pipelines_tests.api.serving import OPERATOR, Served
from pokervod_pipelines_tests.sheets.harness import insert_files

OLD = "/api/libraries/old/retire"
RESUME = "/api/rollout/production/resume"

WRONG: list[tuple[str, dict[str, Any], int, str]] = [
    (OLD, {"dry_run": True}, 404, "unknown library 'old'"),
    ("/api/sheets/old/retire", {"expected": 1, "reason": "x"}, 404, "unknown sheet 'old'"),
    ("/api/missing-files/clear", {"library": "x", "below": ".", "dry_run": True}, 400, "unknown library 'x'"),
    ("/api/missing-files/clear", {"library": "x\0", "below": ".", "dry_run": True}, 422, "body.library"),
    ("/api/roots/x/accept", {"reason": "x"}, 404, "unknown archive root 'x'"),
    ("/api/rows/9/pin", {"path": "x", "reason": "x"}, 404, "unknown row 9"),
    ("/api/rows/9/unpin", {"reason": "x"}, 404, "unknown row 9"),
    ("/api/videos/9/correct", {"field": "project", "value": "WSOP", "reason": "x"}, 404, "unknown video 9"),
    ("/api/catalog/entries", {"fields": {"projekt": "WSOP"}, "reason": "x"}, 400, "projekt"),
    ("/api/catalog/decisions/9/undo", {"reason": "x"}, 404, "unknown decision 9"),
    (
        "/api/clips",
        {"video": "x", "time_in": "0:01", "time_out": "0:02", "title": "t", "reason": "x"},
        400,
        "no video",
    ),
    ("/api/clips/9/tag", {"add": ["x"], "reason": "x"}, 404, "unknown clip 9"),
    ("/api/clips/9/tag", {"reason": "x"}, 422, "name a tag"),
    ("/api/clips/decisions/9/undo", {"reason": "x"}, 404, "unknown decision 9"),
    ("/api/hands/9/withdraw", {"reason": "x"}, 404, "unknown hand 9"),
    ("/api/hands/1/correct", {"phh": "variant = ", "reason": "x"}, 400, "not a valid PHH hand"),
    ("/api/hands/1/restore", {"reason": "x"}, 409, "neither withdrawn nor corrected"),
    ("/api/disagreements/9/settle", {"reason": "x"}, 404, "unknown disagreement 9"),
    ("/api/players/unalias", {"alias": "Kid", "reason": "x"}, 400, "unknown alias 'Kid'"),
    ("/api/players/alias", {"alias": "Kid", "player": "kid", "dry_run": True}, 400, "one player already"),
    ("/api/rollout/x/pause", {"reason": "x"}, 404, "unknown plan 'x'"),
    ("/api/rollout/production/pause", {"reason": "x"}, 409, "not started"),
    ("/api/rollout/production/weeks/99/criteria/x/override", {"reason": "x"}, 404, "99"),
    ("/api/rollout/production/weeks/1/criteria/x/override", {"reason": "x"}, 404, "unknown criterion 'x'"),
    ("/api/weeks/2031-W01/close", {"reason": "x"}, 400, "is not over"),
]


def count(api: Served, query: str) -> Any:
    with api.engine.connect() as connection:
        return connection.scalar(text(query))


def put_old_files(api: Served) -> None:
    with api.engine.begin() as connection:
        insert_files(connection, "old/a.mp4", "old/b.mp4")
        connection.execute(text("update nas_files set library = 'old', root = 'old'"))


def test_a_preview_lists_what_would_leave_and_changes_nothing(api: Served) -> None:
    put_old_files(api)

    shown = api.post(OLD, {"dry_run": True}, OPERATOR).json()

    assert (shown["dry_run"], shown["count"]) == (True, 2)
    assert [each["path"] for each in shown["files"]] == ["old/a.mp4", "old/b.mp4"]
    assert count(api, "select count(*) from nas_files where state = 'present'") == 2


def test_what_would_be_others_than_the_preview_had_is_refused(api: Served) -> None:
    put_old_files(api)

    refused = api.post(OLD, {"reason": "x", "expected": 1}, OPERATOR)
    without = api.post(OLD, {"reason": "x"}, OPERATOR)

    assert (refused.status_code, "expected 1 files of old, but it is 2 now" in refused.json()["detail"]) == (409, True)
    assert (without.status_code, "ask with dry_run first" in without.json()["detail"]) == (422, True)
    assert count(api, "select count(*) from nas_files where state = 'present'") == 2


def test_a_resumed_rollout_is_left_to_its_sensor(api: Served) -> None:
    rollout = Rollout(engine=api.engine, settings=api.settings, plan=find_plan(api.settings))
    start_rollout(rollout, None, early=True)
    pause_rollout(rollout, BEN)

    answer = api.post(RESUME, {"reason": "the truck is back"}, OPERATOR).json()

    assert (answer["state"], answer["reason"], answer["week"]) == ("running", "resumed: the truck is back", 1)
    payload = "select payload ->> 'by' || ': ' || (payload ->> 'reason') from events where type = 'rollout.resumed'"
    assert count(api, payload) == "anna: the truck is back"
    assert count(api, "select count(*) from rollout_attempts") == 0


def test_a_wrong_request_says_what_is_wrong(api: Served) -> None:
    for path, body, status, said in WRONG:
        answer = api.post(path, body, OPERATOR)
        assert (answer.status_code, said in answer.json()["detail"]) == (status, True), (path, answer.text)

    assert count(api, "select count(*) from decisions") == 0
