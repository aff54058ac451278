"""Change an archive at random: what people said of a file or a row stays wherever the file goes."""

import random
from pathlib import Path

from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.catalog.corrections import correct_file
from pokervod_pipelines.nas.library_scan import scan_library
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines.sheets.pins import pin_row
from pokervod_pipelines.sheets.sync import sync_sheet
from pokervod_pipelines_tests.sizes import choose
from pokervod_pipelines_tests.sync.installation import Installation, ask, build_installation, write_file

ARCHIVIST = Actor(who="archivist", reason="seen", correlation_id="test")

STEPS, BETWEEN_SYNCS = choose(150, long=1_000), 50
IDS = "select size, id from nas_files where state = 'present' and category = 'video' and not is_junk"
PINNED = "select r.id, f.size from sheet_rows r join nas_files f on f.id = r.file_id where r.matcher = 'pinned'"
TITLES = "select v.file_id, v.title from video_files v"


class Archivists:
    """Change an archive as people do; every file has a size of its own, by which the test recognises it."""

    def __init__(self, installation: Installation, engine: Engine, seed: int) -> None:
        self.installation, self.engine, self.chance = installation, engine, random.Random(seed)
        self.settings = load_settings({}, installation.folder)
        self.made = 0
        self.titles: dict[int, str] = {}
        self.pins: dict[int, int] = {}

    def videos(self) -> list[Path]:
        return sorted(path for path in self.installation.archive.rglob("*.mp4") if not path.name.startswith("."))

    def step(self) -> None:
        act = self.chance.choices((self.rename_folder, self.move, self.add, self.correct, self.pin), (4, 6, 3, 2, 1))[0]
        act()

    def rename_folder(self) -> None:
        folder = self.chance.choice(self.videos()).parent
        if folder.parent != self.installation.archive and folder.name not in {"WSOP", "PAD"}:
            folder.rename(folder.with_name(f"{folder.name.split(' ~')[0]} ~{self.chance.randrange(10_000)}"))

    def move(self) -> None:
        path, beside = self.chance.sample(self.videos(), 2)
        target = beside.parent / path.name
        if not target.exists():
            path.rename(target)

    def add(self) -> None:
        self.made += 1
        name = f"ARCHIVE/PAD/new/pad-s14-ep{self.made:03}-001.mp4"
        write_file(self.installation.archive / name, 9_000_000 + self.made)

    def correct(self) -> None:
        with self.engine.connect() as connection:
            rows = ask(connection, TITLES)
        file_id = self.chance.choice(rows)[0]
        self.titles[file_id] = f"As a person says {self.chance.randrange(10_000)}"
        correct_file(self.engine, path_or_id=file_id, field="title", value=self.titles[file_id], actor=ARCHIVIST)

    def pin(self) -> None:
        with self.engine.connect() as connection:
            rows = ask(connection, "select id from sheet_rows")
            files = ask(connection, "select path, size from nas_files where category = 'video' and state = 'present'")
        row_id, (path, size) = self.chance.choice(rows)[0], self.chance.choice(files)
        pin_row(self.engine, row_id=row_id, path=path, actor=ARCHIVIST)
        self.pins[row_id] = size

    def sync(self) -> None:
        for library in self.settings.libraries:
            scan_library(self.engine, self.settings, library.name, correlation_id="test")
        build_catalog(self.engine, correlation_id="test", full=self.chance.random() < 0.3)
        sync_sheet(self.engine, self.settings, "notes", correlation_id="test", full=self.chance.random() < 0.3)


def test_ids_corrections_and_pins_stay_through_many_changes(tmp_path: Path, engine: Engine) -> None:
    people = Archivists(build_installation(tmp_path), engine, seed=14)
    people.sync()
    with engine.connect() as connection:
        ids = dict(ask(connection, IDS))

    for number in range(1, STEPS + 1):
        people.step()
        if number % BETWEEN_SYNCS == 0:
            people.sync()
            with engine.connect() as connection:
                seen = dict(ask(connection, IDS))
                titles = dict(ask(connection, TITLES))
                pinned = dict(ask(connection, PINNED))
            assert {size: seen.get(size) for size in ids} == ids
            assert {file_id: titles[file_id] for file_id in people.titles} == people.titles
            assert pinned == people.pins
            ids = seen
