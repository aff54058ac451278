"""Check that pauses grow with failures in a row, which a steady time forgets."""

import pytest

from pokervod_pipelines.policies import restarts
from pokervod_pipelines.policies.restarts import Restarts


def test_pauses_grow_until_a_program_ran_for_a_steady_time(monkeypatch: pytest.MonkeyPatch) -> None:
    program = Restarts()
    assert program.is_due()
    pauses = []
    for steady in (60.0, 60.0, -1.0):
        monkeypatch.setattr(restarts, "STEADY_SECONDS", steady)
        program.note_start()
        pauses.append(program.note_end()[1])
        assert not program.is_due()
    assert pauses == [1.0, 2.0, 1.0]
