"""Check what ``pokervod --help`` does not load: each of these costs a tenth of a second or more."""

import subprocess
import sys

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
