"""Check what `pokervod metrics` prints, for a person, for a program, and for Prometheus."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine
from typer.testing import CliRunner

from pokervod_pipelines.cli import metric_pages
from pokervod_pipelines.cli.app import app
from pokervod_pipelines.cli.metric_pages import draw_series
from pokervod_pipelines.monitoring.measures.shape import Point
from pokervod_pipelines_tests.cli.command import RunCommand
from pokervod_pipelines_tests.monitoring.measured import MeasuredQueue

NOW = datetime.now(UTC)

WITHOUT_FIGURE = ("throughput", "latency, average", "latency, p50", "latency, p95", "error rate", "completion")


@pytest.fixture
def graphics(engine: Engine) -> MeasuredQueue:
    """Fill the queue: three completed, one of them yesterday, one failed, one pending."""
    queue = MeasuredQueue(engine=engine)
    now = datetime.now(UTC)
    queue.add(now - timedelta(minutes=30), 10, "completed", template="payouts")
    queue.add(now - timedelta(minutes=30), 30, "completed")
    queue.add(now - timedelta(minutes=30), 60, "failed")
    queue.add(now - timedelta(hours=23), 600, "completed")
    queue.add(now - timedelta(minutes=40))
    return queue


def read_samples(printed: str) -> dict[tuple[str, ...], float]:
    """Return the samples by name and values of their sorted labels, as Prometheus' own parser reads them."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(printed)
        for sample in family.samples
    }


