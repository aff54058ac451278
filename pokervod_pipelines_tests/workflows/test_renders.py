"""Check that a day's graphics are rendered, audited and counted, and when the sensor requests it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.hands.imports import import_hands
from pokervod_pipelines.render.outputs.audit import OutputsUnavailable
from pokervod_pipelines.render.outputs.paths import UNFINISHED
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows import renders
from pokervod_pipelines.workflows.renders import (
    LEFTOVER_SECONDS,
    MAX_REQUESTS,
    Completeness,
    QueueState,
    audit_day,
    decide_days,
    embed_previews,
    find_next_attempt,
    list_orphans,
    measure_completeness,
    read_queue_state,
    run_outputs_stage,
    sweep_leftovers,
)
from pokervod_pipelines.workflows.stages import SyncRun
from pokervod_pipelines_tests.hands.sessions import make_showdown, write_session
from pokervod_pipelines_tests.render.render_database import RenderDatabase
from pokervod_pipelines_tests.workflows.render_day import DAY, RenderDay

NEXT_DAY = DAY + timedelta(days=1)
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def render_day(engine: Engine, settings_factory: Callable[..., Settings]) -> RenderDay:
    return RenderDay(engine=engine, settings=settings_factory())


def measure(render_day: RenderDay, day: date | None = DAY) -> Completeness:
    with render_day.engine.connect() as connection:
        return measure_completeness(connection, day)


def read_queue(render_day: RenderDay, *renderers: str) -> QueueState:
    with render_day.engine.connect() as connection:
        return read_queue_state(connection, renderers or ("local",))


def test_a_day_is_drained_and_others_are_left_unless_they_are_named(render_day: RenderDay) -> None:
    ours = render_day.request_for("Ana Ruiz")
    (theirs,), (named,) = (
        render_day.request_for("Tom", day=NEXT_DAY),
        render_day.request_for("Zoe", day=date(2031, 5, 4)),
    )
    (broken,) = render_day.request_unrenderable("Nobody")
    run = SyncRun(engine=render_day.engine, settings=render_day.settings, correlation_id="test")

    outcome = run_outputs_stage(run, DAY, also=[date(2031, 5, 4)])

    assert render_day.states() == {ours[0]: "completed", theirs: "pending", named: "completed", broken: "failed"}
    assert outcome.counts == {
        "rendered_now": 2,
        "completed": 1,
        "failed": 1,
        "premium_hands": 0,
        "hands_with_instruction": 0,
        "complete_percent": 50,
        "leftovers_removed": 0,
    }
    assert [problem.where for problem in outcome.problems] == [f"instruction {broken} (elimination)"]
    assert outcome.problems[0].what == ("failed: template elimination: player: the layer is required")
    assert (render_day.settings.renders / f"2026-01-05/elimination_{ours[0]}.mov").is_file()
    shown = embed_previews(render_day.engine, DAY, render_day.settings.zone)
    assert shown.startswith(f"![elimination {ours[0]} · Ana Ruiz](data:image/jpeg;base64,/9j/")
    assert shown.endswith(f"  \n**elimination {ours[0]}** · Ana Ruiz")
    assert audit_day(render_day.engine, render_day.settings) == {}


def test_a_preview_says_which_hand_it_shows(render_day: RenderDay, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_bytes(write_session(make_showdown(number=7), EventTitle="Main Event"))
    import_hands(render_day.engine, render_day.settings, [tmp_path / "s.json"], correlation_id="test")
    render_day.request_for("Ana", hand_id=1)
    (job,) = render_day.claim()
    (tmp_path / "x.mov").write_bytes(b"x")
    render_day.finish_as(job, tmp_path / "x.mov")
    render_day.execute("update render_outputs set preview = 'jpeg'")

    shown = embed_previews(render_day.engine, DAY, ZoneInfo("Asia/Seoul"))
    assert shown.endswith("**elimination 1** · Ana · Main Event · hand #7 at 03:00:00")


def test_the_audit_of_a_day_stores_problems_and_removes_them_when_they_are_fixed(render_day: RenderDay) -> None:
    gone, changed, other = (
        render_day.make_file("Ana"),
        render_day.make_file("Tom"),
        render_day.make_file("Zoe", day=NEXT_DAY),
    )
    content = gone.read_bytes()
    gone.unlink()
    changed.write_bytes(b"x")
    other.unlink()

    found = audit_day(render_day.engine, render_day.settings, DAY)
    kept = render_day.execute("select path, problem, checked_at is not null from render_outputs order by path")
    gone.write_bytes(content)

    assert set(found) == {gone.name, changed.name}
    assert kept == [(gone.name, found[gone.name], True), (changed.name, found[changed.name], True),
                    (other.name, None, False)]  # fmt: skip
    assert set(audit_day(render_day.engine, render_day.settings)) == {changed.name, other.name}


def test_an_audit_without_its_folder_stores_nothing(render_day: RenderDay) -> None:
    path = render_day.make_file()
    path.parent.rename(path.parent.with_name("unmounted"))

    with pytest.raises(OutputsUnavailable, match="check the mount"):
        audit_day(render_day.engine, render_day.settings, DAY)
    assert render_day.execute("select problem, checked_at from render_outputs") == [(None, None)]


@pytest.mark.parametrize(("age", "left"), [(LEFTOVER_SECONDS, {"dead", "held", "foreign"}), (-1, {"held", "foreign"})])
def test_leftovers_of_dead_workers_are_deleted_once_they_are_old(
    render_day: RenderDay, monkeypatch: pytest.MonkeyPatch, age: float, left: set[str]
) -> None:
    monkeypatch.setattr(renders, "LEFTOVER_SECONDS", age)
    folder = render_day.settings.renders / UNFINISHED
    folder.mkdir(parents=True)
    names = {"dead": f"{uuid4()}.mov", "held": f"{render_day.claim_one().claim_id}.mov", "foreign": "notes.txt"}
    for name in names.values():
        (folder / name).write_bytes(b"x")

    assert sweep_leftovers(render_day.engine, render_day.settings) == len(names) - len(left)
    assert {each.name for each in folder.iterdir()} == {names[kind] for kind in left}


def test_sweeping_creates_no_folder(render_day: RenderDay) -> None:
    assert sweep_leftovers(render_day.engine, render_day.settings) == 0
    assert not render_day.settings.renders.exists()


def test_completeness_goes_from_hands_by_instructions_to_files(render_day: RenderDay) -> None:
    hands = RenderDatabase(engine=render_day.engine, settings=render_day.settings)
    first, second, third = (hands.put_hand(number, day=DAY) for number in (1, 2, 3))
    hands.put_hand(4, day=DAY, is_test=True)
    hands.put_hand(5, day=DAY, is_premium=False)
    render_day.make_file()
    render_day.request_for("Ana", hand_id=first, trigger_kind="premium_hand")
    (unwanted,) = render_day.request_for("Tom", hand_id=second, trigger_kind="premium_hand")
    hands.set_state(unwanted, "cancelled")

    found = measure(render_day)

    assert found == Completeness(hands=3, hands_requested=2, instructions=2, completed=1)
    assert found.percent == pytest.approx(100 / 3)
    assert measure(render_day, NEXT_DAY) == Completeness(hands=0, hands_requested=0, instructions=0, completed=0)
    assert measure(render_day, None) == found
    assert third


def test_a_day_without_expected_graphics_is_complete() -> None:
    assert Completeness(hands=0, hands_requested=0, instructions=0, completed=0).percent == 100.0


def test_a_graphic_whose_hand_was_deleted_is_not_expected(render_day: RenderDay) -> None:
    render_day.request_for("Ana")
    render_day.execute("update render_instructions set withdrawn_at = now()")

    assert measure(render_day).percent == 100.0


PAUSE = "insert into render_pauses (scope, reason, by, until) values ('{}', 'x', 'eva', {})"
LOCAL = {"w1": ("local",)}
WAITING = [
    ("it waits", "select 1", {}, 1),
    ("it is not due", "update render_instructions set due_at = now() + interval '1 minute'", {}, 0),
    ("all is paused", PAUSE.format("all", "null"), {}, 0),
    ("its template is paused", PAUSE.format("template:elimination", "null"), {}, 0),
    ("its renderer is paused", PAUSE.format("renderer:local", "null"), {}, 0),
    ("another is paused", PAUSE.format("renderer:nexrender", "null"), {}, 1),
    ("a pause is over", PAUSE.format("all", "now()"), {}, 1),
    ("a worker is alive", "select 1", LOCAL, 0),
    ("only a worker of another renderer is alive", "select 1", {"w1": ("nexrender",)}, 1),
    ("a worker of its day is alive", "update render_workers set day = '2026-01-05'", LOCAL, 0),
    ("only a worker of another day is alive", "update render_workers set day = '2026-01-06'", LOCAL, 1),
    ("the worker was not seen for long", "update render_workers set seen_at = now() - interval '31 s'", LOCAL, 1),
    ("the worker stopped", "update render_workers set stopped_at = now()", LOCAL, 1),
    ("the worker is quarantined", "update render_workers set quarantine_reason = 'its disk'", LOCAL, 1),
]


@pytest.mark.parametrize(("about", "then", "crew", "unserved"), WAITING, ids=lambda value: str(value)[:40])
def test_graphics_that_no_worker_serves_are_counted(
    render_day: RenderDay, about: str, then: str, crew: dict[str, tuple[str, ...]], unserved: int
) -> None:
    render_day.request_for("Ana")
    for name, renderers in crew.items():
        render_day.register_worker(name, *renderers)
    render_day.execute(then)

    assert sum(read_queue(render_day).unserved.values()) == unserved, about


def test_graphics_for_a_renderer_that_is_not_configured_are_left_to_others(render_day: RenderDay) -> None:
    render_day.request_for("Ana", renderer="nexrender")

    assert read_queue(render_day, "local").unserved == {}
    assert read_queue(render_day, "local", "nexrender").unserved == {DAY: 1}


def test_a_day_is_finished_when_nothing_of_it_is_due_or_running(render_day: RenderDay) -> None:
    render_day.make_file("Ana")
    render_day.make_file("Tom", day=NEXT_DAY)
    render_day.request_for("Zoe", day=NEXT_DAY)

    assert set(read_queue(render_day).finished) == {DAY}
    render_day.execute("update render_instructions set due_at = now() + interval '1 minute' where state = 'pending'")
    assert set(read_queue(render_day).finished) == {DAY, NEXT_DAY}
    render_day.execute("update render_outputs set made_at = now() - interval '25 hours'")
    assert read_queue(render_day).finished == {}


UNSERVED = "graphics are pending and no worker is alive"
LATER, LONG_BEFORE = NOON + timedelta(minutes=1), NOON - timedelta(hours=1)
DECISIONS = [
    ("nothing is new", {}, {}, {}, []),
    ("no worker serves it", {DAY: 3}, {}, {}, [(DAY, f"3 {UNSERVED}")]),
    ("never materialized", {}, {DAY: NOON}, {DAY: None}, [(DAY, "its graphics are finished")]),
    ("materialized since", {}, {DAY: NOON}, {DAY: LATER}, []),
    ("made since it was materialized", {}, {DAY: NOON}, {DAY: LONG_BEFORE}, [(DAY, "its graphics are finished")]),
    ("made while it was materialized", {}, {DAY: NOON}, {DAY: NOON}, [(DAY, "its graphics are finished")]),
    ("a day that is not a partition", {}, {DAY: NOON}, {}, []),
    ("pending graphics come first", {DAY: 1}, {NEXT_DAY: NOON}, {NEXT_DAY: None}, [(DAY, f"1 {UNSERVED}"),
                                                                       (NEXT_DAY, "its graphics are finished")]),
    ("a day is requested once", {DAY: 1}, {DAY: NOON}, {DAY: None}, [(DAY, f"1 {UNSERVED}")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("about", "unserved", "finished", "materialized", "requests"), DECISIONS, ids=lambda value: str(value)[:30]
)
def test_the_days_to_materialize_are_those_of_the_table(
    about: str,
    unserved: dict[date, int],
    finished: dict[date, datetime],
    materialized: dict[date, datetime | None],
    requests: list[tuple[date, str]],
) -> None:
    queue = QueueState(unserved=unserved, alive=0, finished=finished)

    assert [(each.day, each.reason) for each in decide_days(queue, materialized)] == requests, about


def test_few_days_are_requested_at_a_time() -> None:
    many = {DAY + timedelta(days=number): 1 for number in range(9)}

    assert len(decide_days(QueueState(unserved=many, alive=0, finished={}), {})) == MAX_REQUESTS


def ago(**spans: float) -> datetime:
    return NOON - timedelta(**spans)


NEXT_ATTEMPTS = [
    ("no run failed", [], None),
    ("one failed", [NOON], timedelta(seconds=30)),
    ("three failed at once", [NOON, NOON, ago(seconds=2)], timedelta(seconds=30)),
    ("they fail for a minute", [NOON, ago(seconds=40), ago(minutes=1)], timedelta(minutes=1)),
    ("they fail for five minutes", [NOON, ago(minutes=3), ago(minutes=5)], timedelta(minutes=5)),
    ("they fail for long", [NOON, ago(minutes=10), ago(minutes=55)], timedelta(minutes=10)),
]


@pytest.mark.parametrize(("about", "failed", "delay"), NEXT_ATTEMPTS, ids=lambda value: str(value)[:30])
def test_after_failed_runs_the_next_is_requested_later_each_time(
    about: str, failed: list[datetime], delay: timedelta | None
) -> None:
    assert find_next_attempt(failed) == (None if delay is None else NOON + delay), about


def test_each_delay_is_about_twice_the_one_before_up_to_the_longest() -> None:
    failed, delays = [NOON], []
    for _ in range(7):
        next_attempt = find_next_attempt(failed)
        assert next_attempt is not None
        delays.append((next_attempt - failed[0]).total_seconds())
        failed.insert(0, next_attempt)

    assert delays == [30, 30, 60, 120, 240, 480, 600]


def test_the_file_of_a_graphic_that_was_never_finished_is_reported_and_kept(render_day: RenderDay) -> None:
    (made,) = render_day.request_for("Ana Ruiz")
    run = SyncRun(engine=render_day.engine, settings=render_day.settings, correlation_id="test")
    run_outputs_stage(run, DAY)
    cancelled, waiting, without = render_day.request_for("Tom", "Zoe", "Bo")
    left = [render_day.settings.renders / f"2026-01-05/elimination_{each}.mov" for each in (cancelled, waiting)]
    for path in left:
        path.write_bytes(b"whole, and nobody knows of it")
    render_day.execute(
        "update render_instructions set state = 'cancelled' where id in (:a, :b)", a=cancelled, b=without
    )

    found = list_orphans(render_day.engine, render_day.settings, DAY)

    assert [*found] == [f"2026-01-05/elimination_{cancelled}.mov"]
    assert f"instruction {cancelled} is cancelled" in found[left[0].relative_to(render_day.settings.renders).as_posix()]
    assert [problem.where for problem in run_outputs_stage(run, DAY).problems] == [*found]
    assert left[0].exists()
    assert render_day.row(made).state == "completed"
