"""Make the database roles of programs that use the schema ``hub``: they see the old names and nothing else."""

import re
from dataclasses import dataclass

from psycopg import sql
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError

from pokervod_pipelines.db.failures import read_first_line
from pokervod_pipelines.errors import BadInput, OperatorNeeded

NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")

GRANTS = (
    "grant usage on schema hub to {role}",
    "grant select, insert on hub.hands, hub.render_outputs to {role}",
    "grant select, insert, update on hub.tournaments, hub.render_instructions to {role}",
)
"""All that the old programs do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubRole:
    """Describe a role; ``is_new`` if it was created just now."""

    name: str
    is_new: bool


def make_hub_role(engine: Engine, name: str, *, password: str | None, sees_hole_cards: bool) -> HubRole:
    """Create the role, or bring it up to date: its password if one is given, its search path and its rights.

    Raises ``BadInput`` for a name that cannot be a program's, ``OperatorNeeded`` where our user may not create roles.
    """
    if not NAME.fullmatch(name) or name.startswith("pg_"):
        raise BadInput(f"{name!r}: expected a role name of small letters, digits and _, such as capture")
    try:
        with engine.begin() as connection:
            is_new = _create(connection, name)
            _configure(connection, name, password)
            connection.execute(_REMEMBER, {"name": name, "sees": sees_hole_cards})
    except ProgrammingError as error:
        raise OperatorNeeded(
            f"the role {name} cannot be made: {read_first_line(error)}; connect as a user with CREATEROLE"
        ) from None
    return HubRole(name=name, is_new=is_new)


_REMEMBER = text("""
    insert into hub_roles (name, sees_hole_cards) values (:name, :sees)
    on conflict (name) do update set sees_hole_cards = excluded.sees_hole_cards
""")
_FIND = text("""
    select rolsuper or rolcreaterole or rolname = current_user
        or rolname = (select tableowner from pg_tables where tablename = 'hands' and schemaname = 'public') as is_ours
    from pg_roles where rolname = :name
""")


def _create(connection: Connection, name: str) -> bool:
    found = connection.execute(_FIND, {"name": name}).one_or_none()
    if found is not None and found.is_ours:
        raise BadInput(f"{name} is a user of ours or of the server; give the program a role of its own")
    if found is None:
        _run(connection, "create role {role} login", name)
    return found is None


def _configure(connection: Connection, name: str, password: str | None) -> None:
    if password:
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101 - narrows the type
        # Only the verifier goes to the server, whose log may show statements.
        secret = driver.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
        _run(connection, "alter role {role} password {secret}", name, secret=sql.Literal(secret))
    database = sql.Identifier(str(connection.scalar(text("select current_database()"))))
    _run(connection, "alter role {role} in database {database} set search_path = hub", name, database=database)
    _run(connection, "grant connect on database {database} to {role}", name, database=database)
    for statement in GRANTS:
        _run(connection, statement, name)


def _run(connection: Connection, statement: str, role: str, **parts: sql.Composable) -> None:
    composed = sql.SQL(statement).format(role=sql.Identifier(role), **parts)
    connection.exec_driver_sql(composed.as_string(connection.connection.driver_connection))
