"""Run the examples in the docstrings of the exports."""

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("module", ["fcpxml", "frames", "output_files", "timeline"])
def test_the_examples_in_the_docstrings_are_true(module: str) -> None:
    found = doctest.testmod(import_module(f"pokervod_pipelines.clips.export.{module}"))

    assert found.attempted
    assert not found.failed
