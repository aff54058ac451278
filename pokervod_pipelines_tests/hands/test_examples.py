"""The examples in the docstrings of this room are true."""

import doctest
from importlib import import_module

import pytest

MODULES = "broadcast cards evaluation fields games grade inbox moments pgfx pots rehearsal times winners"


@pytest.mark.parametrize("module", MODULES.split())
def test_the_examples_in_the_docstrings_are_true(module: str) -> None:
    assert doctest.testmod(import_module(f"pokervod_pipelines.hands.{module}")).failed == 0
