"""Run the examples in the docstrings of this room."""

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("module", ["expressions", "failures", "layers", "pauses", "worker.loop"])
def test_the_examples_in_the_docstrings_are_true(module: str) -> None:
    assert doctest.testmod(import_module(f"pokervod_pipelines.render.{module}")).failed == 0
