"""Run the hook of the settings that may repair a failure: once a failure, so often an hour, with an event for each.

Without a hook nothing is run, nor where a hook cannot help, nor where the database is away: what is done must be
recorded. A hook that ended with its process, before that was stored, is said to have been interrupted by who
looks next.
"""

import os
import platform
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Engine

from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.monitoring.health.shape import BAD, ServiceHealth, SystemHealth
from pokervod_pipelines.monitoring.health.store import (
    EVERYWHERE,
    StoredState,
    claim_repair,
    end_interrupted,
    store_changes,
    store_repair,
)
from pokervod_pipelines.settings.monitoring import HookSettings
from pokervod_pipelines.text.controls import show_controls
from pokervod_pipelines.text.redaction import hide_secrets

RESTARTED = {"Dagster's daemon": "daemon", "render workers": "worker", "watcher": "watcher"}
"""The hook of ``restart`` for each service that has one."""

WHO = "health"

INTERRUPTED = "was interrupted"

CLAIM_SECONDS = 5.0
"""A hook takes no longer than its limit and this; a claim that is older was left by a process that is gone."""

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


Announce = Callable[[SystemHealth], None]


def record_and_repair(
    engine: Engine, health: SystemHealth, hooks: HookSettings, *, announce: Announce | None = None
) -> SystemHealth:
    """Store what changed, run a hook that is due, and return the health with what was tried for each service.

    One hook is run in a look, so that it stays within the time of a tick; another one that is due has the next look.
    ``announce`` gets the health before the first is run.
    """
    host = platform.node()
    known = _record(engine, host, health, hooks)
    found = [_find_repair(each, known, hooks, health.at) for each in health.services]
    due = [index for index, (_, hook) in enumerate(found) if hook is not None]
    services = [replace(each, repair=said) for each, (said, _) in zip(health.services, found, strict=True)]
    if due and announce is not None:
        announce(replace(health, services=tuple(services)))
    is_free = True
    for index in due:
        hook, name = found[index][1], services[index].name
        assert hook is not None  # noqa: S101 - narrows the type
        if is_free:
            said, is_free = _run_once(engine, host, known[name], hook, hooks)
            services[index] = replace(services[index], repair=f"`{hook.name}` {said}")
        else:
            services[index] = replace(services[index], repair=f"`{hook.name}` is run at the next look")
    return replace(health, services=tuple(services))


def _record(engine: Engine, host: str, health: SystemHealth, hooks: HookSettings) -> Mapping[str, StoredState]:
    """Store what changed, as this machine sees it or as all do, and end the hooks that were interrupted."""
    own = [each for each in health.services if each.name not in RESTARTED]
    shared = [each for each in health.services if each.name in RESTARTED]
    with engine.begin() as connection:
        end_interrupted(connection, hooks.timeout_seconds + CLAIM_SECONDS, INTERRUPTED)
        return {
            **store_changes(connection, host, own, health.at),
            **store_changes(connection, EVERYWHERE, shared, health.at),
        }


def _find_repair(
    service: ServiceHealth, known: Mapping[str, StoredState], hooks: HookSettings, now: datetime
) -> tuple[str, Hook | None]:
    """Return what is told of the hook of the service, and the hook where it is due."""
    hook, stored = find_hook(service.name, hooks), known.get(service.name)
    if hook is None or stored is None or service.state not in BAD:
        return "", None
    if stored.repair:
        return f"`{hook.name}` {stored.repair}", None
    if not service.is_repairable:
        return "", None
    if now < stored.changed_at + timedelta(seconds=hooks.after_seconds):
        return f"`{hook.name}` is run if it lasts {hooks.after_seconds:.0f} s", None
    return f"`{hook.name}` is run now, for {hooks.timeout_seconds:.0f} s at most", hook


def _run_once(engine: Engine, host: str, stored: StoredState, hook: Hook, hooks: HookSettings) -> tuple[str, bool]:
    """Run the hook unless that is done elsewhere or too often; return how it ended, and whether another may be run."""
    event = {"service": stored.service, "host": host, "hook": hook.name, "by": WHO, "reason": stored.summary}
    claimed_as = EVERYWHERE if stored.service in RESTARTED else host
    with engine.begin() as connection:
        if not claim_repair(connection, claimed_as, stored.service, hook.name, hooks.per_hour):
            return f"was run {hooks.per_hour} times within an hour or runs elsewhere: a person has to act", True
        started = NewEvent(EventType.MONITORING_REPAIR_STARTED, event)
        append_events(connection, "monitoring", stored.correlation_id, [started])
    began, is_done, said = time.monotonic(), False, INTERRUPTED
    try:
        is_done, said = run_hook(hook.command, hooks.timeout_seconds)
    finally:
        figures = {"done": is_done, "said": said, "seconds": round(time.monotonic() - began, 1)}
        with engine.begin() as connection:
            if store_repair(connection, claimed_as, stored.service, said):
                ended = NewEvent(EventType.MONITORING_REPAIR_ENDED, event | figures)
                append_events(connection, "monitoring", stored.correlation_id, [ended])
    return f"{said}; the next look tells whether it helped", False


_running: set[int] = set()
"""The groups of the hooks that this process runs: one at a time."""


def end_hooks() -> None:
    """Kill the hook that runs, with all it started: for a process that ends now."""
    for group in [*_running]:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


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
    _running.add(process.pid)
    try:
        output, _ = process.communicate(timeout=seconds)
    except BaseException as error:  # Ctrl-C too: what is said to have been interrupted does not run on
        end_hooks()
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=END_SECONDS)
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        return False, f"was killed: it took more than {seconds:g} s"
    finally:
        _running.discard(process.pid)
    printed = show_controls(hide_secrets(" ".join(output.decode(errors="replace").split()), os.environ))[-MOST_SAID:]
    ended = f"ended with status {process.returncode}" + (f": {printed}" if printed else "")
    return process.returncode == 0, ended
