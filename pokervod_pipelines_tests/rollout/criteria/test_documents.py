"""Check that a document is valid and complete, or its problems are reported with method and path."""

import json
from typing import Any

import pytest

from pokervod_pipelines.rollout.criteria.result import ErrorClass
from pokervod_pipelines.rollout.record import ResultRecord
from pokervod_pipelines_tests.rollout.criteria.conftest import MakeContext, check
from pokervod_pipelines_tests.rollout.criteria.documents import SOUND, make_document, write_document

GET = "paths./videos.get"
SEARCH = {"search": {"document": "search.yaml"}}


def judge(make_context: MakeContext, document: Any, **parameters: Any) -> ResultRecord:
    context = make_context(SEARCH)
    write_document(context.folder, document)
    return check(context, "openapi_document", service="search", **parameters)


@pytest.mark.parametrize("version", ["3.1.0", "3.0.3"])
def test_a_document_that_is_valid_and_complete_passes(make_context: MakeContext, version: str) -> None:
    result = judge(make_context, make_document(openapi=version))

    assert result.passed, result
    assert result.figures["operations"] == 3


@pytest.mark.parametrize(
    ("mistakes", "problem"),
    [
        ({"openapi": "2.0"}, "expected 'openapi' 3.0 or 3.1"),
        ({"openapi": None}, "got nothing"),
        ({"info": None}, "'info' is a required property"),
        ({f"{GET}.responses.200.description": None}, "'description' is a required property"),
        ({"paths./videos/{id}.parameters": []}, "Path parameter 'id'"),
        ({f"{GET}.summary": None}, "GET /videos: has no summary"),
        ({f"{GET}.summary": "  "}, "GET /videos: has no summary"),
        ({f"{GET}.responses.200.content": None}, "GET /videos: response 200 has no content with a schema"),
        ({f"{GET}.responses": {"404": {"description": "No"}}}, "GET /videos: describes no response for success"),
        (
            {"paths./videos/{id}.get.responses.404.content": {"application/json": {}}},
            "GET /videos/{id}: response 404 as application/json has no schema",
        ),
        ({"components.schemas.Video": None}, "$ref '#/components/schemas/Video' leads to nothing"),
        ({"components.schemas.Error": {"$ref": "other.yaml#/Error"}}, "leads out of the document"),
        ({"components.schemas.Error": {"$ref": "file:///etc/passwd"}}, "leads out of the document"),
        ({"paths": {}}, "0 operations are described, expected at least 1"),
        ({"paths./videos": "text"}, "/paths//videos: 'text' is not of type 'object'"),
        ({f"{GET}.summary": 5}, "/paths//videos/get/summary: 5 is not of type 'string'"),
        ({f"{GET}.operationId": "getVideo"}, "Operation ID 'getVideo' for 'get' in '/videos/{id}' is not unique"),
        ({"components.schemas.Error": {"$ref": "#/components/schemas/Error"}}, "cannot be validated (RecursionError"),
    ],
)
def test_a_mistake_in_a_document_is_reported(make_context: MakeContext, mistakes: dict[str, Any], problem: str) -> None:
    result = judge(make_context, make_document(**mistakes))

    assert result.error_class is ErrorClass.DOCUMENT
    assert any(problem in line for line in (result.summary, *result.details)), result


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("openapi: [3", "search.yaml:"),
        ("- openapi", "expected keys with values, got list"),
        ("", "expected keys with values, got nothing"),
        ("a: &a [1]\nb: &b [*a, *a]\nopenapi: &c [*b, *b, *b]\n", "expected 'openapi' 3.0 or 3.1"),
        ("openapi: 3.1.0\na: &a [*a]\n", "that JSON does not know"),
        ("openapi: 3.1.0\na: !!binary YQ==\n", "that JSON does not know"),
        ("openapi: 3.1.0\n2031-05-04: 1\n", "that JSON does not know"),
        ("openapi: 3.1.0\na: 2031-13-45\n", "search.yaml: not valid YAML: month must be in 1..12"),
        ("openapi: 3.1.0\na: !!python/name:os.system x\n", "search.yaml:2: not valid YAML"),
        (f"openapi: 3.1.0\na: {'[' * 3000}", "search.yaml"),
    ],
)
def test_a_file_that_is_not_a_document_is_reported(make_context: MakeContext, text: str, problem: str) -> None:
    result = judge(make_context, text)

    assert result.error_class is ErrorClass.DOCUMENT
    assert problem in result.summary


def test_a_document_of_json_may_be_indented_with_tabs(make_context: MakeContext) -> None:
    context = make_context({"search": {"document": "search.json"}})
    (context.folder / "search.json").write_text(json.dumps(SOUND, indent="\t"), encoding="utf-8")

    assert check(context, "openapi_document", service="search").passed


def test_a_document_that_grows_without_end_is_refused(make_context: MakeContext) -> None:
    bomb = "a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))

    assert "500000 values" in judge(make_context, bomb).summary


def test_a_missing_document_is_reported(make_context: MakeContext) -> None:
    missing = check(make_context(SEARCH), "openapi_document", service="search")
    unnamed = check(make_context({"search": {}}), "openapi_document", service="search")

    assert "search.yaml: the file is missing" in missing.summary
    assert "rollout.services.search.document" in unnamed.summary


def test_more_operations_can_be_asked_for(make_context: MakeContext) -> None:
    result = judge(make_context, SOUND, operations_at_least=9)

    assert "3 operations are described, expected at least 9" in result.summary
