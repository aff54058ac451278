"""Write reports from templates, as Markdown and as a page: every value is escaped, since it comes from outside."""

import re
from functools import cache
from html import escape

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown import Markdown

from pokervod_pipelines.text import wording


@cache
def prepare_templates(package: str) -> Environment:
    """Return the templates of the package; a missing name is an error."""
    templates = Environment(
        loader=PackageLoader(package),
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
        "told": wording.escape_around_code,
    }
    return templates


def tidy_markdown(text: str) -> str:
    """Return what a template wrote without the blank lines that its blocks leave."""
    return re.sub(r"\n{3,}", "\n\n", text.strip()) + "\n"


def write_html(title: str, text: str) -> str:
    """Return Markdown as one HTML file without anything from elsewhere; HTML in it is text."""
    converter = Markdown(extensions=["tables", "sane_lists"])
    for part, name in ((converter.preprocessors, "html_block"), (converter.inlinePatterns, "html")):
        part.deregister(name)
    template = prepare_templates("pokervod_pipelines.text").get_template("page.html.j2")
    return template.render(title=wording.Plain(escape(title)), body=wording.Plain(converter.convert(text)))
