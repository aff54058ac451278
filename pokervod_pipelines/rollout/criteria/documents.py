"""Read OpenAPI documents: limited in size, valid, references followed within the document only."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import yaml

from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.fields import follow_pointer
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, ErrorClass, expect

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
MAX_VALUES = 500_000
"""Values of a document; a file with more was made to exhaust the reader."""

_MAX_REFERENCES = 50
"""References that lead to references."""

BACKEND = ("OPENAPI_SPEC_VALIDATOR_SCHEMA_VALIDATOR_BACKEND", "jsonschema")
"""Of the two libraries that the validator may find, the one whose messages name the value and what it should be."""

_VERSIONS = ("3.0", "3.1")
_LITERAL = frozenset({"example", "examples", "enum", "const", "default"})
"""Keys whose values are data, so that a ``$ref`` in them is none."""


@dataclass(frozen=True, slots=True)
class Operation:
    """Describe one operation of a service: method, path, its part of the document, its parameters and responses."""

    method: str
    path: str
    values: Mapping[str, Any]
    parameters: Sequence[Mapping[str, Any]]
    responses: Mapping[str, Mapping[str, Any]]

    @property
    def title(self) -> str:
        """Return method and path, for people to read."""
        return f"{self.method.upper()} {self.path}"


@dataclass(frozen=True, slots=True)
class ApiDocument:
    """Hold a document of OpenAPI 3: its file, its version, its values."""

    path: str
    version: str
    values: Mapping[str, Any]

    def resolve(self, value: Any) -> Mapping[str, Any]:
        """Return the mapping, or the one that its ``$ref`` leads to, or an empty one."""
        for _ in range(_MAX_REFERENCES):
            if not isinstance(value, Mapping) or not isinstance(value.get("$ref"), str):
                return value if isinstance(value, Mapping) else {}
            value = follow_pointer(self.values, value["$ref"].removeprefix("#"))
        return {}

    def list_operations(self) -> Iterator[Operation]:
        """Yield all operations in the order of the document."""
        for path, item in self.values.get("paths", {}).items():
            shape = self.resolve(item)
            for method in filter(shape.get, METHODS):
                values = shape[method]
                given = map(self.resolve, (*shape.get("parameters", ()), *values.get("parameters", ())))
                # An operation's own parameters replace those of its path.
                parameters = {(each["in"], each["name"]): each for each in given}
                responses = {status: self.resolve(each) for status, each in values.get("responses", {}).items()}
                yield Operation(method, path, values, [*parameters.values()], responses)

    def find_problems(self) -> list[str]:
        """Return what is invalid; only broken references if there are any, because they cause other problems."""
        os.environ.setdefault(*BACKEND)
        import openapi_spec_validator as validation  # noqa: PLC0415 - 10 MB that only these criteria need

        values: Any = self.values
        found = [*self._find_dangling(values, "")]
        validator = {"3.0": validation.OpenAPIV30SpecValidator, "3.1": validation.OpenAPIV31SpecValidator}
        try:
            for error in validator[self.version](values).iter_errors() if not found else ():
                place = "/".join(map(str, getattr(error, "absolute_path", ())))
                found.append(f"/{place}: {error.message}")
        except (LookupError, TypeError, AttributeError, RecursionError) as error:
            # The validator follows parts of another type, and references that lead to themselves.
            problem = f"/: cannot be validated ({type(error).__name__}: {error}); correct its types and references"
            return found or [problem]
        return found

    def _find_dangling(self, value: object, place: str) -> Iterator[str]:
        """Yield a line for each reference that leads to nothing or out of the document."""
        if isinstance(value, Mapping) and isinstance(reference := value.get("$ref"), str):
            try:
                follow_pointer(self.values, reference.removeprefix("#"))
            except LookupError as error:
                problem = f"leads to nothing ({error})"
                if not reference.startswith("#"):
                    problem = "leads out of the document; bundle it into one file"
                yield f"{place or '/'}: $ref {reference!r} {problem}"
        parts = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
        for key, each in parts:
            if key not in _LITERAL:
                yield from self._find_dangling(each, f"{place}/{key}")


def read_document(context: RolloutContext, service: str) -> ApiDocument:
    """Return the document of the service. Raises ``CriterionFailed`` unless it is valid OpenAPI 3."""
    path, key = context.services[service].document or "", f"rollout.services.{service}.document"
    expect(path, ErrorClass.DOCUMENT, f"{service} has no document; set {key} in the settings or the plan")
    values = read_mapping(context, path)
    version = str(values.get("openapi", ""))
    is_known = version.startswith(_VERSIONS)
    expect(is_known, ErrorClass.DOCUMENT, f"{path}: expected 'openapi' 3.0 or 3.1, got {version or 'nothing'}")
    document = ApiDocument(path, version[:3], values)
    if problems := document.find_problems():
        message = f"{path} is invalid (problems: {len(problems)}): {problems[0]}"
        context.figures["faults"] = len(problems)
        raise CriterionFailed(ErrorClass.DOCUMENT, message, problems)
    return document


def read_mapping(context: RolloutContext, path: str) -> dict[str, Any]:
    """Return the mapping in a file of JSON or YAML as JSON has it: with strings as keys, and a date as text."""
    content, language = context.read_file(path), "JSON" if path.endswith(".json") else "YAML"
    try:
        values = json.loads(content) if language == "JSON" else yaml.safe_load(content.decode("utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = (
            f"{path}{f':{mark.line + 1}' if mark else ''}: not valid {language}: {getattr(error, 'problem', error)}"
        )
        raise CriterionFailed(ErrorClass.DOCUMENT, problem) from None
    problem = f"{path}: expected keys with values, got {type(values).__name__ if values else 'nothing'}"
    expect(values and isinstance(values, dict), ErrorClass.DOCUMENT, problem)
    try:
        pieces = json.JSONEncoder(default=lambda value: value.isoformat()).iterencode(values)
        plain: dict[str, Any] = json.loads("".join(islice(pieces, 2 * MAX_VALUES)))
    except (ValueError, TypeError, AttributeError, RecursionError):
        problem = f"{path}: has more than {MAX_VALUES} values, or some that JSON does not know; split the document"
        raise CriterionFailed(ErrorClass.DOCUMENT, problem) from None
    return plain
