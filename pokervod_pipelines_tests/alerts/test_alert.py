"""Check alerts and shorten their texts."""

import doctest
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.alerts.alert import BODY_LIMIT, CUT, TITLE_LIMIT, Alert, AlertSeverity, trim_body, trim_title
from pokervod_pipelines.errors import BadInput


@pytest.mark.parametrize("module", ["alert", "channels"])
def test_the_examples_in_the_docstrings_are_true(module: str) -> None:
    assert doctest.testmod(import_module(f"pokervod_pipelines.alerts.{module}")).failed == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"key": " "},
        {"key": "k" * 201},
        {"title": "\n "},
        {"link": "javascript:alert(1)"},
        {"link": "ftp://host/x"},
        {"link": "http://host/x y"},
    ],
)
def test_an_alert_that_nobody_could_read_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        Alert(**({"key": "k", "severity": AlertSeverity.INFO, "title": "t"} | fields))


def test_severities_have_an_order() -> None:
    assert sorted(AlertSeverity, key=lambda each: each.rank) == ["info", "warning", "error", "critical"]


@given(st.text(alphabet="a\n` \0", max_size=400), st.integers(40, 120))
def test_a_shortened_body_fits_and_leaves_no_fence_open(body: str, limit: int) -> None:
    trimmed = trim_body(body, limit)

    assert len(trimmed) <= limit
    assert "\0" not in trimmed
    if len(body.replace("\0", "").strip()) > limit:
        assert trimmed.endswith(CUT)
        assert trimmed.count("```") % 2 == 0
    else:
        assert trimmed == body.replace("\0", "").strip()


@given(st.text(max_size=400))
def test_a_title_is_one_line_that_fits(text: str) -> None:
    title = trim_title(text)

    assert len(title) <= TITLE_LIMIT
    assert "\n" not in title
    assert trim_title(title) == title


def test_an_alert_shortens_what_it_is_given() -> None:
    alert = Alert(key="k", severity=AlertSeverity.INFO, title="a\nb", body="x" * 10_000)

    assert alert.title == "a b"
    assert len(alert.body) <= BODY_LIMIT
