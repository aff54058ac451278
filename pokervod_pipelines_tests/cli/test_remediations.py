"""Check what `pokervod remediations` shows: actions, and rates that are never of nothing."""

import json
from collections.abc import Callable

from sqlalchemy import Engine

from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.cli.command import RunCommand
from pokervod_pipelines_tests.monitoring.remediation_place import Place


def test_nothing_done_has_no_rates(engine: Engine, pokervod: RunCommand) -> None:
    page = pokervod("remediations").printed

    assert page.startswith("no action in the last 7d")
    assert "–" in page
    assert {each["success_rate"] for each in pokervod("remediations", "--json").json["kinds"]} == {None}


def test_it_lists_actions_and_rates(
    engine: Engine, settings_factory: Callable[..., Settings], pokervod: RunCommand
) -> None:
    place = Place(engine, settings_factory)
    place.configure(retry={"per_hour": 1, "after_minutes": 0})
    ids = [place.fail_for_good() for _ in range(2)]
    place.remedy()
    place.queue.finish(*place.queue.claim())
    place.remedy()

    page = pokervod("remediations").printed
    document = pokervod("remediations", "--json", "--kind", "retry").json
    empty = pokervod("remediations", "--kind", "rescue", "--window", "1h")

    assert f"instruction {ids[0]}" in page
    assert "helped: the graphic was completed" in page
    assert "100%" in page
    retry = document["kinds"][0]
    assert (retry["kind"], retry["done"], retry["success_rate"], retry["harm_rate"]) == ("retry", 1, 1.0, 0.0)
    assert [each["state"] for each in document["actions"]] == ["refused", "done"]
    assert empty.printed.startswith("no action in the last 1h fits these filters")
    assert pokervod("remediations", "--kind", "retries").status == 2
    assert json.dumps(document)
