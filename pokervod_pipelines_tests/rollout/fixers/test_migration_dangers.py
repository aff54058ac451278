"""Check that SQL which loses data is detected, and harmless SQL is not."""

import pytest

from pokervod_pipelines.rollout.fixers.migration_dangers import find_danger, list_pending_migrations


@pytest.mark.parametrize(
    ("sql", "danger"),
    [
        ("DROP TABLE hands;", "drops a table"),
        ("drop table if exists hands", "drops a table"),
        ("drop /* really */ table hands", "drops a table"),
        ("drop foreign table hands", "drops a table"),
        ("alter table hands drop column pot", "drops a column"),
        ("alter table hands drop pot", "drops a column"),
        ("alter table hands add x int, drop if exists pot", "drops a column"),
        ('alter table hands drop "constraint"', "drops a column"),
        ("alter table only hands\n  drop\n  column pot", "drops a column"),
        ("truncate hands", "truncates a table"),
        ("delete from hands", "deletes rows"),
        ("with gone as (delete from hands returning *) select * from gone", "deletes rows"),
        ("merge into a using b on a.id = b.id when matched then delete", "deletes rows"),
        ("drop schema public", "drops a schema or database"),
        ("drop type grade cascade", "drops what depends on something"),
        ("alter table hands alter column pot type int using 0", "recomputes a column"),
        ("do $$ begin perform 1; end $$", "runs a block whose effect is unknown"),
        ("create function f() returns void as $$ begin delete from hands; end $$ language plpgsql", "deletes rows"),
        ("create function f() returns void as $f$ begin execute 'x'; end $f$", "runs text as a statement"),
        ("select E'\\''; drop table hands; select ''", "drops a table"),
        ("select $$it's$$; drop table hands; select 'a'", "drops a table"),
        ("select 'it''s'; drop table hands", "drops a table"),
        ("-- don't\ndrop table hands; select 'a'", "drops a table"),
    ],
)
def test_what_loses_data_is_named(sql: str, danger: str) -> None:
    assert find_danger(sql) == danger


@pytest.mark.parametrize(
    "sql",
    [
        "create table a (id int references b (id) on delete cascade)",
        "create table a (id int references b (id) ON DELETE SET NULL)",
        "alter table a drop constraint c",
        "alter table a alter column b drop not null, alter column b drop default",
        "drop index ix_a",
        "insert into a values ('drop table b; delete from c; truncate d')",
        "-- drop table a\nselect 1",
        "/* truncate a */ select 1",
        'alter table a add column "delete" int',
        "create trigger t before delete on a for each row execute function f()",
        "create trigger t after insert or delete on a for each row execute function f()",
        "alter table a alter column b type bigint",
        "update a set b = 1",
        "insert into a (b) values (1) on conflict do nothing",
        "grant execute on function f to reader",
        "alter table a rename column dropped to deleted",
    ],
)
def test_what_loses_nothing_is_let_through(sql: str) -> None:
    assert find_danger(sql) is None


def test_what_the_package_ships_can_be_applied_by_a_fixer() -> None:
    steps = list_pending_migrations(None)

    assert len(steps) >= 2
    assert {step.name: step.danger for step in steps if step.danger} == {}


def test_only_what_comes_after_the_revision_is_pending() -> None:
    assert [step.name for step in list_pending_migrations("0006")] == [
        step.name for step in list_pending_migrations(None)
    ][1:]
