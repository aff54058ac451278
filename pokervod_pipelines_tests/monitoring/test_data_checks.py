"""Run every data check against data that it has to pass and data that it has to fail."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.checks import CheckResult, Severity
from pokervod_pipelines.monitoring.data_checks import DATA_CHECKS
from pokervod_pipelines.monitoring.evaluation import evaluate_all, refresh_and_evaluate
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.catalog.inventory import add_file
from pokervod_pipelines_tests.workflows.render_day import DAY, RenderDay

NEXT_DAY = DAY + timedelta(days=1)


@pytest.fixture
def render_day(engine: Engine, settings_factory: Callable[..., Settings]) -> RenderDay:
    archive = {"archive_roots": [{"name": "nas", "path": "/nas"}], "libraries": [{"name": "all", "root": "nas"}]}
    return RenderDay(engine=engine, settings=settings_factory(**archive))


def evaluate(render_day: RenderDay, name: str) -> CheckResult:
    (check,) = [each for each in DATA_CHECKS if each.name == name]
    return refresh_and_evaluate(render_day.engine, render_day.settings, check)


def test_every_check_passes_on_an_empty_database_and_looks_at_nothing(render_day: RenderDay) -> None:
    with render_day.engine.connect() as connection:
        results = evaluate_all(connection, render_day.settings)

    assert {(name, each.passed, each.looked_at) for name, each in results.items()} == {
        (check.name, True, 0) for check in DATA_CHECKS
    }


@pytest.mark.parametrize(
    "name", ["every_library_is_in_the_settings", "every_root_is_known_once", "every_sheet_is_in_the_settings"]
)
def test_what_counts_twice_is_an_error(name: str) -> None:
    """A library under a new name, with all its files under the old one too, was "ok" in the status."""
    (check,) = [each for each in DATA_CHECKS if each.name == name]

    assert check.severity is Severity.ERROR


def test_every_check_has_a_unique_name_and_a_next_step() -> None:
    assert all(check.next_step.endswith(".") and check.passes.endswith(".") for check in DATA_CHECKS)
    assert len({check.name for check in DATA_CHECKS}) == len(DATA_CHECKS)


@pytest.mark.parametrize(
    ("state", "name", "advice"),
    [("missing", "no_file_is_missing", "clear them"), ("unseen", "every_file_was_seen", "Mount the share")],
)
def test_a_file_not_seen_is_not_a_missing_one(render_day: RenderDay, state: str, name: str, advice: str) -> None:
    add_file(render_day.engine, "a.mp4", root="nas", state=state)

    failing = [each for each in (evaluate(render_day, c.name) for c in DATA_CHECKS) if not each.passed]

    assert name in {each.name for each in failing}
    assert {each.name for each in failing} & {"no_file_is_missing", "every_file_was_seen"} == {name}
    assert advice in next(each for each in failing if each.name == name).next_step


RENDER_CHECKS = (
    *("no_instruction_is_stale", "no_instruction_failed", "every_output_is_as_it_was_made"),
    "every_instruction_has_its_output",
)


@pytest.mark.parametrize("name", RENDER_CHECKS)
def test_checks_pass_on_an_empty_queue_and_on_a_valid_one(render_day: RenderDay, name: str) -> None:
    assert evaluate(render_day, name).passed
    render_day.make_file("Ana")
    render_day.request_for("Tom")
    render_day.claim()
    assert evaluate(render_day, name).passed


def test_a_lease_that_expired_a_minute_ago_is_stale(render_day: RenderDay) -> None:
    job = render_day.claim_one()
    render_day.expire_lease(job.id)
    assert evaluate(render_day, "no_instruction_is_stale").passed
    render_day.execute("update render_instructions set lease_until = now() - interval '61 seconds'")

    (evidence,) = evaluate(render_day, "no_instruction_is_stale").evidence

    assert evidence.startswith(f"instruction {job.id} (elimination): the last heartbeat of w1 was at 20")


def test_a_failure_counts_for_a_week_unless_it_is_superseded(render_day: RenderDay) -> None:
    first, second = render_day.request_unrenderable("Ana", "Tom")
    render_day.execute(
        "update render_instructions set state = 'processing', claim_id = gen_random_uuid(), claimed_by = 'w', "
        "lease_until = now(), heartbeat_at = now(), started_at = now()"
    )
    render_day.execute(
        "update render_instructions set state = case when id = :id then 'failed' else 'timed_out' end, "
        "claim_id = null, finished_at = now(), reason = 'no font'",
        id=first,
    )

    assert evaluate(render_day, "no_instruction_failed").evidence == (
        f"instruction {second} (elimination, 2026-01-05): timed_out, no font",
        f"instruction {first} (elimination, 2026-01-05): failed, no font",
    )
    render_day.execute("update render_instructions set superseded_by = :id where id <> :id", id=first)
    assert evaluate(render_day, "no_instruction_failed").evidence_count == 1
    render_day.execute("update render_instructions set finished_at = now() - interval '8 days'")
    assert evaluate(render_day, "no_instruction_failed").passed


SPOILED: list[tuple[str, Callable[[Path], object], str]] = [
    ("deleted", Path.unlink, "is missing"),
    ("cut", lambda path: path.write_bytes(b"x"), "has 1 bytes"),
    ("overwritten", lambda path: path.write_bytes(b"b" * path.stat().st_size), "has other content"),
    ("unmounted", lambda path: path.parent.rename(path.parent.with_name("elsewhere")), "unknown: "),
]


@pytest.mark.parametrize(("about", "spoil", "says"), SPOILED, ids=lambda value: value if isinstance(value, str) else "")
def test_a_file_that_was_lost_or_changed_fails_its_check(
    render_day: RenderDay, about: str, spoil: Callable[[Path], object], says: str
) -> None:
    render_day.make_file("Tom")
    path = render_day.make_file("Ana")
    render_day.execute("update render_outputs set mtime_ns = mtime_ns - 1")
    assert evaluate(render_day, "every_output_is_as_it_was_made").passed
    spoil(path)

    result = evaluate(render_day, "every_output_is_as_it_was_made")

    assert (result.evidence_count, says in result.evidence[0]) == (1, True), about


def test_the_file_of_a_withdrawn_graphic_fails_no_check(render_day: RenderDay) -> None:
    render_day.make_file("Tom")
    render_day.make_file("Ana").unlink()
    render_day.execute("update render_instructions set withdrawn_at = now() where layers ->> 'player' = 'Ana'")

    assert evaluate(render_day, "every_output_is_as_it_was_made").passed


def test_nearly_complete_is_not_reported_as_complete(render_day: RenderDay) -> None:
    render_day.request(199)
    render_day.finish(*render_day.claim(199))
    render_day.claim_one()
    render_day.execute("update render_instructions set created_at = now() - interval '2 hours'")

    result = evaluate(render_day, "every_instruction_has_its_output")

    assert result.evidence == ("2031-05-04: 99 % complete, 1 missing",)


def test_missing_graphics_are_reported_by_day_after_an_hour(render_day: RenderDay) -> None:
    render_day.make_file("Ana")
    render_day.request_for("Tom")
    render_day.request_for("Zoe", day=NEXT_DAY)
    assert evaluate(render_day, "every_instruction_has_its_output").passed
    render_day.execute("update render_instructions set created_at = now() - interval '61 minutes'")

    assert evaluate(render_day, "every_instruction_has_its_output").evidence == (
        "2026-01-06: 0 % complete, 1 missing",
        "2026-01-05: 50 % complete, 1 missing",
    )
