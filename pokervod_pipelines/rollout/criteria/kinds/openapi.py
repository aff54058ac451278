"""Check ``openapi_document``: a document is complete enough to build from, and ``http_contract``: it is obeyed.

Complete means: it has operations, each with a summary, a response for success and schemas for its responses. Only
``GET`` and ``HEAD`` operations are called, and those that ``also`` names by ``operationId``: a check must not change
what it checks.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Literal

from pydantic import Field

from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.base import AddressCriterion, ServiceCriterion
from pokervod_pipelines.rollout.criteria.documents import ApiDocument, Operation, read_document
from pokervod_pipelines.rollout.criteria.requests import NoExample, OperationCall, make_call
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, ErrorClass, expect
from pokervod_pipelines.rollout.http_calls import HttpCaller, HttpResponse

READING = frozenset({"get", "head"})
MAX_PROBLEMS = 3
"""Problems shown of one response body."""

_DOWN = frozenset({ErrorClass.UNREACHABLE, ErrorClass.SERVICE_DOWN})
_NO_CONTENT = frozenset({"204", "205"})


class OpenapiDocument(ServiceCriterion):
    """Expect a valid and complete document that describes ``operations_at_least``."""

    kind: Literal["openapi_document"] = "openapi_document"
    operations_at_least: int = Field(default=1, ge=1, le=10_000)

    def check(self, context: RolloutContext) -> str:
        """Return how many operations the document has, or what is wrong with it."""
        document = read_document(context, self.service)
        operations = [*document.list_operations()]
        problems = [problem for each in operations for problem in _find_incomplete(document, each)]
        if (count := len(operations)) < self.operations_at_least:
            problems.append(f"{count} operations are described, expected at least {self.operations_at_least}")
        context.figures.update({"operations": count, "faults": len(problems)})
        problem = f"{document.path} is incomplete (problems: {len(problems)}): {' '.join(problems[:1])}"
        expect(not problems, ErrorClass.DOCUMENT, problem, problems)
        return f"{document.path} is valid and complete: {count} operations"


def _find_incomplete(document: ApiDocument, operation: Operation) -> Iterator[str]:
    title = operation.title
    if not operation.values.get("summary", "").strip():
        yield f"{title}: has no summary"
    if not any(status.startswith(("2", "3")) for status in operation.responses):
        yield f"{title}: describes no response for success"
    for status, response in operation.responses.items():
        content = response.get("content", {})
        has_body = status.startswith("2") and status not in _NO_CONTENT and operation.method != "head"
        if has_body and not content:
            yield f"{title}: response {status} has no content with a schema"
        for media in [name for name, value in content.items() if not document.resolve(value).get("schema")]:
            yield f"{title}: response {status} as {media} has no schema"


class HttpContract(AddressCriterion):
    """Expect every reading operation to answer with a status, media type and body that the document allows.

    An error status is allowed only if the document gave no example to call with. ``skip`` excludes operations by
    ``operationId``.
    """

    kind: Literal["http_contract"] = "http_contract"
    also: list[str] = Field(default_factory=list, max_length=100)
    skip: list[str] = Field(default_factory=list, max_length=100)

    def check(self, context: RolloutContext) -> str:
        """Return what is wrong with the responses; an operation that fails does not stop the check of the others."""
        document = read_document(context, self.service)
        every = {str(each.values.get("operationId", each.title)): each for each in document.list_operations()}
        reading = {name for name, each in every.items() if each.method in READING}
        called = [each for name, each in every.items() if name in (reading | {*self.also}) - {*self.skip}]
        problems = [
            (ErrorClass.CONTRACT, f"operation {name!r} is missing in {document.path}")
            for name in (*self.also, *self.skip)
            if name not in every
        ]
        with context.open_caller(self.service, self.at) as caller:
            for operation in called:
                problems += _ask(caller, document, operation)
                if problems and problems[-1][0] in _DOWN:
                    break  # the other calls would fail the same way
        if not called:
            message = f"{document.path} has no reading operation to call; name some in 'also'"
            problems.append((ErrorClass.CONTRACT, message))
        context.figures.update({"operations": len(every), "asked": len(called), "faults": len(problems)})
        if problems:
            # A service that is down explains all other problems.
            error_class, first = next((problem for problem in problems if problem[0] in _DOWN), problems[0])
            message = f"{caller.title} does not answer as {document.path} describes: {first}"
            raise CriterionFailed(error_class, message, [text for _, text in problems])
        return f"{caller.title} answers {len(called)} operations as documented"


def _ask(caller: HttpCaller, document: ApiDocument, operation: Operation) -> list[tuple[ErrorClass, str]]:
    """Call the operation, and return how the response differs from the document."""
    try:
        call = make_call(document, operation)
        method, query = operation.method.upper(), call.query or None
        answer = caller.call(method, call.path, params=query, headers=call.headers, json=call.body)
        error_class, problems = ErrorClass.CONTRACT, [*_compare(document, operation, call, answer)]
        if answer.status >= 500:
            error_class, problems = ErrorClass.SERVICE_DOWN, [f"answers {answer.status}"]
    except NoExample as error:
        error_class, problems = ErrorClass.CONTRACT, [f"cannot be called: {error}; add one"]
    except CriterionFailed as failed:
        error_class, problems = failed.error_class, [str(failed)]
    return [(error_class, f"{operation.title}: {problem}") for problem in problems]


def _compare(document: ApiDocument, operation: Operation, call: OperationCall, answer: HttpResponse) -> Iterator[str]:
    status, keys = answer.status, (str(answer.status), f"{answer.status // 100}XX", "default")
    described = next((operation.responses[key] for key in keys if key in operation.responses), None)
    if described is None:
        yield f"answers {status}, which the document does not describe"
    elif status >= 400 and not call.is_made_up:
        yield f"answers {status} to the document's own example"
    else:
        if operation.method != "head":
            yield from _compare_body(document, described.get("content", {}), answer)
        for name, header in described.get("headers", {}).items():
            if document.resolve(header).get("required") and name.lower() not in answer.headers:
                yield f"answers without the header {name}"


def _compare_body(document: ApiDocument, content: Mapping[str, Any], answer: HttpResponse) -> Iterator[str]:
    import openapi_schema_validator as validation  # noqa: PLC0415 - 10 MB that only these criteria need

    media = _read_media(answer.headers.get("content-type", ""))
    shapes = {_read_media(name): document.resolve(value) for name, value in content.items()}
    key = next((key for key in (media, f"{media.partition('/')[0]}/*", "*/*") if key in shapes), None)
    if content and key is None:
        yield f"answers {answer.status} as {media or 'no media type'}, documented is {', '.join(content)}"
    if key is None or not media.endswith("json"):
        return
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        yield f"answers {answer.status} with a body that is not JSON"
        return
    # The document is put around the schema so that references resolve.
    around = {key: value for key, value in document.values.items() if key in {"components", "paths"}}
    validator, formats = {
        "3.0": (validation.OAS30ReadValidator, validation.oas30_format_checker),
        "3.1": (validation.OAS31Validator, validation.oas31_format_checker),
    }[document.version]
    whole = validator({"allOf": [shapes[key].get("schema", {})], **around}, format_checker=formats)
    for error in islice(whole.iter_errors(body), MAX_PROBLEMS):
        place = "/".join(map(str, error.absolute_path))
        yield f"answer {answer.status}{' at ' + place if place else ''}: {error.message}"


def _read_media(text: str) -> str:
    return text.partition(";")[0].strip().lower()
