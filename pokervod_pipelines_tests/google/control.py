"""Control the emulator from another process: edits, faults and the call log over HTTP, without credentials.

=======================  ===============================================================================================
``POST /control/edit``   ``{"op": OP, ...}`` makes a person's edit; the other keys are the arguments of the method of
                         ``model.Spreadsheet``: ``{"op": "type", "tab": "Hands", "row": 2, "column": "B", "value": 7}``,
                         ``{"op": "sort", "tab": "Hands", "column": "A", "descending": true}``,
                         ``{"op": "insert", "tab": "Hands", "at": 2, "rows": [["a.mp4", 1]]}``,
                         ``{"op": "delete", "tab": "Hands", "at": 2, "count": 1}``. The ops are those in ``EDITS``.
                         ``"spreadsheet": ID`` picks one of several. Answers ``{"version": N}``.
``POST /control/faults`` ``{"faults": [{"name": "refuse", "status": 429, "retry_after": 5}, {"name": "hang"}],
                         "kind": "values.batchGet"}`` strikes the next calls; ``{"storm": {"seed": 1, "share": 0.3}}``
                         strikes until ``{"calm": true}``. Names: refuse, broken, hang, reset, truncate, garbage,
                         dead_token; further keys: status, retry_after, html, executed.
``POST /control/revoke`` ``{}`` makes every token dead.
``POST /control/forget`` ``{}`` empties the call log.
``GET /control/calls``   ``{"calls": [...], "count": {KIND: N}}``; a call has the fields of ``faults.Call``.
``GET /control/sheet``   every tab as shown and as stored, the named ranges and the version (``?spreadsheet=ID``).
=======================  ===============================================================================================

What cannot be done answers 400 with ``{"error": TEXT}``.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from pokervod_pipelines_tests.google import faults
from pokervod_pipelines_tests.google.emulator import Emulator, encode_answer
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.google.routes import Request
from pokervod_pipelines_tests.google.server import Answer

Json = dict[str, Any]

EDITS: dict[str, Callable[..., object]] = {
    "type": Spreadsheet.type_cell,
    "enter": Spreadsheet.enter,
    "insert": Spreadsheet.insert_rows,
    "delete": Spreadsheet.delete_rows,
    "sort": Spreadsheet.sort,
    "sort_range": Spreadsheet.sort_range,
    "import_range": Spreadsheet.import_range,
    "copy": Spreadsheet.copy_row,
    "insert_column": Spreadsheet.insert_column,
    "delete_column": Spreadsheet.delete_column,
    "rename_header": Spreadsheet.rename_header,
    "add_tab": Spreadsheet.add_tab,
    "rename_tab": Spreadsheet.rename_tab,
    "delete_tab": Spreadsheet.delete_tab,
    "protect": Spreadsheet.protect,
    "merge": Spreadsheet.merge,
    "hide_tab": Spreadsheet.hide_tab,
    "share": Spreadsheet.share,
    "unshare": Spreadsheet.unshare,
    "trash": Spreadsheet.trash,
    "restore": Spreadsheet.restore,
}

PLAIN_FAULTS = {
    fault.name: fault
    for fault in (
        faults.refuse_rate(),
        faults.broken(),
        faults.HANG,
        faults.RESET,
        faults.TRUNCATE,
        faults.GARBAGE,
        faults.DEAD_TOKEN,
    )
}


def answer_control(google: Emulator, request: Request) -> Answer | None:
    """Answer a control request; None if it is another one."""
    if not request.path.startswith("/control/"):
        return None
    action = ACTIONS.get((request.method, request.path.removeprefix("/control/")))
    if action is None:
        return encode_answer(404, {"error": f"{request.method} {request.path}: no such control"})
    try:
        return encode_answer(200, action(google, request))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        return encode_answer(400, {"error": f"{type(error).__name__}: {error}"})


def _edit(google: Emulator, request: Request) -> Json:
    order = request.json()
    sheet = _pick(google, order.pop("spreadsheet", None))
    EDITS[order.pop("op")](sheet, **order)
    return {"version": sheet.version}


def _plan_faults(google: Emulator, request: Request) -> Json:
    order = request.json()
    if storm := order.get("storm"):
        google.fault_source = faults.random_storm(**storm)
    if order.get("calm"):
        google.fault_source = None
    google.fail_next(*map(_read_fault, order.get("faults", [])), kind=order.get("kind"))
    return {}


def _read_fault(given: Json) -> faults.Fault:
    return faults.Fault(**(asdict(PLAIN_FAULTS[given["name"]]) | given))


def _tell_calls(google: Emulator, request: Request) -> Json:
    calls = list(google.calls)
    listed = [asdict(call) | {"at": call.at.isoformat()} for call in calls]
    return {"calls": listed, "count": dict(Counter(call.kind for call in calls))}


def _tell_sheet(google: Emulator, request: Request) -> Json:
    sheet = _pick(google, request.params.get("spreadsheet"))
    with sheet.lock:
        tabs = {title: {"shown": sheet.shown(title), "stored": sheet.stored(title)} for title in sheet.titles}
        return {"id": sheet.id, "version": sheet.version, "named_ranges": sheet.named_ranges, "tabs": tabs}


def _revoke(google: Emulator, request: Request) -> Json:
    google.revoke_tokens()
    return {}


def _forget(google: Emulator, request: Request) -> Json:
    google.forget_calls()
    return {}


def _pick(google: Emulator, spreadsheet_id: str | None) -> Spreadsheet:
    return google.spreadsheets[spreadsheet_id] if spreadsheet_id else next(iter(google.spreadsheets.values()))


ACTIONS: dict[tuple[str, str], Callable[[Emulator, Request], Json]] = {
    ("POST", "edit"): _edit,
    ("POST", "faults"): _plan_faults,
    ("POST", "revoke"): _revoke,
    ("POST", "forget"): _forget,
    ("GET", "calls"): _tell_calls,
    ("GET", "sheet"): _tell_sheet,
}
