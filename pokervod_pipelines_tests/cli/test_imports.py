"""What the command does not load before it knows what is asked of it: each costs a tenth of a second or more."""

import subprocess
import sys

HEAVY = {"dagster", "pokerkit", "numpy", "av", "PIL", "gspread", "apprise", "openpyxl", "httpx", "schemathesis"}


def test_help_loads_nothing_that_only_a_command_needs() -> None:
    script = "import sys; import pokervod_pipelines.cli.app; print(*sorted(sys.modules))"

    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    assert HEAVY & {name.partition(".")[0] for name in done.stdout.split()} == set()
