"""How a report says things: durations, moments, delays, shares, states. One wording for chat, e-mail and page."""

import re
from datetime import UTC, date, datetime
from typing import NamedTuple

from pokervod_pipelines.rollout.record import WeekState
from pokervod_pipelines.rollout.report.figures import WeekFigures


class Look(NamedTuple):
    """A state's name for style sheets, its word and its sign: never told by colour alone."""

    key: str
    word: str
    sign: str


_LOOKS = {
    WeekState.PENDING: Look("pending", "pending", "○"),
    WeekState.RUNNING: Look("running", "running", "▶"),
    WeekState.WAITING: Look("waiting", "waiting for the next try", "…"),
    WeekState.PASSED: Look("passed", "passed", "✓"),
    WeekState.FAILED: Look("failed", "failed", "✕"),
}
ESCALATED = Look("failed", "escalated", "!")

_MARKDOWN = re.compile(r"([\\`*\[\]<>|~]|(?<!\w)_|_(?!\w))")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\s]+")


def look_of(week: WeekFigures) -> Look:
    """Return how the week's state is shown; an escalated week says so whatever its state."""
    return ESCALATED if week.is_escalated else _LOOKS[week.state]


def say_duration(seconds: float) -> str:
    """Return a duration in its two largest units.

    >>> [say_duration(each) for each in (0, 0.42, 59.6, 3_720, 93_600)]
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


def say_moment(moment: datetime) -> str:
    """Return a moment in UTC, to the minute."""
    return f"{moment.astimezone(UTC):%-d %b %Y, %H:%M} UTC"


def say_day(day: date) -> str:
    """Return a day, or the day in UTC of a moment."""
    return f"{day.astimezone(UTC) if isinstance(day, datetime) else day:%-d %b %Y}"


def say_delay(days: int) -> str:
    """Return how a delay reads.

    >>> [say_delay(each) for each in (0, 4, -1)]
    ['on plan', '4 days late', '1 day ahead']
    """
    if not days:
        return "on plan"
    return f"{abs(days)} day{'s' if abs(days) > 1 else ''} {'late' if days > 0 else 'ahead'}"


def say_share(share: float | None) -> str:
    """Return a share of 1 in percent, or that there is none yet."""
    return "nothing to count yet" if share is None else f"{100 * share:.0f} %"


def say_pace(pace: float | None) -> str:
    """Return the pace: planned time is 1; None is not known yet."""
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


def trim_text(text: str, most: int = 160) -> str:
    """Return the text on one line of at most so many characters, with … where it was cut."""
    line = _CONTROLS.sub(" ", text).strip()
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def quote_code(text: str, most: int = 160) -> str:
    """Return foreign text trimmed, as Markdown code: nothing in it is read as markup."""
    line = trim_text(text, most).replace("`", "ˋ")
    return f"`{line}`" if line else "–"


def escape_markdown(text: str, most: int = 300) -> str:
    """Return foreign text trimmed, every sign escaped that Markdown would read within a line."""
    return _MARKDOWN.sub(r"\\\1", trim_text(text, most))
