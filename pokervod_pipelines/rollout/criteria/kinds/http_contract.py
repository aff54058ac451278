"""``http_contract``: a service answers as its OpenAPI document says.

Only what reads is called, ``GET`` and ``HEAD``, and whatever ``also`` names by its ``operationId``: a look must not
change what it looks at.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from openapi_schema_validator import OAS30ReadValidator, OAS31Validator, oas30_format_checker, oas31_format_checker
from pydantic import Field

from pokervod_pipelines.rollout.criteria.calls import Answer, Caller, open_caller
from pokervod_pipelines.rollout.criteria.documents import Document, Operation, read_document
from pokervod_pipelines.rollout.criteria.evidence import ErrorClass, Evidence, Failing
from pokervod_pipelines.rollout.criteria.of_service import OfAddress
from pokervod_pipelines.rollout.criteria.requests import NoExample, Request, make_request
from pokervod_pipelines.rollout.criteria.world import World

READING = frozenset({"get", "head"})
_FAULTS_SHOWN = 3
"""Of one answer's body."""

_DOWN = frozenset({ErrorClass.UNREACHABLE, ErrorClass.SERVICE_DOWN})

Fault = tuple[ErrorClass, str]


class HttpContract(OfAddress):
    """Every reading operation answers with a status, a media type and a body that the document allows.

    An answer of failure is allowed only where the document gave no example to ask with. ``skip`` names operations, by
    their ``operationId``, that are left out.
    """

    kind: Literal["http_contract"] = "http_contract"
    also: list[str] = Field(default_factory=list, max_length=100)
    skip: list[str] = Field(default_factory=list, max_length=100)

    def check(self, world: World) -> Evidence:
        """Return what each operation answered; one that goes wrong does not keep the others from being asked."""
        document = read_document(world, self.service)
        every = [*document.list_operations()]
        asked = [operation for operation in every if self._is_asked(operation)]
        faults = [(ErrorClass.CONTRACT, text) for text in self._find_unknown(document.path, every)]
        with open_caller(world, self.service, self.at) as caller:
            for operation in asked:
                try:
                    faults += [(kind, f"{operation.title}: {said}") for kind, said in _ask(caller, document, operation)]
                except Failing as failing:
                    kind = failing.evidence.error_class or ErrorClass.CONTRACT
                    faults.append((kind, f"{operation.title}: {failing}"))
                    if kind in _DOWN:
                        break  # the others would only wait for the same
        figures = {"operations": len(every), "asked": len(asked), "faults": len(faults)}
        if not asked:
            said = f"{document.path} has nothing to ask: no operation reads; name some in 'also'"
            faults.append((ErrorClass.CONTRACT, said))
        if faults:
            # Of a service that is down, no more can be said than that.
            error_class, first = next((fault for fault in faults if fault[0] in _DOWN), faults[0])
            said = f"{caller.title} answers otherwise than {document.path}: {first}"
            return Evidence.fails(error_class, said, details=[text for _, text in faults], figures=figures)
        return Evidence.passes(f"{caller.title} answers {len(asked)} operations as documented", figures=figures)

    def _is_asked(self, operation: Operation) -> bool:
        name = operation.values.get("operationId")
        return name not in self.skip and (operation.method in READING or name in self.also)

    def _find_unknown(self, path: str, operations: list[Operation]) -> list[str]:
        known = {operation.values.get("operationId") for operation in operations}
        return [f"there is no operation {name!r} in {path}" for name in (*self.also, *self.skip) if name not in known]


def _ask(caller: Caller, document: Document, operation: Operation) -> list[Fault]:
    try:
        request = make_request(document, operation)
    except NoExample as error:
        return [(ErrorClass.CONTRACT, f"cannot be asked: {error}; give one")]
    answer = caller.call(
        operation.method.upper(), request.path, query=request.query, headers=request.headers, body=request.body
    )
    if answer.status >= 500:
        return [(ErrorClass.SERVICE_DOWN, f"breaks down with {answer.status}")]
    return [(ErrorClass.CONTRACT, fault) for fault in _find_faults(document, operation, request, answer)]


def _find_faults(document: Document, operation: Operation, request: Request, answer: Answer) -> Iterator[str]:
    told = _find_response(document, operation, answer.status)
    if told is None:
        yield f"answers {answer.status}, which the document does not tell of"
        return
    if answer.status >= 400 and not request.is_made_up:
        yield f"answers {answer.status} to the document's own example"
        return
    if operation.method != "head":
        yield from _find_body_faults(document, told, answer)
    for name, header in (told.get("headers") or {}).items():
        if document.resolve(header).get("required") and name.lower() not in answer.headers:
            yield f"answers without the header {name}"


def _find_response(document: Document, operation: Operation, status: int) -> Mapping[str, Any] | None:
    responses = operation.values.get("responses")
    for key in (str(status), f"{status // 100}XX", "default"):
        if isinstance(responses, Mapping) and key in responses:
            return document.resolve(responses[key])
    return None


def _find_body_faults(document: Document, told: Mapping[str, Any], answer: Answer) -> Iterator[str]:
    content = told.get("content") or {}
    if not content:
        return
    media = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    schema = _find_schema(document, content, media)
    if schema is None:
        yield f"answers {answer.status} as {media or 'nothing named'}, documented is {', '.join(content)}"
        return
    if not media.endswith("json"):
        return
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        yield f"answers {answer.status} with a body that is no JSON"
        return
    for place, fault in _validate(document, schema, body):
        yield f"answer {answer.status}{' at ' + place if place else ''}: {fault}"


def _find_schema(document: Document, content: Mapping[str, Any], media: str) -> Mapping[str, Any] | None:
    for key in (media, f"{media.partition('/')[0]}/*", "*/*"):
        for told, value in content.items():
            if told.partition(";")[0].strip().lower() == key:
                schema = document.resolve(value).get("schema")
                return schema if isinstance(schema, Mapping) else {}
    return None


def _validate(document: Document, schema: Mapping[str, Any], body: object) -> Iterator[tuple[str, str]]:
    """Tell the first faults of a body: references in the schema lead to the document, which is put around it."""
    around = {key: value for key, value in document.values.items() if key in {"components", "paths"}}
    whole = {**schema, **around} if "$ref" not in schema else {"allOf": [schema], **around}
    if document.version == "3.0":
        validator = OAS30ReadValidator(whole, format_checker=oas30_format_checker)
    else:
        validator = OAS31Validator(whole, format_checker=oas31_format_checker)
    for at, error in enumerate(validator.iter_errors(body)):
        if at == _FAULTS_SHOWN:
            return
        yield "/".join(str(part) for part in error.absolute_path), error.message
