"""Check that the contract on the page of the architecture is that of the code.

The expected row of a function is made from its signature; a failure shows the rows to paste.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.events.types import BLOCKS
from pokervod_pipelines.workflows.blocks import PACKAGE, list_rooms

PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"
METHODS = {
    *("scan", "parse", "match episode", "list projects", "search", "create project"),
    *("create clip", "add tags", "sync sheet", "match path", "run migration"),
    *("initialize", "process", "health"),
}
SIDES = ("initialize", "process", "health")
"""What a block may do in its module ``contract``."""


def read_rows() -> list[tuple[str, ...]]:
    section = PAGE.read_text(encoding="utf-8").split("\n## The contract of the blocks\n")[1].split("\n## ")[0]
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|")) for line in re.findall(r"^\|.*\|$", section, re.M)
    ]
    return [row for row in rows if row[0] in BLOCKS]


ROWS = read_rows()


def find_function(path: str) -> Callable[..., Any]:
    module, _, name = path.rpartition(".")
    function: Callable[..., Any] = getattr(import_module(f"{PACKAGE}.{module}"), name)
    return function


def shorten(annotation: object) -> str:
    shown = (
        annotation.__name__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else str(annotation)
    )
    return re.sub(r"(?:\w+\.)+(\w+)", r"\1", shown).replace(" | ", " or ")


def show_default(value: object) -> str:
    return repr(value) if value is None or isinstance(value, str | int | float) else "…"


def show_parameters(function: Callable[..., Any]) -> Iterator[str]:
    was_keyword = False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not was_keyword:
            was_keyword = True
            yield "*"
        default = "" if parameter.default is parameter.empty else f" = {show_default(parameter.default)}"
        yield f"{parameter.name}: {shorten(parameter.annotation)}{default}"


def make_row(block: str, method: str, path: str) -> tuple[str, ...]:
    function = find_function(path)
    returned = inspect.signature(function).return_annotation
    takes = ", ".join(show_parameters(function))
    return block, method, f"`{path}`", f"`{takes}`", f"`{shorten(returned)}`"


@pytest.mark.parametrize("row", ROWS, ids=[row[2] for row in ROWS])
def test_a_row_of_the_contract_is_the_signature_of_its_function(row: tuple[str, ...]) -> None:
    expected = make_row(row[0], row[1], row[2].strip("`"))

    assert row == expected, f"paste: | {' | '.join(expected)} |"


def test_every_method_is_on_the_page() -> None:
    assert {row[1] for row in ROWS} >= METHODS


def test_every_row_is_under_the_block_of_its_room() -> None:
    rooms = {block: {*rooms, "workflows"} for block, rooms in BLOCKS.items()}  # what brings several rooms together

    assert [row for row in ROWS if row[2].strip("`").split(".")[0] not in rooms[row[0]]] == []


def test_what_each_room_does_for_its_block_is_on_the_page() -> None:
    found = {
        f"{room}.contract.{name}"
        for room in list_rooms()
        if (PAGE.parents[1] / PACKAGE / room / "contract.py").is_file()
        for name in SIDES
        if hasattr(import_module(f"{PACKAGE}.{room}.contract"), name)
    }

    assert {row[2].strip("`") for row in ROWS if row[1] in SIDES} == found
