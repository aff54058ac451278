"""Decide about incidents."""

from pokervod_pipelines_tests.api.parity import ParityCase, World


def mute(world: World) -> dict[str, int]:
    world.execute(
        "update monitoring_events set muted_until = now() + interval '1 hour', muted_by = 'ben', muted_reason = 'x'"
    )
    return {"incident_id": 1}


def choose(_: World) -> dict[str, int]:
    return {"incident_id": 1}


CASES = [
    ParityCase(
        path="/api/events",
        body={"summary": "No hands since 19:40", "subject": {"kind": "show", "name": "Final"}, "missed": "no_data"},
        command=["incidents", "open", "No hands since 19:40", "--subject", "show Final", "--missed", "no_data"],
    ),
    ParityCase(path="/api/events/{incident_id}/acknowledge", prepare=choose, command=["incidents", "acknowledge", "1"]),
    ParityCase(
        path="/api/events/{incident_id}/mute",
        prepare=choose,
        body={"until": "2h"},
        command=["incidents", "mute", "1", "--until", "2h"],
    ),
    ParityCase(path="/api/events/{incident_id}/unmute", prepare=mute, command=["incidents", "unmute", "1"]),
    ParityCase(path="/api/events/{incident_id}/resolve", prepare=choose, command=["incidents", "resolve", "1"]),
    ParityCase(
        path="/api/events/{incident_id}/verdict",
        prepare=choose,
        body={"verdict": "noise"},
        command=["incidents", "verdict", "1", "noise"],
    ),
]
