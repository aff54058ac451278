"""A person who is logged in tries the operations of the pages at /docs in a real browser."""

from pathlib import Path

import pytest

from pokervod_pipelines_tests.access.people import PASSWORD
from pokervod_pipelines_tests.api.browser import CHROMIUM, open_browser
from pokervod_pipelines_tests.api.serving import Served


@pytest.mark.long
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not on this machine")
def test_a_person_who_is_logged_in_changes_something_with_the_page(site: Served, tmp_path: Path) -> None:
    with open_browser(tmp_path / "profile") as browser:
        browser.open(f"{site.url}/login?next=/docs")
        browser.wait_for("location.pathname == '/login' && document.readyState == 'complete'")
        for field, value in (("name", "anna"), ("password", PASSWORD)):
            browser.evaluate(f"document.querySelector('[name={field}]').value = '{value}'")
        browser.evaluate("document.querySelector('[name=password]').form.requestSubmit()")
        browser.wait_for("location.pathname == '/docs'")
        for button in ("[data-tag=incidents]", ".opblock-post .opblock-summary-control", ".try-out__btn", ".execute"):
            browser.wait_for(f"!!document.querySelector('{button}')")
            browser.evaluate(f"document.querySelector('{button}').click(), 1")
        shown = browser.wait_for("(document.querySelector('.live-responses-table .response') || {}).innerText")
        violations = browser.find_violations()

    assert shown.startswith(("200", "404", "422")), shown  # as the example is; 403 without the token of the session
    assert violations == []
