"""Write the report as Markdown, as a page and as the messages of alerts: one template, one set of figures.

Every value in the template is escaped, because what a criterion reports comes from outside.
"""

import re
from datetime import datetime
from functools import cache
from html import escape
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown import Markdown

from pokervod_pipelines.rollout.plan import RolloutPlan
from pokervod_pipelines.rollout.record import RolloutRecord
from pokervod_pipelines.rollout.report import wording
from pokervod_pipelines.rollout.report.figures import make_report

ReportPart = Literal["report", "progress", "escalation"]


def write_text(
    part: ReportPart,
    plan: RolloutPlan,
    record: RolloutRecord,
    now: datetime,
    link: str | None = None,
    week: int | None = None,
) -> str:
    """Return in Markdown the whole report (the final one of a completed rollout), or a message.

    ``progress`` is short: bar, done, current, next, milestones, estimated completion. ``escalation`` is what a person
    must know of the escalated ``week`` in order to act.
    """
    template = _prepare_templates().get_template("report.md.j2")
    text = template.render(report=make_report(plan, record, now), link=link, part=part, week=week)
    return re.sub(r"\n{3,}", "\n\n", text.strip()) + "\n"


def write_page(plan: RolloutPlan, record: RolloutRecord, now: datetime, link: str | None = None) -> str:
    """Return the whole report as one HTML file without anything from elsewhere; only a web link is shown."""
    report = make_report(plan, record, now)
    shown = link if link and link.startswith(("https://", "http://")) else None
    converter = Markdown(extensions=["tables", "sane_lists"])
    for part, name in ((converter.preprocessors, "html_block"), (converter.inlinePatterns, "html")):
        part.deregister(name)  # HTML in a text is text
    body = converter.convert(write_text("report", plan, record, now, shown))
    template = _prepare_templates().get_template("page.html.j2")
    title = escape(f"{report.percent} % – {report.plan.title}")
    return template.render(title=wording.Plain(title), body=wording.Plain(body))


@cache
def _prepare_templates() -> Environment:
    """Return the templates of this package; a missing name is an error."""
    templates = Environment(
        loader=PackageLoader("pokervod_pipelines.rollout.report"),
        undefined=StrictUndefined,
        finalize=wording.escape_value,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - ``finalize`` escapes, also for the HTML made of it
    )
    templates.filters |= {
        "bar": wording.draw_bar,
        "bare": wording.trim_command,
        "code": wording.quote_code,
        "day": wording.format_day,
        "delay": wording.format_delay,
        "duration": wording.format_duration,
        "moment": wording.format_time,
        "pace": wording.format_pace,
        "plain": lambda text: wording.Plain(text.strip("\n")),
        "share": wording.format_share,
        "until": lambda start, end: (end - start).total_seconds(),
        "word": wording.describe_state,
    }
    return templates
