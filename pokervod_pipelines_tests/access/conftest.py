"""Give the tests of access people in an empty database."""

import pytest
from sqlalchemy import Engine

from pokervod_pipelines_tests.access.people import People, make_people


@pytest.fixture
def people(engine: Engine) -> People:
    """Return people with nobody among them yet."""
    return make_people(engine)
