"""Change an archive at random: its catalog is that of a fresh build, and nothing is renumbered."""

import random
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.catalog.correctable import FIELDS, show_value
from pokervod_pipelines.catalog.corrections import correct_file, list_corrections, undo_correction
from pokervod_pipelines.catalog.search.packed import unpack_places
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines_tests.catalog.inventory import add_file, change_file, shape
from pokervod_pipelines_tests.sizes import choose

KIM = Actor(who="kim", reason="seen")

CHUNKS, STEPS = choose(5, long=10), 25

CORRECTIONS = {
    "project": ("WSOP", "PAD", "HCL", "OTHER"),
    "year": ("2004", "2024", "none"),
    "season": ("12", "13", "none"),
    "event": ("21", "Mystery Bounty", "main event", "none"),
    "episode": ("4", "16"),
    "day": ("2", "none"),
    "stage": ("final_table", "none"),
    "title": ("The Comeback", "The Last Hand"),
}


def make_path(dice: random.Random) -> str:
    year, number, day = dice.choice((2003, 2004, 2024, 2025)), dice.randint(1, 4), dice.randint(1, 3)
    name = dice.choice(
        (
            f"WSOP_{year}_{number}.mxf",
            f"{year} WSOP Show {number + 12} ME 0{number}_ES040014221{day}.mov",
            f"{number}0-wsop-{year}-be-ev-{20 + number}-25k-nlh-hr-ft-ann-wins.mp4",
            f"WSOP {year} Bracelet Events _ Event #{20 + number} $25K Razz _ Day {day}.mp4",
            f"WSOP {year} Main Event Day {day}A & $100K PLO Final Table.mp4",
            f"pad-s1{day}-ep0{number}-00{day}.mp4",
            f"E0{number}_GOG_final_edit_2311{day + 10}.mp4",
            f"Can He Fold This {number} @HustlerCasinoLive.mp4",
            f"HyperDeck_000{number}.mp4",
        )
    )
    return f"{make_folder(dice)}/{name}"


def make_folder(dice: random.Random) -> str:
    return f"{dice.choice(('Archive', 'Clips', 'WSOP 2004', 'HCL Clips'))}/{dice.choice('abc')}{dice.randint(0, 999)}"


class Archive:
    """Change an inventory at random, as people and disks do."""

    def __init__(self, engine: Engine, dice: random.Random) -> None:
        self.engine, self.dice = engine, dice
        self.paths: dict[int, str] = {}
        self.keys: dict[tuple[str, ...], int] = {}
        for _ in range(60):
            self.add()

    def add(self) -> None:
        path = make_path(self.dice)
        if path not in self.paths.values():
            self.paths[add_file(self.engine, path, size=self.dice.randint(5_000, 9_000))] = path

    def build(self) -> None:
        build_catalog(self.engine, correlation_id="test")
        self.look()

    def look(self) -> None:
        """Check that after a build every group that existed before has its id."""
        keys = keys_of(self.engine)
        assert {key: keys[key] for key in keys.keys() & self.keys.keys()}.items() <= self.keys.items()
        self.keys = keys

    def step(self) -> None:
        file_id = self.dice.choice(sorted(self.paths))
        change = self.dice.choice((self.add, self.rename, self.move, self.move, self.flip, self.correct, self.undo))
        change() if change in {self.add, self.undo} else change(file_id)

    def rename(self, file_id: int) -> None:
        self._place(file_id, make_path(self.dice))

    def move(self, file_id: int) -> None:
        self._place(file_id, f"{make_folder(self.dice)}/{self.paths[file_id].rpartition('/')[2]}")

    def _place(self, file_id: int, path: str) -> None:
        if path not in self.paths.values():
            self.paths[file_id] = path
            change_file(self.engine, file_id, path=path)

    def flip(self, file_id: int) -> None:
        change_file(self.engine, file_id, state=self.dice.choice(("present", "missing")))

    def correct(self, file_id: int) -> None:
        field = self.dice.choice(sorted(CORRECTIONS))
        value = self.dice.choice(CORRECTIONS[field])
        correct_file(self.engine, path_or_id=file_id, field=field, value=value, actor=KIM)
        self.look()

    def undo(self) -> None:
        standing = [row.id for row in list_corrections(self.engine) if row.undoes is None and row.undone_by is None]
        if standing:
            undo_correction(self.engine, self.dice.choice(standing), actor=Actor(who="lee", reason="was right"))
            self.look()


