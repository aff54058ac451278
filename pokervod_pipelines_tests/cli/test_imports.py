"""Check that ``--help`` loads nothing that costs a tenth of a second or more, and leaves lines to the terminal."""

import subprocess
import sys

import pytest

from pokervod_pipelines.cli import loading

HEAVY = {"dagster", "pokerkit", "numpy", "av", "PIL", "gspread", "apprise", "openpyxl", "httpx", "schemathesis"}
HEAVY |= {"sqlalchemy", "pydantic"}
SCRIPT = """
import sys
from contextlib import suppress
from pokervod_pipelines.cli.app import app
with suppress(SystemExit):
    app(["--help"])
print("MODULES", *sys.modules)
"""


def test_help_lists_every_command_and_loads_none() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True)

    page, _, modules = done.stdout.partition("MODULES ")
    assert HEAVY & {name.partition(".")[0] for name in modules.split()} == set()
    assert all(f" {name} " in page for name in loading.COMMANDS)


@pytest.mark.parametrize("name", loading.COMMANDS)
def test_no_help_of_a_command_breaks_a_line_within_a_paragraph(name: str) -> None:
    command = loading.load_command(name)
    pages = {leaf: each.help for leaf, each in getattr(command, "commands", {name: command}).items()}

    assert {leaf for leaf, page in pages.items() if "\n" in page.replace("\n\n", "")} == set()
    assert all(pages.values())
