"""Edit a sheet at random: the database follows, and each row keeps its identity, its clip and its pin."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from pokervod_pipelines.sheets.headers import AnnotationLayout, find_layout
from pokervod_pipelines.sheets.rows import read_rows
from pokervod_pipelines.sheets.store import content_of
from pokervod_pipelines.sheets.tab import Tab
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.sheets.google_harness import TAB, GoogleSheetHarness
from pokervod_pipelines_tests.sheets.harness import COLUMNS, Line, make_line
from pokervod_pipelines_tests.sizes import choose

SHEETS = choose(1, long=10)
"""How many sheets are edited, each of them with and without write-back."""

SCRIPTS = choose(20, long=30)
"""How many random scripts are played on one sheet."""

MOST_ROWS = 14
# Errors are left out: a row that is not computed yet stays as it was, whatever people do to it.
VALUES: dict[str, tuple[object, ...]] = {
    "File Name": ("show 1", "show 2", "show 3", "no such show", "Show  4 (1)", "찐최종 🏆", '=UPPER("show 3")', ""),
    "In": ("0:01:00", "6:58:55", "99:99", "", 136_600, "=$A$1"),
    "Out": ("0:01:40", "7:01:00", "0:00:01", "x", 1_366_000),
    "Hand Grade": ("★", "★★★", "★★★★★", "", 3),
    "Hands": ("AA vs KK", "88 vs JJ", "핸드 없음", '"quoted"; ="x"'),
    "Tag (Player)": ("Ana Ruiz vs Tom Berg", "Kim, Minji", "x" * 1_200),
    "File No.": ("7", "7", ""),
}


@dataclass
class Person:
    """Edit the sheet as a person does, and know of each line which row of theirs it is."""

    book: Spreadsheet
    random: random.Random
    lines: list[int] = field(default_factory=list)
    """The number of the row that stands on each line below the header."""
    made: int = 0
    rewritten: set[int] = field(default_factory=set)
    copied: set[int] = field(default_factory=set)
    has_left_ids: bool = False

    def add(self) -> int:
        self.made += 1
        return self.made

    def place(self) -> int:
        return self.random.randrange(len(self.lines))

    def insert(self) -> None:
        at = self.random.randint(0, len(self.lines))
        new = [self.add() for _ in range(self.random.randint(1, 2))]
        self.book.insert_rows(TAB, at + 2, [self.write_line(number) for number in new])
        self.lines[at:at] = new

    def write_line(self, number: int) -> Line:
        shared = {column: self.random.choice(values) for column, values in VALUES.items() if self.random.random() < 0.3}
        return make_line(number, **{column.replace(" ", "_"): value for column, value in shared.items()})

    def delete(self) -> None:
        at = self.place()
        self.book.delete_rows(TAB, at + 2)
        del self.lines[at]

    def sort(self) -> None:
        order = self.book.sort(TAB, self.random.choice("ABDEFHI"), descending=self.random.random() < 0.5)
        self.lines = [self.lines[number - 2] for number in order if number - 2 < len(self.lines)]

    def sort_cells(self) -> None:
        """Sort the cells of some rows, as an older filter does: the PokerVOD columns stay where they are."""
        first, last = sorted((self.place(), self.place()))
        cells = f"A{first + 2}:K{last + 2}"
        order = self.book.sort_range(TAB, cells, self.random.choice("ABDEH"), descending=self.random.random() < 0.5)
        self.lines[first : last + 1] = [self.lines[number - 2] for number in order]
        self.has_left_ids = True

    def copy(self) -> None:
        source, to = self.place(), self.random.randint(0, len(self.lines))
        self.copied.add(self.lines[source])
        self.book.copy_row(TAB, source + 2, to + 2)
        self.lines.insert(to, self.add())

    def retype(self) -> None:
        at, column = self.place(), self.random.choice([*VALUES])
        self.book.type_cell(TAB, at + 2, self.find_column(column), self.random.choice(VALUES[column]))
        self.rewritten.add(self.lines[at])

    def rewrite(self) -> None:
        """Replace the whole content of a row, as somebody does who uses it for another hand."""
        at = self.place()
        for column, value in zip(COLUMNS, make_line(500 + self.made), strict=True):
            self.book.type_cell(TAB, at + 2, self.find_column(column), value)
        self.rewritten.add(self.lines[at])

    def find_column(self, title: str) -> int:
        return self.book.shown(TAB)[0].index(title) + 1

    def play(self) -> set[int]:
        """Apply a script of one to four edits; return the rows whose content changed."""
        edits = [
            self.insert,
            self.delete,
            self.sort,
            self.sort_cells,
            self.copy,
            self.retype,
            self.retype,
            self.rewrite,
        ]
        self.rewritten, self.copied, self.has_left_ids = set(), set(), False
        for _ in range(self.random.randint(1, 4)):
            edit = self.random.choice(edits)
            if not self.lines or (edit in {self.insert, self.copy} and len(self.lines) >= MOST_ROWS):
                edit = self.delete if self.lines else self.insert
            edit()
        return self.rewritten


@dataclass
class Life:
    """Hold one sheet, the person who edits it, and its state after each pass."""

    harness: GoogleSheetHarness
    person: Person
    ids: dict[int, int] = field(default_factory=dict)
    """The database's id of each row of the person's that is in the sheet."""

    misled: int = 0
    """How many rows would have been taken for others by whoever trusts row numbers."""

    def run(self, script: int) -> None:
        before = self.ids
        touched = self.person.play()
        contents = self.contents()
        self.harness.sync_until_stable(confirm_loss=True)
        self.ids = self.read_ids()
        self.check_rows()
        self.check_identity(before, touched, contents)
        self.check_events()
        if self.harness.settings.sheets[0].write_back:
            self.check_statuses()
        if script % 10 == 0:
            self.check_against_a_fresh_sync()

    def contents(self) -> dict[int, str]:
        return {row[0]: row[1] for row in self.harness.execute("select id, fingerprint from sheet_rows")}

    def read_ids(self) -> dict[int, int]:
        rows = self.harness.execute("""
            select row_number, id from sheet_rows where sheet = :sheet and retired_at is null
        """)
        return {self.person.lines[number - 2]: row_id for number, row_id in rows}

    def check_rows(self) -> None:
        """Check that the database has what a fresh reading of the sheet gives, row by row."""
        tab = Tab(TAB, tuple(tuple(row) for row in self.harness.book.shown(TAB)))
        layout = find_layout(tab)
        fresh = read_rows(tab, layout).rows if isinstance(layout, AnnotationLayout) else ()
        held = self.harness.execute("""
            select row_number, content from sheet_rows where sheet = :sheet and retired_at is null order by row_number
        """)
        assert [(row.row_number, as_json(content_of(row))) for row in fresh] == [(row[0], row[1]) for row in held]

    def check_identity(self, before: dict[int, int], touched: set[int], contents: dict[int, str]) -> None:
        fingerprints = [contents[each] for each in before.values()]
        now = [
            print_
            for _, print_ in self.harness.execute("select id, fingerprint from sheet_rows where retired_at is null")
        ]
        for number, row_id in before.items():
            is_known = self.harness.settings.sheets[0].write_back and not self.person.has_left_ids
            content = contents[row_id]
            is_plain = number not in touched and fingerprints.count(content) == 1 and now.count(content) == 1
            # Of a row and its copy nobody can tell which was first; the one that was edited since counts as the copy.
            if number in self.ids and (is_known or is_plain) and number not in self.person.copied:
                assert self.ids[number] == row_id, f"row {number} was taken for another"
        by_number = dict(zip(range(len(self.previous_lines)), self.previous_lines, strict=True))
        self.misled += sum(by_number.get(line) != number for line, number in enumerate(self.person.lines))
        self.previous_lines = list(self.person.lines)

    previous_lines: list[int] = field(default_factory=list)

    def check_events(self) -> None:
        """Check for at most one event a row for what it says, and none for looking again."""
        repeated = self.harness.execute("""
            select * from (
                select payload ->> 'row_id' as row_id, payload -> 'before' as before, payload -> 'after' as after,
                       lag(payload -> 'after') over (partition by payload ->> 'row_id' order by id) as last_after,
                       payload ->> 'change' as change
                from events where type = 'sheets.row.changed' and payload ->> 'sheet' = :sheet) told
            where change = 'changed' and (before = after or last_after = after)
        """)
        assert repeated == []
        count = len(self.harness.events())
        self.harness.sync_until_stable(confirm_loss=True)
        assert len(self.harness.events()) == count

    def check_statuses(self) -> None:
        """Check that every row shows its status in the database, and that no id is in two rows."""
        shown = {place + 2: row for place, row in enumerate(self.harness.shown())}
        held = self.harness.execute("""
            select r.row_number, r.row_key, coalesce(f.path, '')
            from sheet_rows r left join nas_files f on f.id = r.file_id
            where r.sheet = :sheet and r.retired_at is null
        """)
        assert [(n, shown[n]["PokerVOD ID"], shown[n]["PokerVOD File"]) for n, _, _ in held] == [
            tuple(row) for row in held
        ]
        keys = [row["PokerVOD ID"] for row in shown.values() if row["PokerVOD ID"]]
        assert len({*keys}) == len(keys) == len(held)

    def check_against_a_fresh_sync(self) -> None:
        """Check that rows and clips are those that a sheet gets that is seen for the first time."""
        fresh = replace(self.harness, sheet=f"fresh{self.person.made}-{self.harness.google.count()}")
        source = self.harness.settings.sheets[0].model_copy(update={"name": fresh.sheet, "write_back": False})
        fresh.settings = self.harness.settings.model_copy(update={"sheets": (source,)})
        fresh.sync_until_stable(full=True)
        said = """
            select r.tab, r.row_number, r.fingerprint, r.content, case when r.matcher = 'pinned' then 'pinned'
                   else r.match_status end, c.in_ms, c.out_ms, c.title, c.grade, c.hands, c.problem, c.remark
            from sheet_rows r join hand_clips c on c.sheet_row_id = r.id
            where r.sheet = :sheet and r.retired_at is null and c.retired_at is null order by 1, 2
        """
        assert fresh.execute(said) == self.harness.execute(said)


def as_json(content: dict[str, Any]) -> Any:
    return json.loads(json.dumps(content))


@pytest.mark.parametrize("write_back", [True, False], ids=["by id", "by content"])
@pytest.mark.parametrize("seed", range(SHEETS))
def test_the_database_follows_whatever_people_do(
    make_google_harness: Callable[..., GoogleSheetHarness], write_back: bool, seed: int
) -> None:
    harness = make_google_harness(write_back=write_back, calls_per_minute=10_000)
    harness.google.quota.reads_per_minute = harness.google.quota.writes_per_minute = 10**9
    harness.add_files("a/show 1.mp4", "a/show 2.mp4", "b/show 3.mp4", "c/show 3.mp4", "d/Show 4.mp4")
    life = Life(harness, Person(harness.book, random.Random(f"{seed} {write_back}")))
    for script in range(SCRIPTS):
        life.run(script)

    assert life.misled > 0, "trusting row numbers would have done as well"
