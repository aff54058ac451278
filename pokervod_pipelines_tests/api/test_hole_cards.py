"""Hole cards inside the broadcast delay are in no answer to anybody below operator: their bytes are looked for."""

from sqlalchemy import text

from pokervod_pipelines_tests.api.serving import CARDS, OPERATOR, SECRET, VIEWER, Served
from pokervod_pipelines_tests.api.test_document import list_operations, make_path

PATHS = sorted(
    make_path(path)
    for method, path, _ in list_operations()
    if method == "GET" and not path.startswith(("/docs", "/open"))
)


def shows_cards(text_: str) -> bool:
    return SECRET in text_ or any(f'"{card}"' in text_ for card in CARDS)


def test_no_read_shows_a_viewer_cards_inside_the_delay(api: Served) -> None:
    assert [path for path in PATHS if shows_cards(api.get(path, VIEWER).text)] == []


def test_an_operator_sees_them_at_once(api: Served) -> None:
    """Otherwise the test above looks for what is nowhere."""
    shown = [path for path in PATHS if shows_cards(api.get(path, OPERATOR).text)]

    assert {"/api/instructions", "/api/log", "/api/events", "/api/events/1", "/api/dashboard"} <= {*shown}


def test_viewers_see_them_when_the_delay_is_over(api: Served) -> None:
    with api.engine.begin() as connection:
        connection.execute(text("update render_instructions set created_at = now() - interval '31 minutes'"))
    [*items] = api.read("/api/instructions", VIEWER)["items"]

    assert {each["withheld"] for each in items} == {False}
    assert {each["layers"]["text"] for each in items} == {SECRET}


def test_what_is_withheld_says_so(api: Served) -> None:
    [first, *_] = api.read("/api/instructions", VIEWER)["items"]

    assert (first["withheld"], first["layers"]) == (True, {})
    assert "broadcast delay" in first["reason"]
