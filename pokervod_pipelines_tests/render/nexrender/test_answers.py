"""Test what the server and the nodes say, read without believing it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.render.failures import BadInstruction, NoCapacity, RenderFailure, TooSlow, TransientFailure
from pokervod_pipelines.render.renderers.nexrender.node_errors import MAX_CHARACTERS, read_node_error
from pokervod_pipelines.render.renderers.nexrender.states import (
    CANCELLED_BY_US,
    PHASES,
    JobStatus,
    measure_progress,
    read_statuses,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["uid", "state", "tags", "error", "code"]), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("error", "failure", "text"),
    [
        ({}, TransientFailure, "failed without a reason"),
        (None, TransientFailure, "failed without a reason"),
        ([], TransientFailure, "failed without a reason"),
        ({"code": "ENOENT", "errno": -2, "path": "/p/a.aep"}, BadInstruction, "/p/a.aep is missing"),
        ({"code": "EACCES", "path": "/p/a.aep"}, BadInstruction, "cannot be read"),
        ({"code": "ERR_INVALID_URL", "input": "C:a"}, BadInstruction, "C:a is not a valid address"),
        ({"code": "ENOSPC", "path": "/tmp/x"}, TransientFailure, "ENOSPC /tmp/x"),
        (
            "Error: nexrender: Couldn't find any layers by provided name (x)",
            BadInstruction,
            "name the project's layers",
        ),
        (["Error: one", "aerender Error: No comp was found with the given name."], BadInstruction, "composition"),
        ("Error: No output module template was found with the given name.", BadInstruction, "output module"),
        ("No update from aerender for 60 seconds", TooSlow, "60 seconds"),
        ("Maximum rendering time exceeded", TooSlow, "limit"),
        ("After Effects error: your license has expired", NoCapacity, "renew"),
        ("Error: Couldn't find any layers by provided name (license)", BadInstruction, "layers"),
        ("Error: socket hang up", TransientFailure, "socket hang up"),
    ],
)
def test_a_node_error_has_the_type_of_who_can_fix_it(error: Any, failure: type[RenderFailure], text: str) -> None:
    read = read_node_error(error)

    assert type(read) is failure
    assert text in str(read)


@given(JSON)
def test_any_error_at_all_is_a_failure_of_one_short_line(error: Any) -> None:
    text = str(read_node_error(error))

    assert text
    assert len(text) < MAX_CHARACTERS + 200


@given(st.lists(JSON))
def test_any_listing_at_all_is_read(listing: list[Any]) -> None:
    assert all(0 <= measure_progress(status) <= 1 for status in read_statuses(listing))


@pytest.mark.parametrize("answer", [None, {}, "ok", 7])
def test_what_is_no_list_is_no_empty_list(answer: object) -> None:
    with pytest.raises(TypeError):
        read_statuses(answer)


def test_progress_never_falls_along_the_states_of_npms_worker() -> None:
    order = ["queued", "picked", "started", *[state for state in PHASES if state.startswith("render:")], "finished"]

    begins = [PHASES[state][0] for state in order]

    assert begins == sorted(begins)
    assert PHASES["render:dorender"][1] <= PHASES["render:postrender"][0]


@pytest.mark.parametrize(
    ("state", "error", "worked_on"),
    [
        ("queued", None, False),
        ("finished", None, False),
        ("error", "x", False),
        ("error", CANCELLED_BY_US, True),
        ("started", None, True),
        ("dreaming", None, True),
    ],
)
def test_a_node_has_what_is_neither_waiting_nor_over(state: str, error: str | None, worked_on: bool) -> None:
    assert JobStatus("u", state, frozenset(), error=error).is_on_node is worked_on


def test_times_are_aware() -> None:
    status, broken = read_statuses(
        [{"uid": 1, "updatedAt": "2026-11-21T08:00:00.000Z"}, {"uid": 2, "updatedAt": "soon"}]
    )

    assert status.updated_at == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert broken.updated_at is None
