"""Check that rows keep their identity through all edits of a sheet."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines.sheets.align import Alignment, align_rows
from pokervod_pipelines.sheets.rows import AnnotationRow, fingerprint
from pokervod_pipelines.sheets.stored_rows import StoredRow


def make_row(number: int, **fields: str) -> AnnotationRow:
    row = AnnotationRow(
        tab="2031",
        row_number=1,
        file_no="1",
        file_name=f"show {number // 4}",
        time_in=f"0:{number:02d}:00",
        time_out=f"0:{number:02d}:30",
        hands="AA vs KK",
    )
    return replace(row, **fields)  # type: ignore[arg-type]


def store(rows: Sequence[AnnotationRow], first_id: int = 100) -> list[StoredRow]:
    names = ("source_id", "file_no", "file_name", "time_in", "time_out", "hands")
    return [
        StoredRow(id=first_id + place, fingerprint=fingerprint(row), **{name: getattr(row, name) for name in names})
        for place, row in enumerate(rows)
    ]


def ids(alignment: Alignment) -> dict[str, list[int]]:
    return {
        "kept": [row_id for row_id, _ in alignment.kept],
        "changed": [row_id for row_id, _ in alignment.changed],
        "removed": list(alignment.removed),
    }


ROWS = [make_row(number) for number in range(8)]


def test_an_unchanged_sheet_is_all_kept() -> None:
    assert ids(align_rows(store(ROWS), ROWS)) == {"kept": list(range(100, 108)), "changed": [], "removed": []}


def test_rows_inserted_above_are_added_and_the_others_kept() -> None:
    new = make_row(50)

    alignment = align_rows(store(ROWS), [new, *ROWS])

    assert alignment.added == (new,)
    assert len(alignment.kept) == len(ROWS)


def test_a_sorted_sheet_keeps_every_row() -> None:
    assert len(align_rows(store(ROWS), ROWS[::-1]).kept) == len(ROWS)


def test_a_deleted_row_is_removed_and_no_other() -> None:
    assert ids(align_rows(store(ROWS), ROWS[:3] + ROWS[4:]))["removed"] == [103]


@pytest.mark.parametrize(
    "edit",
    [
        {"time_out": "0:09:59"},
        {"time_in": "0:02:59"},
        {"hands": "QQ vs KK"},
        {"grade": "★★★"},
        {"file_name": "show renamed"},
        {"file_no": "9", "time_out": "0:09:59"},
    ],
)
def test_an_edited_row_is_changed_and_keeps_its_id(edit: dict[str, str]) -> None:
    edited = [*ROWS[:2], replace(ROWS[2], **edit), *ROWS[3:]]  # type: ignore[arg-type]

    assert ids(align_rows(store(ROWS), edited))["changed"] == [102]


def test_an_edited_row_is_found_after_a_sort_by_its_unchanged_content() -> None:
    edited = [*ROWS[:2], replace(ROWS[2], hands="QQ", time_out="0:09:59"), *ROWS[3:]][::-1]

    assert ids(align_rows(store(ROWS), edited))["changed"] == [102]


def test_a_row_replaced_by_another_hand_is_removed_and_added() -> None:
    other = make_row(77, hands="72o")

    alignment = align_rows(store(ROWS), [*ROWS[:2], other, *ROWS[3:]])

    assert (alignment.added, alignment.removed) == ((other,), (102,))


def test_a_copied_row_is_new_and_the_original_keeps_its_id() -> None:
    alignment = align_rows(store(ROWS), [*ROWS[:3], ROWS[2], *ROWS[3:]])

    assert len(alignment.kept) == len(ROWS)
    assert alignment.added == (ROWS[2],)


def test_a_copy_that_was_then_edited_is_the_new_one() -> None:
    copy = replace(ROWS[2], time_out="0:09:59")

    alignment = align_rows(store(ROWS), [*ROWS[:2], copy, *ROWS[2:]])

    assert len(alignment.kept) == len(ROWS)
    assert alignment.added == (copy,)


def test_equal_rows_are_paired_by_their_neighbours() -> None:
    twin = make_row(30)
    old = [ROWS[0], twin, ROWS[1], twin, ROWS[2]]

    alignment = align_rows(store(old), [ROWS[0], ROWS[1], twin, ROWS[2]])

    assert alignment.removed == (101,)


def test_a_row_with_a_uuid_is_recognized_after_any_edit() -> None:
    old = [make_row(number, source_id=f"id-{number}") for number in range(3)]
    rewritten = make_row(60, source_id="id-1", file_name="all new", hands="")

    assert ids(align_rows(store(old), [rewritten, old[2], old[0]]))["changed"] == [101]


def test_two_rows_with_different_uuids_are_never_one() -> None:
    old = [make_row(1, source_id="id-1")]
    new = [make_row(1, source_id="id-2")]

    alignment = align_rows(store(old), new)

    assert (alignment.added, alignment.removed) == (tuple(new), (100,))


def test_a_uuid_copied_with_its_row_stays_with_the_unedited_row() -> None:
    old = [make_row(1, source_id="id-1")]
    edited = replace(old[0], hands="QQ")

    alignment = align_rows(store(old), [edited, old[0]])

    assert [row for _, row in alignment.kept] == old
    assert alignment.added == (edited,)


EDITS = st.lists(
    st.tuples(st.sampled_from(["insert", "delete", "copy", "edit", "sort", "move"]), st.integers(0, 40)), max_size=12
)


def apply_script(rows: list[AnnotationRow], script: list[tuple[str, int]]) -> list[AnnotationRow]:
    rows = list(rows)
    for step, (action, number) in enumerate(script):
        place = number % len(rows) if rows else 0
        if action == "insert":
            rows.insert(place, make_row(60 + step, hands=f"new {step}"))
        elif action == "sort":
            rows.sort(key=lambda row: (row.time_out, row.hands), reverse=bool(number % 2))
        elif rows and action == "delete":
            rows.pop(place)
        elif rows and action == "copy":
            rows.insert(place, rows[place])
        elif rows and action == "edit":
            rows[place] = replace(rows[place], hands=f"edited {step}")
        elif rows:
            rows.append(rows.pop(place))
    return rows


@settings(max_examples=150)
@given(st.lists(st.integers(0, 30), max_size=20), EDITS)
def test_after_any_edits_unedited_rows_keep_their_ids_and_no_id_is_given_twice(
    numbers: list[int], script: list[tuple[str, int]]
) -> None:
    before = [make_row(number) for number in numbers]
    stored = store(before)
    after = apply_script(before, script)

    alignment = align_rows(stored, after)

    pairs = [*alignment.kept, *alignment.changed]
    assert sorted([row_id for row_id, _ in pairs] + list(alignment.removed)) == [row.id for row in stored]
    assert Counter(map(id, after)) == Counter(map(id, [*(row for _, row in pairs), *alignment.added]))
    fingerprints = {row.id: row.fingerprint for row in stored}
    surviving = Counter(fingerprints.values()) & Counter(map(fingerprint, after))
    assert Counter(fingerprints[row_id] for row_id, _ in alignment.kept) == surviving
    assert all(fingerprints[row_id] == fingerprint(row) for row_id, row in alignment.kept)


@given(st.lists(st.integers(0, 10), max_size=20))
def test_aligning_a_sheet_with_itself_keeps_every_row_in_order(numbers: list[int]) -> None:
    rows = [make_row(number) for number in numbers]

    alignment = align_rows(store(rows), rows)

    assert [row_id for row_id, _ in alignment.kept] == [100 + place for place in range(len(rows))]
    assert not alignment.changed + alignment.added + alignment.removed
