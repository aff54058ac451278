"""Check that a sheet is read when its edits stop, once for each revision, and never after a failed check."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.polling import (
    IN_USE,
    RETRY_AFTER,
    Observation,
    ReadRequest,
    decide,
    dump_memory,
    find_in_use,
    find_unread,
    load_memory,
    observe_sheets,
)
from pokervod_pipelines_tests.sheets.harness import SheetHarness, make_lines

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GATHER = 3.0


def ago(**duration: float) -> str:
    return (NOW - timedelta(**duration)).isoformat()


CASES = [
    # (what, seen, remembered, unread, wanted run key, reason)
    ("never seen before", Observation(revision="1", age_seconds=60), None, True, "s:1", None),
    ("read already", Observation(revision="1", age_seconds=60), None, False, None, "unchanged"),
    (
        "edited a while ago",
        Observation(revision="2", age_seconds=60),
        ReadRequest(revision="1", at=ago(hours=1)),
        True,
        "s:2",
        None,
    ),
    (
        "edited a moment ago",
        Observation(revision="2", age_seconds=1),
        ReadRequest(revision="1", at=ago(hours=1)),
        True,
        None,
        "edited",
    ),
    (
        "edited all the time",
        Observation(revision="9", age_seconds=1),
        ReadRequest(revision="1", at=ago(hours=1), waiting_since=ago(seconds=13)),
        True,
        "s:9",
        None,
    ),
    (
        "requested",
        Observation(revision="2", age_seconds=9),
        ReadRequest(revision="2", at=ago(minutes=1), times=1),
        True,
        None,
        "requested",
    ),
    (
        "requested and read",
        Observation(revision="2"),
        ReadRequest(revision="2", at=ago(minutes=1), times=1),
        False,
        None,
        "unchanged",
    ),
    (
        "requested without effect",
        Observation(revision="2"),
        ReadRequest(revision="2", at=ago(minutes=11), times=1),
        True,
        "s:2:2",
        None,
    ),
    (
        "requested twice without effect",
        Observation(revision="2"),
        ReadRequest(revision="2", at=ago(minutes=11), times=2),
        True,
        None,
        "requested",
    ),
    (
        "not to be checked",
        Observation(error="no network"),
        ReadRequest(revision="2", at=ago(hours=9)),
        True,
        None,
        "no network",
    ),
    (
        "a file with a new stamp",
        Observation(revision="5-70", age_seconds=60, is_comparable=False),
        ReadRequest(revision="4-70", at=ago(hours=1)),
        False,
        "s:5-70",
        None,
    ),
]


@pytest.mark.parametrize(
    ("seen", "before", "unread", "key", "reason"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_what_is_due_to_be_read(
    seen: Observation, before: ReadRequest | None, unread: bool, key: str | None, reason: str | None
) -> None:
    decision = decide(
        {"s": seen}, {"s": before} if before else {}, unread={"s": unread}, now=NOW, gather_seconds=GATHER
    )

    assert [each[2] for each in decision.due] == ([key] if key else [])
    assert (reason is None) == ("s" not in decision.reasons)
    assert (reason or "") in decision.reasons.get("s", "")


def test_a_revision_is_requested_once_and_the_memory_survives_as_text() -> None:
    seen = {"s": Observation(revision="2", age_seconds=60)}
    first = decide(seen, {}, unread={"s": True}, now=NOW, gather_seconds=GATHER)
    memory = load_memory(dump_memory(first.memory))

    again = decide(seen, memory, unread={"s": True}, now=NOW + timedelta(seconds=5), gather_seconds=GATHER)
    late = decide(seen, memory, unread={"s": True}, now=NOW + RETRY_AFTER, gather_seconds=GATHER)

    assert memory == first.memory
    assert again.due == ()
    assert late.due == (("s", "2", "s:2:2"),)


def test_a_sheet_in_use_is_left_to_its_pass_and_requested_afterwards() -> None:
    seen = {"s": Observation(revision="2", age_seconds=60)}
    memory = {"s": ReadRequest(revision="1", at=ago(minutes=1), times=1)}
    during = decide(seen, memory, unread={"s": True}, now=NOW, gather_seconds=GATHER, in_use={"s"})
    after = decide(seen, during.memory, unread={"s": True}, now=NOW, gather_seconds=GATHER)

    assert (during.due, during.memory, during.reasons) == ((), memory, {"s": IN_USE})
    assert [name for name, _, _ in after.due] == ["s"]


def test_a_sheet_is_in_use_while_a_pass_has_it(harness: SheetHarness) -> None:
    harness.write(*make_lines(1))
    during: list[frozenset[str]] = []
    sheets = harness.settings.sheets
    harness.sync(progress=lambda _: during.append(find_in_use(harness.engine, sheets)))

    assert during[0] == {"hands"}
    assert find_in_use(harness.engine, sheets) == frozenset()


def test_a_sheet_that_cannot_be_checked_is_remembered_as_it_was() -> None:
    memory = {"s": ReadRequest(revision="2", at=ago(minutes=1), times=1)}

    decision = decide({"s": Observation(error="gone")}, memory, unread={"s": True}, now=NOW, gather_seconds=GATHER)

    assert decision.memory == memory


def test_a_file_is_recognized_by_its_time_stamp(harness: SheetHarness) -> None:
    harness.write(*make_lines(1))
    first = observe_sheets(harness.engine, harness.settings, harness.settings.sheets)
    os.utime(harness.path, (1_700_000_000, 1_700_000_000))
    second = observe_sheets(harness.engine, harness.settings, harness.settings.sheets)

    assert first["hands"].revision != second["hands"].revision
    assert second["hands"].age_seconds > 1_000_000


def test_a_missing_file_could_not_be_checked(
    engine: Engine, settings_factory: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = settings_factory(sheets=[{"name": "hands", "path": tmp_path / "gone.csv"}])

    seen = observe_sheets(engine, settings, settings.sheets)

    assert "gone.csv: No such file" in seen["hands"].error


def test_a_sheet_is_unread_until_its_revision_was_read(harness: SheetHarness) -> None:
    harness.write(*make_lines(1))
    sheets = harness.settings.sheets
    never = find_unread(harness.engine, {"hands": Observation(revision="1")}, sheets)
    harness.sync()
    revision = harness.execute("select revision from sheet_states")[0][0]

    assert never == {"hands": True}
    assert find_unread(harness.engine, {"hands": Observation(revision=revision)}, sheets) == {"hands": False}
    assert find_unread(harness.engine, {"hands": Observation(revision="other")}, sheets) == {"hands": True}
    assert find_unread(harness.engine, {"hands": Observation(revision="other", is_comparable=False)}, sheets) == {
        "hands": False
    }


NONSENSE = (
    *("{", "[]", '{"one": {"revision": 1}}', '{"one": 5}', '{"one": {"revision": "r1"}}'),
    *('{"one": {"revision": "r1", "at": "x"}}', '{"one": {"revision": "r1", "at": "2026-11-30T10:00:00"}}'),
    '{"one": {"waiting_since": "yesterday"}}',
)


@pytest.mark.parametrize("cursor", NONSENSE)
def test_a_cursor_that_somebody_edited_into_nonsense_begins_anew(cursor: str) -> None:
    assert load_memory(cursor) == {}
