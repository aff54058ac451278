"""The catalog and clips are read page by page, exported as the command does, and without what was not broadcast."""

import io
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.routes import catalog
from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.catalog.corrections import correct_file
from pokervod_pipelines.settings.rooms import ArchiveRoot, Library
from pokervod_pipelines.sheets.pins import pin_row
from pokervod_pipelines_tests.api.serving import OPERATOR, VIEWER, Served
from pokervod_pipelines_tests.catalog.inventory import add_file

CARDS = "AhJd"

OLD = "ARCHIVE/PAD/PAD S12/pad-s12-ep01-098.mp4"
YOUNG = f"ARCHIVE/WSOP/2024 WSOP-PARADISE SUPER MAIN EVENT/Hand Clip/Day 4/1218_Hand_31_Oakley {CARDS} vs Marsh_PGM.mp4"

PATHS = (
    "/api/videos?query=oakley", "/api/videos/2", "/api/videos", f"/api/videos?query={CARDS}", "/api/catalog/episodes",
    "/api/catalog/tree?project=WSOP", "/api/catalog/copies", "/api/catalog/corrections", "/api/missing-files",
    "/api/duplicates", "/api/clips", "/api/clips?query=oakley", "/api/clips/2", "/api/clips/export?format=csv",
    "/api/videos/2/file", "/api/rows", "/api/rows/2", "/api/pins", "/api/exports/rows.csv", "/api/sheets/tracker",
)  # fmt: skip


@pytest.fixture
def filled(api: Served, tmp_path: Path) -> Served:
    """Serve a catalog of an old file and one with cards in its name, which came just now; each with its clip."""
    places = {
        "archive_roots": (ArchiveRoot(name="archive", path=tmp_path),),
        "libraries": (Library(name="all", root="archive"),),
    }
    api.app.state.context.settings = api.settings.model_copy(update=places)
    engine = api.engine
    for path in (OLD, YOUNG, f"{YOUNG[:-4]} (1).mp4"):
        add_file(engine, path, root="archive")
    with engine.begin() as connection:
        connection.execute(
            text("update nas_files set changed_at = now() - interval '1 day', mtime_ns = 7 where path = :path"),
            {"path": OLD},
        )
    build_catalog(engine, correlation_id="made")
    correct_file(engine, path_or_id=2, field="title", value=f"Oakley {CARDS}", actor=Actor(who="anna", reason=CARDS))
    add_clips(engine)
    return api


def add_clips(engine: Engine) -> None:
    with engine.begin() as connection:
        for number, title, age in ((1, "Old hand", "1 day"), (2, f"Oakley {CARDS}", "1 minute")):
            connection.execute(
                text("""
                    with made as (
                        insert into sheet_rows (sheet, tab, row_number, fingerprint, file_name, folder_link, content)
                        values ('tracker', 'Hands', :number, :title, :title, '', '{}') returning id
                    )
                    insert into hand_clips (sheet_row_id, sheet, file_id, in_ms, out_ms, title, grade, winner, hands,
                        input_hash, changed_at)
                    select id, 'tracker', :number, 1000, 5000, :title, 2, '', :title, '',
                        now() - cast(:age as interval) from made
                """),
                {"number": number, "title": title, "age": age},
            )
        connection.execute(
            text("insert into sheet_states (sheet, read_at, problems) values ('tracker', now(), cast(:it as jsonb))"),
            {"it": f'[["tracker, row 2", "{CARDS} is no time"]]'},
        )
    pin_row(engine, row_id=2, path=YOUNG, actor=Actor(who="anna", reason=CARDS))


def test_viewers_see_nothing_of_what_came_inside_the_delay(filled: Served) -> None:
    shown = {path for path in PATHS if CARDS in filled.get(path, OPERATOR).text}

    assert [path for path in PATHS if CARDS in filled.get(path, VIEWER).text] == []
    assert {path.partition("?")[0] for path in shown} >= {
        "/api/videos", "/api/videos/2", "/api/catalog/tree", "/api/catalog/corrections", "/api/duplicates",
        "/api/clips", "/api/clips/2", "/api/catalog/episodes", "/api/catalog/copies", "/api/rows", "/api/rows/2",
        "/api/pins", "/api/exports/rows.csv", "/api/sheets/tracker",
    }  # fmt: skip
    assert filled.read("/api/videos?query=oakley", VIEWER)["total"] == 0, "words of its name find it"


