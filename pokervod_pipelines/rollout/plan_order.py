"""Check the weeks of a plan against each other: numbers without a gap, no circle, dates in order.

Each problem starts with the index of its week in the list (from 0).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from graphlib import CycleError, TopologicalSorter

WeekProblem = tuple[tuple[int, str], str]
"""The index of the week and its key, and what is wrong there."""


def find_number_problem(weeks: Sequence[tuple[int, Sequence[int]]]) -> Iterator[WeekProblem]:
    """Yield the first duplicate number or gap: weeks count from 1 in the order of the list."""
    for at, (number, _) in enumerate(weeks):
        if number != at + 1:
            is_duplicate = number in {each for each, _ in weeks[:at]}
            problem = "is a duplicate" if is_duplicate else f"is out of order, week {at + 1} is missing"
            yield (at, "number"), f"number: week {number} {problem}"
            return


def find_order_problems(weeks: Sequence[tuple[int, Sequence[int]]]) -> Iterator[WeekProblem]:
    """Yield weeks that require an unknown week, themselves, or each other in a circle."""
    numbers = {number: at for at, (number, _) in enumerate(weeks)}
    known: dict[int, list[int]] = {}
    for at, (number, needs) in enumerate(weeks):
        known[number] = [each for each in needs if each in numbers and each != number]
        for need in needs:
            if need == number:
                yield (at, "requires"), f"requires: week {number} requires itself"
            # A missing previous week that is not named is a gap in the numbers, reported as such.
            elif need not in numbers and tuple(needs) != (number - 1,):
                yield (at, "requires"), f"requires: unknown week {need}"
    if circle := _find_circle(known):
        shown = " → ".join(str(number) for number in circle)
        yield (numbers[max(circle)], "requires"), f"requires: weeks {shown} require each other"


def find_date_problems(weeks: Sequence[tuple[int, Sequence[int], tuple[date, date]]]) -> Iterator[WeekProblem]:
    """Yield weeks that end before they start, or start before a week that they require has ended."""
    ends = {number: dates[1] for number, _, dates in weeks}
    for at, (number, needs, (starts, end)) in enumerate(weeks):
        if end < starts:
            yield (at, "ends"), f"ends: week {number} ends on {end}, before it starts on {starts}"
        for need in needs:
            if need in ends and need != number and starts <= ends[need]:
                problem = f"week {number} starts on {starts}, before week {need} ends on {ends[need]}"
                yield (at, "starts"), f"starts: {problem}"


def _find_circle(needs: Mapping[int, Sequence[int]]) -> list[int]:
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return [int(number) for number in error.args[1]]
    return []
