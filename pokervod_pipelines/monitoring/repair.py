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
from pokervod_pipelines.monitoring.health_shape import BAD, ServiceHealth, SystemHealth
from pokervod_pipelines.monitoring.health_store import StoredState, claim_repair, store_changes, store_repair
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
    """Store what changed, run the hooks that are due, and return the health with what was tried for each service."""
    host = platform.node()
    with engine.begin() as connection:
        stored = store_changes(connection, host, health.services, health.at)
    services = tuple(
        _repair(engine, host, each, stored[each.name], hooks, health.at) if each.name in stored else each
        for each in health.services
    )
    return replace(health, services=services)


def _repair(
    engine: Engine, host: str, service: ServiceHealth, stored: StoredState, hooks: HookSettings, now: datetime
) -> ServiceHealth:
    """Return the service with what its hook did, which is run now if that is due."""
    hook = find_hook(service.name, hooks)
    if hook is None or service.state not in BAD:
        return service
    if stored.repair:
        return replace(service, repair=f"`{hook.name}` {stored.repair}")
    due = stored.changed_at + timedelta(seconds=hooks.after_seconds)
    if now < due:
        wait = f"is run if it lasts {hooks.after_seconds:.0f} s"
        return replace(service, repair=f"`{hook.name}` {wait}")
    event = {"service": service.name, "host": host, "hook": hook.name, "by": WHO, "reason": service.summary}
    with engine.begin() as connection:
        if not claim_repair(connection, host, service.name, hook.name, hooks.per_hour):
            spent = f"was run {hooks.per_hour} times within an hour or runs elsewhere: a person has to act"
            return replace(service, repair=f"`{hook.name}` {spent}")
        started = NewEvent(EventType.MONITORING_REPAIR_STARTED, event)
        append_events(connection, "monitoring", stored.correlation_id, [started])
    began = time.monotonic()
    is_done, said = run_hook(hook.command, hooks.timeout_seconds)
    figures = {"done": is_done, "said": said, "seconds": round(time.monotonic() - began, 1)}
    with engine.begin() as connection:
        store_repair(connection, host, service.name, said)
        ended = NewEvent(EventType.MONITORING_REPAIR_ENDED, event | figures)
        append_events(connection, "monitoring", stored.correlation_id, [ended])
    return replace(service, repair=f"`{hook.name}` {said}; the next look tells whether it helped")


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
