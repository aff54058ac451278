"""Decide about hands, disagreements and rollouts."""

from typing import Any

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.hands.interventions import withdraw_hand
from pokervod_pipelines.hands.listing import read_hand
from pokervod_pipelines.hands.phh_export import export_phh
from pokervod_pipelines.rollout.interventions import override_criterion
from pokervod_pipelines.rollout.plans import find_plan
from pokervod_pipelines.rollout.rollout import Rollout
from pokervod_pipelines.rollout.runner import start_rollout
from pokervod_pipelines.workflows.hands import import_and_link_hands
from pokervod_pipelines_tests.api.parity import ParityCase, World
from pokervod_pipelines_tests.api.parity_archive import put_rows
from pokervod_pipelines_tests.hands.sessions import make_showdown, make_walk, write_session

BEN = Actor(who="ben", reason="prepared", correlation_id="prepared")
PLAN = "production"


def put_hand(world: World) -> dict[str, Any]:
    """Import a session, and write the correction of one of its hands into a file."""
    file = world.folder / "session.json"
    if not file.exists():  # its time is stored
        file.write_bytes(write_session(make_walk(), make_showdown(at=3), ID=640_000_000_123_456_790))
    import_and_link_hands(world.engine, world.settings, [file], correlation_id="prepared")
    [[hand]] = world.execute("select max(id) from hands where is_premium")
    with world.engine.connect() as connection:
        phh = export_phh(read_hand(connection, hand)).replace("7c2d", "7c3d")
    (world.folder / "corrected.phh").write_text(phh, encoding="utf-8")
    return {"hand_id": hand, "phh": phh}


def withdraw(world: World) -> dict[str, Any]:
    names = put_hand(world)
    with world.engine.begin() as connection:
        withdraw_hand(connection, names["hand_id"], actor=BEN)
    return names


def disagree(world: World) -> dict[str, Any]:
    names = put_rows(world)
    [[number]] = world.execute(
        """
        insert into hand_disagreements (hand_id, clip_id, field, hand_says, sheet_says)
        select min(id), :clip, 'pot', '45,000', '54,000' from hands returning id
        """,
        clip=names["clip_id"],
    )
    return {"disagreement_id": number}


def start(world: World) -> dict[str, Any]:
    start_rollout(_find_rollout(world), None, early=True)
    return {"plan": PLAN, "week": 1, "criterion": "document_ui"}


def escalate(world: World) -> dict[str, Any]:
    names = start(world)
    rollout = _find_rollout(world)
    with rollout.begin() as store:
        store.insert_escalation(store.read().weeks[0], "week 1 failed 3 times")
        rollout.report_escalation(store, 1)
    world.execute("update monitoring_events set figures = '{}'")  # its report has the time in words
    world.execute("update alerts set body = 'failed'")
    return names


def override(world: World) -> dict[str, Any]:
    names = start(world)
    override_criterion(_find_rollout(world), 1, names["criterion"], BEN)
    return names


def _find_rollout(world: World) -> Rollout:
    return Rollout(engine=world.engine, settings=world.settings, plan=find_plan(world.settings))


CRITERION = "/api/rollout/{plan}/weeks/{week}/criteria/{criterion}"

CASES = [
    ParityCase(path="/api/hands/{hand_id}/withdraw", prepare=put_hand, command=["hands", "withdraw", "{hand_id}"]),
    ParityCase(
        path="/api/hands/{hand_id}/correct",
        prepare=put_hand,
        body={"phh": "{phh}"},
        command=["hands", "correct", "{hand_id}", "corrected.phh"],
    ),
    ParityCase(path="/api/hands/{hand_id}/restore", prepare=withdraw, command=["hands", "restore", "{hand_id}"]),
    ParityCase(
        path="/api/disagreements/{disagreement_id}/settle",
        prepare=disagree,
        command=["hands", "settle", "{disagreement_id}"],
    ),
    ParityCase(path="/api/rollout/{plan}/pause", prepare=start, command=["rollout", "pause"]),
    ParityCase(path="/api/rollout/{plan}/acknowledge", prepare=escalate, command=["rollout", "acknowledge"]),
    ParityCase(path="/api/rollout/{plan}/abandon", prepare=start, command=["rollout", "abandon"]),
    ParityCase(path="/api/rollout/{plan}/reset", prepare=start, command=["rollout", "reset"]),
    ParityCase(path=f"{CRITERION}/override", prepare=start, command=["rollout", "override", "{week}", "{criterion}"]),
    ParityCase(
        path=f"{CRITERION}/undo-override",
        prepare=override,
        command=["rollout", "override", "{week}", "{criterion}", "--undo"],
    ),
]
