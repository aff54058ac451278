"""Write the report as Markdown, as a page and as the messages of alerts: one template, one set of figures.

Every value in the template is escaped, because what a criterion reports comes from outside.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.files import replace_file
from pokervod_pipelines.rollout.plan import RolloutPlan
from pokervod_pipelines.rollout.record import RolloutRecord
from pokervod_pipelines.rollout.report.figures import make_report
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.text.report_page import prepare_templates, tidy_markdown, write_html

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
    template = prepare_templates("pokervod_pipelines.rollout.report").get_template("report.md.j2")
    text = template.render(report=make_report(plan, record, now), link=link, part=part, week=week)
    return tidy_markdown(text)


def write_page(plan: RolloutPlan, record: RolloutRecord, now: datetime, link: str | None = None) -> str:
    """Return the whole report as one HTML file without anything from elsewhere; only a web link is shown."""
    report = make_report(plan, record, now)
    shown = link if link and link.startswith(("https://", "http://")) else None
    return write_html(f"{report.percent} % – {report.plan.title}", write_text("report", plan, record, now, shown))


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
