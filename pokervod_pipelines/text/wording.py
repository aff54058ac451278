"""Format durations, times, delays, shares and states, and escape foreign text: one wording for all reports."""

import re
from datetime import UTC, date, datetime

_MARKDOWN = re.compile(r"([\\`*\[\]]|(?<!\w)_|_(?!\w))")
_CODE = re.compile(r"`([^`]+)`")
_ENTITIES = {ord(sign): f"&#{ord(sign)};" for sign in "&<>|~"}
"""Signs that some readers of Markdown take for markup even after a backslash."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f\s]+")


class Plain(str):
    """Mark text that is Markdown or HTML already, so that the template does not escape it."""

    __slots__ = ()


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


def trim_command(text: str) -> Plain:
    """Return foreign text as a part of a command in Markdown's quotes."""
    return Plain(trim_text(text, 80).replace("`", "ˋ"))


def quote_code(text: str, limit: int = 160) -> Plain:
    """Return foreign text trimmed, as Markdown code, in which nothing is markup."""
    line = trim_text(text, limit).replace("`", "ˋ")
    return Plain(f"`{line}`" if line else "–")


def escape_markdown(text: str, limit: int = 300) -> str:
    """Return foreign text trimmed, with every character escaped that is Markdown within a line."""
    return _escape(trim_text(text, limit))


def _escape(line: str) -> str:
    return _MARKDOWN.sub(r"\\\1", line).translate(_ENTITIES)


def escape_around_code(text: str) -> Plain:
    r"""Return foreign text with what it has in a pair of backticks as code, in which nothing is markup.

    >>> escape_around_code("`pokervod status` tells *why*")
    '`pokervod status` tells \\*why\\*'
    """
    parts = _CODE.split(trim_text(text, 300))
    return Plain("".join(quote_code(part) if at % 2 else _escape(part) for at, part in enumerate(parts)))


def escape_value(value: object) -> str:
    """Return what a template writes for the value: escaped, unless it is marked as plain."""
    return value if isinstance(value, Plain) else escape_markdown(str(value))
