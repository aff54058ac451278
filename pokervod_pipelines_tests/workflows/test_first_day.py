"""Check that Dagster's days begin with the first day of a hand or graphic, whatever was imported in which order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.hands.interventions import withdraw_hand
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.first_day import BEFORE_IMPORT, find_first_day, fix_first_day, record_first_day
from pokervod_pipelines.workflows.hands import import_and_link_hands
from pokervod_pipelines_tests.hands.sessions import make_walk, write_session
from pokervod_pipelines_tests.workflows.render_day import RenderDay


@dataclass(frozen=True)
class Installation:
    """Import sessions that began at given times."""

    engine: Engine
    settings: Settings
    folder: Path

    def play(self, *starts: str) -> None:
        """Import a session of one hand for each start."""
        files = [self.write(start) for start in starts]
        import_and_link_hands(self.engine, self.settings, files, correlation_id="test")

    def write(self, start: str) -> Path:
        """Write the session's file and return its path."""
        hand = make_walk(StartDateTimeUTC=f"{start}:00.1Z")
        file = self.folder / f"{start}.json"
        number = int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp())
        file.write_bytes(write_session(hand, ID=number, CreatedDateTimeUTC=f"{start}:00.1Z"))
        return file


@pytest.fixture
def installation(engine: Engine, settings_factory: Callable[..., Settings], tmp_path: Path) -> Installation:
    return Installation(engine, settings_factory(), tmp_path)


def today() -> date:
    return datetime.now(UTC).date()


@pytest.mark.parametrize(
    ("imports", "first"),
    [
        ([["2026-05-04T18:00"]], "2026-05-04"),
        ([["2026-05-04T05:59"]], "2026-05-03"),  # a day begins at six
        ([["2026-05-04T18:00", "2026-02-28T18:00"]], "2026-02-28"),
        ([["2026-05-04T18:00"], ["2025-12-31T18:00"]], "2025-12-31"),
        ([["2026-05-04T18:00"], ["2026-06-04T18:00"], []], "2026-05-04"),
        ([["2026-05-04T18:00"], ["2000-01-01T18:00"]], "2024-01-01"),  # the clock of a table was reset
    ],
)
def test_days_begin_with_the_first_session(installation: Installation, imports: list[list[str]], first: str) -> None:
    for starts in imports:
        installation.play(*starts)

    assert find_first_day(installation.settings) == date.fromisoformat(first)


def test_a_withdrawn_hand_does_not_count(installation: Installation) -> None:
    installation.play("2001-01-01T18:00", "2026-05-04T18:00")
    with installation.engine.begin() as connection:
        withdraw_hand(connection, 1, actor=Actor(who="Ana", reason="the clock of the table was wrong"))
    installation.play()

    assert find_first_day(installation.settings) == date(2026, 5, 4)


def test_a_graphic_of_an_earlier_day_counts(installation: Installation) -> None:
    installation.play("2026-05-04T18:00")
    RenderDay(engine=installation.engine, settings=installation.settings).request_for("Ana", day=date(2026, 3, 1))
    record_first_day(installation.engine, installation.settings)

    assert find_first_day(installation.settings) == date(2026, 3, 1)


@pytest.mark.parametrize("folders", [(), ("drop",)])
def test_without_sessions_there_is_today_alone(
    installation: Installation, settings_factory: Callable[..., Settings], folders: tuple[str, ...]
) -> None:
    settings = settings_factory(hands={"drop_folders": folders})
    record_first_day(installation.engine, settings)

    assert find_first_day(settings) in {today(), date.fromordinal(today().toordinal() - 1)}


def test_a_record_that_cannot_be_written_leaves_nothing(installation: Installation) -> None:
    home = installation.settings.home
    (home / "first_day").mkdir(parents=True)

    record_first_day(installation.engine, installation.settings)

    assert [each.name for each in home.glob("*first_day*")] == ["first_day"]


def test_a_session_of_the_future_leaves_today(installation: Installation) -> None:
    installation.play("2999-05-04T18:00")

    assert find_first_day(installation.settings) <= today()


@pytest.mark.parametrize("section", [{"hands": {"drop_folders": ["x"]}}, {"tournaments": {"export_folders": ["x"]}}])
def test_before_anything_is_recorded_files_may_be_of_any_day(
    section: dict[str, object], settings_factory: Callable[..., Settings]
) -> None:
    assert find_first_day(settings_factory(**section)) == BEFORE_IMPORT


def test_the_configured_day_is_kept(installation: Installation, settings_factory: Callable[..., Settings]) -> None:
    installation.play("2026-05-04T18:00")

    assert find_first_day(settings_factory(hands={"first_day": "2026-05-01"})) == date(2026, 5, 1)
    assert fix_first_day(installation.settings).hands.first_day == date(2026, 5, 4)


@pytest.mark.parametrize("content", ["", "yesterday", "2026-13-01", "\x00"])
def test_a_spoiled_file_is_written_again(installation: Installation, content: str) -> None:
    installation.play("2026-05-04T18:00")
    (file,) = installation.settings.home.glob("first_day*")
    file.write_text(content)

    record_first_day(installation.engine, installation.settings)
    assert find_first_day(installation.settings) == date(2026, 5, 4)


def test_hands_are_imported_where_the_day_cannot_be_recorded(installation: Installation) -> None:
    installation.settings.home.write_bytes(b"no folder")
    installation.play("2026-05-04T18:00")

    with installation.engine.connect() as connection:
        assert connection.exec_driver_sql("select count(*) from hands").scalar() == 1
