"""Whether something is young enough: an age in hours, and what is wrong with it."""

from datetime import timedelta

AHEAD_HOURS = 5 / 60
"""So far clocks may differ. What lies further in the future would be fresh for ever."""


def find_age_fault(age: float, allowed: float) -> str | None:
    """Return what is wrong with the age, both in hours, as a sentence goes on; None where it is young enough.

    >>> find_age_fault(3, 2), find_age_fault(-0.5, 2), find_age_fault(-0.05, 2)
    ('is 3 h old, allowed are 2 h', 'lies 30 min in the future: mend the clock or the data', None)
    """
    if age < -AHEAD_HOURS:
        return f"lies {tell_hours(-age)} in the future: mend the clock or the data"
    return None if age <= allowed else f"is {tell_hours(age)} old, allowed are {tell_hours(allowed)}"


def tell_hours(hours: float) -> str:
    """Return hours as a person says them.

    >>> tell_hours(0.5), tell_hours(30.26)
    ('30 min', '30.3 h')
    """
    if hours < 1:
        return f"{timedelta(hours=hours).total_seconds() / 60:.0f} min"
    return f"{hours:.1f} h".replace(".0 h", " h")
