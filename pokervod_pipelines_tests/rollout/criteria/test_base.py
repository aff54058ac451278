"""Check that every check ends in time and with a result, a new kind is one file, and nothing secret is shown."""

import re
import threading
import time
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine

from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria import base, kinds
from pokervod_pipelines.rollout.criteria.base import Criterion, check_criterion
from pokervod_pipelines.rollout.criteria.fields import MAX_LINE, follow_pointer
from pokervod_pipelines.rollout.criteria.kinds import list_kinds
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, ErrorClass
from pokervod_pipelines.rollout.criteria.select_only import read_query
from pokervod_pipelines.rollout.services import is_same_address, show_address
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.rollout.criteria.conftest import MakeContext, check

ASKED_FOR = {
    "openapi_document", "http_health", "http_contract", "database_table", "sql", "junit_report", "asset_check",
    "freshness", "file", "command",
}  # fmt: skip


class Raising(Criterion):
    """Fail with an unexpected error."""

    kind: Literal["raising"] = "raising"
    text: str = ""
    details: tuple[str, ...] = ()

    def check(self, context: RolloutContext) -> str:
        """Raise the error."""
        context.details.extend(self.details)
        raise ValueError(self.text)


class Hanging(Criterion):
    """Hang without an end."""

    kind: Literal["hanging"] = "hanging"

    def check(self, context: RolloutContext) -> str:
        """Wait without an end."""
        threading.Event().wait()
        raise AssertionError


def test_every_kind_that_is_asked_for_is_there() -> None:
    assert {*list_kinds()} >= ASKED_FOR
    assert all(kind.model_fields["kind"].default == name for name, kind in list_kinds().items())


def test_a_new_kind_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = {*list_kinds()}
    known = (Path(kinds.__path__[0]) / "reports.py").read_text(encoding="utf-8")
    (tmp_path / "friends.py").write_text(known.replace("junit_report", "friends_report"), encoding="utf-8")
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])

    found = list_kinds.__wrapped__()  # past the cache, which other tests share

    assert {*found} - shipped == {"friends_report"}


def test_an_unexpected_error_is_reported_with_type_and_first_line(make_context: MakeContext) -> None:
    result = check_criterion(Raising(name="it", text="no such thing\nsecond line"), make_context())

    assert (result.passed, result.error_class) == (False, ErrorClass.UNKNOWN)
    assert result.summary == "ValueError: no such thing"


def test_an_error_that_says_nothing_is_named(make_context: MakeContext) -> None:
    assert check_criterion(Raising(name="it"), make_context()).summary == "ValueError"


def test_a_check_that_cannot_be_stopped_is_abandoned_in_time(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "GRACE_SECONDS", 0.05)
    begun = time.monotonic()
    result = check_criterion(Hanging(name="it", seconds=0.05), make_context())

    assert result.error_class is ErrorClass.UNREACHABLE
    assert time.monotonic() - begun < 30


def test_passwords_known_here_come_out_nowhere(make_context: MakeContext) -> None:
    context = make_context({"search": {"address": "http://ada:sesame%21@127.0.0.1:9"}})
    text = "sesame! or sesame%21 or https://bob:other@example.org/"

    assert check_criterion(Raising(name="it", text=text), context).summary == (
        "ValueError: *** or *** or https://***@example.org/"
    )