def keys_of(engine: Engine) -> dict[tuple[str, ...], int]:
    with engine.connect() as connection:
        rows = connection.execute(
            text("""
                select s.project_code, s.key, v.key, e.key, e.id from episodes e
                join catalog_events v on v.id = e.event_id join seasons s on s.id = v.season_id
            """)
        )
        return {tuple(row[:-1]): row[-1] for row in rows}


def found_by(engine: Engine) -> set[tuple[object, ...]]:
    """Return the index without places and ids: the paths that each word finds, and where they have it."""
    with engine.connect() as connection:
        entries = {
            row.place: (row.path, row.title, str(sorted(row.facets.items())))
            for row in connection.execute(text("select place, path, title, facets from search_entries"))
        }
        return {
            (row.word, level, *entries[int(place)])
            for row in connection.execute(text("select * from search_words"))
            for level in ("title", "player", "path")
            for place in unpack_places(getattr(row, level))
        }


def check_corrections(engine: Engine) -> None:
    with engine.connect() as connection:
        rows = connection.execute(text("select file_id, parsed from video_files"))
        facts = {row.file_id: row.parsed for row in rows}
    newest: dict[int, str] = {}
    for row in list_corrections(engine):
        if row.is_in_force:
            newest[row.file_id] = row.field
    for row in list_corrections(engine):
        # A later correction may take an earlier one's fact away (an episode that of a clip); the newest always holds.
        if row.is_in_force and (newest[row.file_id] == row.field or row.field in {"project", "title", "day", "stage"}):
            assert show_value(row.field, facts[row.file_id]) == row.value, row


@pytest.fixture
def fresh(make_database: Callable[[bool], str]) -> Iterator[Engine]:
    engine = make_engine(make_database(True))
    yield engine
    engine.dispose()


def copy_state(source: Engine, target: Engine) -> None:
    """Copy the inventory and the decisions, without the catalog."""
    with source.connect() as reading, target.begin() as writing:
        for table in ("nas_files", "decisions"):
            rows = [dict(row._mapping) for row in reading.execute(text(f"select * from {table} order by id"))]
            for row in rows:
                if table == "decisions":
                    row |= dict(reading.execute(_AS_TEXT, {"id": row["id"]}).one()._mapping)
                names = ", ".join(row)
                values = ", ".join(
                    f"cast(:{name} as jsonb)" if name in {"subject", "value", "before"} else f":{name}" for name in row
                )
                writing.execute(text(f"insert into {table} ({names}) values ({values})"), row)


_AS_TEXT = text(
    "select subject::text as subject, value::text as value, before::text as before from decisions where id = :id"
)


@pytest.mark.parametrize("seed", range(choose(1, long=4)))
def test_many_changes_keep_ids_and_corrections_and_equal_a_fresh_build(
    engine: Engine, fresh: Engine, seed: int
) -> None:
    archive = Archive(engine, random.Random(seed))
    for _ in range(CHUNKS):
        archive.build()
        for _ in range(STEPS):
            archive.step()
        archive.build()
        check_corrections(engine)

    copy_state(engine, fresh)
    build_catalog(fresh, correlation_id="test", full=True)

    assert shape(engine) == shape(fresh)
    assert found_by(engine) == found_by(fresh)
    assert len(list_corrections(engine)) > CHUNKS


def test_the_drawn_corrections_are_of_fields_that_exist() -> None:
    assert CORRECTIONS.keys() <= FIELDS.keys()
