"""Define ``pokervod users``: who may log in, with which role, and which of their logins are open."""

import getpass
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from pokervod_pipelines.access.principal import Role, read_role
from pokervod_pipelines.access.sessions import end_session, end_sessions, list_sessions
from pokervod_pipelines.access.users import (
    User,
    add_user,
    disable_user,
    enable_user,
    find_user,
    list_users,
    set_locale,
    set_password,
    set_role,
)
from pokervod_pipelines.cli.options import ByOption, JsonOption, ReasonOption, read_actor
from pokervod_pipelines.cli.output import count_nouns, make_hint, out, print_json, print_table
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.settings import load_settings

app = typer.Typer(no_args_is_help=True)

COLUMNS = ("name", "role", "language", "added", "last login", "disabled since")
SESSION_COLUMNS = ("number", "user", "address", "since", "last used", "ends at the latest")

UserArgument = Annotated[str, typer.Argument(metavar="USER", help="The name to log in with, in any case.")]
RoleOption = Annotated[str, typer.Option("--role", help=f"{', '.join(Role)}.")]


@app.command("add")
def add(
    name: UserArgument,
    role: RoleOption,
    reason: ReasonOption,
    language: Annotated[
        str, typer.Option("--language", help="Of their pages, such as ko; default: the browser's.")
    ] = "",
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Add a user; the password is asked for, or read from the first line of the input, and never an argument.

    Example: pokervod users add anna --role admin --reason "runs the archive" < password.txt
    """
    settings, actor, known = load_settings(), read_actor(by, reason), read_role(role)
    password = read_password(f"password of {name}")
    with open_database(settings) as engine, engine.begin() as connection:
        user = add_user(connection, name, password, known, actor, locale=language or None)
    _print_changed(user, f"{user.name} can log in as {user.role}", as_json=as_json)


@app.command("list")
def show_users(as_json: JsonOption = False) -> None:
    """List who may log in, with which role.

    Example: pokervod users list
    """
    with open_database(load_settings()) as engine, engine.connect() as connection:
        users = list_users(connection)
    if as_json:
        print_json([asdict(each) for each in users])
        return
    rows = [
        (each.name, each.role, each.locale, each.created_at, each.last_login_at, each.disabled_at) for each in users
    ]
    hint = make_hint(len(rows), first_step='add one by `pokervod users add NAME --role admin --reason "…"`')
    print_table(count_nouns(len(rows), "user"), COLUMNS, rows, hint=hint)


@app.command("set-role")
def change_role(
    name: UserArgument, role: RoleOption, reason: ReasonOption, by: ByOption = "", as_json: JsonOption = False
) -> None:
    """Give a user another role; their sessions end, so the new role counts at once.

    Example: pokervod users set-role ben --role operator --reason "joins the night shift"
    """
    settings, actor, known = load_settings(), read_actor(by, reason), read_role(role)
    with open_database(settings) as engine, engine.begin() as connection:
        user = set_role(connection, name, known, actor)
    _print_changed(user, f"{user.name} has the role {user.role}", as_json=as_json)


@app.command("set-password")
def change_password(name: UserArgument, reason: ReasonOption, by: ByOption = "", as_json: JsonOption = False) -> None:
    """Give a user another password, asked for or read from the input; their sessions end, failed logins are forgotten.

    Example: pokervod users set-password anna --reason "she forgot it" < password.txt
    """
    settings, actor = load_settings(), read_actor(by, reason)
    with open_database(settings) as engine, engine.connect() as connection:
        find_user(connection, name)  # before the password is asked for
    password = read_password(f"new password of {name}")
    with open_database(settings) as engine, engine.begin() as connection:
        user = set_password(connection, name, password, actor)
    _print_changed(user, f"{user.name} has another password", as_json=as_json)


@app.command("set-language")
def change_language(
    name: UserArgument,
    language: Annotated[str, typer.Argument(metavar="LANGUAGE", help="Such as ko or en; `browser` for the browser's.")],
    reason: ReasonOption,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Set the language of a user's pages.

    Example: pokervod users set-language anna ko --reason "she asked for it"
    """
    settings, actor = load_settings(), read_actor(by, reason)
    with open_database(settings) as engine, engine.begin() as connection:
        user = set_locale(connection, name, None if language == "browser" else language, actor)
    _print_changed(user, f"{user.name} has pages in {user.locale or 'the language of the browser'}", as_json=as_json)


@app.command("disable")
def disable(name: UserArgument, reason: ReasonOption, by: ByOption = "", as_json: JsonOption = False) -> None:
    """Keep a user from logging in; their sessions end and their keys stop working at once.

    Example: pokervod users disable ben --reason "left the company"
    """
    settings, actor = load_settings(), read_actor(by, reason)
    with open_database(settings) as engine, engine.begin() as connection:
        user = disable_user(connection, name, actor)
    _print_changed(user, f"{user.name} cannot log in", as_json=as_json)


@app.command("enable")
def enable(name: UserArgument, reason: ReasonOption, by: ByOption = "", as_json: JsonOption = False) -> None:
    """Let a disabled user log in again, with the password and the keys that they had.

    Example: pokervod users enable ben --reason "is back"
    """
    settings, actor = load_settings(), read_actor(by, reason)
    with open_database(settings) as engine, engine.begin() as connection:
        user = enable_user(connection, name, actor)
    _print_changed(user, f"{user.name} can log in as {user.role}", as_json=as_json)


@app.command("sessions")
def sessions(
    name: Annotated[str, typer.Argument(metavar="[USER]", help="Only theirs.")] = "", as_json: JsonOption = False
) -> None:
    """List the logins that are open, where from and since when.

    Example: pokervod users sessions
    """
    settings = load_settings()
    with open_database(settings) as engine, engine.connect() as connection:
        user_id = find_user(connection, name).id if name else None
        listed = list_sessions(connection, settings.api, user_id)
    if as_json:
        print_json([asdict(each) for each in listed])
        return
    rows = [(each.id, each.user, each.address, each.created_at, each.used_at, each.expires_at) for each in listed]
    print_table(count_nouns(len(rows), "open session"), SESSION_COLUMNS, rows, right=("number",))


@app.command("log-out")
def log_out(
    name: UserArgument,
    reason: ReasonOption,
    session: Annotated[int | None, typer.Option("--session", help="Only this one, by its number.")] = None,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """End the sessions of a user, such as one on a lost laptop; they may log in again.

    Example: pokervod users log-out anna --reason "her laptop is lost"
    """
    settings, actor = load_settings(), read_actor(by, reason)
    with open_database(settings) as engine, engine.begin() as connection:
        user = find_user(connection, name)
        if session is None:
            ended = end_sessions(connection, user.id, actor)
        else:
            ended = int(end_session(connection, session, actor, user.id))
    if as_json:
        print_json({"user": user.name, "ended": ended})
        return
    out.print(f"{count_nouns(ended, 'session')} of {user.name} ended", markup=False)


def read_password(label: str) -> str:
    """Return the password from the terminal, twice and unseen, or from the first line of the input."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        if not line:
            raise BadInput("the password is missing; write it into the first line of the input")
        return line.rstrip("\r\n")
    password = getpass.getpass(f"{label}: ")
    if getpass.getpass("again: ") != password:
        raise BadInput("the two passwords differ; try again")
    return password


def _print_changed(user: User, told: str, *, as_json: bool) -> None:
    if as_json:
        values: dict[str, Any] = asdict(user)
        print_json(values)
        return
    out.print(told, markup=False)
