"""Check the page in a browser, if installed: long words push nothing aside and overlap nothing."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html import escape, unescape
from pathlib import Path

import pytest

from pokervod_pipelines.rollout.report.html import write_page
from pokervod_pipelines_tests.rollout.report.examples import NOW, escalated, plan_weeks, result

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
LONG = "Integration_of_the_hand_summary_tables_and_of_everything_that_hangs_on_them_" * 2
MEASURE = """<script>
  const over = [...document.querySelectorAll("header *, main *")].filter(each => !each.closest("thead"))
    .filter(each => each.getBoundingClientRect().right > innerWidth + 1).map(each => each.outerHTML.slice(0, 60));
  const tracks = [...document.querySelectorAll(".row")].map(row => {
    const [title, track] = [row.querySelector(".title"), row.querySelector(".track")];
    const text = document.createRange(); text.selectNodeContents(title);
    const [first, second] = [text.getBoundingClientRect(), track.getBoundingClientRect()];
    return first.right <= second.left || first.bottom <= second.top; });
  parent.document.body.textContent = JSON.stringify({width: document.documentElement.scrollWidth, over, tracks});
</script></body>"""


def write_long_page() -> str:
    """Return the page on which everything that others write is one long word, and which says how it is laid out."""
    plan = plan_weeks()
    weeks = tuple(
        replace(each, title=LONG, summary=LONG, milestone=LONG if each.milestone else None) for each in plan.weeks
    )
    record = escalated()
    last = replace(record.attempts[-1], results=(result("no_mock_left", LONG, kind=LONG),))
    record = replace(
        record,
        attempts=(*record.attempts[:-1], last),
        escalations=(replace(record.escalations[0], summary=LONG),),
    )
    page = write_page(replace(plan, title=LONG, weeks=weeks), record, NOW, f"https://pokervod.example/{LONG}")
    return page.replace("</body>", MEASURE)


@pytest.mark.skipif(BROWSER is None, reason="no browser is installed")
@pytest.mark.parametrize("width", [390, 1440])
def test_long_words_stay_where_they_belong(tmp_path: Path, width: int) -> None:
    frame = f'<iframe style="width: {width}px; height: 900px; border: 0" srcdoc="{escape(write_long_page())}"></iframe>'
    (tmp_path / "page.html").write_text(f"<!doctype html><body>{frame}</body>", encoding="utf-8")
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]

    ended = subprocess.run(
        [*command, "--hide-scrollbars", "--dump-dom", f"file://{tmp_path / 'page.html'}"],
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )

    said = re.search(r"<body>(\{.*\})", ended.stdout)
    assert said, ended.stderr
    seen = json.loads(unescape(said[1]))
    assert (seen["over"], seen["tracks"]) == ([], [True] * 9)
    assert seen["width"] <= width
