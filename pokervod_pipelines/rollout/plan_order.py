"""What the weeks of a plan must be to each other: numbered without gap, in no circle, planned one after the other.

Each fault is told with its place: which week of the list (from 0), and which key of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from graphlib import CycleError, TopologicalSorter

Fault = tuple[tuple[int, *tuple[str | int, ...]], str]


def find_number_faults(weeks: Sequence[tuple[int, Sequence[int]]]) -> Iterator[Fault]:
    """Tell of numbers that stand twice and of the first that is missing: weeks count from 1 in the list's order."""
    for at, (number, _) in enumerate(weeks):
        if number != at + 1:
            said = (
                "stands twice"
                if number in {each for each, _ in weeks[:at]}
                else f"is out of order, week {at + 1} is missing"
            )
            yield (at, "number"), f"number: week {number} {said}"
            return


def find_order_faults(weeks: Sequence[tuple[int, Sequence[int]]]) -> Iterator[Fault]:
    """Tell of weeks that require what there is not, themselves, or one another in a circle."""
    numbers = {number: at for at, (number, _) in enumerate(weeks)}
    known: dict[int, list[int]] = {}
    for at, (number, needs) in enumerate(weeks):
        known[number] = [each for each in needs if each in numbers and each != number]
        for need in needs:
            # The week before it, which nobody wrote, is a gap in the numbers and told as one.
            if need == number:
                yield (at, "requires"), f"requires: week {number} requires itself"
            elif need not in numbers and tuple(needs) != (number - 1,):
                yield (at, "requires"), f"requires: there is no week {need}"
    if circle := _find_circle(known):
        told = " → ".join(str(number) for number in circle)
        yield (numbers[max(circle)], "requires"), f"requires: weeks {told} wait for one another"


def find_date_faults(weeks: Sequence[tuple[int, Sequence[int], tuple[date, date]]]) -> Iterator[Fault]:
    """Tell of weeks that end before they start, or start before one that they require has ended."""
    ends = {number: dates[1] for number, _, dates in weeks}
    for at, (number, needs, (starts, end)) in enumerate(weeks):
        if end < starts:
            yield (at, "ends"), f"ends: week {number} ends on {end}, before it starts on {starts}"
        for need in needs:
            if need in ends and need != number and starts <= ends[need]:
                yield (
                    (at, "starts"),
                    f"starts: week {number} starts on {starts}, before week {need} ends on {ends[need]}",
                )


def _find_circle(needs: Mapping[int, Sequence[int]]) -> list[int]:
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return [int(number) for number in error.args[1]]
    return []
