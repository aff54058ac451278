"""Check that database errors are translated by who can act, into one line without the statement."""

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.db.failures import DatabaseError, is_transient, read_first_line, translate_error
from pokervod_pipelines.errors import BadInput, Conflict, OperatorNeeded, PokervodError, Unavailable

REFUSED = [
    ("select 1 / 0", BadInput, "the database refuses a value: division by zero; correct"),
    ("select 'one'::int", BadInput, "invalid input syntax for type integer"),
    (
        "insert into render_pauses (scope, reason, by) values ('all', '', 'eva'), ('all', '', 'eva')",
        Conflict,
        "conflict with a row in the database: duplicate key",
    ),
    ("select 1 from nowhere", OperatorNeeded, 'the database refuses the statement: relation "nowhere" does not exist;'),
    (
        "select pg_terminate_backend(pg_backend_pid())",
        Unavailable,
        "the database connection failed: terminating",
    ),
    (
        "set statement_timeout = 1; select pg_sleep(60)",
        Unavailable,
        "the database connection failed: canceling",
    ),
]


def catch_as_sqlalchemy(engine: Engine, sql: str) -> DatabaseError:
    with pytest.raises(DBAPIError) as raised, engine.connect() as connection:
        connection.execute(text(sql))
    return raised.value


def catch_as_driver(engine: Engine, sql: str) -> DatabaseError:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with pytest.raises(psycopg.Error) as raised, psycopg.connect(url) as connection:
        connection.execute(sql.encode())
    return raised.value


@pytest.mark.parametrize("catch", [catch_as_sqlalchemy, catch_as_driver])
@pytest.mark.parametrize(("sql", "kind", "message"), REFUSED, ids=lambda value: getattr(value, "__name__", "case"))
def test_an_error_is_translated_into_one_line_by_who_can_act(
    engine: Engine, catch: object, sql: str, kind: type[PokervodError], message: str
) -> None:
    assert callable(catch)
    error = catch(engine, sql)
    failure = translate_error(error)

    assert type(failure) is kind
    assert message in str(failure)
    assert "\n" not in str(failure)
    assert is_transient(error) == (kind is Unavailable)


def test_a_missing_database_is_transient(engine: Engine) -> None:
    gone = make_engine(engine.url.set(database="not_there"))
    error = catch_as_sqlalchemy(gone, "select 1")
    gone.dispose()

    assert is_transient(error)
    assert 'database "not_there" does not exist' in read_first_line(error)
