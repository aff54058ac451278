"""Check ``openapi_document``: a service's OpenAPI document is valid, and complete enough to build from it.

Complete means: it has operations, each with a summary, a response for success and schemas for its responses, and every
reference leads to a part of the document.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from pydantic import Field

from pokervod_pipelines.rollout.criteria.base import ServiceCriterion
from pokervod_pipelines.rollout.criteria.context import CheckContext
from pokervod_pipelines.rollout.criteria.documents import ApiDocument, Operation, read_document
from pokervod_pipelines.rollout.criteria.result import CriterionResult, ErrorClass

_VALIDATORS = {"3.0": OpenAPIV30SpecValidator, "3.1": OpenAPIV31SpecValidator}
_NO_CONTENT = frozenset({"204", "205"})


class OpenapiDocument(ServiceCriterion):
    """Expect a valid and complete document that describes ``operations_at_least``."""

    kind: Literal["openapi_document"] = "openapi_document"
    operations_at_least: int = Field(default=1, ge=1, le=10_000)

    def check(self, context: CheckContext) -> CriterionResult:
        """Return what is wrong with the document; broken references first, because they cause other problems."""
        document = read_document(context, self.service)
        operations = [*document.list_operations()]
        problems = [*document.find_dangling()]
        problems = problems or [*_find_invalid(document)]
        problems = problems or [problem for each in operations for problem in _find_incomplete(document, each)]
        if len(operations) < self.operations_at_least:
            problems.append(f"{len(operations)} operations are described, expected at least {self.operations_at_least}")
        figures = {"operations": len(operations), "faults": len(problems)}
        if problems:
            message = f"{document.path} is invalid or incomplete (problems: {len(problems)}): {problems[0]}"
            return CriterionResult.fails(ErrorClass.DOCUMENT, message, evidence=problems, figures=figures)
        return CriterionResult.passes(
            f"{document.path} is valid and complete: {len(operations)} operations", figures=figures
        )


def _find_invalid(document: ApiDocument) -> Iterator[str]:
    values: Any = document.values
    for error in _VALIDATORS[document.version](values).iter_errors():
        place = "/".join(str(part) for part in getattr(error, "absolute_path", ()))
        yield f"/{place}: {error.message}"


def _find_incomplete(document: ApiDocument, operation: Operation) -> Iterator[str]:
    if not str(operation.values.get("summary", "")).strip():
        yield f"{operation.title}: has no summary"
    responses = operation.values.get("responses")
    responses = responses if isinstance(responses, Mapping) else {}
    if not any(str(status).startswith(("2", "3")) for status in responses):
        yield f"{operation.title}: describes no response for success"
    for status, response in responses.items():
        yield from _find_gaps(document, operation, str(status), document.resolve(response))


def _find_gaps(document: ApiDocument, operation: Operation, status: str, response: Mapping[str, Any]) -> Iterator[str]:
    content = response.get("content") or {}
    has_body = status.startswith("2") and status not in _NO_CONTENT and operation.method != "head"
    if has_body and not content:
        yield f"{operation.title}: response {status} has no content with a schema"
    for media, value in content.items():
        if not document.resolve(value).get("schema"):
            yield f"{operation.title}: response {status} as {media} has no schema"
