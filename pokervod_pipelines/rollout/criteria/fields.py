"""Define the types of what a person writes in a plan, checked when it is loaded."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from pokervod_pipelines.settings.fields import READABLE, RelativePath, matching
from pokervod_pipelines.settings.rollout import RolloutSettings
from pokervod_pipelines.text.folding import make_storable

MAX_DETAILS = 20
"""Lines of details that a person is shown."""

MAX_LINE = 300
"""Characters of one line of details."""


class PlanModel(BaseModel):
    """Refuse unknown keys and values of another type in a plan."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanContext:
    """Tell what a plan may name where it is loaded; without ``settings`` nothing is refused because of them.

    ``problems`` collects what is wrong with several weeks together, each with the keys that lead to it.
    """

    own: Sequence[str]
    services: Collection[str]
    fixers: Mapping[str, type[BaseModel]]
    settings: RolloutSettings | None = None
    problems: list[tuple[tuple[int | str, ...], str]] = field(default_factory=list)


def require(holds: object, message: str) -> None:
    """Raise ``ValueError`` with the message unless it holds."""
    if not holds:
        raise ValueError(message)


def _check_service(name: str, info: ValidationInfo) -> str:
    known = info.context.services if info.context else [name]
    require(name in known, f"unknown {name!r}; known are {', '.join(known) or 'none'}")
    return name


def _check_glob(text: str) -> str:
    is_whole = all(part == "**" or "**" not in part for part in text.split("/"))
    require(is_whole, f"glob {text!r}: '**' must be a whole part between slashes")
    require(PurePosixPath(text).parts, f"glob {text!r}: expected the name of a file")
    require("[" not in re.sub(r"\[!?[^/][^]/]*\]", "", text), f"glob {text!r}: a [ is not closed")
    return text


def _check_pattern(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        message = f"expected a regular expression, got {text!r}: {error}"
        raise ValueError(message) from None
    return text


def _check_scalar(value: object) -> object:
    is_scalar = value is None or isinstance(value, str | bool | int | float)
    require(is_scalar, f"expected text, a number, true, false or nothing, got {value!r}")
    return value


Name = Annotated[str, matching(r"[a-z][a-z0-9_]{0,59}", "a name of lower-case letters, digits and '_'")]
"""A name that Dagster accepts for a check."""

Glob = Annotated[RelativePath, AfterValidator(_check_glob)]
"""A pattern of files below the plan's folder, with ``*``, ``?``, ``[...]`` or ``**``."""

Summary = Annotated[str, Field(max_length=1000), READABLE]

ServiceName = Annotated[str, AfterValidator(_check_service)]
"""A service that the plan or the settings have."""

Pointer = Annotated[str, Field(max_length=400), matching("(/.*)?", "a JSON pointer such as '/tests/passed'")]
"""A path to a value in a JSON document (RFC 6901)."""

Pattern = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_check_pattern)]
"""A regular expression of Python."""

UrlPath = Annotated[str, matching(r"/[^\s#]{0,999}", "a path such as '/health'")]
"""A path below a service's address; it may have a query."""

ColumnName = Annotated[str, matching("[a-z_][a-z0-9_]{0,62}", "a column such as 'read_at', in lower case")]

TableName = Annotated[
    str, matching(r"([a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,62}", "a table such as 'hands', in lower case")
]
"""A table, with its schema if that is not ``public``."""

Hours = Annotated[float, Field(gt=0, le=24 * 366)]

Scalar = Annotated[str | bool | int | float | None, BeforeValidator(_check_scalar)]
"""A JSON value that is neither an object nor an array."""


def quote_table(table: str) -> str:
    """Return the table's name quoted for SQL, part by part."""
    return ".".join(f'"{part}"' for part in table.split("."))


def shorten(text: str) -> str:
    """Return the text in one line of at most ``MAX_LINE`` characters."""
    line = " ".join(make_storable(text).split())
    return line if len(line) <= MAX_LINE else line[: MAX_LINE - 1] + "…"


def follow_pointer(values: Any, pointer: str) -> Any:
    """Return the value that the JSON pointer leads to. Raises ``LookupError`` with where it ends.

    >>> follow_pointer({"a/b": [1, 2]}, "/a~1b/1")
    2
    """
    if pointer and not pointer.startswith("/"):
        raise LookupError(f"expected a pointer such as '/tests/passed', got {pointer!r}")
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        try:
            values = values[int(key) if isinstance(values, list) and key.isdecimal() else key]
        except (LookupError, TypeError):
            raise LookupError(f"{key!r} is missing") from None
    return values
