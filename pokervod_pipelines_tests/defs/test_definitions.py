"""Check that Dagster loads what the design names, each asset with its metadata."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.monitoring.detectors.registry import DETECTORS
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.settings.rooms import TeamSettings
from pokervod_pipelines_tests.sync.installation import Installation, build_installation

ROOMS = (
    *("catalog", "clips", "db", "events", "hands", "media", "nas", "render", "sample", "settings", "sheets"),
    *("alerts", "rollout", "tournaments", "workflows", "monitoring", "processes", "policies", "text", "decisions"),
)
GROUPS = {
    "nas_files": "nas",
    "media_facts": "media",
    "projects": "catalog",
    "seasons": "catalog",
    "events": "catalog",
    "episodes": "catalog",
    "video_files": "catalog",
    "sheet_rows": "sheets",
    "sheet_statuses": "sheets",
    "hand_clips": "clips",
    "hands": "hands",
    "tournaments": "tournaments",
    "render_instructions": "render",
    "render_outputs": "render",
    "weekly_validation": "monitoring",
    "pipeline_health": "monitoring",
} | {f"rollout/week_{number}": "rollout" for number in range(1, 10)}
CHECKS = {
    "nas_files": {
        *("every_library_was_read", "every_folder_was_readable"),
        *("no_file_is_missing", "every_file_was_seen"),
        *("every_library_is_in_the_settings", "every_root_is_known_once"),
    },
    "video_files": {"every_video_has_an_episode", "every_name_was_understood"},
    "sheet_rows": {
        *("every_sheet_was_read", "every_tab_was_read", "every_sheet_is_in_the_settings", "every_row_has_its_video"),
    },
    "hand_clips": {"every_clip_is_usable"},
    "hands": {
        "every_session_file_was_read",
        "cards_are_unique",
        "chips_are_conserved",
        "every_showdown_has_a_winner",
        "hand_count_is_the_sessions",
        "hands_and_sheets_agree",
    },
    "tournaments": {"every_export_was_read"},
    "render_instructions": {"every_premium_hand_has_its_instruction", "no_instruction_is_stale"},
    "render_outputs": {
        "no_instruction_failed",
        "every_output_is_as_it_was_made",
        "every_instruction_has_its_output",
    },
    "weekly_validation": {
        *("files_arrived", "names_understood", "rows_matched", "clips_usable"),
        *("hands_whole", "instructions_made", "graphics_delivered", "delivered_before_slot"),
    },
    "pipeline_health": {each.name.value for each in DETECTORS},
}
WEEKS = {f"rollout/week_{number}": checks for number, checks in enumerate((6, 6, 12, 6, 14, 6, 1, 1, 26), 1)}
"""How many criteria each week of the plan has that ships."""

RETRIES = {
    "nas_files": (2, 5.0, dg.Backoff.EXPONENTIAL),
    "video_files": (2, 5.0, dg.Backoff.EXPONENTIAL),
    "sheet_rows": (4, 10.0, dg.Backoff.EXPONENTIAL),
    "sheet_statuses": (4, 10.0, dg.Backoff.EXPONENTIAL),
    "hand_clips": (1, 2.0, None),
    "hands": (1, 2.0, None),
    "render_instructions": (1, 2.0, None),
}
"""Dagster counts the attempts after the first."""


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return build_installation(tmp_path)


@pytest.fixture
def settings(installation: Installation) -> Settings:
    return load_settings({}, installation.folder)


@pytest.fixture
def defs(settings: Settings, engine: Engine) -> dg.Definitions:
    return build_defs(settings=settings, engine=engine)


def asset(defs: dg.Definitions, key: str) -> dg.AssetsDefinition:
    return defs.resolve_asset_graph().assets_def_for_key(dg.AssetKey.from_user_string(key))


def test_dagster_loads_all_of_it(defs: dg.Definitions) -> None:
    """A job had the name of another step, which only the code server noticed."""
    dg.Definitions.validate_loadable(defs)


SOURCES = ("archive_disks", "annotation_sheets", "session_files", "tournament_exports")


def test_the_assets_and_their_groups_are_those_of_the_design(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()

    groups = {key.to_user_string(): graph.get(key).group_name for key in graph.get_all_asset_keys()}
    assert groups == GROUPS | dict.fromkeys(SOURCES, "sources")


@pytest.mark.parametrize("key", SOURCES)
def test_what_people_and_other_systems_change_is_in_the_graph(defs: dg.Definitions, key: str) -> None:
    node = defs.resolve_asset_graph().get(dg.AssetKey(key))

    assert not node.is_materializable
    assert node.child_keys
    assert node.description
    assert node.owners == ["team:archive"]


def test_owners_are_the_teams_of_the_settings(settings: Settings) -> None:
    teams = TeamSettings(default="vault", render="graphics")
    graph = build_defs(settings=settings.model_copy(update={"teams": teams})).resolve_asset_graph()

    assert graph.get(dg.AssetKey("nas_files")).owners == ["team:vault"]
    assert graph.get(dg.AssetKey("render_outputs")).owners == ["team:graphics"]


def test_what_people_rely_on_every_day_has_a_block_and_a_freshness(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    fresh = {key.to_user_string() for key in graph.get_all_asset_keys() if graph.get(key).freshness_policy}

    assert fresh == {"nas_files", "video_files", "sheet_rows", "hand_clips"}
    assert [graph.get(dg.AssetKey(key)).tags["pokervod/block"] for key in ("nas_files", "sheet_rows")] == ["A", "D"]


def test_every_asset_has_an_owner_a_description_and_retries(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for key in GROUPS:
        node = graph.get(dg.AssetKey.from_user_string(key))

        assert node.owners == ["team:archive"], key
        assert node.kinds, key
        assert node.description, key
        assert asset(defs, key).op.retry_policy is not None, key


@pytest.mark.parametrize("key", RETRIES)
def test_the_retry_policies_are_those_of_the_blocks(defs: dg.Definitions, key: str, tmp_path: Path) -> None:
    plain = build_defs(settings=Settings(home=tmp_path))
    policy = asset(plain, key).op.retry_policy

    assert policy is not None
    assert (policy.max_retries, policy.delay, policy.backoff) == RETRIES[key]


def test_the_checks_are_on_their_assets(defs: dg.Definitions) -> None:
    found: dict[str, set[str]] = {}
    for key in defs.resolve_asset_graph().asset_check_keys:
        found.setdefault(key.asset_key.to_user_string(), set()).add(key.name)

    weeks = {key: found.pop(key) for key in [*found] if key.startswith("rollout/")}
    assert found == CHECKS
    assert {name: len(checks) for name, checks in weeks.items()} == WEEKS


def test_the_jobs_and_schedules_are_those_of_the_design(defs: dg.Definitions) -> None:
    repository = defs.get_repository_def()

    assert {job.name for job in repository.get_all_jobs()} >= {
        "full_sync",
        "incremental_sync",
        "nas_sync",
        "sheets_sync",
        "hands_to_renders",
        "renders",
        "rollout",
        "alerts",
        "weekly_validation",
    }
    assert {sensor.name for sensor in repository.sensor_defs} == {
        "dead_runs",
        "event_router",
        "sheet_changes",
        "rfid_drop",
        "render_queue",
        "stale_instructions",
        "rollout_clock",
        "alert_delivery",
        "measures",
        "run_failures",
        "health",
        "anomalies",
    }
    assert {schedule.name: schedule.cron_schedule for schedule in repository.schedule_defs} == {
        "nightly_full_sync": "0 3 * * *",
        "hourly_nas_changes": "17 * * * *",
        "weekly_close": "0 7 * * 1",
    }
    assert {schedule.execution_timezone for schedule in repository.schedule_defs} == {"UTC"}


def test_partitions_are_the_configured_libraries_and_sheets(defs: dg.Definitions) -> None:
    def partitions(key: str) -> list[str]:
        definition = asset(defs, key).partitions_def
        assert definition is not None
        return list(definition.get_partition_keys())

    assert partitions("nas_files") == ["WSOP", "PAD", "rest"]
    assert partitions("hand_clips") == ["notes"]


def test_a_partition_is_materialized_by_itself_with_its_counts(defs: dg.Definitions) -> None:
    job = defs.resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance, partition_key="PAD", asset_selection=[dg.AssetKey("nas_files")]
        )

    metadata = result.asset_materializations_for_node("nas_files")[0].metadata
    assert metadata["files"].value == 21
    assert metadata["videos"].value == 20
    assert "seconds" in metadata


def test_a_missing_library_fails_its_partition_and_is_not_retried(
    defs: dg.Definitions, installation: Installation, engine: Engine
) -> None:
    (installation.archive / "ARCHIVE" / "PAD").rename(installation.folder / "elsewhere")
    job = defs.resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance, partition_key="PAD", asset_selection=[dg.AssetKey("nas_files")], raise_on_error=False
        )

    with engine.connect() as connection:
        statuses = connection.scalars(text("select status from nas_scans")).all()
    assert not result.success
    assert statuses == ["failed"]


def test_what_only_runs_need_is_not_loaded_with_the_definitions(tmp_path: Path) -> None:
    """The code server stays loaded: each of these is 8 to 16 MB of it."""
    script = "import sys, pokervod_pipelines.definitions; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout.split()

    assert {"dagster", "pokervod_pipelines.definitions"} <= {*loaded}
    assert {"alembic", "av", "openapi_schema_validator", "openapi_spec_validator", "pokerkit"} & {*loaded} == set()


@pytest.mark.long
def test_no_room_imports_dagster() -> None:
    modules = "; ".join(f"walk('pokervod_pipelines.{room}')" for room in ROOMS)
    script = (
        "import importlib, pkgutil, sys\n"
        "def walk(name):\n"
        "    module = importlib.import_module(name)\n"
        "    for each in pkgutil.walk_packages(getattr(module, '__path__', []), name + '.'):\n"
        "        if '.migrations' not in each.name: importlib.import_module(each.name)\n"
        f"{modules}\n"
        "sys.exit('dagster' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.long
def test_the_dagster_command_works_from_a_prepared_folder(installation: Installation, database_url: str) -> None:
    installation = Installation(installation.folder, database_url)
    installation.run("setup")
    arguments = ["-m", "pokervod_pipelines.definitions", "--select", "nas_files", "--partition", "PAD"]

    done = subprocess.run(
        [sys.executable, "-m", "dagster", "asset", "materialize", *arguments],
        cwd=installation.folder,
        env={"PATH": "/usr/bin:/bin", **installation.environ},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    assert installation.ask("select library, status from nas_scans") == [("PAD", "completed")]
