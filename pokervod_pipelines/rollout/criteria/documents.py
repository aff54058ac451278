"""OpenAPI documents as they stand on disk: read whole and bounded, references followed within the document only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from pokervod_pipelines.rollout.criteria.evidence import ErrorClass, Failing
from pokervod_pipelines.rollout.criteria.pointers import NotThere, follow
from pokervod_pipelines.rollout.criteria.world import World

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
MOST_NODES = 500_000
"""Of a document; more is a file that was made to be read for ever."""

_MOST_STEPS = 50
"""Of references that lead to references."""


class _JsonLoader(yaml.SafeLoader):
    """YAML as JSON knows it: a date stays text."""


_JsonLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What can be asked of a service: method and path, and what the document says of it."""

    method: str
    path: str
    values: Mapping[str, Any]
    shared: tuple[object, ...] = ()

    @property
    def title(self) -> str:
        """Method and path, as a person knows the operation."""
        return f"{self.method.upper()} {self.path}"


@dataclass(frozen=True, slots=True)
class Document:
    """A document of OpenAPI 3: its file as a person knows it, its version, its values."""

    path: str
    version: str
    values: Mapping[str, Any]

    def resolve(self, value: object) -> Mapping[str, Any]:
        """Return the mapping, or what its ``$ref`` leads to; an empty one where that is nothing."""
        for _ in range(_MOST_STEPS):
            if not isinstance(value, Mapping):
                return {}
            if not isinstance(reference := value.get("$ref"), str):
                return value
            try:
                value = follow(self.values, reference.removeprefix("#"))
            except NotThere:
                return {}
        return {}

    def list_operations(self) -> Iterator[Operation]:
        """Return all operations in the document's order."""
        paths = self.values.get("paths")
        for path, item in paths.items() if isinstance(paths, Mapping) else ():
            shape = self.resolve(item)
            shared = shape.get("parameters", ())
            for method in METHODS:
                if isinstance(operation := shape.get(method), Mapping):
                    kept = tuple(shared) if isinstance(shared, list) else ()
                    yield Operation(method=method, path=str(path), values=operation, shared=kept)

    def find_dangling(self) -> Iterator[str]:
        """Tell of each reference that leads nowhere, or out of the document."""
        for place, reference in _list_references(self.values, ""):
            if not reference.startswith("#"):
                yield f"{place}: $ref {reference!r} leads out of the document; bundle it into one file"
                continue
            try:
                follow(self.values, reference[1:])
            except NotThere as error:
                yield f"{place}: $ref {reference!r} leads nowhere ({error})"


def read_document(world: World, service: str) -> Document:
    """Return the document of the service. Raises ``Failing`` when there is none of OpenAPI 3."""
    path = world.service(service).document
    if path is None:
        said = f"{service} has no document; set rollout.services.{service}.document in the settings or the plan"
        raise Failing(ErrorClass.DOCUMENT, said)
    values = _read_yaml(world, path)
    version = str(values.get("openapi", ""))
    if not version.startswith(("3.0", "3.1")):
        said = f"{path}: 'openapi' is {version or 'missing'}; it must be 3.0 or 3.1"
        raise Failing(ErrorClass.DOCUMENT, said)
    return Document(path, version[:3], values)


def _read_yaml(world: World, path: str) -> Mapping[str, Any]:
    try:
        text = world.read_file(path).decode("utf-8")
        values = yaml.load(text, Loader=_JsonLoader)  # noqa: S506 - a SafeLoader that knows less
    except UnicodeDecodeError as error:
        raise Failing(ErrorClass.DOCUMENT, f"{path}: byte {error.start} is not UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise Failing(
            ErrorClass.DOCUMENT, f"{path}{line}: not valid YAML: {getattr(error, 'problem', error)}"
        ) from None
    if not isinstance(values, dict):
        raise Failing(ErrorClass.DOCUMENT, f"{path}: no OpenAPI document, but {type(values).__name__}")
    budget = iter(range(MOST_NODES))
    try:
        plain = _make_plain(values, budget)
    except (RecursionError, StopIteration):
        raise Failing(ErrorClass.DOCUMENT, f"{path}: has more than {MOST_NODES} values; split it") from None
    assert isinstance(plain, dict)  # noqa: S101 - as its source is
    return plain


def _make_plain(value: object, budget: Iterator[int]) -> object:
    """Return the value with texts as keys: YAML reads the status 200 as a number."""
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