def test_a_secret_of_the_environment_is_hidden_in_texts_and_figures(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMERA_TOKEN", "sesame-9")
    address = "http://ada:hush123@127.0.0.1:9"

    query = f"values ('{address} sesame-9', 1)"
    result = check(make_context(), "sql", query=query, expect={"value": 1})
    number = check(make_context(), "sql", query="select 9", expect={"value": 1})

    assert dict(result.figures) == {"rows": 1, "value": "http://***@127.0.0.1:9 ***"}
    assert not [secret for secret in ("sesame", "hush") if secret in str(result)]
    assert dict(number.figures) == {"rows": 1, "value": 9}


def test_a_timeout_is_reported(make_context: MakeContext) -> None:
    with pytest.raises(CriterionFailed, match="not finished after"):
        make_context().start(1e-9).take_seconds()


@given(details=st.lists(st.text(), max_size=60), text=st.text())
def test_evidence_is_bounded(details: list[str], text: str) -> None:
    nowhere = create_engine("postgresql+psycopg://127.0.0.1:1/none")
    context = RolloutContext(engine=nowhere, settings=Settings(home=Path()), folder=Path(), services={}, environment={})

    result = check_criterion(Raising(name="it", text=text, details=tuple(details), seconds=60), context)

    assert len(result.details) == min(len(details), 20)
    assert all(len(line) <= MAX_LINE for line in (result.summary, *result.details))


@given(st.recursive(st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_a_pointer_made_of_a_way_leads_along_it(values: object) -> None:
    pointer, here = "", values
    while isinstance(here, dict | list) and here:
        key = next(iter(here)) if isinstance(here, dict) else len(here) - 1
        pointer += "/" + str(key).replace("~", "~0").replace("/", "~1")
        here = here[key]

    assert follow_pointer(values, pointer) is here


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        "SELECT 'delete from hands; drop'",
        "select $$ insert into; $$, $x$ ' $$ ; $x$",
        'select "delete" from hands /* update; */ -- drop;',
        "select updated_at, deleted, created_at from hands",
        "select $é$ it's $é$",
        r"select E'it\'s; delete'",
        "select 'it''s; delete'",
        "with recent as (select 1) select * from recent;",
        "values (1)",
        "(select 1) union (select 2)",
        "with v(a) as (values (1)) select count(*) from v as w(b) where b in (1, 2) and not (b = 3)",
        "select percentile_cont(0.5) within group (order by pot)::numeric(10, 2) from hands group by rollup (grade)",
        "select extract(epoch from now() - max(at)) / (60) from t where at > now() - interval '1 day'",
        "select sum(n) filter (where n > 0) over (partition by day order by (n)) from t",
    ],
)
def test_a_query_that_reads_is_let_through(query: str) -> None:
    assert read_query(read_query(query)) == read_query(query)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", "expected one reading SELECT, got"),
        (";", "expected one reading SELECT, got"),
        ("explain analyze delete from hands", "expected one reading SELECT, got"),
        ("copy hands to program 'sh'", "expected one reading SELECT, got"),
        ("do $$ begin delete from hands; end $$", "expected one reading SELECT, got"),
        ("select 1; select 2", "expected one reading SELECT, got select and"),
        ("select E'\\'; drop table hands; --'; drop table hands", "expected one reading SELECT, got select and"),
        ("select '\\'; drop table hands; --'", "expected one reading SELECT, got select and"),
        ("select $é$ ' $é$ ; drop table hands; -- '", "expected one reading SELECT, got select and"),
        ("select 1 /* open", "cannot be read"),
        ("select 'a", "cannot be read"),
        ('select "a', "cannot be read"),
        ("select (1", "cannot be read"),
        ("select 1) as a, (select 1", "cannot be read"),
        ("WITH a AS (UPDATE hands SET pot = 0 RETURNING 1) SELECT 1", "'update' writes"),
        ("select * from hands for update", "'lock' writes"),
        ("select * from hands for share", "'lock' writes"),
        ("select * Into copies from hands", "'into' writes"),
        ("select pg_read_file('/etc/passwd')", "may not call"),
        ("select pg_advisory_lock(1)", "may not call"),
        ("select dblink_exec('delete')", "may not call"),
        ('select "pg_terminate_backend"(1)', "may not call"),
        ("select lo_import('/etc/passwd')", "may not call"),
        ("select set_config('transaction_read_only', 'off', false)", "may not call"),
        ("select query_to_xml('delete from hands', true, true, '')", "may not call"),
        ("select pg_create_physical_replication_slot('a', true)", "may not call"),
        ("select pg_drop_replication_slot('a')", "may not call"),
        ("select pg_backup_start('a')", "may not call"),
        ("select pg_wal_replay_pause()", "may not call"),
        ("select txid_current()", "may not call"),
        ("select pg_current_xact_id()", "may not call"),
        ("select PG_SLEEP /* a while */ (5)", "may not call 'PG_SLEEP'"),
        ("select pg_catalog.pg_sleep(5)", "may not call"),
        ("select mine.count(1)", "may not call 'mine.count(1)'"),
        ("select 1 -- \rwhere pg_sleep(5) is null", "may not call"),
        ("select 1 -- \r; drop table hands", "expected one reading SELECT, got select and"),
        ('select U&"pg\\005fsleep"(5)', "may not call"),
        ("select e'a'\n'b\\'' || pg_sleep(5)::text || 'x' --'", "cannot be read"),
        ("select $→$ ' $→$, pg_sleep(5), $→$ ' $→$", "may not call"),
        ("select 1into copies", "'into' writes"),
    ],
)
def test_a_query_that_does_more_is_refused(query: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        read_query(query)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://localhost:80", "http://127.0.0.1", True),
        ("https://A.example.org/x/", "https://a.example.org:443/x", True),
        ("http://ada:a@a.example.org", "http://a.example.org", True),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8081", False),
        ("http://a.example.org/x", "http://a.example.org/y", False),
    ],
)
def test_the_same_place_is_known_by_its_names(one: str, other: str, same: bool) -> None:
    assert is_same_address(one, other) is same


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://ada:hush@a.example.org/x", "http://a.example.org/x"),
        ("http://a.example.org/@home", "http://a.example.org/@home"),
        ("http://ada:h@sh@a.example.org", "http://a.example.org"),
    ],
)
def test_an_address_is_shown_without_what_is_secret(address: str, shown: str) -> None:
    assert show_address(address) == shown
