"""Make the OpenAPI documents of the six services from one example answer for each path; and break one."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

HAND = {"id": 7, "table": "Table One", "premium": True}
VIDEO = {"id": 7, "title": "Main Event, day 2", "day": "2031-05-04", "minutes": 512.5}

ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "data_ingestion": {"/batches": {"waiting": 2, "read": 40}, "/batches/{id}": {"id": 7, "files": ["a.json"]}},
    "video_metadata": {"/videos": [VIDEO], "/videos/{id}": VIDEO},
    "timecode_validation": {"/offsets/{id}": {"id": 7, "offset_ms": -40, "sure": True}},
    "search": {"/hands": [HAND], "/hands/{id}": HAND},
    "clipping": {"/clips/{id}": {"id": 7, "hand": HAND, "in_ms": 0, "out_ms": 90_000}},
    "ui": {"/pages": ["home", "hand"], "/version": {"version": "1.2.0"}},
}
"""List what each service answers, by path; each has ``/health`` too."""

_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string"}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}, "example": 7}


def make_document(service: str) -> dict[str, Any]:
    """Return a document that is valid and complete."""
    answers = {"/health": {"status": "well"}, **ANSWERS[service]}
    return {
        "openapi": "3.1.0",
        "info": {"title": service, "version": "1"},
        "paths": {path: {"get": _make_operation(path, copy.deepcopy(answer))} for path, answer in answers.items()},
    }


def write_document(folder: Path, service: str, document: Mapping[str, Any] | None = None) -> Path:
    """Write the document of the service into the folder."""
    path = folder / f"{service}.yaml"
    text = yaml.dump(document or make_document(service), Dumper=_Plain, sort_keys=False)
    path.write_text(text, encoding="utf-8")
    return path


class _Plain(yaml.SafeDumper):
    """Write a value that occurs twice out twice."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def break_document(service: str) -> dict[str, Any]:
    """Return a document whose first answer is not described."""
    document = make_document(service)
    health = document["paths"]["/health"]["get"]["responses"]["200"]["content"]["application/json"]
    health["schema"] = {"$ref": "#/components/schemas/Health"}
    return document


def age_document(service: str) -> dict[str, Any]:
    """Return the document as it was when the answer of its last path was a plain text."""
    document = make_document(service)
    path = [*document["paths"]][-1]
    document["paths"][path]["get"] = _make_operation(path, "not yet")
    return document


def _make_operation(path: str, answer: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": _make_schema(answer), "example": answer}}
    return {
        "operationId": "get" + "".join(part.strip("{}").title() for part in path.split("/")),
        "summary": f"What {path} shows",
        **({"parameters": [_ID]} if "{id}" in path else {}),
        "responses": {"200": {"description": "It", "content": content}},
    }


def _make_schema(answer: Any) -> dict[str, Any]:
    if isinstance(answer, dict):
        parts = {name: _make_schema(value) for name, value in answer.items()}
        return {"type": "object", "required": [*parts], "properties": parts}
    if isinstance(answer, list):
        return {"type": "array", "items": _make_schema(answer[0])}
    return {"type": _KINDS[type(answer)]}
