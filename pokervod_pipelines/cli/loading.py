"""Load the module of a command only when that command is called, so that ``pokervod --help`` answers at once.

Every command but a few needs settings; without any it ends before it asks a database or makes one.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from pokervod_pipelines.cli.usage import explain_refusal
from pokervod_pipelines.errors import BadSettings


class CommandEntry(NamedTuple):
    """Name the module of ``cli`` that defines a command or a group, and the line that ``--help`` shows for it."""

    module: str
    help: str
    is_group: bool = True
    needs_settings: bool = True
    works_anywhere: str = ""
    """Name the one command of a group that needs no settings."""


COMMANDS = {
    "sync": CommandEntry(
        "sync", "Scan the archive, build the catalog, read the sheets, make the clips, and print a summary.", False
    ),
    "setup": CommandEntry(
        "setup", "Make this folder ready: check settings, create a sample archive if needed.", False, False
    ),
    "doctor": CommandEntry("setup", "Check settings, roots, sheets, plans, channels, database and Dagster.", False),
    "dev": CommandEntry(
        "dev", "Run everything here: database, Dagster UI and daemon, watcher, render worker, API, until Ctrl-C.", False
    ),
    "serve": CommandEntry(
        "serve", "Answer people and programs over HTTP until Ctrl-C: the API, with its pages at /docs.", False
    ),
    "watch": CommandEntry(
        "watch", "Run what new hands, edited sheets and events ask for, within a second or two.", False
    ),
    "status": CommandEntry("status", "Show how each block is, what failed, and when the next sync is due.", False),
    "health": CommandEntry("health", "Look at what the system depends on: databases, daemon, shares, disks.", False),
    "metrics": CommandEntry(
        "metrics", "Show throughput, latency, errors, queue, ages, jobs, memory and disks, of any window.", False
    ),
    "needs-me": CommandEntry("needs_me", "List what needs a person now, the oldest first.", False),
    "handover": CommandEntry("handover", "Write the page of the shift: open, muted, held, and what happened.", False),
    "incidents": CommandEntry(
        "incidents", "Show what is wrong, once for each cause; acknowledge, mute, resolve, judge it."
    ),
    "kpis": CommandEntry("kpis", "Show each promised figure with its target, reached or not.", False),
    "detectors": CommandEntry(
        "detectors", "Show how good the detectors are, by what people said of their alarms.", False
    ),
    "weeks": CommandEntry("weeks", "Show which weeks are complete, stage by stage, and what is missing where."),
    "remediations": CommandEntry(
        "remediations", "Show what was put right without a person, and how often that helped or harmed.", False
    ),
    "nas": CommandEntry("nas", "Scan the archive's disks; list files that are missing or duplicated."),
    "names": CommandEntry("names", "Parse file names by the naming rules.", needs_settings=False),
    "catalog": CommandEntry(
        "catalog", "Search and correct the catalog: projects, seasons, events, episodes and their files."
    ),
    "sheets": CommandEntry("sheets", "Read the annotation sheets and match each row to its video."),
    "clips": CommandEntry("clips", "List, search and export the clips that show a hand."),
    "players": CommandEntry("players", "List the players on the clips, and manage their aliases."),
    "hands": CommandEntry("hands", "Import, list and compare the hands that the tables recorded."),
    "render": CommandEntry("render", "Request graphics, follow and control the render queue and its workers."),
    "rollout": CommandEntry(
        "rollout", "Bring the services into production, week by week, behind criteria.", works_anywhere="demo"
    ),
    "alerts": CommandEntry("alerts", "List, acknowledge and test alerts (mail, Slack, webhook, console and more)."),
    "events": CommandEntry("events", "Print the event log."),
    "logs": CommandEntry("logs", "Print the logs of all processes as one; follow a sync, a run or a process.", False),
    "execute": CommandEntry("execute", "Start a workflow as a Dagster run, by name or by what it is told.", False),
    "routes": CommandEntry("execute", "List the workflows, and which events start them.", False),
    "hold": CommandEntry(
        "holds", "Keep an instruction, sheet, library, worker or workflow from being worked on, until a time.", False
    ),
    "release": CommandEntry("holds", "Release what is held.", False),
    "holds": CommandEntry("holds", "List what is held, by whom, until when and why.", False),
    "maintenance": CommandEntry("maintenance", "Plan work whose incidents alarm nobody; list and cancel the windows."),
    "breakers": CommandEntry("breakers", "Show which services outside are not called now; let them be tried again."),
    "users": CommandEntry("users", "Add, change and disable who may log in; list and end their logins."),
    "keys": CommandEntry("keys", "Create, list and revoke the API keys of programs."),
    "context": CommandEntry("context", "Show what the runs of one request share."),
    "db": CommandEntry("db", "Show and change the schema's revision; back up the database."),
}
"""Every command and group, in the order of ``--help``; the group's own ``--help`` opens with the same line."""


