"""Read the settings of hands: folders beside the file, the hour at which a day begins, the rule."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines.settings import load_settings


def load(folder: Path, text: str) -> object:
    (folder / "pokervod.yaml").write_text(f"hands:\n{text}", encoding="utf-8")
    return load_settings({}, folder).hands


def test_folders_are_beside_the_file(tmp_path: Path) -> None:
    hands = load(tmp_path, "  drop_folders: [drop, /mnt/tables]\n  quarantine: bad\n")

    assert (hands.drop_folders, hands.quarantine) == ((tmp_path / "drop", Path("/mnt/tables")), tmp_path / "bad")


@pytest.mark.parametrize(("written", "clock"), [("06:00", time(6)), ("6:30", time(6, 30)), ('"23:15"', time(23, 15))])
def test_the_hour_is_a_clock_time_with_and_without_quotes(tmp_path: Path, written: str, clock: time) -> None:
    assert load(tmp_path, f"  day_starts_at: {written}\n").day_starts_at == clock


@pytest.mark.parametrize(
    "text", ["  day_starts_at: 25:00\n", "  drop_folders: 7\n", "  rule: {minimum: 3}\n", "  settle_seconds: -1\n"]
)
def test_a_slip_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadSettings, match=r"pokervod.yaml:2"):
        load(tmp_path, text)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2031, 5, 4, 20, tzinfo=UTC), date(2031, 5, 5)),
        (datetime(2031, 5, 4, 20, 59, tzinfo=UTC), date(2031, 5, 5)),
        (datetime(2031, 5, 4, 21, 1, tzinfo=UTC), date(2031, 5, 5)),
        (datetime(2031, 5, 4, 19, 59, tzinfo=UTC), date(2031, 5, 4)),
        (datetime(1, 1, 1, tzinfo=UTC), date(1, 1, 1)),
        (datetime(9999, 12, 31, 23, tzinfo=UTC), date(9999, 12, 31)),
    ],
)
def test_a_day_begins_at_its_hour_in_its_zone(moment: datetime, day: date) -> None:
    assert BroadcastDays(ZoneInfo("Asia/Seoul"), time(5)).find_day(moment) == day