def test_nothing_to_measure_is_a_dash(pokervod: RunCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = pokervod("metrics").printed.splitlines()

    for measure in WITHOUT_FIGURE:
        (line,) = [line for line in lines if line.strip().startswith(f"{measure} ")]
        assert line.removeprefix(f" {measure}").split()[0] == "–", line
    assert any(line.split() == ["no", "run", "ended"] for line in lines)


def test_a_person_sees_the_figures_of_the_window(pokervod: RunCommand, graphics: MeasuredQueue) -> None:
    hour, day = pokervod("metrics").printed, pokervod("metrics", "--window", "24h", "--by", "template").printed
    columns = {line.split("  ")[0].strip(): line for line in hour.splitlines()}

    assert "2 an hour" in columns["throughput"]
    assert "20 s" in columns["latency, average"]
    assert "33.3 %" in columns["error rate"]
    assert "1 failed, 0 timed out of 3 that ended" in columns["error rate"]
    assert "1 pending, 0 of them paused; 0 processing" in columns["queue now"]
    assert columns["delayed now"].split()[2] == "1"
    (payouts,) = [line.split() for line in day.splitlines() if line.split()[:1] == ["payouts"]]
    assert payouts[1:] == ["1", "0.04", "10", "s", "10", "s", "10", "s", "0", "%", "0"]


def test_under_a_past_window_the_figures_of_now_say_so(pokervod: RunCommand, graphics: MeasuredQueue) -> None:
    graphics.add(NOW - timedelta(days=2, hours=1), 10, "completed", template="payouts")
    past = [f"{NOW - timedelta(days=days):%Y-%m-%d}" for days in (3, 2)]
    lines = pokervod("metrics", "--since", past[0], "--until", past[1], "--by", "template").printed.splitlines()

    assert {line.split("  ")[0].strip() for line in lines} >= {"queue now", "orphans now", "delayed now"}
    (header,) = [line for line in lines if line.split()[:2] == ["template", "completed"]]
    assert header.split()[-2:] == ["queue", "now"]
    assert "memory and disks now" in lines
    assert len(header.rstrip()) <= 80


def test_a_folder_to_which_nothing_came_is_not_one_that_was_never_read(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sections = {"hands": {"drop_folders": ["drop"]}, "sheets": [{"name": "notes", "path": "notes.xlsx"}]}
    (tmp_path / "pokervod.yaml").write_text(json.dumps(sections), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("POKERVOD_HOME", "home")
    monkeypatch.setenv("POKERVOD_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    lines = [line.split() for line in CliRunner().invoke(app, ["metrics"]).stdout.splitlines()]

    assert ["source", "read", "ago", "at"] in lines
    assert ["sheet", "notes", "–", "never"] in lines
    assert ["folder", "newest", "file", "at"] in lines
    assert ["drop", "folder", str(tmp_path / "drop"), "–", "no", "file", "so", "far"] in lines


def test_a_program_gets_the_shapes_of_the_api(pokervod: RunCommand, graphics: MeasuredQueue) -> None:
    renders = pokervod("metrics", "--json", "--window", "24h").json["renders"]

    assert renders["throughput"]["figure"] == pytest.approx(3 / 24)
    assert renders["throughput"]["unit"] == "graphics an hour"
    assert sum(each["value"] for each in renders["throughput"]["series"]) == 3
    assert renders["latency"]["average"] == pytest.approx(640 / 3)
    assert renders["error_rate"]["figure"] == 0.25
    assert (renders["queue_depth"]["pending"], renders["queue_depth"]["processing"]) == (1, 0)
    assert renders["throughput"]["series"][0]["at"].endswith("+00:00")


def test_without_anything_json_has_null_and_never_0(pokervod: RunCommand) -> None:
    document = pokervod("metrics", "--json").json

    assert document["renders"]["throughput"]["figure"] is None
    assert document["renders"]["latency"]["p95"] is None
    assert document["renders"]["error_rate"]["figure"] is None
    assert document["data_flow_health"]["completion_rate"] is None


def test_prometheus_reads_the_text(pokervod: RunCommand, graphics: MeasuredQueue) -> None:
    samples = read_samples(pokervod("metrics", "--prometheus").printed)

    assert samples["pokervod_render_ended_total", "completed", "elimination"] == 2
    assert samples["pokervod_render_ended_total", "failed", "elimination"] == 1
    assert samples["pokervod_render_requested_total", "payouts"] == 1
    assert samples["pokervod_render_latency_seconds_count",] == 3
    assert samples["pokervod_render_latency_seconds_sum",] == pytest.approx(640)
    assert samples["pokervod_render_latency_seconds", "0.5"] == pytest.approx(20)
    assert samples["pokervod_render_queue_instructions", "pending"] == 1
    assert samples["pokervod_render_error_ratio",] == pytest.approx(1 / 3)
    assert samples["pokervod_window_seconds",] == 3600
    assert samples["pokervod_machine_memory_bytes",] > 0


def test_what_has_no_figure_has_no_sample(pokervod: RunCommand) -> None:
    samples = read_samples(pokervod("metrics", "--prometheus").printed)

    assert not [key for key in samples if key[0] in {"pokervod_render_error_ratio", "pokervod_flow_completion_ratio"}]
    assert not [key for key in samples if key[0] == "pokervod_render_latency_seconds"]
    assert samples["pokervod_orphan_hands",] == 0


def test_each_name_has_its_unit(pokervod: RunCommand, graphics: MeasuredQueue) -> None:
    printed = pokervod("metrics", "--prometheus").printed
    families = {family.name: family for family in text_string_to_metric_families(printed)}

    assert all(name.startswith("pokervod_") for name in families)
    for name, family in families.items():
        assert (family.type == "counter") == (f"{name}_total" in printed), name
        assert name.endswith("_seconds") == ("seconds" in name), name
        assert name.endswith("_bytes") == ("bytes" in name), name


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--window", "soon"), "--window: expected a length such as 30m, 1h, 24h, 7d or 4w, got 'soon'"),
        (("--since", "2126-01-01"), "--since '2126-01-01' is not in the past; give an earlier time"),
    ],
)
def test_a_window_that_cannot_be_is_refused(pokervod: RunCommand, words: tuple[str, ...], message: str) -> None:
    result = pokervod("metrics", *words)

    assert (result.status, result.error) == (2, message)


def test_a_long_series_is_drawn_in_as_many_bars_as_fit() -> None:
    series = [Point(at=NOW, value=number % 7) for number in range(600)]

    assert 0 < len(draw_series(series)) <= metric_pages.WIDEST
    assert draw_series([Point(at=NOW, value=0)]) == ""


def test_an_unknown_group_is_refused_in_plain_words() -> None:
    refused = CliRunner().invoke(app, ["metrics", "--by", "colour"])

    assert refused.exit_code == 2
    assert "'colour' is not one of 'renderer'" in " ".join(refused.stderr.split())
    assert "Value error" not in refused.stderr


def test_the_age_of_data_is_shown_and_no_data_has_no_sample(pokervod: RunCommand, graphics: MeasuredQueue) -> None:
    samples = read_samples(pokervod("metrics", "--prometheus").printed)
    lines = [line.split() for line in pokervod("metrics").printed.splitlines()]

    assert samples["pokervod_data_age_seconds", "graphics", ""] > 0
    assert ("pokervod_data_age_seconds", "hands", "") not in samples
    assert ["hands", "–", "no", "data", "so", "far"] in lines
