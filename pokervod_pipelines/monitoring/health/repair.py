"""Run the hook of the settings that may repair a failure: once a failure, so often an hour, with an event for each.

Without a hook nothing is run, and nothing where the database is away: what is done must be recorded.
"""

import os
import platform
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine

from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.monitoring.health.shape import BAD, SystemHealth
from pokervod_pipelines.monitoring.health.store import StoredState, claim_repair, store_changes, store_repair
from pokervod_pipelines.settings.monitoring import HookSettings
from pokervod_pipelines.text.controls import show_controls
from pokervod_pipelines.text.redaction import hide_secrets

RESTARTED = {"Dagster's daemon": "daemon", "render workers": "worker", "watcher": "watcher"}
"""The hook of ``restart`` for each service that has one."""

WHO = "health"

MOST_SAID = 300
"""Characters of what a hook printed that are kept, from its end."""

END_SECONDS = 2.0
"""A killed hook that lives on for so long waits for a disk that does not answer, and is left behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Name a command of the settings, as people see it, and what it runs."""

    name: str
    command: tuple[str, ...]


def find_hook(service: str, hooks: HookSettings) -> Hook | None:
    """Return the hook for the service, None where the settings have none.

    >>> find_hook("root nas", HookSettings(remount={"nas": ("mount", "/mnt/nas")})).name
    'remount nas'
    """
    kind, _, root = service.partition(" ")
    if kind == "root" and root in hooks.remount:
        return Hook(name=f"remount {root}", command=hooks.remount[root])
    program = RESTARTED.get(service)
    for name, command in hooks.restart.items():
        if name == program:
            return Hook(name=f"restart {name}", command=command)
    return None


def record_and_repair(engine: Engine, health: SystemHealth, hooks: HookSettings) -> SystemHealth:
    """Store what changed, run a hook that is due, and return the health with what was tried for each service.

    One hook is run in a look, so that it stays within the time of a tick; another one that is due has the next look.
    """
    host, is_free = platform.node(), True
    with engine.begin() as connection:
        known = store_changes(connection, host, health.services, health.at)
    services = []
    for each in health.services:
        hook = find_hook(each.name, hooks) if each.state in BAD and each.name in known else None
        if hook is not None:
            said = _find_reason(known[each.name], hooks, health.at)
            if not said and is_free:
                said, is_free = _run_once(engine, host, known[each.name], hook, hooks)
            each = replace(each, repair=f"`{hook.name}` {said or 'is run at the next look'}")  # noqa: PLW2901
        services.append(each)
    return replace(health, services=tuple(services))


def _find_reason(stored: StoredState, hooks: HookSettings, now: datetime) -> str:
    """Return why the hook of the failure is not run now, "" where it is due."""
    if stored.repair:
        return stored.repair
    is_due = now >= stored.changed_at + timedelta(seconds=hooks.after_seconds)
    return "" if is_due else f"is run if it lasts {hooks.after_seconds:.0f} s"


def _run_once(engine: Engine, host: str, stored: StoredState, hook: Hook, hooks: HookSettings) -> tuple[str, bool]:
    """Run the hook unless that is done elsewhere or too often; return how it ended, and whether another may be run."""
    event = {"service": stored.service, "host": host, "hook": hook.name, "by": WHO, "reason": stored.summary}
    with engine.begin() as connection:
        if not claim_repair(connection, host, stored.service, hook.name, hooks.per_hour):
            return f"was run {hooks.per_hour} times within an hour or runs elsewhere: a person has to act", True
        started = NewEvent(EventType.MONITORING_REPAIR_STARTED, event)
        append_events(connection, "monitoring", stored.correlation_id, [started])
    began = time.monotonic()
    is_done, said = run_hook(hook.command, hooks.timeout_seconds)
    figures = {"done": is_done, "said": said, "seconds": round(time.monotonic() - began, 1)}
    with engine.begin() as connection:
        store_repair(connection, host, stored.service, said)
        ended = NewEvent(EventType.MONITORING_REPAIR_ENDED, event | figures)
        append_events(connection, "monitoring", stored.correlation_id, [ended])
    return f"{said}; the next look tells whether it helped", False


def run_hook(command: Sequence[str], seconds: float) -> tuple[bool, str]:
    """Run the program without a shell; return whether it succeeded, and how it ended with what it printed last."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that what it started ends with it
        )
    except OSError as error:
        return False, f"cannot be run: {command[0]}: {error.strerror}"
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=END_SECONDS)
        return False, f"was killed: it took more than {seconds:g} s"
    printed = show_controls(hide_secrets(" ".join(output.decode(errors="replace").split()), os.environ))[-MOST_SAID:]
    ended = f"ended with status {process.returncode}" + (f": {printed}" if printed else "")
    return process.returncode == 0, ended
