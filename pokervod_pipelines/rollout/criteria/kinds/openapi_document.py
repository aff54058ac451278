"""``openapi_document``: a service's OpenAPI document is valid, and complete enough to build from it.

Complete: there are operations, each has a summary, an answer for success, a schema for all that it answers with; no
reference leads nowhere or out of the document.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from pydantic import Field

from pokervod_pipelines.rollout.criteria.documents import Document, Operation, read_document
from pokervod_pipelines.rollout.criteria.evidence import ErrorClass, Evidence
from pokervod_pipelines.rollout.criteria.of_service import OfService
from pokervod_pipelines.rollout.criteria.world import World

_VALIDATORS = {"3.0": OpenAPIV30SpecValidator, "3.1": OpenAPIV31SpecValidator}
_NO_CONTENT = frozenset({"204", "205"})


class OpenapiDocument(OfService):
    """The document is valid, complete, and describes ``operations_at_least``."""

    kind: Literal["openapi_document"] = "openapi_document"
    operations_at_least: int = Field(default=1, ge=1, le=10_000)

    def check(self, world: World) -> Evidence:
        """Return what is wrong with the document, references first since all else hangs on them."""
        document = read_document(world, self.service)
        operations = [*document.list_operations()]
        faults = [*document.find_dangling()]
        faults = faults or [*_find_invalid(document)]
        faults = faults or [fault for each in operations for fault in _find_incomplete(document, each)]
        if len(operations) < self.operations_at_least:
            faults.append(f"there are {len(operations)} operations, needed are {self.operations_at_least}")
        figures = {"operations": len(operations), "faults": len(faults)}
        if faults:
            said = f"{document.path} has {len(faults)} faults, the first: {faults[0]}"
            return Evidence.fails(ErrorClass.DOCUMENT, said, details=faults, figures=figures)
        return Evidence.passes(f"{document.path} is valid and complete", figures=figures)


def _find_invalid(document: Document) -> Iterator[str]:
    values: Any = document.values
    for error in _VALIDATORS[document.version](values).iter_errors():
        place = "/".join(str(part) for part in getattr(error, "absolute_path", ()))
        yield f"/{place}: {error.message}"


def _find_incomplete(document: Document, operation: Operation) -> Iterator[str]:
    if not str(operation.values.get("summary", "")).strip():
        yield f"{operation.title}: has no summary"
    responses = operation.values.get("responses")
    responses = responses if isinstance(responses, Mapping) else {}
    if not any(str(status).startswith(("2", "3")) for status in responses):
        yield f"{operation.title}: says no answer for success"
    for status, response in responses.items():
        yield from _find_gaps(document, operation, str(status), document.resolve(response))


def _find_gaps(document: Document, operation: Operation, status: str, response: Mapping[str, Any]) -> Iterator[str]:
    content = response.get("content") or {}
    has_body = status.startswith("2") and status not in _NO_CONTENT and operation.method != "head"
    if has_body and not content:
        yield f"{operation.title}: answer {status} has no content with a schema"
    for media, told in content.items():
        if not document.resolve(told).get("schema"):
            yield f"{operation.title}: answer {status} as {media} has no schema"
