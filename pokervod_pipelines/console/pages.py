"""Render pages: a template, in a language, with every value escaped, and headers that let forms of it be sent."""

from functools import cache
from typing import Any

from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from pokervod_pipelines.console.languages import LANGUAGES, load_messages

HEADERS = {
    # with no-referrer a browser sends a form with ``Origin: null``, as a page of another site may
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Accept-Language, Cookie",
}


def render_page(request: Request, template: str, language: str, status: int = 200, **values: Any) -> Response:
    """Return the page; the template has the language, the languages there are, and the path with its query."""
    page = prepare_templates(language).get_template(template)
    shown = page.render(language=language, languages=LANGUAGES, path=request.url.path, **values)
    return Response(shown, status, HEADERS, "text/html; charset=utf-8")


@cache
def prepare_templates(language: str) -> Environment:
    """Return the templates in the language; a missing name is an error."""
    templates = Environment(
        loader=PackageLoader("pokervod_pipelines.console"),
        undefined=StrictUndefined,
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    messages = load_messages(language)
    templates.install_gettext_callables(messages.gettext, messages.ngettext, newstyle=True)  # type: ignore[attr-defined]
    return templates
