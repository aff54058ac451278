"""Check the command that makes the role of a program, and that its hands are looked for where no folder is."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner, Result

from pokervod_pipelines.cli.app import app
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.db.hub_roles import make_hub_role
from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.errors import OperatorNeeded
from pokervod_pipelines.workflows.hub_facts import HubPublisher
from pokervod_pipelines_tests.hub.conftest import Hub
from pokervod_pipelines_tests.hub.rows import make_hand, use

Run = Callable[..., Result]


@pytest.fixture
def run(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command with the password in the environment; its role is the fixture's, or a new one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", hub.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("POKERVOD_HOME", str(tmp_path))

    def invoke(*words: str, password: str = "") -> Result:
        monkeypatch.setenv("POKERVOD_HUB_PASSWORD", password)
        return CliRunner().invoke(app, ["db", "hub-role", *words])

    return invoke


def read_role(hub: Hub, name: str) -> tuple[object, ...]:
    return hub.read(
        """
        select a.rolcanlogin, a.rolsuper or a.rolcreaterole or a.rolcreatedb, left(a.rolpassword, 13), s.setconfig,
            h.sees_hole_cards
        from pg_authid a join hub_roles h on h.name = a.rolname
        left join pg_db_role_setting s on s.setrole = a.oid where a.rolname = :name
        """,
        name=name,
    )[0]


def test_the_command_makes_a_role_that_logs_in_and_finds_the_names(hub: Hub, run: Run) -> None:
    name = f"{hub.roles[0]}_b"
    hub.roles.append(name)
    made = run(name, "--hole-cards", password="correct horse")
    again = run(name)

    assert f"{name} is created; 6 templates published to it" in made.stdout
    assert f"POSTGRES_USER={name}" in made.stdout
    assert "correct horse" not in made.stdout
    assert f"{name} is up to date" in again.stdout
    assert "No password was given" in again.stdout
    assert read_role(hub, name) == (True, False, "SCRAM-SHA-256", ["search_path=hub"], False)
    assert use(hub, lambda it: it.list_recent_hands(1), name) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Capture", "expected a role name of small letters"),
        ('x"; drop table hands; --', "expected a role name of small letters"),
        ("pg_monitor", "expected a role name of small letters"),
        ("postgres", "is a user of ours or of the server"),
    ],
)
def test_a_name_that_is_no_programs_is_refused(run: Run, name: str, words: str) -> None:
    refused = run(name)

    assert refused.exit_code != 0
    assert words in str(refused.exception) + refused.output


def test_who_may_not_create_roles_is_told(hub: Hub) -> None:
    limited = make_engine(hub.engine.url.set(username=hub.roles[0]))
    try:
        with pytest.raises(OperatorNeeded, match="connect as a user with CREATEROLE"):
            make_hub_role(limited, "someone_else", password=None, sees_hole_cards=False)
    finally:
        limited.dispose()


def test_templates_are_published_as_their_files_change(hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    shipped = Path(__file__).parents[2] / "pokervod_pipelines" / "render" / "templates" / "elimination.yaml"
    settings = hub.settings.model_copy(update={"render": hub.settings.render.model_copy(update={"templates": folder})})
    publisher = HubPublisher(hub.engine, settings)

    def publish() -> dict[object, object]:
        publisher.publish()
        return dict(hub.read("select name, problem from hub_templates"))  # type: ignore[arg-type]

    before = publish()
    (folder / "banner.yaml").write_text(shipped.read_text().replace("name: elimination", "name: banner"))
    added = publish()
    (folder / "banner.yaml").write_text("name: banner\nlayers: 7\n")
    broken = publish()
    (folder / "banner.yaml").unlink()

    assert "banner" not in before
    assert added == before | {"banner": None}
    assert "banner.yaml" in str(broken["banner"])
    assert publish() == before


def test_the_sensor_looks_for_hands_of_programs_where_no_folder_is(hub: Hub) -> None:
    defs = build_defs(settings=hub.settings, engine=hub.engine)
    sensor = defs.get_repository_def().get_sensor_def("rfid_drop")

    def tick() -> dg.SensorResult | dg.SkipReason:
        with dg.DagsterInstance.ephemeral() as instance:
            result = sensor(dg.build_sensor_context(instance=instance, definitions=defs))
            assert isinstance(result, dg.SensorResult | dg.SkipReason)
            return result

    before = tick()
    use(hub, lambda it: it.insert("hands", **make_hand(created_at=datetime.now(UTC))))
    after = tick()

    assert isinstance(before, dg.SkipReason)
    assert isinstance(after, dg.SensorResult)
    assert len(after.run_requests or ()) == 1
