"""Act on graphics and on what renders them: one by one, by a filter, by a CSV, and on pauses, holds and workers."""

from typing import Any

from pokervod_pipelines_tests.api.parity import ParityCase, World

CSV = "template,player,place\nelimination,Ana Ruiz,9th\nelimination,,8th\nnone,x,1\n"


def find(world: World, state: str) -> int:
    return int(world.execute("select min(id) from render_instructions where state = :state", state=state)[0][0])


def choose(world: World) -> dict[str, Any]:
    return {state: find(world, state) for state in ("failed", "completed", "pending")}


def write_csv(world: World) -> dict[str, Any]:
    (world.folder / "friday.csv").write_text(CSV, encoding="utf-8")
    return {}


def pause(world: World) -> dict[str, Any]:
    world.execute("insert into render_pauses (scope, reason, by) values ('template:elimination', 'x', 'ben')")
    return {}


def quarantine(world: World) -> dict[str, Any]:
    world.execute("update render_workers set quarantine_reason = 'its disk is full', strikes = 5")
    return {"name": "gfx-1"}


def place_hold(world: World) -> dict[str, Any]:
    world.execute("""
        insert into holds (subject_kind, subject, by, reason, correlation_id)
        values ('sheet', 'tracker', 'ben', 'x', 'placed'), ('sheet', 'tracker', 'anna', 'x', 'placed')
    """)
    return {}


def plan(world: World) -> dict[str, Any]:
    [[window]] = world.execute("""
        insert into maintenance_windows (starts_at, ends_at, by, reason, correlation_id)
        values (now(), now() + interval '1 hour', 'ben', 'x', 'planned') returning id
    """)
    return {"window_id": window}


def list_coming(world: World) -> list[tuple[Any, ...]]:
    """Return the windows that begin later: the comparison of rows leaves out their times."""
    return [tuple(row) for row in world.execute("select id from maintenance_windows where starts_at > now()")]


def open_breaker(world: World) -> dict[str, Any]:
    world.execute("""
        insert into breakers (name, failures, last_error, last_failed_at, opened_at, next_probe_at, correlation_id)
        values ('sheets', 5, 'refused', now(), now(), now() + interval '1 minute', 'opened')
    """)
    return {"name": "sheets"}


def park(world: World) -> dict[str, Any]:
    world.execute("""
        insert into event_retries (consumer, sequence, event_id, attempts, error, failed_at, parked_at)
        select 'render instructions', id, id, 3, 'x', now(), now() from events order by id limit 2
    """)
    return {"event": world.execute("select min(event_id) from event_retries")[0][0]}


CASES = [
    ParityCase(
        path="/api/actions/retry",
        prepare=choose,
        body={"instruction_id": "{failed}"},
        command=["render", "retry", "{failed}"],
    ),
    ParityCase(
        path="/api/actions/remake",
        prepare=choose,
        body={"instruction_ids": ["{completed}"]},
        command=["render", "remake", "{completed}"],
    ),
    ParityCase(
        path="/api/actions/cancel",
        prepare=choose,
        body={"instruction_ids": ["{pending}", "{failed}"]},
        command=["render", "cancel", "{pending}", "{failed}"],
    ),
    ParityCase(
        path="/api/actions/change-priority",
        prepare=choose,
        body={"instruction_id": "{pending}", "priority": 1},
        command=["render", "prioritize", "{pending}", "--priority", "1"],
    ),
    ParityCase(
        path="/api/actions/bulk-retry",
        body={"filter": {"status": "failed", "created_after": "yesterday", "error": "made of"}},
        command=["render", "bulk-retry", "-s", "failed", "--created-since", "yesterday", "--error", "made of", "--yes"],
    ),
    ParityCase(
        path="/api/actions/bulk-cancel",
        body={"filter": {"template": "elimination"}},
        command=["render", "bulk-cancel", "--template", "elimination", "--yes"],
    ),
    ParityCase(
        path="/api/actions/bulk-prioritize",
        body={"filter": {"template": "elimination"}, "priority": 2},
        command=["render", "bulk-prioritize", "--template", "elimination", "--priority", "2", "--yes"],
    ),
    ParityCase(
        path="/api/instructions",
        body={"template": "elimination", "layers": {"player": "Ana Ruiz", "place": "9th"}, "priority": 1},
        command=[
            "render",
            "enqueue",
            "-t",
            "elimination",
            "-l",
            "player=Ana Ruiz",
            "-l",
            "place=9th",
            "--priority",
            "1",
        ],
        is_audited=False,
    ),
    ParityCase(
        path="/api/instructions/csv",
        query="?reason=as+planned&name=friday.csv",
        prepare=write_csv,
        content=CSV,
        media_type="text/csv",
        command=["render", "enqueue", "friday.csv"],
        exit_code=1,
        is_audited=False,
    ),
    ParityCase(path="/api/queue/pause", body={"renderer": "local"}, command=["render", "pause", "--renderer", "local"]),
    ParityCase(
        path="/api/queue/pause",
        name="template",
        body={"template": "elimination"},
        command=["render", "pause", "--template", "elimination"],
    ),
    ParityCase(
        path="/api/queue/resume",
        prepare=pause,
        body={"template": "elimination"},
        command=["render", "resume", "--template", "elimination"],
    ),
    ParityCase(
        path="/api/workers/{name}/reinstate", prepare=quarantine, command=["render", "workers", "--reinstate", "gfx-1"]
    ),
    ParityCase(
        path="/api/holds",
        body={"kind": "sheet", "name": "tracker", "until": "2h"},
        command=["hold", "sheet", "tracker", "--until", "2h"],
    ),
    ParityCase(
        path="/api/holds/release",
        prepare=place_hold,
        body={"kind": "sheet", "name": "tracker", "everyone": True},
        command=["release", "sheet", "tracker", "--everyone"],
    ),
    ParityCase(
        path="/api/maintenance",
        observe=list_coming,
        body={
            "starts": "1h",
            "until": "2h",
            "coverage": [{"kind": "sheet", "name": "tracker"}, {"kind": "library", "name": "shows"}],
        },
        command=[
            "maintenance",
            "plan",
            *("--from", "1h"),
            *("--until", "2h"),
            *("--kind", "sheet", "--name", "tracker"),
            *("--kind", "library", "--name", "shows"),
        ],
    ),
    ParityCase(
        path="/api/maintenance/{window_id}/cancel", prepare=plan, command=["maintenance", "cancel", "{window_id}"]
    ),
    ParityCase(path="/api/breakers/{name}/reset", prepare=open_breaker, command=["breakers", "reset", "sheets"]),
    ParityCase(
        path="/api/parked-events/retry",
        prepare=park,
        body={"consumer": "render instructions", "event_ids": ["{event}"]},
        command=["events", "retry", "render instructions", "{event}"],
    ),
    ParityCase(
        path="/api/parked-events/drop",
        prepare=park,
        body={"consumer": "render instructions", "event_ids": ["{event}"]},
        command=["events", "drop", "render instructions", "{event}"],
    ),
]