PROCESSES = {
    "sync": "sync",
    "dev": "dev",
    "watch": "watch",
    "serve": "serve",
    "rollout run": "rollout",
    "rollout resume": "rollout",
    "render worker": "render-worker",
}
"""Commands with a log of their own."""


class LoadingGroup(TyperGroup):
    """Know the commands by name and help line; import one when it is called."""

    def __init__(self, **attributes: Any) -> None:
        outlines = {name: TyperCommand(name, help=entry.help) for name, entry in COMMANDS.items()}
        super().__init__(**attributes | {"commands": outlines})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the whole command, or None for a name that is not one."""
        return load_command(cmd_name) if cmd_name in COMMANDS else None

    def invoke(self, ctx: Any) -> Any:
        """Run the command; explain an argument or option that is refused."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = explain_refusal(error)
            raise

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the commands' help lines without loading them."""
        outline = TyperGroup(
            name=self.name,
            help=self.help,
            params=self.params,
            commands=dict(self.commands),
            rich_markup_mode=self.rich_markup_mode,
        )
        outline.format_help(ctx, formatter)


def load_command(name: str) -> Any:
    """Return the command or group of this name from its module."""
    entry = COMMANDS[name]
    group = typer.main.get_group(import_module(f"pokervod_pipelines.cli.{entry.module}").app)
    for command in group.commands.values():
        command.help = join_lines(command.help or "")
    for leaf, command in group.commands.items() if entry.needs_settings else ():
        if leaf != entry.works_anywhere:
            command.callback = command.callback and _check_first(command.callback, _name_process(name, leaf))
    if group.invoke_without_command and group.callback:  # the group is a command itself
        group.callback = _check_first(group.callback, "")
    if not entry.is_group:
        return group.commands[name]
    group.name, group.help = name, entry.help
    return group


def join_lines(text: str) -> str:
    """Return a docstring without line breaks in its paragraphs: ``--help`` breaks lines where the terminal ends."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _name_process(group: str, leaf: str) -> str:
    """Return the name of the log that the command writes, "" for all that only take a moment."""
    return PROCESSES.get(group if group == leaf else f"{group} {leaf}", "")


def _check_first(callback: Callable[..., Any], process: str) -> Callable[..., Any]:
    """Return the command preceded by the check; options and ``--help`` are read before."""

    @wraps(callback)
    def check_and_call(*arguments: Any, **options: Any) -> Any:
        _prepare(process)
        return callback(*arguments, **options)

    return check_and_call


def _prepare(process: str) -> None:
    """Require settings, close to others what the installation keeps, and start the log of this process."""
    from pokervod_pipelines.logs.start import COMMAND, start_log  # noqa: PLC0415 - `--help` needs none of these
    from pokervod_pipelines.settings import load_settings, require_settings  # noqa: PLC0415
    from pokervod_pipelines.workflows.file_access import restrict_access  # noqa: PLC0415

    require_settings()
    with suppress(BadSettings):  # the command says so in its own way
        settings = load_settings()
        restrict_access(settings, Path.cwd())
        start_log(settings, process or COMMAND)
