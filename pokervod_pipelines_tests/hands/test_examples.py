"""Run the examples in the docstrings of ``hands``."""

import doctest
from importlib import import_module

import pytest

MODULES = "cards drop_folders evaluation fields games grade pgfx pots show table_tests times winners"


@pytest.mark.parametrize("module", MODULES.split())
def test_the_examples_in_the_docstrings_are_true(module: str) -> None:
    assert doctest.testmod(import_module(f"pokervod_pipelines.hands.{module}")).failed == 0