def test_what_is_made_of_the_whole_archive_is_made_once_for_all(
    filled: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "REPORT_AGE", 600.0)
    filled.app.state.reports = catalog.make_reports(filled.app.state.context)
    before = [filled.read(path, OPERATOR) for path in ("/api/catalog/stats", "/api/catalog/copies")]
    with filled.engine.begin() as connection:
        connection.execute(text("update nas_files set state = 'missing'"))
    after = [filled.read(path, OPERATOR) for path in ("/api/catalog/stats", "/api/catalog/copies")]

    assert before == after != [[], []]


def test_files_that_are_hidden_are_named_by_one_question(filled: Served) -> None:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert filled.read("/api/duplicates", VIEWER) == []
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert sum("from nas_files where id" in statement for statement in asked) == 1


def test_a_video_tells_what_belongs_to_it(filled: Served) -> None:
    found = filled.read("/api/videos/2", OPERATOR)

    assert (found["file"]["path"], found["file"]["size"]) == (YOUNG, 10**9)
    assert [each["title"] for each in found["clips"]] == [f"Oakley {CARDS}"]
    assert [each["reason"] for each in found["corrections"]] == [CARDS]
    assert {"title": f"Oakley {CARDS}"}.items() <= {each["field"]: each["value"] for each in found["facts"]}.items()
    assert filled.get("/api/videos/99", OPERATOR).status_code == 404


def test_clips_are_listed_page_by_page(filled: Served) -> None:
    first = filled.read("/api/clips?limit=1", OPERATOR)
    second = filled.read(f"/api/clips?limit=1&after={first['next']}", OPERATOR)
    last = filled.read(f"/api/clips?limit=1&after={second['next']}", OPERATOR)

    assert [each["id"] for page in (first, second, last) for each in page["items"]] == [1, 2]
    assert last["next"] is None
    assert [each["id"] for each in filled.read("/api/clips?file_id=2", OPERATOR)["items"]] == [2]


def test_seasons_events_and_episodes_are_listed_below_each_other(filled: Served) -> None:
    [season] = filled.read("/api/catalog/seasons?project=pad")["items"]
    [event] = filled.read(f"/api/catalog/events?season_id={season['id']}")["items"]
    [episode] = filled.read(f"/api/catalog/episodes?event_id={event['id']}")["items"]
    tree = filled.read(f"/api/catalog/tree?project=pad&season_id={season['id']}")

    assert (season["episodes"], event["episodes"], episode["preferred_file_id"]) == (1, 1, 1)
    assert tree["seasons"][0]["events"][0]["episodes"][0]["files"][0]["path"] == OLD
    assert filled.get("/api/catalog/tree?project=NO").status_code == 404


def test_an_unusable_export_says_why(filled: Served) -> None:
    answers = [
        filled.get(f"/api/clips/export?{query}")
        for query in ("project=NO", "assume_rate=x", "format=edl", "format=mp4", "query=nothing")
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400, 422, 400]
    assert "frame rate" in answers[2].json()["detail"]


def test_a_download_names_what_is_not_in_it(filled: Served) -> None:
    with filled.engine.begin() as connection:
        connection.execute(text("update nas_files set root = 'gone' where id = 2"))

    response = filled.get("/api/clips/export?assume_rate=25&title=a/b")
    archive = zipfile.ZipFile(io.BytesIO(response.content))

    assert response.headers["content-disposition"] == "attachment; filename*=UTF-8''a_b.zip"
    assert archive.namelist() == ["a_b.edl", "not exported.txt"]
    assert "Old hand" in archive.read("a_b.edl").decode()
    assert archive.read("not exported.txt").decode().startswith("clip 2: the archive root 'gone' is missing")
