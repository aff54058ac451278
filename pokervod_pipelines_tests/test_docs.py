"""The documentation names everything there is, and nothing that is not."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.cli import loading
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


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_on_the_page_of_commands(name: str) -> None:
    assert f"`{name}" in COMMANDS_PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_shows_an_example_in_its_help(name: str) -> None:
    callback = COMMANDS[name].callback
    assert callback is not None
    assert "Example: " in (callback.__doc__ or "")
    assert f"pokervod {name}" in (callback.__doc__ or "")


def test_every_setting_is_on_its_page() -> None:
    page = (TOP / "docs" / "settings.md").read_text(encoding="utf-8")
    given = {"home", "source", "database_url", "dagster_database_url", "google_credentials", "nexrender_secret"}
    given |= {"alert_urls", "hook_tokens"}  # variables, and as such on the page
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        nested = getattr(kind, "model_fields", {})
        for key in [f"{name}.{each}" for each in nested] or [name]:
            assert key in given or f"`{key}`" in page, key


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_tells_to_run_exists(page: Path) -> None:
    words = {word for name in COMMANDS for word in (name, name.split()[0])}
    for line in re.findall(
        r"(?:`|^|/)pokervod ((?:[a-z][a-z-]* ?){1,2})", page.read_text(encoding="utf-8"), re.MULTILINE
    ):
        name = line.strip()
        assert name in words or name.split()[0] in words, name
