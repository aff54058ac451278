"""Declare what is counted by minute: each measure with the query for its samples.

A sample is a row of ``at``, ``renderer``, ``template``, ``key`` and ``value``; values of a key are added up. Samples
come from the event log, whose rows never change.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

CLASSES_PER_DOUBLING = 8
"""Latencies are counted in classes of 9 % width: percentiles of any window are read from them, within half of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedMeasure:
    """Name a measure; ``samples`` selects those in the spans ``(since, until)`` of the table ``span``.

    ``step`` is the beginning of a sample's span.
    """

    name: str
    samples: str


OF_INSTRUCTION = """
    cross join lateral (
        select renderer, template, created_at from render_instructions
        where id = cast(e.payload ->> 'instruction_id' as bigint) offset 0
    ) as i
"""
"""What joins the instruction of each event by its key: the planner expects more events, and would read the table."""

_EVENTS = f"""
    from span cross join lateral (
        select at, type, payload from events where at >= span.since and at < span.until and type in ({{types}}) offset 0
    ) as e {OF_INSTRUCTION}
"""  # noqa: S608 - constants
_ENDS = "'render.completed', 'render.failed', 'render.timed_out', 'render.cancelled'"
_SECONDS = "extract(epoch from e.at - i.created_at)"

ENDED = CountedMeasure(
    name="ended",
    samples=f"""
        select span.since as step, e.at, i.renderer, i.template, sample.key, sample.value {_EVENTS.format(types=_ENDS)}
        cross join lateral (values
            (substr(e.type, 8), 1),
            ('ms', case e.type when 'render.completed' then cast(1000 * {_SECONDS} as bigint) end),
            (case e.type when 'render.completed' then 'c' || floor(
                {CLASSES_PER_DOUBLING} * ln(greatest(cast({_SECONDS} as float), 0.001)) / ln(2.0::float)) end, 1)
        ) as sample (key, value)
        where sample.key is not null and sample.value is not null
    """,
)
"""Graphics that ended, by state; of the completed ones also ``ms`` since their request, and its classes ``c…``."""

REQUESTED = CountedMeasure(
    name="requested",
    samples=f"""
        select span.since as step, e.at, i.renderer, i.template, 'requested' as key, 1 as value
        {_EVENTS.format(types="'render.instruction.created'")}
    """,
)
"""Instructions that were made."""

COUNTED = (ENDED, REQUESTED)

QUEUE = "queue"
"""The depth of the queue, which nothing tells afterwards: it is looked at each minute; ``samples`` counts the looks."""


def estimate_percentile(sums: Mapping[str, float], share: float) -> float | None:
    """Return the seconds below which that share of the latencies is, by their classes; None without any.

    >>> round(estimate_percentile({"c24": 1, "c25": 2, "c40": 1}, 0.5), 2)
    9.11
    """
    classes = sorted(
        (int(key[1:]), count) for key, count in sums.items() if key[0] == "c" and key[1:].lstrip("-").isdigit()
    )
    wanted = share * sum(count for _, count in classes)
    for number, count in classes:
        if count >= wanted:
            return math.pow(2, (number + wanted / count) / CLASSES_PER_DOUBLING)
        wanted -= count
    return None
