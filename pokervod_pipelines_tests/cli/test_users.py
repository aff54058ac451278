"""Check who may log in by command: the password is never an argument and never printed, and mistakes are named."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from pokervod_pipelines.access.authentication import Authenticator
from pokervod_pipelines.access.principal import Credentials
from pokervod_pipelines.cli.app import EXIT_CODES, app
from pokervod_pipelines.errors import NotLoggedIn, PokervodError
from pokervod_pipelines.settings.api import ApiSettings
from pokervod_pipelines_tests.cli.command import CommandResult, RunCommand

PASSWORD = "correct horse battery"
WHY = ("--reason", "as planned", "--by", "boss")


@pytest.fixture
def run(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunCommand:
    """Return ``run(*words, typed=…)``, which runs ``pokervod …`` with that input."""
    (tmp_path / "pokervod.yaml").write_text("archive_roots: []\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", engine.url.render_as_string(hide_password=False))

    def invoke(*words: str, typed: str = f"{PASSWORD}\n") -> CommandResult:
        result = CliRunner().invoke(app, words, input=typed)
        error = result.exception
        if error and not isinstance(error, PokervodError | SystemExit):
            raise error
        status = next((code for kind, code in EXIT_CODES if isinstance(error, kind)), result.exit_code)
        return CommandResult(
            printed=result.stdout, errors=result.stderr, error="" if error is None else str(error), status=status
        )

    return invoke


@pytest.fixture
def gate(engine: Engine) -> Authenticator:
    return Authenticator(engine, ApiSettings())


def test_users_are_added_listed_and_changed(run: RunCommand, gate: Authenticator) -> None:
    added = run("users", "add", "Anna", "--role", "admin", *WHY)
    run("users", "add", "ben", "--role", "viewer", "--language", "ko", *WHY)
    changed = run("users", "set-role", "ben", "--role", "operator", *WHY)
    disabled = run("users", "disable", "ben", *WHY)
    listed = run("users", "list", "--json").json
    table = run("users", "list").printed
    enabled = run("users", "enable", "ben", *WHY)
    language = run("users", "set-language", "ben", "browser", *WHY)

    assert added.printed == "anna can log in as admin\n"
    assert changed.printed == "ben has the role operator\n"
    assert disabled.printed == "ben cannot log in\n"
    assert enabled.printed == "ben can log in as operator\n"
    assert language.printed == "ben has pages in the language of the browser\n"
    assert [(each["name"], each["role"], each["locale"], each["disabled_at"] is None) for each in listed] == [
        ("anna", "admin", None, True),
        ("ben", "operator", "ko", False),
    ]
    assert "2 users" in table
    assert gate.log_in("ben", PASSWORD, "10.0.0.7").principal.role == "operator"


def test_another_password_counts_at_once(run: RunCommand, gate: Authenticator) -> None:
    run("users", "add", "anna", "--role", "admin", *WHY)
    token = gate.log_in("anna", PASSWORD, "10.0.0.7").token
    changed = run("users", "set-password", "anna", *WHY, typed="another horse battery\r\n")

    assert changed.printed == "anna has another password\n"
    assert gate.log_in("anna", "another horse battery", "10.0.0.7").principal.who == "anna"
    with pytest.raises(NotLoggedIn):
        gate.authenticate(Credentials(address="10.0.0.7", session=token))


def test_a_key_is_shown_once_and_revoked(run: RunCommand, gate: Authenticator) -> None:
    run("users", "add", "anna", "--role", "admin", *WHY)
    made = run("keys", "create", "board", "--user", "anna", "--role", "viewer", "--expires", "never", *WHY)
    token = made.printed.splitlines()[0]
    as_json = run("keys", "create", "other", "--user", "anna", "--role", "viewer", "--json", *WHY).json
    listed = run("keys", "list", "--json")
    let_in = gate.authenticate(Credentials(address="10.0.0.7", api_key=token))
    revoked = run("keys", "revoke", "board", *WHY)

    assert "viewer for anna, until it is revoked. Store it now" in made.printed
    assert gate.authenticate(Credentials(address="10.0.0.7", api_key=as_json["key"])).key_name == "other"
    assert [(each["name"], each["expires_at"] is None) for each in listed.json] == [("board", True), ("other", False)]
    assert token not in listed.printed
    assert (let_in.who, let_in.role) == ("anna", "viewer")
    assert revoked.printed == f"key board ({token[:12]}…) of anna is revoked\n"
    with pytest.raises(NotLoggedIn):
        gate.authenticate(Credentials(address="10.0.0.7", api_key=token))


def test_open_sessions_are_listed_and_ended(run: RunCommand, gate: Authenticator) -> None:
    run("users", "add", "anna", "--role", "admin", *WHY)
    first, second = (gate.log_in("anna", PASSWORD, "10.0.0.7") for _ in range(2))
    listed = run("users", "sessions", "--json").json
    one = run("users", "log-out", "anna", "--session", str(first.principal.session_id), *WHY)
    rest = run("users", "log-out", "anna", *WHY)
    table = run("users", "sessions", "anna")

    assert [each["id"] for each in listed] == [second.principal.session_id, first.principal.session_id]
    assert (one.printed, rest.printed) == ("1 session of anna ended\n", "1 session of anna ended\n")
    assert table.printed == "0 open sessions\n"


@pytest.mark.parametrize(
    ("words", "status", "problem"),
    [
        (("users", "add", "ben", "--role", "chief", *WHY), 2, "unknown role 'chief'"),
        (("users", "add", "b n", "--role", "viewer", *WHY), 2, "expected the name of a user"),
        (("users", "add", "anna", "--role", "viewer", *WHY), 1, "user anna is there already"),
        (("users", "add", "ben", "--role", "viewer", "--reason", " "), 2, "--reason is required"),
        (("users", "add", "ben", "--role", "viewer", "--language", "x", *WHY), 2, "expected a language"),
        (("users", "set-role", "anno", "--role", "viewer", *WHY), 2, "did you mean `anna`"),
        (("users", "set-role", "anna", "--role", "viewer", *WHY), 1, "anna is the only administrator"),
        (("users", "disable", "anna", *WHY), 1, "anna is the only administrator"),
        (("users", "set-password", "anno", *WHY), 2, "did you mean `anna`"),
        (("users", "log-out", "anna", "--session", "9", *WHY), 2, "unknown session 9"),
        (("users", "sessions", "anno"), 2, "did you mean `anna`"),
        (("keys", "create", "board", "--user", "anno", "--role", "viewer", *WHY), 2, "did you mean `anna`"),
        (("keys", "create", "b", "--user", "anna", "--role", "viewer", "--expires", "1h ago", *WHY), 2, "--expires"),
        (("keys", "revoke", "board", *WHY), 2, "unknown key 'board'; there is none"),
    ],
)
def test_a_mistake_is_named_and_changes_nothing(
    run: RunCommand, engine: Engine, words: tuple[str, ...], status: int, problem: str
) -> None:
    run("users", "add", "anna", "--role", "admin", *WHY)
    before = list_events(engine)
    refused = run(*words)

    assert (refused.status, list_events(engine)) == (status, before)
    assert problem in refused.error
    assert PASSWORD not in refused.printed + refused.error


@pytest.mark.parametrize(
    ("typed", "problem"), [("", "password is missing"), ("\n", "0 characters"), ("x" * 11, "11 ch")]
)
def test_a_password_has_to_be_given(run: RunCommand, engine: Engine, typed: str, problem: str) -> None:
    refused = run("users", "add", "anna", "--role", "admin", *WHY, typed=typed)

    assert refused.status == 2
    assert problem in refused.error
    assert list_events(engine) == []


@pytest.mark.parametrize(
    ("second", "said"), [(PASSWORD, "anna can log in as admin"), ("another one", "the two passwords differ; try again")]
)
def test_a_terminal_asks_twice_and_shows_nothing(run: RunCommand, second: str, said: str) -> None:
    main, terminal = pty.openpty()
    command = [sys.executable, "-m", "pokervod_pipelines.cli", "users", "add", "anna", "--role", "admin", *WHY]
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, close_fds=True, start_new_session=True
    ) as process:
        os.close(terminal)
        printed = read_until(main, "password of anna: ")
        os.write(main, f"{PASSWORD}\n".encode())
        printed += read_until(main, "again: ")
        os.write(main, f"{second}\n".encode())
        printed += read_until(main, said)
        process.wait(60)
    os.close(main)

    assert said in printed
    assert PASSWORD not in printed


def read_until(main: int, text_: str) -> str:
    printed = ""
    while text_ not in printed:
        try:
            part = os.read(main, 65_536)
        except OSError:  # its end
            return printed
        printed += part.decode(errors="replace")
    return printed


def list_events(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(text("select type from events order by id")))
