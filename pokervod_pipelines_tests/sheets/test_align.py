"""Check that rows keep their identity through all edits of a sheet."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines.sheets.align import Alignment, align_rows
from pokervod_pipelines.sheets.rows import AnnotationRow, fingerprint
from pokervod_pipelines.sheets.stored_rows import StoredRow
from pokervod_pipelines_tests.sizes import choose


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
    names = ("tab", "row_number", "row_key", "source_id", "file_no", "file_name", "time_in", "time_out", "hands")
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


@dataclass(frozen=True)
class Line:
    """Hold a line of the sheet: people's cells, and the key in our column beside them."""

    row: AnnotationRow
    key: str


def read_lines(lines: Sequence[Line], tab: str = "2031") -> list[AnnotationRow]:
    return [replace(line.row, row_key=line.key, tab=tab, row_number=n) for n, line in enumerate(lines, start=2)]


def make_sheet(count: int) -> list[Line]:
    return [Line(make_row(number, hands=f"hand {number}"), f"pv-{number}") for number in range(count)]


PLACES = st.integers(0, 12)
MOVES = st.lists(
    st.tuples(st.sampled_from(["sort", "sort some", "insert", "insert cells", "delete", "edit"]), PLACES, PLACES),
    min_size=1,
    max_size=8,
)


def move_lines(lines: list[Line], script: list[tuple[str, int, int]]) -> list[Line]:
    """Return the lines after each step; only whole sorts, inserted lines and deleted lines take the keys along."""
    for step, (action, first, second) in enumerate(script):
        start, end = sorted((first % (len(lines) + 1), second % (len(lines) + 1)))
        rows, keys = [line.row for line in lines], [line.key for line in lines]
        new = make_row(40 + step, hands=f"new {step}")
        if action == "sort":
            lines = sorted(lines, key=lambda line: line.row.hands, reverse=bool(first % 2))
        elif action == "sort some":
            rows[start:end] = sorted(rows[start:end], key=lambda row: row.time_out, reverse=bool(second % 2))
            lines = [*map(Line, rows, keys)]
        elif action == "insert":
            lines = [*lines[:start], Line(new, ""), *lines[start:]]
        elif action == "insert cells":
            lines = [*map(Line, [*rows[:start], new, *rows[start:]], [*keys, ""])]
        elif action == "delete":
            lines = lines[:start] + lines[start + 1 :]
        elif start < len(lines):
            edited = replace(lines[start].row, grade="★" * (1 + step % 3), description=f"edited {step}")
            lines = [*lines[:start], Line(edited, lines[start].key), *lines[start + 1 :]]
    return lines


@settings(max_examples=choose(150, long=2_000))
@given(st.integers(1, 9), MOVES)
def test_unedited_rows_keep_their_ids_wherever_their_keys_are(count: int, script: list[tuple[str, int, int]]) -> None:
    before = make_sheet(count)
    stored = store(read_lines(before))
    after = read_lines(move_lines(before, script))

    alignment = align_rows(stored, after)

    pairs = [*alignment.kept, *alignment.changed]
    assert sorted([row_id for row_id, _ in pairs] + list(alignment.removed)) == [row.id for row in stored]
    assert len(pairs) + len(alignment.added) == len(after)
    own = {row.fingerprint: row for row in stored}
    kept = {row_id: fingerprint(row) for row_id, row in alignment.kept}
    assert kept == {own[each].id: each for each in map(fingerprint, after) if each in own}
    # Edits leave the time, which tells which row it was.
    times = {row.id: row.time_in for row in stored}
    assert all(times[row_id] == row.time_in for row_id, row in alignment.changed if row.time_in in times.values())
    keys = {row.id: row.row_key for row in stored}
    assert all(row.row_key in {"", keys[row_id]} for row_id, row in pairs)
    assert all(row.row_key not in keys.values() for row in alignment.added)


@settings(max_examples=choose(100, long=1_000))
@given(st.integers(1, 9), MOVES, st.sampled_from(["Copy of 2031", "2031의 사본", "2031 (2)"]), st.booleans())
def test_a_copied_tab_takes_no_row_whatever_happens_to_the_original(
    count: int, script: list[tuple[str, int, int]], title: str, has_keys: bool
) -> None:
    before = make_sheet(count)
    if not has_keys:
        before = [Line(line.row, "") for line in before]
    stored = store(read_lines(before))
    edited = read_lines(move_lines(before, [step for step in script if step[0] in {"sort", "edit"}]))
    copy = read_lines(before, title)

    alignment = align_rows(stored, sorted([*edited, *copy], key=lambda row: (row.tab, row.row_number)))

    assert {row.tab for row in alignment.added} == {title}
    assert len(alignment.added) == count
    assert not alignment.removed


def test_a_tab_that_was_copied_and_then_deleted_gives_its_rows_to_the_copy() -> None:
    stored = store(read_lines(make_sheet(4)))

    alignment = align_rows(stored, read_lines(make_sheet(4), "Copy of 2031"))

    assert [row_id for row_id, _ in alignment.kept] == [100, 101, 102, 103]


def test_of_a_renamed_tab_and_its_copy_the_shorter_title_is_the_original() -> None:
    stored = store(read_lines(make_sheet(4)))
    new = [*read_lines(make_sheet(4), "Copy of Final"), *read_lines(make_sheet(4), "Final")]

    alignment = align_rows(stored, new)

    assert {row.tab for _, row in alignment.kept} == {"Final"}


def test_a_row_overwritten_with_the_cells_of_another_is_an_edit() -> None:
    before = make_sheet(4)
    after = [*before[:2], Line(before[0].row, before[2].key), before[3]]

    alignment = align_rows(store(read_lines(before)), read_lines(after))

    assert ids(alignment) == {"kept": [100, 101, 103], "changed": [102], "removed": []}
    assert alignment.displaced == ()


def test_a_row_copied_to_another_tab_stays_where_it_was() -> None:
    before = make_sheet(3)
    edited = Line(replace(before[1].row, grade="★"), before[1].key)
    new = [*read_lines([before[1]], "2020"), *read_lines([before[0], edited, before[2]])]

    alignment = align_rows(store([*read_lines(before), make_row(9, tab="2020")]), new)

    assert ids(alignment) == {"kept": [100, 102], "changed": [101], "removed": [103]}
    assert alignment.copies == (replace(new[0], row_key=""),)
