"""Check that every action has a name and a reason."""

import pytest

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput


@pytest.mark.parametrize(
    ("who", "reason", "problem"), [("", "x", "name of the person is required"), ("eva", " ", "--reason is required")]
)
def test_an_action_requires_a_name_and_a_reason(who: str, reason: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        Actor(who=who, reason=reason)
