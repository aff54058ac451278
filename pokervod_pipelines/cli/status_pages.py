"""Format the status for ``pokervod status``: words and rows for a person, no printing."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from pokervod_pipelines.cli.output import count_nouns, make_table, show_time, wrap_line
from pokervod_pipelines.holds.listing import Hold
from pokervod_pipelines.monitoring.status_runs import RunState
from pokervod_pipelines.monitoring.status_shape import BlockState, BlockStatus, Overall, PartStatus, SystemStatus

COLUMNS = ("block", "state", "items", "attempted", "succeeded")

WORDS = {
    Overall.OK: ("ok: the last attempt of everything succeeded", "bold green"),
    Overall.IDLE: ("idle: nothing has run yet; `pokervod sync` is the first step", "bold"),
    Overall.IN_PROGRESS: ("in progress", "bold cyan"),
    Overall.DEGRADED: ("degraded: a part of the data is wrong or not up to date, see below", "bold yellow"),
    Overall.FAILED: ("failed: a block could not be brought up to date, see below", "bold red"),
}

OUTAGE_STEP = "    → it is tried again every second; if it stays away, see `pokervod doctor` or start `pokervod dev`"
NEXT_STEP = "then run `pokervod sync --incremental`"
NOBODY_LOOKS = "new files, edits and events wait; keep `pokervod dev` running"
MOST_CHECKS = 5
"""Failed checks of a block that are named."""

MOST_HOLDS = 5
"""Holds that are named."""

RECENTLY = timedelta(days=2)
"""A time of day needs no day for so long, since its age tells it."""

TODAY = timedelta(hours=20)
"""A time of day is that of today for so long."""

TIME_WIDTH = 11
"""An age has so many characters at most, and the table does not move as it grows."""

UNITS = ((86_400, "days"), (3_600, "h"), (60, "min"))


def format_age(at: datetime, now: datetime) -> str:
    """Return how long ago the moment was, in the largest unit of which at least two have passed.

    >>> format_age(datetime(2026, 5, 4, 9), datetime(2026, 5, 4, 9, 12))
    '12 min ago'
    """
    seconds = (now - at).total_seconds()
    for size, unit in UNITS:
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit} ago"
    return f"{max(0, int(seconds))} s ago"


def format_moment(at: datetime | None, now: datetime) -> str:
    """Return the local time with its age, or the day where that is days ago; "never" for None."""
    if at is None:
        return "never"
    if now - at >= RECENTLY:
        return show_time(at)
    return f"{show_time(at, '%H:%M')}, {format_age(at, now)}"


def make_document(status: SystemStatus, now: datetime) -> dict[str, Any]:
    """Return the status as plain values, of the shape that the API has."""
    document = asdict(status)
    for block, each in status.blocks.items():
        document["blocks"][block]["failed_parts"] = [f"{part.stage} {part.name}" for part in each.failed_parts]
    return document | {"at": now}


def make_page(status: SystemStatus, now: datetime, *, width: int, outage: str = "") -> RenderableType:
    """Return the whole page: how everything is, a row for each block, and what failed with the next step.

    In an outage nothing is known but how it was when the status was read last, which is ``now``.
    """
    title = [Text(*WORDS[status.overall])]
    if outage:
        title = [wrap_line(Text(f"unknown: {outage}", style="bold red"), width), wrap_line(Text(OUTAGE_STEP), width)]
        title.append(Text(f"as of {show_time(now, '%H:%M:%S')}:", style="bold"))
    table = make_table("", COLUMNS, (_make_row(each, now) for each in status.blocks.values()), width=width)
    told = (*list_lines(status, now), *describe_watch(status, now), *describe_schedule(status, now))
    lines = [wrap_line(Text(each), width) for each in told]
    return Group(*title, *table.renderables[1:], *lines)


def _make_row(each: BlockStatus, now: datetime) -> tuple[str, ...]:
    name = f"{each.block_id} {each.rooms[0]}"
    if not each.exists:
        return name, "not running", "not in this version", "", ""
    moments = (each.last_attempt_at, each.last_sync_at)
    times = [_shorten_moment(at, now).ljust(TIME_WIDTH) if each.parts else "" for at in moments]
    return name, each.status.replace("_", " "), _describe_items(each, now), *times


def _shorten_moment(at: datetime | None, now: datetime) -> str:
    """Return the age, or the day where that is days ago."""
    if at is None:
        return "never"
    return format_age(at, now) if now - at < RECENTLY else show_time(at, "%Y-%m-%d")


def _describe_items(each: BlockStatus, now: datetime) -> str:
    """Return the items in words: all, some of all, or some of a number that nobody knows before the first success.

    What a failure left unchanged is still there, and has the time when it was counted.
    """
    if each.items_at is not None and each.items_total is not None and each.status is not BlockState.IN_PROGRESS:
        form = "%H:%M" if now - each.items_at < TODAY else "%m-%d"
        return f"{each.items_total:,} {each.items_unit}, of {show_time(each.items_at, form)}"
    if each.items_processed is None:
        return ""
    of = "" if each.items_total in {None, each.items_processed} else f" of {each.items_total:,}"
    return f"{each.items_processed:,}{of} {each.items_unit}"


def list_lines(status: SystemStatus, now: datetime) -> Iterator[str]:
    """Yield what goes on, what failed and why, and which checks failed, each with what to do."""
    for run in status.in_progress:
        since = f"since {show_time(run.started_at or run.at, '%H:%M:%S')}"
        of = f" of {run.partition}" if run.partition else ""
        is_dead = run.run_id in status.orphans
        end = "; its process has ended, run `pokervod sync`" if is_dead else ""
        yield f"{'stopped' if is_dead else run.state}: {run.job}{of}, run {run.run_id[:8]}, {since}{end}"
    for each in status.blocks.values():
        for part in each.running_parts:
            yield f"    {each.block_id}: {_name(part)}{_describe_progress(part)}"
    is_failed = False
    for each in status.blocks.values():
        yield from _list_failures(each, now)
        is_failed = is_failed or bool(each.failed_parts)
    if is_failed:
        yield f"    → {NEXT_STEP}"
    for each in status.blocks.values():
        yield from _list_checks(each)
    yield from _list_holds(status.holds)


def _describe_progress(part: PartStatus) -> str:
    if not part.done:
        return " has begun"
    return f" {part.done:,}" + (f" of {part.total:,}" if part.total else "")


def _list_failures(each: BlockStatus, now: datetime) -> Iterator[str]:
    """Yield a line for each error, with the stage and the names of all that it ended."""
    ended: dict[tuple[str, str, str], list[PartStatus]] = {}
    for part in each.failed_parts:
        is_skipped = part.state is RunState.SKIPPED
        error = "the next sync does it" if is_skipped else part.error or "no reason is known"
        ended.setdefault((part.stage, str(part.state), error), []).append(part)
    for (stage, word, error), parts in ended.items():
        names = ", ".join(part.name for part in parts if part.name != stage)
        age = format_age(max(part.at for part in parts if part.at), now)
        counted = [part.counted_at for part in parts if part.counted_at and stage == each.parts[0].stage]
        stale = f", stale: {each.items_unit} of {show_time(min(counted), '%H:%M')}" if counted else ""
        yield f"{each.block_id} {f'{stage} {names}'.strip()} {word} {age}{stale}: {error}"


def _list_holds(holds: Sequence[Hold]) -> Iterator[str]:
    """Yield what people hold, the first of them with who, until when and why."""
    for hold in holds[:MOST_HOLDS]:
        until = show_time(hold.until) if hold.until else "released"
        yield f"held: {hold.subject}, by {hold.by} until {until}: {hold.reason}"
    if len(holds) > MOST_HOLDS:
        yield f"and {count_nouns(len(holds) - MOST_HOLDS, 'more hold')}: `pokervod holds`"


def _name(part: PartStatus) -> str:
    return part.stage if part.stage == part.name else f"{part.stage} {part.name}"


def _list_checks(each: BlockStatus) -> Iterator[str]:
    if names := [check.name for check in each.failed_checks]:
        more = f" and {len(names) - MOST_CHECKS} more" if len(names) > MOST_CHECKS else ""
        yield f"{each.block_id} checks that failed: {', '.join(names[:MOST_CHECKS])}{more}"


def describe_watch(status: SystemStatus, now: datetime) -> Iterator[str]:
    """Yield who looks for what is to be run, what runs there, and how much waits for a run."""
    if status.watcher:
        left_out = " and ".join(status.watcher.left_out)
        rest = f"; the sensors look at {left_out}, since it does not" if left_out else ""
        yield f"watcher: {status.watcher.name}, {status.watcher.doing or 'nothing to run'}{rest}"
    elif status.has_sensors:
        yield "no watcher: Dagster's sensors look"
    else:
        yield f"no watcher, and no sensors run: {NOBODY_LOOKS}"
    if status.requests.count:
        wait = "waits" if status.requests.count == 1 else "wait"
        since = format_moment(status.requests.oldest_at, now)
        counted = count_nouns(status.requests.count, "request")
        yield f"{counted} of events {wait} for a run, the oldest ({status.requests.oldest}) since {since}"


def describe_schedule(status: SystemStatus, now: datetime) -> Iterator[str]:
    """Yield when the last full sync ended, and when the next one is due."""
    last = format_moment(status.last_sync, now)
    yield f"last full sync: {last}" + (f", {status.last_sync_status}" if status.last_sync_status else "")
    due = show_time(status.next_scheduled_sync) if status.next_scheduled_sync else "none"
    yield f"next full sync: {due}" + (f"; {status.schedule_note}" if status.schedule_note else "")
