"""Write a handover as Markdown and as a page: one template, every value escaped."""

from datetime import datetime
from zoneinfo import ZoneInfo

from pokervod_pipelines.monitoring.handover.figures import ShiftHandover
from pokervod_pipelines.text.report_page import prepare_templates, tidy_markdown, write_html


def write_markdown(handover: ShiftHandover, zone: ZoneInfo) -> str:
    """Return the page of the shift in Markdown, with times in the zone."""

    def show(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"

    template = prepare_templates("pokervod_pipelines.monitoring.handover").get_template("handover.md.j2")
    return tidy_markdown(template.render(shift=handover, show=show))


def write_page(handover: ShiftHandover, zone: ZoneInfo) -> str:
    """Return the page of the shift as one HTML file without anything from elsewhere."""
    until = f"{handover.window.until.astimezone(zone):%Y-%m-%d %H:%M}"
    return write_html(f"Handover {until}", write_markdown(handover, zone))
