"""Files are sent by their ids, byte by byte as they are, from below the folders of the settings and nowhere else."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.api import files
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.api.serving import OPERATOR, SECRET, VIEWER, Served, fill, put_file, serve_app

CONTENT = bytes(range(256)) * 3_000
"""More than two pieces, so that a range crosses them."""

GIGABYTE = 1 << 30

_ADD = text("""
    insert into nas_files (root, library, path, path_key, size, mtime_ns, inode, category, version_type, is_junk,
        changed_at, first_seen_at)
    values ('archive', 'all', :path, :path, 1, 1, 1, :category, 'original', false, now() - cast(:age as interval),
        now() - cast(:age as interval)) returning id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """Hold a served archive, and put files into it."""

    api: Served
    root: Path

    def add(self, path: str, *, age: str = "1 day", category: str = "video") -> str:
        """Return the address of a file that the inventory has at the path, whether it is there or not."""
        with self.api.engine.begin() as connection:
            file_id = connection.execute(_ADD, {"path": path, "age": age, "category": category}).scalar_one()
        return f"/api/videos/{file_id}/file"

    def put(self, path: str, content: bytes = CONTENT, **options: str) -> str:
        """Return the address of a file with this content."""
        put_file(self.root / path, content)
        return self.add(path, **options)


@pytest.fixture
def archive(
    engine: Engine, settings_factory: Callable[..., Settings], database_url: str, tmp_path: Path
) -> Iterator[Archive]:
    root = tmp_path / "archive"
    root.mkdir()
    (root / "other.mp4").write_bytes(b"other")
    settings = settings_factory(
        database_url=database_url, archive_roots=[{"name": "archive", "path": root}], libraries=[]
    )
    with serve_app(settings, engine) as served:
        fill(engine, settings)
        served.add_keys()
        yield Archive(api=served, root=root)


def wait_for(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not claim() and time.monotonic() < deadline:
        time.sleep(0.01)


def ask(archive: Archive, path: str, **headers: str) -> Any:
    return archive.api.get(path, VIEWER, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_video_is_sent_as_it_is(archive: Archive) -> None:
    path = archive.put("WSOP/Día 1 – 핸드.mp4")
    whole, head = ask(archive, path), archive.api.ask("HEAD", path, VIEWER)

    assert (whole.status_code, whole.content) == (200, CONTENT)
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["content-disposition"].startswith("inline; filename*=UTF-8''D%C3%ADa%201")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(CONTENT)))
    assert ask(archive, path, If_None_Match=whole.headers["etag"]).status_code == 304


@pytest.mark.parametrize(
    ("asked", "span"),
    [("0-0", range(1)), ("262143-262144", range(262_143, 262_145)), ("-5", range(767_995, 768_000)),
     ("1000-", range(1_000, 768_000)), ("767999-999999999999", range(767_999, 768_000))],
)  # fmt: skip
def test_a_range_is_the_slice(archive: Archive, asked: str, span: range) -> None:
    response = ask(archive, archive.put("a.mov"), Range=f"bytes={asked}")

    assert (response.status_code, response.content) == (206, CONTENT[span.start : span.stop])
    assert response.headers["content-range"] == f"bytes {span.start}-{span.stop - 1}/{len(CONTENT)}"


def test_several_ranges_are_parts_of_one_answer(archive: Archive) -> None:
    response = ask(archive, archive.put("a.mov"), Range="bytes=0-3,300000-300002")

    boundary = response.headers["content-type"].partition("boundary=")[2].encode()
    parts = [part.partition(b"\r\n\r\n")[2] for part in response.content.split(b"--" + boundary)[1:-1]]
    assert parts == [CONTENT[:4] + b"\r\n", CONTENT[300_000:300_003] + b"\r\n"]
    assert len(response.content) == int(response.headers["content-length"])


def test_a_changed_file_is_sent_whole(archive: Archive) -> None:
    path = archive.put("a.mov")
    before = ask(archive, path).headers["etag"]
    put_file(archive.root / "a.mov", CONTENT[1:])

    assert ask(archive, path, Range="bytes=0-3", If_Range=before).content == CONTENT[1:]


def test_a_large_file_is_read_only_where_it_is_asked_for(archive: Archive) -> None:
    path = archive.put("large.mxf", b"")
    os.truncate(archive.root / "large.mxf", 5 * GIGABYTE)
    with (archive.root / "large.mxf").open("r+b") as file:
        file.seek(5 * GIGABYTE - 3)
        file.write(b"end")

    assert ask(archive, path, Range="bytes=-5").content == b"\0\0end"
    beyond = ask(archive, path, Range=f"bytes={5 * GIGABYTE}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{5 * GIGABYTE}")


