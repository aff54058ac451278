"""Read OpenAPI documents: limited in size, references followed within the document only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from pokervod_pipelines.rollout.criteria.context import CheckContext
from pokervod_pipelines.rollout.criteria.fields import NoValue, follow_pointer
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, ErrorClass

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
MAX_VALUES = 500_000
"""Values of a document; a file with more was made to exhaust the reader."""

_MAX_REFERENCES = 50
"""References that lead to references."""


class _JsonLoader(yaml.SafeLoader):
    """Read YAML as JSON defines values: a date stays text."""


_JsonLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Describe one operation of a service: method, path, and its part of the document."""

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

    def resolve(self, value: object) -> Mapping[str, Any]:
        """Return the mapping, or the one that its ``$ref`` leads to, or an empty one."""
        for _ in range(_MAX_REFERENCES):
            if not isinstance(value, Mapping):
                return {}
            if not isinstance(reference := value.get("$ref"), str):
                return value
            try:
                value = follow_pointer(self.values, reference.removeprefix("#"))
            except NoValue:
                return {}
        return {}

    def list_operations(self) -> Iterator[Operation]:
        """Yield all operations in the order of the document."""
        paths = self.values.get("paths")
        for path, item in paths.items() if isinstance(paths, Mapping) else ():
            shape = self.resolve(item)
            shared = shape.get("parameters", ())
            for method in METHODS:
                if isinstance(operation := shape.get(method), Mapping):
                    kept = tuple(shared) if isinstance(shared, list) else ()
                    yield Operation(method=method, path=str(path), values=operation, shared=kept)

    def find_dangling(self) -> Iterator[str]:
        """Yield a line for each reference that leads to nothing or out of the document."""
        for place, reference in _list_references(self.values, ""):
            if not reference.startswith("#"):
                yield f"{place}: $ref {reference!r} leads out of the document; bundle it into one file"
                continue
            try:
                follow_pointer(self.values, reference[1:])
            except NoValue as error:
                yield f"{place}: $ref {reference!r} leads to nothing ({error})"


def read_document(context: CheckContext, service: str) -> ApiDocument:
    """Return the document of the service. Raises ``CriterionFailed`` unless it is OpenAPI 3."""
    path = context.find_service(service).document
    if path is None:
        message = f"{service} has no document; set rollout.services.{service}.document in the settings or the plan"
        raise CriterionFailed(ErrorClass.DOCUMENT, message)
    values = _read_yaml(context, path)
    version = str(values.get("openapi", ""))
    if not version.startswith(("3.0", "3.1")):
        message = f"{path}: expected 'openapi' 3.0 or 3.1, got {version or 'nothing'}"
        raise CriterionFailed(ErrorClass.DOCUMENT, message)
    return ApiDocument(path, version[:3], values)


def _read_yaml(context: CheckContext, path: str) -> Mapping[str, Any]:
    try:
        text = context.read_file(path).decode("utf-8")
        values = yaml.load(text, Loader=_JsonLoader)  # noqa: S506 - a SafeLoader with fewer types
    except UnicodeDecodeError as error:
        raise CriterionFailed(ErrorClass.DOCUMENT, f"{path}: byte {error.start} is not UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise CriterionFailed(
            ErrorClass.DOCUMENT, f"{path}{line}: not valid YAML: {getattr(error, 'problem', error)}"
        ) from None
    if not isinstance(values, dict):
        raise CriterionFailed(ErrorClass.DOCUMENT, f"{path}: expected an OpenAPI document, got {type(values).__name__}")
    budget = iter(range(MAX_VALUES))
    try:
        plain = _make_plain(values, budget)
    except (RecursionError, StopIteration):
        raise CriterionFailed(
            ErrorClass.DOCUMENT, f"{path}: has more than {MAX_VALUES} values; split the document"
        ) from None
    assert isinstance(plain, dict)  # noqa: S101 - narrows the type
    return plain


def _make_plain(value: object, budget: Iterator[int]) -> object:
    """Return the value with strings as keys: YAML reads the status 200 as a number."""
    next(budget)
    if isinstance(value, dict):
        return {str(key): _make_plain(each, budget) for key, each in value.items()}
    return [_make_plain(each, budget) for each in value] if isinstance(value, list) else value


def _list_references(value: object, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        if isinstance(reference := value.get("$ref"), str):
            yield place or "/", reference
        for key, each in value.items():
            if key not in {"example", "examples", "enum", "const", "default"}:
                yield from _list_references(each, f"{place}/{key}")
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _list_references(each, f"{place}/{at}")
