"""Check that the documentation names everything that exists, and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pokervod_pipelines.cli import loading
from pokervod_pipelines.sample.archive import LIBRARIES
from pokervod_pipelines.sample.layout import WORKBOOKS
from pokervod_pipelines.settings import Settings

TOP = Path(__file__).parents[1]
PAGES = sorted([TOP / "README.md", *(TOP / "docs").glob("*.md")])
COMMANDS_PAGE = TOP / "docs" / "commands.md"


def list_commands() -> Iterator[tuple[str, Any]]:
    for name in loading.COMMANDS:
        loaded = loading.load_command(name)
        commands = getattr(loaded, "commands", {"": loaded})
        yield from ((f"{name} {each}".strip(), command) for each, command in commands.items())


COMMANDS = dict(list_commands())


def test_every_command_is_on_the_page_of_commands() -> None:
    page = COMMANDS_PAGE.read_text(encoding="utf-8")

    assert [name for name in COMMANDS if f"`{name}" not in page] == []


def test_every_command_shows_an_example_in_its_help() -> None:
    for name, command in COMMANDS.items():
        help_text = command.callback.__doc__ or ""
        assert "Example: " in help_text, name
        assert f"pokervod {name}" in help_text, name


def test_every_help_has_a_summary_of_one_line_and_explains_every_option() -> None:
    for name, command in COMMANDS.items():
        summary = (command.callback.__doc__ or "").strip().split("\n\n")[0]
        assert "\n" not in summary, name
        assert [each.opts for each in command.params if not each.help] == [], name


def test_every_setting_is_on_its_page() -> None:
    page = (TOP / "docs" / "settings.md").read_text(encoding="utf-8")
    given = {"home", "source", "database_url", "dagster_database_url", "google_credentials", "nexrender_secret"}
    given |= {
        "alert_urls",
        "hook_tokens",
        "service_addresses",
        "admin_username",
        "admin_password",
    }  # variables, and as such on the page
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        nested = getattr(kind, "model_fields", {})
        for key in [f"{name}.{each}" for each in nested] or [name]:
            assert key in given or f"`{key}`" in page, key


def test_the_whole_sample_is_ended_as_the_page_says() -> None:
    page = (TOP / "docs" / "settings.md").read_text(encoding="utf-8")
    (libraries,) = re.findall(r"^pokervod nas retire (.*) --reason", page, re.MULTILINE)
    sheets = re.findall(r"^pokervod sheets retire (\S+) --reason", page, re.MULTILINE)

    assert libraries.split() == sorted(name for name, _ in LIBRARIES)
    assert sorted(sheets) == sorted(Path(name).stem for name in WORKBOOKS)


def test_every_link_leads_somewhere() -> None:
    for page in PAGES:
        targets = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
        assert [target for target in targets if not (page.parent / target).exists()] == [], page


def test_every_command_that_a_page_tells_to_run_exists() -> None:
    words = {word for name in COMMANDS for word in (name, name.split()[0])}
    for page in PAGES:
        for line in re.findall(
            r"(?:`|^|/)pokervod ((?:[a-z][a-z-]* ?){1,2})", page.read_text(encoding="utf-8"), re.MULTILINE
        ):
            name = line.strip()
            assert name in words or name.split()[0] in words, (page, name)
