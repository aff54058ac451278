"""The types of what a person writes in a plan, checked when it is loaded."""

import re
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from pokervod_pipelines.text.folding import make_storable

SHOWN = 20
"""How many details of evidence a person is shown."""

LONGEST = 300
"""How many characters of one detail."""


def _check_relative(text: str) -> str:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or "\\" in text or "\0" in text or text.startswith("~"):
        message = f"path {text!r} must stay below the plan's folder: relative, without '..'"
        raise ValueError(message)
    return text


def _check_glob(text: str) -> str:
    if any("**" in part and part != "**" for part in text.split("/")):
        message = f"glob {text!r}: '**' must stand alone between slashes"
        raise ValueError(message)
    if not PurePosixPath(text).parts or "[" in re.sub(r"\[!?[^/][^]/]*\]", "", text):
        message = f"glob {text!r}: {'a [ is not closed' if '[' in text else 'it names no file'}"
        raise ValueError(message)
    return text


def check_filled(text: str) -> str:
    """Return the text. Raises ``ValueError`` where it is blank."""
    if not text.strip():
        message = "it is blank; write what a person should read"
        raise ValueError(message)
    return text


def _check_pointer(text: str) -> str:
    if text and not text.startswith("/"):
        message = f"{text!r} is no JSON pointer such as '/tests/passed'"
        raise ValueError(message)
    return text


def _check_pattern(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        message = f"{text!r} is no regular expression: {error}"
        raise ValueError(message) from None
    return text


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
"""A name that can be part of a check's name in Dagster: small letters, digits, ``_``."""

RelativePath = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_check_relative)]
"""A path below the plan's folder."""

Glob = Annotated[RelativePath, AfterValidator(_check_glob)]
"""The files below the plan's folder that a path with ``*``, ``?``, ``[...]`` or ``**`` names."""

Title = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(check_filled)]
"""A line for people, which is not blank."""

Pointer = Annotated[str, Field(max_length=400), AfterValidator(_check_pointer)]
"""The way to a value in a JSON document (RFC 6901)."""

Pattern = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_check_pattern)]
"""A regular expression of Python's."""

UrlPath = Annotated[str, StringConstraints(pattern=r"^/[^\s#]*$", max_length=1000)]
"""A path below a service's address, which may have a query."""

TableName = Annotated[str, StringConstraints(pattern=r"^([a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,62}$")]
"""A table, with its schema where it is not ``public``."""

ColumnName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]{0,62}$")]

Hours = Annotated[float, Field(gt=0, le=24 * 366)]

Scalar = str | bool | int | float | None
"""What a JSON value can be that has no parts."""


def quote_table(table: str) -> str:
    """Return the table's name as SQL, quoted part by part."""
    return ".".join(f'"{part}"' for part in table.split("."))


def shorten(text: str) -> str:
    """Return the text in one line of at most ``LONGEST`` characters."""
    line = " ".join(make_storable(text).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