@pytest.mark.parametrize(
    ("spoil", "status", "said"),
    [
        (lambda root: (root / "a.mov").unlink(), 404, "the file is missing"),
        (lambda root: (root / "a.mov").unlink() or (root / "a.mov").mkdir(), 404, "expected a file"),
        (lambda root: (root / "a.mov").unlink() or os.mkfifo(root / "a.mov"), 404, "expected a file"),
        (lambda root: (root / "a.mov").unlink() or (root / "a.mov").symlink_to("/etc/passwd"), 403, "a link leads out"),
        (lambda root: (root / "a.mov").unlink() or (root / "a.mov").symlink_to("a.mov"), 503, "cannot be read"),
        (lambda root: [each.unlink() for each in root.iterdir()], 503, "mount the share"),
        (lambda root: root.rename(root.with_name("moved")), 503, "mount the share"),
    ],
    ids=["deleted", "folder", "pipe", "link out", "link to itself", "unmounted", "moved root"],
)
def test_what_cannot_be_sent_says_why(
    archive: Archive, spoil: Callable[[Path], object], status: int, said: str
) -> None:
    path = archive.put("a.mov")
    spoil(archive.root)

    response = ask(archive, path)

    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    assert said in response.json()["detail"]


def test_only_videos_of_the_inventory_below_their_root_are_sent(archive: Archive) -> None:
    put_file(archive.root.parent / "secret.mp4", b"secret")

    assert ask(archive, archive.add("../secret.mp4")).status_code == 403
    assert ask(archive, archive.put("notes.txt", category="document")).status_code == 404
    assert ask(archive, "/api/videos/..%2F..%2Fetc%2Fpasswd/file").status_code in {404, 422}


def test_viewers_get_no_video_that_came_inside_the_delay(archive: Archive) -> None:
    path = archive.put("new.mov", SECRET.encode(), age="29 minutes")

    assert archive.api.get(path, OPERATOR).text == SECRET
    assert (ask(archive, path).status_code, SECRET in ask(archive, path).text) == (403, False)
    assert ask(archive, path.removesuffix("/file")).status_code == 403


def test_whoever_takes_nothing_is_dropped(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a slot nor a connection is kept for a client that asks and does not read."""
    monkeypatch.setattr(files, "TAKE_SECONDS", 0.2)
    monkeypatch.setattr(files, "MOST_OF_ONE", 1)
    path = archive.put("a.mov", b"")
    os.truncate(archive.root / "a.mov", GIGABYTE)
    host, port = archive.api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        key = archive.api.keys[VIEWER]
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n\r\n".encode())
        assert client.recv(10).startswith(b"HTTP/1.1 2")
        assert ask(archive, path).status_code == 503
        wait_for(lambda: not archive.api.app.state.files.count())
        received = 0
        while data := client.recv(1 << 20):
            received += len(data)

    assert received < GIGABYTE
    assert ask(archive, path, Range="bytes=0-1").content == b"\0\0"


def test_graphics_are_sent_with_their_pictures(archive: Archive) -> None:
    assert archive.api.get("/api/outputs/1/file", OPERATOR).content == SECRET.encode()
    assert archive.api.get("/api/outputs/1/preview", OPERATOR).headers["content-type"] == "image/jpeg"
    assert archive.api.get("/api/outputs/1/file?frame=2", OPERATOR).status_code == 400


def test_a_frame_of_a_sequence_is_sent_by_its_number(archive: Archive) -> None:
    with archive.api.engine.begin() as connection:
        connection.execute(text('update render_instructions set output = \'{"format": "png_sequence"}\''))
        connection.execute(text("update render_outputs set path = 'a/c'"))
    put_file(archive.api.settings.renders / "a" / "c" / "00002.png", b"second")

    assert archive.api.get("/api/outputs/1/file?frame=2", OPERATOR).content == b"second"
    for query in ("", "?frame=151"):
        response = archive.api.get(f"/api/outputs/1/file{query}", OPERATOR)
        assert (response.status_code, "from 1 to 150" in response.json()["detail"]) == (400, True)


def test_a_graphic_is_drawn_before_it_is_enqueued(archive: Archive) -> None:
    good = {"template": "elimination", "layers": {"player": "Anna Karlsson", "place": "12"}}
    picture = archive.api.post("/api/instructions/preview", good, OPERATOR)
    bad = [
        good | {"template": "eliminaton"},
        good | {"layers": {"playr": "Anna"}},
        good | {"output": {"width": 7680, "height": 4320}},
    ]
    answers = [archive.api.post("/api/instructions/preview", each, OPERATOR) for each in bad]

    assert (picture.status_code, picture.content[:4]) == (200, b"\x89PNG")
    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert "did you mean `elimination`?" in answers[0].json()["detail"]
