"""Check that what the database accepts of layers and outputs, a worker accepts too."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.render.layers import BadValue, Layer, check_value
from pokervod_pipelines.render.renderers.job import check_layers
from pokervod_pipelines.render.templates import load_templates
from pokervod_pipelines_tests.hub.conftest import Hub

VALUES: tuple[Any, ...] = (
    *(
        "Ana Ruiz",
        "  padded ",
        "",
        " ",
        "x" * 33,
        "x" * 501,
        "a\x07b",
        "Ünal 핸드",
        "line\nline",
        7,
        7.5,
        1e18,
        -3,
        True,
    ),
    *("1,250,000", "1 250 000", "12", "1.250", "1.5", "-12", "€850,000", "KRW 1,000", "HK$5", "lots", "1e5", "12,34"),
    *("As", "10d", "td", "K♦", "Zz", "1s", ["As", "Kd"], ["As", "As"], ["10c"], "As Kd", [], ["As", 5], ["As"] * 9),
    *([{"player": "Ana", "chips": 5}], [{"player": ""}], [{}], [7], {"a": 1}, [{"name": "Ana", "chips": "1,000"}]),
    *([{"place": "1st", "prize": 1000, "hat": 1}], [{"place": 1, "prize": "€5"}]),
)


def fit(hub: Hub, layer: Layer, value: Any) -> tuple[Any, str | None]:
    with hub.engine.connect() as connection:
        row = connection.execute(
            text("select fitted, problem from hub.fit_value(cast(:layer as jsonb), cast(:value as jsonb))"),
            {"layer": json.dumps(layer.model_dump(by_alias=True)), "value": json.dumps(value)},
        ).one()
        return row.fitted, row.problem


LAYERS = {
    f"{template.name}.{name}": layer
    for template in load_templates().values()
    for name, layer in template.layers.items()
} | {
    "a card": Layer(type="card", required=True, description="A card"),
    "two cards": Layer(type="cards", required=True, description="Cards", limit=2),
    "a picture": Layer(type="image", required=True, description="A picture"),
}


@pytest.mark.parametrize("name", LAYERS)
def test_what_is_accepted_is_what_a_worker_takes(hub: Hub, name: str) -> None:
    layer, accepted = LAYERS[name], 0
    for value in VALUES:
        fitted, problem = fit(hub, layer, value)
        if problem is None:
            accepted += 1
            assert check_value(layer, fitted) == fitted, value
        else:
            with pytest.raises(BadValue):
                check_value(layer, value)

    assert accepted or layer.kind == "rows"


def make_rows(layer: Layer) -> list[dict[str, Any]]:
    made = {"text": "Ana", "number": 5, "chips": 1_000}
    return [{name: made[column.kind] for name, column in layer.columns.items()}]


def test_every_shipped_template_can_be_asked_for(hub: Hub) -> None:
    good: dict[str, Any] = {"text": "Ana", "number": 5, "chips": 5_000, "card": "As", "cards": ["As", "Kd"]}
    for template in load_templates().values():
        given = {
            name: make_rows(layer) if layer.kind == "rows" else good.get(layer.kind, "a.png")
            for name, layer in template.layers.items()
        }
        with hub.engine.begin() as connection:
            connection.execute(
                text("insert into hub.render_instructions (template_name, layer_data_json) values (:name, :layers)"),
                {"name": template.name, "layers": json.dumps(given)},
            )
        ((layers, output),) = hub.read(
            "select layers, output from render_instructions where template = :name", name=template.name
        )
        assert check_layers(template, layers) == layers  # type: ignore[arg-type]
        assert output["seconds"] == template.seconds  # type: ignore[index]


def test_a_template_that_is_broken_now_is_refused_with_its_reason(hub: Hub) -> None:
    hub.read("update hub_templates set problem = 'line 3: unknown key' where name = 'payouts' returning name")

    with pytest.raises(DBAPIError, match="payouts cannot be rendered: line 3"), hub.engine.begin() as connection:
        connection.execute(text("insert into hub.render_instructions (template_name) values ('payouts')"))
