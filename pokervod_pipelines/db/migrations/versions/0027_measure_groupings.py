"""the counts of each renderer, of each template and of all beside those of both"""

from alembic import op

revision = "0027"
down_revision = "0026"

KEEPS_DATA = True
"""It only adds sums of rows that are there; a fixer may apply it."""

UPGRADE: tuple[str, ...] = (
    """
    insert into measure_rollups (measure, resolution, at, labels, sums)
    select measure, resolution, at, jsonb_strip_nulls(jsonb_build_object('renderer', renderer, 'template', template)),
        jsonb_object_agg(key, value)
    from (
        select measure, resolution, at, labels ->> 'renderer' as renderer, labels ->> 'template' as template, key,
            sum(cast(value as bigint)) as value
        from measure_rollups cross join lateral jsonb_each_text(sums)
        where labels ?& array['renderer', 'template']
        group by 1, 2, 3, 6, grouping sets ((4), (5), ())
    ) as summed group by measure, resolution, at, renderer, template
    """,
)

DOWNGRADE: tuple[str, ...] = (
    """
    delete from measure_rollups
    where measure in ('ended', 'requested') and not labels ?& array['renderer', 'template']
    """,
)


def upgrade() -> None:
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWNGRADE:
        op.execute(statement)
