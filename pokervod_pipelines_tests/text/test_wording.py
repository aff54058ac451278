"""Check the wording of reports."""

import re
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.text import wording


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        *((0, "0 s"), (0.04, "0 s"), (3.14159, "3.1 s"), (45, "45 s"), (59.7, "1 min"), (61, "1 min 1 s")),
        *((7_200, "2 h"), (86_400, "1 d"), (86_400 + 59 * 60, "1 d"), (90_000, "1 d 1 h"), (9 * 86_400, "9 d")),
    ],
)
def test_durations_in_their_two_largest_units(seconds: float, said: str) -> None:
    assert wording.format_duration(seconds) == said


@pytest.mark.parametrize(
    ("days", "said"), [(0, "on plan"), (1, "1 day late"), (2, "2 days late"), (-9, "9 days ahead")]
)
def test_delays(days: int, said: str) -> None:
    assert wording.format_delay(days) == said


def test_times_are_in_utc() -> None:
    moment = datetime(2026, 11, 1, 1, 30, tzinfo=timezone(timedelta(hours=9)))
    assert wording.format_time(moment) == "31 Oct 2026, 16:30 UTC"
    assert wording.format_day(moment) == "31 Oct 2026"
    assert wording.format_day(moment.date()) == "1 Nov 2026"


@given(st.integers(0, 100), st.integers(1, 60))
def test_a_bar_is_full_only_at_a_hundred(percent: int, width: int) -> None:
    bar = wording.draw_bar(percent, width).split(" ")[0]
    assert len(bar) == width
    assert (bar.count("░") == 0) == (percent == 100)


@given(st.text(), st.integers(1, 50))
def test_trimmed_text_is_one_line_and_short_enough(text: str, most: int) -> None:
    line = wording.trim_text(text, most)
    assert len(line) <= most
    assert "\n" not in line


@given(st.text())
def test_quoted_text_cannot_leave_its_quotes(text: str) -> None:
    quoted = wording.quote_code(text)
    assert quoted == "–" or (quoted[0] == quoted[-1] == "`" and "`" not in quoted[1:-1])


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("*bold* [link](http://evil)", r"\*bold\* \[link\](http://evil)"),
        ("<!channel> `rm`", r"&#60;!channel&#62; \`rm\`"),
        ("a | b & ~c~", "a &#124; b &#38; &#126;c&#126;"),
        ("hand_clips _soft_", r"hand_clips \_soft\_"),
        ("one\n# two", "one # two"),
    ],
)
def test_foreign_text_is_not_markdown(text: str, escaped: str) -> None:
    assert wording.escape_markdown(text) == escaped


@given(st.text())
def test_no_sign_of_markdown_stays_bare(text: str) -> None:
    assert not re.search(r"(?<!\\)(\\\\)*[*`\[<|~]", wording.escape_markdown(text))
