"""Write the report as Markdown, as a page and as the messages of alerts: one template, one set of figures.

Every value in the template is escaped, because what a criterion reports comes from outside.
"""

import re
from datetime import UTC, datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown import Markdown

from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.files import replace_file
from pokervod_pipelines.rollout.plan import RolloutPlan
from pokervod_pipelines.rollout.record import RolloutRecord
from pokervod_pipelines.rollout.report import wording
from pokervod_pipelines.rollout.report.figures import make_report
from pokervod_pipelines.settings import Settings

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


def write_page_file(settings: Settings, plan: RolloutPlan, record: RolloutRecord) -> Path:
    """Write the page of the rollout, whole at every moment; return its path. Raises ``Unavailable``."""
    folder = settings.rollout.pages or settings.home / "rollout"
    page = folder / f"{plan.name}.html"
    content = write_page(plan, record, datetime.now(UTC), settings.rollout.link)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(page, content.encode())
    except OSError as error:
        raise Unavailable(f"cannot write the page {page} ({error.strerror}); correct rollout.pages") from None
    return page


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
        "plain": lambda text: wording.Plain(text.strip("\n")),
    }
    return templates
