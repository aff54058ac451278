"""The report as a page: one HTML file that needs nothing beside it, no script, no font, no picture.

All text is escaped by the template engine, for what a criterion says comes from outside. The look is in ``templates``.
"""

from datetime import datetime
from functools import cache, partial

from jinja2 import Environment, PackageLoader, StrictUndefined

from pokervod_pipelines.rollout.record import AttemptRecord, ProgrammeRecord, ResultRecord
from pokervod_pipelines.rollout.report import wording
from pokervod_pipelines.rollout.report.commands import find_commands
from pokervod_pipelines.rollout.report.figures import measure_programme
from pokervod_pipelines.rollout.report.planned import PlannedProgramme
from pokervod_pipelines.rollout.report.results import find_latest_results, find_overrides
from pokervod_pipelines.rollout.report.timeline import lay_out

LONGEST_TEXT = 4_000
"""What a criterion said is kept on the page up to so many characters."""


def write_page(planned: PlannedProgramme, record: ProgrammeRecord, now: datetime, link: str | None = None) -> str:
    """Return the page; of a completed programme it is the final report. Only a ``link`` of http or https is shown."""
    figures = measure_programme(planned, record, now)
    return (
        _prepare_templates()
        .get_template("page.html.j2")
        .render(
            figures=figures,
            record=record,
            overrides={week.number: find_overrides(record, week.number) for week in planned.weeks},
            latest={week.number: find_latest_results(record, week.number) for week in planned.weeks},
            timeline=lay_out(figures),
            now=now,
            commands=partial(find_commands, planned.name),
            link=link if link and link.startswith(("https://", "http://")) else None,
        )
    )


@cache
def _prepare_templates() -> Environment:
    """The templates of this package; everything they are given is escaped, a missing name is an error."""
    templates = Environment(
        loader=PackageLoader("pokervod_pipelines.rollout.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "duration": wording.say_duration,
        "moment": wording.say_moment,
        "day": wording.say_day,
        "delay": wording.say_delay,
        "share": wording.say_share,
        "pace": wording.say_pace,
        "look": wording.look_of,
        "trimmed": wording.trim_text,
        "cut": cut_text,
        "failed": find_failed,
        "seconds_until": lambda start, end: (end - start).total_seconds(),
    }
    return templates


def find_failed(attempt: AttemptRecord) -> list[ResultRecord]:
    """Return the results of the attempt that kept it from passing, or would have but for an override."""
    return [each for each in attempt.results if not each.passed]


def cut_text(text: str) -> str:
    """Return the text with its lines, cut where it is too long for a page."""
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
