"""Check what `pokervod incidents` shows, and that what people decide is signed, or refused where it makes no sense."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.monitoring.incidents.looks import record_looks
from pokervod_pipelines.monitoring.incidents.shape import Finding, Look, LookState, Subject, SubjectKind
from pokervod_pipelines.settings.monitoring import IncidentSettings
from pokervod_pipelines_tests.cli.command import RunCommand
from pokervod_pipelines_tests.monitoring.looked import note_look

NAS = Subject(kind=SubjectKind.ROOT, name="nas")
BY = ("--by", "eva")
WHY = ("--reason", "calling the truck", *BY)


def find(detector: str, subject: Subject, summary: str, *, under: str = "") -> Finding:
    return Finding(
        detector=detector,
        subject=subject,
        severity=AlertSeverity.ERROR,
        summary=summary,
        advice="Mount it, then run `pokervod doctor`.",
        figures={"since": "2026-11-30T18:00:00+00:00"},
        explained_by=(under,) if under else (),
    )


@pytest.fixture
def root_away(engine: Engine) -> None:
    """Let an archive root vanish, with two libraries on it."""
    away = find("root_away", NAS, "the archive root nas cannot be read")
    stale = [
        find(
            "source_stale",
            Subject(kind=SubjectKind.LIBRARY, name=each),
            f"library {each} was not read",
            under=away.key,
        )
        for each in ("wsop", "pad")
    ]
    looks = [
        Look(detector="root_away", state=LookState.JUDGED, looked_at=1, summary="", findings=(away,)),
        Look(detector="source_stale", state=LookState.JUDGED, looked_at=9, summary="", findings=tuple(stale)),
    ]
    with engine.begin() as connection:
        record_looks(connection, looks, IncidentSettings(), now=datetime.now(UTC) - timedelta(minutes=5))


@pytest.mark.usefixtures("root_away")
def test_the_list_has_what_is_open_with_its_effects_and_says_what_it_leaves_out(pokervod: RunCommand) -> None:
    printed = pokervod("incidents", "list").printed

    assert "1 incident\n" in printed
    assert all(each in printed for each in ("error", "the archive root nas cannot be read", "root_away root nas"))
    assert "2 effects" in printed
    assert "library wsop" not in printed
    assert "Not listed: 2 folded; see them with --all." in printed
    assert len(pokervod("incidents", "list", "--all", "--json").json) == 3


@pytest.mark.usefixtures("root_away")
@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (("--state", "folded"), 2),
        (("--state", "open", "--state", "folded"), 3),
        (("--all", "--detector", "source_stale"), 2),
        (("--all", "--subject", "library wsop"), 1),
        (("--all", "--severity", "error"), 3),
        (("--all", "--severity", "critical"), 0),
        (("--all", "--since", "1h"), 3),
        (("--all", "--since", "1m"), 0),
        (("--all", "--limit", "2"), 2),
    ],
)
def test_filters_select(pokervod: RunCommand, filters: tuple[str, ...], count: int) -> None:
    assert len(pokervod("incidents", "list", *filters, "--json").json) == count


@pytest.mark.usefixtures("root_away")
def test_one_is_shown_by_number_or_key_with_effects_and_timeline(pokervod: RunCommand) -> None:
    [listed] = pokervod("incidents", "list", "--json").json
    number = str(listed["id"])
    pokervod("incidents", "acknowledge", number, *WHY)
    printed = pokervod("incidents", "show", "root_away root nas").printed

    assert printed.startswith(f"incident {number}, error, acknowledged: the archive root nas cannot be read\n")
    assert "acknowledged by eva: calling the truck" in printed
    assert "Mount it, then run `pokervod doctor`." in printed
    assert "effects (2 open):" in printed
    assert "error folded: library wsop was not read" in printed
    assert " opened by root_away: the archive root nas cannot be read\n" in printed
    found = pokervod("incidents", "show", number, "--json").json
    assert [each["what"] for each in found["timeline"]] == ["opened", "acknowledged"]
    assert len(found["effects_listed"]) == found["effects"] == 2


def test_a_timeline_leaves_out_what_else_has_its_correlation_id(pokervod: RunCommand, engine: Engine) -> None:
    pokervod("incidents", "open", "no hands", "--subject", "show Final", *BY)
    with engine.begin() as connection:
        connection.execute(
            text("""
                insert into events (type, source, correlation_id, payload)
                select type, 'nas', i.correlation_id, cast(payload as jsonb) from monitoring_events i, (values
                    ('nas.scan.completed', '{}'), ('monitoring.incident.opened', '{"incident_id": 99}')
                ) as other (type, payload)
            """)
        )

    timeline = pokervod("incidents", "show", "1", "--json").json["timeline"]
    assert [each["what"] for each in timeline] == ["opened"]


def test_people_decide_and_each_decision_is_said_once(pokervod: RunCommand) -> None:
    opened = pokervod("incidents", "open", "No hands", "--subject", "show Final table", "--missed", "no_data", *BY)
    assert opened.printed == "incident 1 is open: pokervod incidents show 1\n"

    assert pokervod("incidents", "acknowledge", "1", *WHY).printed == "incident 1: acknowledged\n"
    again = pokervod("incidents", "acknowledge", "#1", *WHY).printed
    assert again == "incident 1: nothing to change, it is acknowledged by eva: calling the truck\n"
    assert pokervod("incidents", "mute", "1", "--until", "2h", *WHY).printed.startswith("incident 1: muted until 20")
    assert "Not listed: 1 muted" in pokervod("incidents", "list").printed
    assert pokervod("incidents", "unmute", "1", *WHY).printed == "incident 1: unmuted\n"
    assert pokervod("incidents", "resolve", "1", *WHY).printed == "incident 1: resolved\n"
    assert pokervod("incidents", "verdict", "1", "real", *WHY).printed == "incident 1: judged: real\n"
    again = pokervod("incidents", "verdict", "1", "real", *WHY).printed
    assert again == "incident 1: nothing to change, it is real by eva: calling the truck\n"

    [found] = pokervod("incidents", "list", "--state", "resolved", "--json").json
    assert (found["figures"], found["verdict"], found["verdict_by"]) == ({"missed": "no_data"}, "real", "eva")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("list", "--state", "opn"), "unknown state 'opn'; did you mean `open`?"),
        (("list", "--severity", "eror"), "unknown severity 'eror'; did you mean `error`?"),
        (("list", "--detector", "no_dta"), "unknown detector 'no_dta'; did you mean `no_data`?"),
        (("list", "--subject", "sheat tracker"), "unknown kind of subject 'sheat'; did you mean `sheet`?"),
        (("list", "--subject", "sheet"), "expected a kind and a name such as `sheet clip_tracker`, got 'sheet'"),
        (("show", "²"), "unknown incident '²'; known: person show Final. List them: pokervod incidents list"),
        (
            ("mute", "1", "--until", "3000-01-01", *WHY),
            "an incident is muted for 31 days at most; mute it until then, and again when it lasts",
        ),
        (("show", "7"), "no incident has the number 7. List them: pokervod incidents list"),
        (
            ("show", "person sho Final"),
            "unknown incident 'person sho Final'; did you mean `person show Final`? List them: pokervod incidents list",
        ),
        (("verdict", "1", "fake", *WHY), "unknown verdict 'fake'; known: real, expected, noise"),
        (
            ("open", "x", "--subject", "show B", "--missed", "no_dta"),
            "unknown detector 'no_dta'; did you mean `no_data`?",
        ),
        (
            ("open", "again", "--subject", "show Final", *BY),
            "incident 1 about show Final is open already: no hands",
        ),
        (("acknowledge", "1", "--reason", " "), "--reason is required for the audit log"),
    ],
)
def test_a_mistake_says_what_was_meant(pokervod: RunCommand, words: tuple[str, ...], error: str) -> None:
    pokervod("incidents", "open", "no hands", "--subject", "show Final", *BY)

    assert pokervod("incidents", *words).error == error


@pytest.mark.usefixtures("root_away")
def test_what_a_maintenance_window_mutes_names_the_command_that_ends_it(pokervod: RunCommand) -> None:
    pokervod("maintenance", "plan", "--until", "2h", "--kind", "root", "--name", "nas", "--reason", "a new cable")

    printed = pokervod("incidents", "unmute", "root_away root nas", *WHY).printed
    assert "nothing to change, it is muted by maintenance window 1 (`pokervod maintenance cancel 1`)" in printed


def test_a_silence_that_is_over_is_not_ended_again(pokervod: RunCommand, engine: Engine) -> None:
    pokervod("incidents", "open", "no hands", "--subject", "show Final", *BY)
    pokervod("incidents", "acknowledge", "1", *WHY)
    pokervod("incidents", "mute", "1", "--until", "2h", *WHY)
    assert "worked on acknowledged 20" in " ".join(pokervod("incidents", "show", "1").printed.split())
    with engine.begin() as connection:
        connection.execute(text("update monitoring_events set muted_until = now() - interval '1 second'"))

    printed = pokervod("incidents", "unmute", "1", *WHY).printed
    assert printed == "incident 1: nothing to change, it is acknowledged by eva: calling the truck\n"


def test_a_report_is_shown_as_lines_of_its_own(pokervod: RunCommand, engine: Engine) -> None:
    pokervod("incidents", "open", "no hands", "--subject", "show Final", *BY)
    with engine.begin() as connection:
        connection.execute(
            text(
                """update monitoring_events set figures = '{"report": "no route\\n\\nto host", "hosts": ["a", "b"]}'"""
            )
        )

    printed = pokervod("incidents", "show", "1").printed
    assert "report:\n    no route\n\n    to host\ntimeline:\n" in printed
    assert "figures hosts a, b" in " ".join(printed.split())


def test_of_several_none_is_changed_where_one_is_refused(pokervod: RunCommand) -> None:
    pokervod("incidents", "open", "no hands", "--subject", "show Final", *BY)

    assert pokervod("incidents", "resolve", "1", "2", *WHY).status == 2
    assert [each["state"] for each in pokervod("incidents", "list", "--json").json] == ["open"]


def test_nothing_open_says_so(pokervod: RunCommand, engine: Engine) -> None:
    note_look(engine, datetime.now(UTC))

    assert pokervod("incidents", "list").printed.endswith("Nothing is open.\n")
    assert pokervod("incidents", "list", "--json").json == []


def test_the_list_says_what_no_detector_can_tell(pokervod: RunCommand, engine: Engine) -> None:
    never = "Nothing is open. No detector looks (never yet): `pokervod health`."
    assert never in pokervod("incidents", "list").printed

    note_look(engine, datetime.now(UTC) - timedelta(minutes=6))
    assert "No detector looks (last " in pokervod("incidents", "list").printed

    blind = Look(detector="root_away", state=LookState.UNREADABLE, looked_at=0, summary="health never looked")
    note_look(engine, datetime.now(UTC), blind)
    assert "Not known: root_away; `pokervod needs-me` says why." in pokervod("incidents", "list").printed


def test_messages_and_what_was_done_alone_are_shown_with_it(pokervod: RunCommand, engine: Engine) -> None:
    pokervod("incidents", "open", "no hands", "--subject", "show Final", *BY)
    pokervod("alerts", "deliver")
    with engine.begin() as connection:
        connection.execute(
            text("""
                insert into remediations (kind, subject_kind, subject, state, detector, incident_id, reason,
                    correlation_id, done_at, outcome, outcome_at)
                values ('retry', 'instruction', '7', 'done', 'graphic_failed', 1, 'it may pass', '', now(), 'helped',
                    now())
            """)
        )

    printed = pokervod("incidents", "show", "1").printed
    assert "messages:\n    20" in printed
    assert " opened, warning: here " in printed
    assert "done without a person:\n    20" in printed
    assert "retry instruction 7 done: it may pass; helped\n" in printed
    found = pokervod("incidents", "show", "1", "--json").json
    assert (len(found["messages"]), len(found["actions"]), len(found["timeline"])) == (1, 1, 1)
