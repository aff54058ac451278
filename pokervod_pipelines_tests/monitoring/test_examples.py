"""Run the examples in the docstrings of the measures."""

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("module", ["cli.metric_pages", "monitoring.measures.counted", "monitoring.measures.windows"])
def test_the_examples_in_the_docstrings_are_true(module: str) -> None:
    found = doctest.testmod(import_module(f"pokervod_pipelines.{module}"))

    assert found.attempted > 0
    assert found.failed == 0
