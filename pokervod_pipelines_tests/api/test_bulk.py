"""A bulk action tells exactly what it did: 5,000 failed graphics, of which 3 % cannot be retried."""

from typing import Any

import pytest
from sqlalchemy import text

from pokervod_pipelines_tests.api.serving import OPERATOR, Served

FILTER = {"status": ["failed"], "template": "payouts"}

ADD = """
    insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key, broadcast_day, by,
        renderer)
    select 'payouts', '{}', '{}', '', 'person', 'bulk ' || n, current_date, 'ben', 'local'
    from generate_series(1, :count) n
"""

CLAIM = """
    update render_instructions set state = 'processing', claim_id = gen_random_uuid(), claimed_by = 'w',
        lease_until = now() + interval '1 minute', heartbeat_at = now(), started_at = now()
    where template = 'payouts' and state = 'pending'
"""
FAIL = """
    update render_instructions set state = 'failed', claim_id = null, reason = 'no font', failure_kind = 'bad_input'
    where template = 'payouts' and state = 'processing'
"""

HOLD = """
    insert into holds (subject_kind, subject, by, reason, correlation_id)
    select 'instruction', id::text, 'ben', 'I look at it', 'held' from render_instructions
    where template = 'payouts' and id % 100 = 0
"""

CHANGE = (
    "update render_instructions set state = 'pending' where template = 'payouts' and id % 100 in (1, 2)",
    f"{CLAIM} and id % 100 = 2",
    "update render_instructions set state = 'completed', claim_id = null where template = 'payouts' and id % 100 = 2",
)


def execute(api: Served, *statements: str, **values: Any) -> None:
    with api.engine.begin() as connection:
        for each in statements:
            connection.execute(text(each), values)


def ask(api: Served, **body: Any) -> dict[str, Any]:
    answer = api.post("/api/actions/bulk-retry", {"filter": FILTER, **body}, OPERATOR)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("count", [pytest.param(5_000, marks=pytest.mark.long), 200])
def test_what_cannot_be_retried_is_counted_and_can_be_chosen_again(api: Served, count: int) -> None:
    execute(api, ADD, CLAIM, FAIL, count=count)
    preview = ask(api, dry_run=True)
    execute(api, HOLD, *CHANGE)
    each = count // 100

    done = ask(api, only=preview["ids"], reason="the font is installed")

    assert (preview["count"], preview["refused_count"], preview["failure_kinds"]) == (count, 0, {"bad_input": count})
    assert (done["count"], done["refused_count"]) == (count - 3 * each, 3 * each)
    assert {*done["ids"]} | {one["instruction_id"] for one in done["refused"]} == {*preview["ids"]}
    with api.engine.connect() as connection:
        audited = connection.execute(
            text(
                "select cast(payload ->> 'instruction_id' as int) from events where type = 'render.requeued'"
                " and payload ->> 'by' = 'anna' order by 1"
            )
        ).scalars()
        assert [*audited] == sorted(done["ids"])
    again = ask(api, dry_run=True)
    assert (again["count"], again["refused_count"]) == (0, each), "what is held has failed still"
    execute(api, "update holds set ended_at = now(), ended_by = 'ben', end_reason = 'x'")
    assert ask(api, reason="looked at")["count"] == each
