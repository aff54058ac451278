"""Make an OpenAPI document that is valid and complete, and mistakes in it."""

import copy
from pathlib import Path
from typing import Any

import yaml

ERROR = {
    "description": "Not there",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}
VIDEO = {"$ref": "#/components/schemas/Video"}

SOUND: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Search", "version": "1"},
    "paths": {
        "/videos": {
            "get": {
                "operationId": "listVideos",
                "summary": "Videos",
                "parameters": [
                    {
                        "name": "day",
                        "in": "query",
                        "required": True,
                        "schema": {"type": "string"},
                        "example": "2031-05-04",
                    },
                    {"name": "most", "in": "query", "schema": {"type": "integer"}},
                ],
                "responses": {
                    200: {
                        "description": "Some",
                        "headers": {"x-total": {"required": True, "schema": {"type": "integer"}}},
                        "content": {"application/json": {"schema": {"type": "array", "items": VIDEO}}},
                    }
                },
            },
            "post": {
                "operationId": "addVideo",
                "summary": "A further video",
                "requestBody": {"content": {"application/json": {"schema": VIDEO}}},
                "responses": {"201": {"description": "Added", "content": {"application/json": {"schema": VIDEO}}}},
            },
        },
        "/videos/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 7}}],
            "get": {
                "operationId": "getVideo",
                "summary": "One video",
                "responses": {
                    "200": {"description": "It", "content": {"application/json": {"schema": VIDEO}}},
                    "404": ERROR,
                },
            },
        },
    },
    "components": {
        "schemas": {
            "Video": {
                "type": "object",
                "required": ["id", "day"],
                "properties": {
                    "id": {"type": "integer"},
                    "day": {"type": "string", "format": "date"},
                    "next": {"$ref": "#/components/schemas/Video"},
                },
            },
            "Error": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}},
        }
    },
}


def make_document(**mistakes: Any) -> dict[str, Any]:
    """Return the valid document with each place (``paths./videos.get.summary``) changed; None deletes the key."""
    document = copy.deepcopy(SOUND)
    for place, value in mistakes.items():
        *way, last = place.split(".")
        here: Any = document
        for part in way:
            here = here[int(part)] if isinstance(here, list) else here[200 if part == "200" and 200 in here else part]
        if value is None:
            del here[last]
        else:
            here[last] = value
    return document


def write_document(folder: Path, document: Any) -> None:
    """Write it as ``search.yaml``."""
    text = document if isinstance(document, str) else yaml.safe_dump(document, sort_keys=False)
    (folder / "search.yaml").write_text(text, encoding="utf-8")
