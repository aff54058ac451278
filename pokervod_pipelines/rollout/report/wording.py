"""Format durations, times, delays, shares, states and commands: one wording for chat, e-mail and page."""

import re
from datetime import UTC, date, datetime
from typing import NamedTuple

from pokervod_pipelines.rollout.record import WeekState
from pokervod_pipelines.rollout.report.figures import WeekReport


class StateStyle(NamedTuple):
    """Name a state for style sheets, with its word and sign: colour alone says nothing."""

    key: str
    word: str
    sign: str


_STYLES = {
    WeekState.PENDING: StateStyle("pending", "pending", "○"),
    WeekState.RUNNING: StateStyle("running", "running", "▶"),
    WeekState.WAITING: StateStyle("waiting", "waiting for the next attempt", "…"),
    WeekState.PASSED: StateStyle("passed", "passed", "✓"),
    WeekState.FAILED: StateStyle("failed", "failed", "✕"),
}
ESCALATED = StateStyle("failed", "escalated", "!")

_MARKDOWN = re.compile(r"([\\`*\[\]<>|~]|(?<!\w)_|_(?!\w))")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\s]+")


class Commands(NamedTuple):
    """Hold the commands with which a person can act on an escalated week."""

    validate: str
    """Evaluates the week without side effects."""

    resume: str
    """Resumes from the week with all attempts."""

    override: str
    """Overrides one criterion, shown in every report."""


def find_style(week: WeekReport) -> StateStyle:
    """Return how the week's state is shown; an escalated week is shown as such whatever its state."""
    return ESCALATED if week.is_escalated else _STYLES[week.state]


def find_commands(plan: str, week: int, criterion: str = "CRITERION") -> Commands:
    """Return the commands for the week of the plan."""
    name = trim_text(criterion, 80)
    return Commands(
        validate=f"pokervod rollout validate {week} --plan {plan}",
        resume=f"pokervod rollout resume --from {week} --plan {plan}",
        override=f"pokervod rollout override {week} {name} --reason … --plan {plan}".replace("`", "ˋ"),
    )


def format_duration(seconds: float) -> str:
    """Return a duration in its two largest units.

    >>> [format_duration(each) for each in (0, 0.42, 59.6, 3_720, 93_600)]
    ['0 s', '0.4 s', '1 min', '1 h 2 min', '1 d 2 h']
    """
    if seconds < 10:
        return f"{seconds:.1f} s" if seconds >= 0.05 else "0 s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    parts = [(days, "d"), (hour, "h"), (minute, "min"), (rest, "s")]
    first = next(at for at, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)


def format_time(time: datetime) -> str:
    """Return a time in UTC, to the minute."""
    return f"{time.astimezone(UTC):%-d %b %Y, %H:%M} UTC"


def format_day(day: date) -> str:
    """Return a day, or the day in UTC of a time."""
    return f"{day.astimezone(UTC) if isinstance(day, datetime) else day:%-d %b %Y}"


def format_delay(days: int) -> str:
    """Return a delay in words.

    >>> [format_delay(each) for each in (0, 4, -1)]
    ['on plan', '4 days late', '1 day ahead']
    """
    if not days:
        return "on plan"
    return f"{abs(days)} day{'s' if abs(days) > 1 else ''} {'late' if days > 0 else 'ahead'}"


def format_share(share: float | None) -> str:
    """Return a share of 1 in percent; None is not known yet."""
    return "nothing to count yet" if share is None else f"{100 * share:.0f} %"


def format_pace(pace: float | None) -> str:
    """Return the pace: 1 is that of the plan; None is not known yet."""
    if pace is None:
        return "not known yet"
    return f"× {pace:.2f}" if pace >= 0.005 else "× < 0.01"


def draw_bar(percent: int, width: int = 20) -> str:
    """Return a bar of text.

    >>> draw_bar(44, 10)
    '████░░░░░░ 44 %'
    """
    full = width * percent // 100
    return f"{'█' * full}{'░' * (width - full)} {percent} %"


def trim_text(text: str, limit: int = 160) -> str:
    """Return the text in one line of at most ``limit`` characters, with … where it was cut."""
    line = _CONTROLS.sub(" ", text).strip()
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def quote_code(text: str, limit: int = 160) -> str:
    """Return foreign text trimmed, as Markdown code, in which nothing is markup."""
    line = trim_text(text, limit).replace("`", "ˋ")
    return f"`{line}`" if line else "–"


def escape_markdown(text: str, limit: int = 300) -> str:
    """Return foreign text trimmed, with every character escaped that is Markdown within a line."""
    return _MARKDOWN.sub(r"\\\1", trim_text(text, limit))
