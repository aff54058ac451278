"""What lies in the drop folders, and which of it is due."""

from pathlib import Path

import pytest

from pokervod_pipelines.hands.inbox import Look, SeenFile, decide, name_path, observe

SECOND = 1_000_000_000
NOW = 1_000 * SECOND


def test_session_and_history_files_are_seen_wherever_they_lie(tmp_path: Path) -> None:
    names = ("a.json", "New/b.JSON", "New/c.phh", "export.txt", "._a.json", ".hidden/d.json", "e.json.part")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}", encoding="utf-8")

    look = observe([tmp_path])

    assert [Path(seen.path).name for seen in look.files] == ["b.JSON", "c.phh", "a.json"]
    assert not look.unseen


def test_a_folder_that_cannot_be_listed_is_a_reason_and_not_empty(tmp_path: Path) -> None:
    look = observe([tmp_path / "unmounted"])

    assert look.files == ()
    assert look.unseen == ((str(tmp_path / "unmounted"), "cannot be listed: No such file or directory"),)


@pytest.mark.parametrize(
    ("known", "age", "expected"),
    [
        ({}, 10, "due"),
        ({}, 1, "settling"),
        ({"a": (5, NOW - 10 * SECOND)}, 10, "known"),
        ({"a": (4, NOW - 10 * SECOND)}, 10, "due"),
        ({"a": (5, NOW - 60 * SECOND)}, 10, "due"),
        ({"a": (4, NOW - 60 * SECOND)}, 0, "settling"),
        ({}, -50, "settling"),
    ],
)
def test_a_file_is_due_when_it_is_new_or_changed_and_at_rest(
    known: dict[str, tuple[int, int]], age: int, expected: str
) -> None:
    look = Look((SeenFile("a", 5, NOW - age * SECOND),))

    decision = decide(look, known, now_ns=NOW, settle_seconds=2)

    found = {"due": len(decision.due), "settling": len(decision.settling), "known": decision.known}
    assert found == dict.fromkeys(found, 0) | {expected: 1}


def test_where_the_share_is_ahead_of_our_clock_a_second_look_tells() -> None:
    seen = SeenFile("a", 5, NOW + 50 * SECOND)

    assert decide(Look((seen,)), {}, now_ns=NOW, settle_seconds=2, before={"a": seen}).due == (seen,)
    grown = {"a": SeenFile("a", 4, seen.mtime_ns)}
    assert decide(Look((seen,)), {}, now_ns=NOW, settle_seconds=2, before=grown).settling == (seen,)


def test_a_name_that_is_no_text_can_be_stored(tmp_path: Path) -> None:
    path = str(tmp_path / "a\udcff.json")

    assert name_path(path).endswith("a\\xff.json")
    assert name_path("/drop/한글.json") == "/drop/한글.json"
