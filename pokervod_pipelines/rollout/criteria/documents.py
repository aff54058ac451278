"""Read OpenAPI documents: limited in size, valid, references followed within the document only."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.fields import NoValue, follow_pointer
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, ErrorClass

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
MAX_VALUES = 500_000
"""Values of a document; a file with more was made to exhaust the reader."""

_MAX_REFERENCES = 50
"""References that lead to references."""

_VALIDATORS = {"3.0": OpenAPIV30SpecValidator, "3.1": OpenAPIV31SpecValidator}
_LITERAL = frozenset({"example", "examples", "enum", "const", "default"})
"""Keys whose values are data, so that a ``$ref`` in them is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Describe one operation of a service: method, path, its part of the document, the parameters of its path."""

    method: str
    path: str
    values: Mapping[str, Any]
    shared: tuple[object, ...] = ()

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
            if not isinstance(value, Mapping):
                return {}
            if not isinstance(reference := value.get("$ref"), str):
                return value
            value = follow_pointer(self.values, reference.removeprefix("#"))
        return {}

    def list_operations(self) -> Iterator[Operation]:
        """Yield all operations in the order of the document."""
        for path, item in self.values.get("paths", {}).items():
            shape = self.resolve(item)
            for method in filter(shape.get, METHODS):
                yield Operation(method=method, path=path, values=shape[method], shared=(*shape.get("parameters", ()),))

    def find_problems(self) -> list[str]:
        """Return what is invalid; only broken references if there are any, because they cause other problems."""
        values: Any = self.values
        found = [*self._find_dangling(values, "")]
        try:
            for error in _VALIDATORS[self.version](values).iter_errors() if not found else ():
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
            except NoValue as error:
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
    path = context.services[service].document
    if path is None:
        message = f"{service} has no document; set rollout.services.{service}.document in the settings or the plan"
        raise CriterionFailed(ErrorClass.DOCUMENT, message)
    values = read_mapping(context, path)
    version = str(values.get("openapi", ""))
    if not version.startswith((*_VALIDATORS,)):
        message = f"{path}: expected 'openapi' 3.0 or 3.1, got {version or 'nothing'}"
        raise CriterionFailed(ErrorClass.DOCUMENT, message)
    document = ApiDocument(path, version[:3], values)
    if problems := document.find_problems():
        message = f"{path} is invalid (problems: {len(problems)}): {problems[0]}"
        raise CriterionFailed(ErrorClass.DOCUMENT, message, details=problems, figures={"faults": len(problems)})
    return document


def read_mapping(context: RolloutContext, path: str | Path) -> dict[str, Any]:
    """Return the mapping in a file of JSON or YAML as JSON has it: with strings as keys, and a date as text."""
    shown, is_json = context.show(path), str(path).endswith(".json")
    try:
        text = context.read_file(path).decode("utf-8")
        values = json.loads(text) if is_json else yaml.safe_load(text)
    except UnicodeDecodeError as error:
        raise CriterionFailed(ErrorClass.DOCUMENT, f"{shown}: byte {error.start} is not UTF-8") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{shown}:{mark.line + 1}" if mark else shown
        problem = f"{place}: not valid {'JSON' if is_json else 'YAML'}: {getattr(error, 'problem', error)}"
        raise CriterionFailed(ErrorClass.DOCUMENT, problem) from None
    if not isinstance(values, dict) or not values:
        problem = f"{shown}: expected keys with values, got {type(values).__name__ if values else 'nothing'}"
        raise CriterionFailed(ErrorClass.DOCUMENT, problem)
    try:
        pieces = json.JSONEncoder(default=lambda value: value.isoformat()).iterencode(values)
        plain: dict[str, Any] = json.loads("".join(islice(pieces, 2 * MAX_VALUES)))
    except (ValueError, TypeError, AttributeError, RecursionError):
        problem = f"{shown}: has more than {MAX_VALUES} values, or some that JSON does not know; split the document"
        raise CriterionFailed(ErrorClass.DOCUMENT, problem) from None
    return plain
