"""Check that a service which answers unlike its document is reported with method, path and difference."""

from typing import Any

import pytest
import yaml

from pokervod_pipelines.rollout.criteria.result import ErrorClass
from pokervod_pipelines.rollout.record import ResultRecord
from pokervod_pipelines_tests.rollout.criteria.conftest import MakeContext, check
from pokervod_pipelines_tests.rollout.criteria.documents import SOUND, make_document, write_document
from pokervod_pipelines_tests.rollout.http_services import (
    Answers,
    Reply,
    RunningService,
    find_closed_address,
    run_service,
)

VIDEO = {"id": 7, "day": "2031-05-04", "next": {"id": 8, "day": "2031-05-05"}}
LISTED = Reply(body=[VIDEO], headers={"x-total": "1"})
GOOD: Answers = {"GET /videos": LISTED, "GET /videos/7": Reply(body=VIDEO), "POST /videos": Reply(201, VIDEO)}


def judge(
    make_context: MakeContext, answers: Answers, document: Any = SOUND, **parameters: Any
) -> tuple[ResultRecord, RunningService]:
    with run_service(answers) as service:
        context = make_context(
            {"search": {"document": "search.yaml", "address": service.address, "mock": service.address}}
        )
        write_document(context.folder, document)
        return check(context, "http_contract", service="search", **parameters), service


@pytest.mark.parametrize("version", ["3.1.0", "3.0.3"])
def test_a_service_that_keeps_to_its_document_passes(make_context: MakeContext, version: str) -> None:
    result, service = judge(make_context, GOOD, make_document(openapi=version), at="mock")

    assert result.passed, result
    assert service.asked == ["GET /videos?day=2031-05-04", "GET /videos/7"]


def test_nothing_that_writes_is_called_unless_it_is_named(make_context: MakeContext) -> None:
    _, by_itself = judge(make_context, GOOD)
    (result, named) = judge(make_context, GOOD, make_document(), also=["addVideo"], skip=["getVideo"])

    assert not [call for call in by_itself.asked if call.startswith("POST")]
    assert result.passed, result
    assert [call for call in named.asked if call != "GET /videos?day=2031-05-04"] == ["POST /videos"]
    assert named.bodies[-1] == b'{"id":1,"day":"2026-01-01"}'


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (Reply(body=[{"id": "7", "day": "2031-05-04"}], headers={"x-total": "1"}), "at 0/id: '7' is not of type"),
        (Reply(body=[{"id": 7}], headers={"x-total": "1"}), "'day' is a required property"),
        (Reply(body=[{"id": 7, "day": "soon"}], headers={"x-total": "1"}), "'soon' is not a 'date'"),
        (Reply(body=[{**VIDEO, "next": 5}], headers={"x-total": "1"}), "at 0/next: 5 is not of type"),
        (Reply(body=[VIDEO]), "without the header x-total"),
        (Reply(body="[", headers={"x-total": "1"}), "a body that is not JSON"),
        (
            Reply(body="<p>", media="text/html", headers={"x-total": "1"}),
            "as text/html, documented is application/json",
        ),
        (Reply(body="[]", media="", headers={"x-total": "1"}), "as no media type"),
        (Reply(404, {"error": "no"}), "answers 404, which the document does not describe"),
        (Reply(202, []), "answers 202, which the document does not describe"),
        (Reply(302, headers={"location": "/"}), "answers 302"),
    ],
)
def test_an_unexpected_answer_is_reported_with_method_and_path(
    make_context: MakeContext, reply: Reply, problem: str
) -> None:
    result, service = judge(make_context, {**GOOD, "GET /videos": reply})

    assert result.error_class is ErrorClass.CONTRACT
    assert "GET /videos: " in result.summary
    assert any(problem in line for line in result.details), result
    assert "GET /videos/7" in service.asked


def test_an_invalid_document_is_named_and_no_call_is_made(make_context: MakeContext) -> None:
    result, service = judge(make_context, GOOD, make_document(**{"components.schemas.Video": None}))

    assert result.error_class is ErrorClass.DOCUMENT
    assert "search.yaml is invalid (problems: 4): /paths//videos/get/responses" in result.summary
    assert service.asked == []


def test_a_day_in_the_document_is_text_as_in_json(make_context: MakeContext) -> None:
    text = "example: 2031-05-04"
    document = yaml.safe_dump(SOUND, sort_keys=False).replace("example: '2031-05-04'", text)

    result, service = judge(make_context, GOOD, document)

    assert text in document
    assert (result.passed, service.asked[0]) == (True, "GET /videos?day=2031-05-04")


def test_a_service_that_breaks_down_is_down_whatever_else_it_answers(make_context: MakeContext) -> None:
    answers = {"GET /videos": LISTED, "GET /videos/7": Reply(500)}

    only, service = judge(make_context, answers)
    among, _ = judge(make_context, {**answers, "GET /videos": Reply(404)})

    assert (only.error_class, among.error_class) == (ErrorClass.SERVICE_DOWN, ErrorClass.SERVICE_DOWN)
    assert "GET /videos/{id}: answers 500" in only.summary
    assert "GET /videos/{id}: answers 500" in among.summary
    assert len(among.details) == len(service.asked) == 2


def test_an_answer_of_failure_is_fine_only_where_the_document_gave_no_example(make_context: MakeContext) -> None:
    answers = {**GOOD, "GET /videos/7": Reply(404, {"error": "no such video"})}
    shared = [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}, "example": 7}]

    made_up, _ = judge(make_context, answers)
    given, _ = judge(make_context, answers, make_document(**{"paths./videos/{id}.parameters": shared}))

    assert made_up.passed, made_up
    assert "GET /videos/{id}: answers 404 to the document's own example" in given.summary


def test_a_failure_too_has_to_be_as_documented(make_context: MakeContext) -> None:
    result, _ = judge(make_context, {**GOOD, "GET /videos/7": Reply(404, {"message": "no"})})

    assert "GET /videos/{id}: answer 404: 'error' is a required property" in result.summary


def test_a_parameter_that_cannot_be_made_up_needs_an_example(make_context: MakeContext) -> None:
    shared = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^v[0-9]$"}}]

    result, _ = judge(make_context, GOOD, make_document(**{"paths./videos/{id}.parameters": shared}))

    assert "GET /videos/{id}: cannot be called: parameter 'id' has no example" in result.summary


def test_nobody_listening_is_a_service_that_is_down(make_context: MakeContext) -> None:
    context = make_context({"search": {"document": "search.yaml", "address": find_closed_address()}})
    write_document(context.folder, SOUND)

    result = check(context, "http_contract", service="search")

    assert result.error_class is ErrorClass.SERVICE_DOWN
    assert len(result.details) == 1


def test_an_operation_that_there_is_not_cannot_be_named(make_context: MakeContext) -> None:
    result, _ = judge(make_context, GOOD, also=["dropVideo"])

    assert "operation 'dropVideo' is missing" in result.summary


def test_a_document_without_anything_to_read_does_not_pass_by_itself(make_context: MakeContext) -> None:
    result, service = judge(make_context, GOOD, make_document(paths={}))

    assert "has no reading operation to call" in result.summary
    assert service.asked == []


def test_a_service_that_hangs_ends_in_time(make_context: MakeContext) -> None:
    result, service = judge(make_context, {"GET /videos": Reply(after_seconds=30)}, seconds=1)

    assert result.error_class is ErrorClass.SERVICE_DOWN
    assert len(service.asked) == 1
