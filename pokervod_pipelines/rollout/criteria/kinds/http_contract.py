"""Check ``http_contract``: a service answers as its OpenAPI document describes.

Only ``GET`` and ``HEAD`` operations are called, and those that ``also`` names by ``operationId``: a check must not
change what it checks.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from openapi_schema_validator import OAS30ReadValidator, OAS31Validator, oas30_format_checker, oas31_format_checker
from pydantic import Field

from pokervod_pipelines.rollout.criteria.base import AddressCriterion
from pokervod_pipelines.rollout.criteria.context import CheckContext, HttpCaller
from pokervod_pipelines.rollout.criteria.documents import ApiDocument, Operation, read_document
from pokervod_pipelines.rollout.criteria.requests import NoExample, OperationCall, make_call
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, CriterionResult, ErrorClass
from pokervod_pipelines.rollout.http_calls import HttpResponse

READING = frozenset({"get", "head"})
_MAX_PROBLEMS = 3
"""Problems shown of one response body."""

_DOWN = frozenset({ErrorClass.UNREACHABLE, ErrorClass.SERVICE_DOWN})

ClassifiedProblem = tuple[ErrorClass, str]


class HttpContract(AddressCriterion):
    """Expect every reading operation to answer with a status, media type and body that the document allows.

    An error status is allowed only if the document gave no example to call with. ``skip`` excludes operations by
    ``operationId``.
    """

    kind: Literal["http_contract"] = "http_contract"
    also: list[str] = Field(default_factory=list, max_length=100)
    skip: list[str] = Field(default_factory=list, max_length=100)

    def check(self, context: CheckContext) -> CriterionResult:
        """Return what is wrong with the responses; an operation that fails does not stop the check of the others."""
        document = read_document(context, self.service)
        every = [*document.list_operations()]
        called = [operation for operation in every if self._is_called(operation)]
        problems = [(ErrorClass.CONTRACT, text) for text in self._find_unknown(document.path, every)]
        with context.open_caller(self.service, self.at) as caller:
            for operation in called:
                try:
                    found = _call(caller, document, operation)
                    problems += [(kind, f"{operation.title}: {text}") for kind, text in found]
                except CriterionFailed as failed:
                    kind = failed.result.error_class or ErrorClass.CONTRACT
                    problems.append((kind, f"{operation.title}: {failed}"))
                    if kind in _DOWN:
                        break  # the other calls would fail the same way
        figures = {"operations": len(every), "asked": len(called), "faults": len(problems)}
        if not called:
            message = f"{document.path} has no reading operation to call; name some in 'also'"
            problems.append((ErrorClass.CONTRACT, message))
        if problems:
            # A service that is down explains all other problems.
            error_class, first = next((problem for problem in problems if problem[0] in _DOWN), problems[0])
            message = f"{caller.title} does not answer as {document.path} describes: {first}"
            return CriterionResult.fails(error_class, message, evidence=[text for _, text in problems], figures=figures)
        return CriterionResult.passes(f"{caller.title} answers {len(called)} operations as documented", figures=figures)

    def _is_called(self, operation: Operation) -> bool:
        name = operation.values.get("operationId")
        return name not in self.skip and (operation.method in READING or name in self.also)

    def _find_unknown(self, path: str, operations: list[Operation]) -> list[str]:
        known = {operation.values.get("operationId") for operation in operations}
        return [f"operation {name!r} is missing in {path}" for name in (*self.also, *self.skip) if name not in known]


def _call(caller: HttpCaller, document: ApiDocument, operation: Operation) -> list[ClassifiedProblem]:
    try:
        request = make_call(document, operation)
    except NoExample as error:
        return [(ErrorClass.CONTRACT, f"cannot be called: {error}; add one")]
    answer = caller.call(
        operation.method.upper(),
        request.path,
        params=tuple(request.query) or None,
        headers=request.headers,
        json=request.body,
    )
    if answer.status >= 500:
        return [(ErrorClass.SERVICE_DOWN, f"answers {answer.status}")]
    return [(ErrorClass.CONTRACT, problem) for problem in _find_problems(document, operation, request, answer)]


def _find_problems(
    document: ApiDocument, operation: Operation, request: OperationCall, answer: HttpResponse
) -> Iterator[str]:
    described = _find_response(document, operation, answer.status)
    if described is None:
        yield f"answers {answer.status}, which the document does not describe"
        return
    if answer.status >= 400 and not request.is_made_up:
        yield f"answers {answer.status} to the document's own example"
        return
    if operation.method != "head":
        yield from _find_body_problems(document, described, answer)
    for name, header in (described.get("headers") or {}).items():
        if document.resolve(header).get("required") and name.lower() not in answer.headers:
            yield f"answers without the header {name}"


def _find_response(document: ApiDocument, operation: Operation, status: int) -> Mapping[str, Any] | None:
    responses = operation.values.get("responses")
    for key in (str(status), f"{status // 100}XX", "default"):
        if isinstance(responses, Mapping) and key in responses:
            return document.resolve(responses[key])
    return None


def _find_body_problems(document: ApiDocument, response: Mapping[str, Any], answer: HttpResponse) -> Iterator[str]:
    content = response.get("content") or {}
    if not content:
        return
    media = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    schema = _find_schema(document, content, media)
    if schema is None:
        yield f"answers {answer.status} as {media or 'no media type'}, documented is {', '.join(content)}"
        return
    if not media.endswith("json"):
        return
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        yield f"answers {answer.status} with a body that is not JSON"
        return
    for place, problem in _validate(document, schema, body):
        yield f"answer {answer.status}{' at ' + place if place else ''}: {problem}"


def _find_schema(document: ApiDocument, content: Mapping[str, Any], media: str) -> Mapping[str, Any] | None:
    for key in (media, f"{media.partition('/')[0]}/*", "*/*"):
        for name, value in content.items():
            if name.partition(";")[0].strip().lower() == key:
                schema = document.resolve(value).get("schema")
                return schema if isinstance(schema, Mapping) else {}
    return None


def _validate(document: ApiDocument, schema: Mapping[str, Any], body: object) -> Iterator[tuple[str, str]]:
    """Yield the first problems of a body; the document is put around the schema so that references resolve."""
    around = {key: value for key, value in document.values.items() if key in {"components", "paths"}}
    whole = {**schema, **around} if "$ref" not in schema else {"allOf": [schema], **around}
    if document.version == "3.0":
        validator = OAS30ReadValidator(whole, format_checker=oas30_format_checker)
    else:
        validator = OAS31Validator(whole, format_checker=oas31_format_checker)
    for at, error in enumerate(validator.iter_errors(body)):
        if at == _MAX_PROBLEMS:
            return
        yield "/".join(str(part) for part in error.absolute_path), error.message
