"""Check what commands say in a folder without settings, and which settings a sync says it uses."""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import app
from pokervod_pipelines.cli.loading import COMMANDS, load_command
from pokervod_pipelines.errors import BadInput, BadSettings

WORK_ANYWHERE = ("names parse", "rollout demo", "setup")


def list_commands() -> Iterator[tuple[str, ...]]:
    """Yield every command with the arguments and options that it requires."""
    for name, entry in COMMANDS.items():
        command = load_command(name)
        leaves = command.commands.items() if entry.is_group else [("", command)]
        for leaf, found in leaves:
            yield tuple(filter(None, (name, leaf, *fill(found))))


def fill(command: Any) -> Iterator[str]:
    for parameter in command.params:
        if parameter.required:
            choice, bar, _ = (parameter.metavar or "").partition("|")
            yield from (*[name for name in parameter.opts if name.startswith("--")], choice if bar else "1")


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("POKERVOD_DATABASE_URL", "POKERVOD_ARCHIVE_ROOTS", "POKERVOD_SHEETS", "POKERVOD_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_command_in_a_folder_without_settings_says_so_and_makes_nothing(empty_folder: Path) -> None:
    need_settings = [words for words in list_commands() if not " ".join(words).startswith(WORK_ANYWHERE)]

    errors = {words: CliRunner().invoke(app, words).exception for words in need_settings}

    says = f"{empty_folder}: no settings here, pokervod.yaml is missing. Change to its folder"
    others = {words: error for words, error in errors.items() if not str(error).startswith(says)}
    assert len(errors) > 70
    assert others == {}
    assert {type(error) for error in errors.values()} == {BadSettings}
    assert list(empty_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (".env", "Change to its folder, or write one (docs/settings.md); `pokervod setup` lays out a sample archive"),
        ("pokervod.yml", "Change to its folder, or rename pokervod.yml"),
        ("../pokervod.yaml", "use the one of {parent} by `pokervod -C {parent}`"),
    ],
)
def test_settings_that_are_near_are_named(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch, path: str, says: str
) -> None:
    folder = empty_folder / "below"
    folder.mkdir()
    (folder / path).write_text("DAGSTER_HOME=/x\n", encoding="utf-8")
    monkeypatch.chdir(folder)

    assert says.format(parent=empty_folder) in str(CliRunner().invoke(app, ["nas", "missing"]).exception)


def test_a_link_to_settings_that_are_away_is_no_empty_folder(empty_folder: Path) -> None:
    (empty_folder / "pokervod.yaml").symlink_to("/nowhere/pokervod.yaml")

    for words in (["nas", "missing"], ["setup"]):
        error = CliRunner().invoke(app, words).exception

        assert str(error).startswith(f"{empty_folder}/pokervod.yaml: cannot be read (No such file or directory)")


@pytest.mark.parametrize("words", [("nas", "scan"), ("sheets", "sync"), ("sync",)], ids=" ".join)
def test_a_sync_of_nothing_is_refused(empty_folder: Path, words: tuple[str, ...]) -> None:
    (empty_folder / "pokervod.yaml").write_text("time_zone: Asia/Seoul\n", encoding="utf-8")

    assert str(CliRunner().invoke(app, words).exception).startswith("nothing to sync: add archive_roots or sheets")


def test_every_documented_command_is_tried() -> None:
    page = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    documented = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    tried = {" ".join(words) for words in list_commands()}

    assert [name for name in documented if not any(words.startswith(name) for words in tried)] == []


@pytest.mark.parametrize("words", [["sync", "--help"], ["nas", "missing", "--help"], ["render", "worker", "--help"]])
def test_help_needs_no_settings(empty_folder: Path, words: list[str]) -> None:
    shown = CliRunner().invoke(app, words)

    assert (shown.exit_code, "Usage" in shown.output) == (0, True)


def test_names_are_parsed_anywhere(empty_folder: Path) -> None:
    shown = CliRunner().invoke(app, ["names", "parse", "ARCHIVE/WSOP/wsop-1973-me-nobug.mp4"])

    assert (shown.exit_code, '"year": 1973' in shown.output) == (0, True)


@pytest.mark.parametrize("variable", ["POKERVOD_DATABASE_URL", "POKERVOD_ARCHIVE_ROOTS", "POKERVOD_SHEETS"])
@pytest.mark.parametrize("in_dotenv", [True, False])
def test_a_variable_is_enough(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch, variable: str, *, in_dotenv: bool
) -> None:
    if in_dotenv:
        (empty_folder / ".env").write_text(f"{variable}=postgresql://nowhere.invalid/x\n", encoding="utf-8")
    else:
        monkeypatch.setenv(variable, "postgresql://nowhere.invalid/x")

    assert not isinstance(CliRunner().invoke(app, ["hands", "show", "x/y/z"]).exception, BadSettings)


@pytest.mark.parametrize("words", [("nas", "scan"), ("sheets", "sync"), ("sync",)], ids=" ".join)
def test_a_sync_says_first_what_it_uses(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("POKERVOD_DATABASE_URL", "postgresql:///x?host=/nowhere")
    (empty_folder / "pokervod.yaml").write_text("archive_roots: [{name: nas, path: archive}]\n", encoding="utf-8")

    shown = CliRunner().invoke(app, words)

    assert shown.stderr.startswith(f"settings: {empty_folder}/pokervod.yaml · roots: nas {empty_folder}/archive\n")


def test_the_folder_can_be_named(empty_folder: Path) -> None:
    with pytest.raises(BadInput, match=r"--folder elsewhere: cannot be entered \(No such file or directory\)"):
        CliRunner().invoke(app, ["-C", "elsewhere", "sync"], catch_exceptions=False)


def test_the_version_is_shown() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"pokervod {version('pokervod-pipelines')}\n"
