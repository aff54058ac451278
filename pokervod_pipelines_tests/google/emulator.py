"""Emulate Google as one object: spreadsheets, accounts, quotas, faults, and the log of calls.

How bytes travel is in ``server``; what each call does to a spreadsheet, in the ``*_api`` modules.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pokervod_pipelines_tests.google import drive_api, spreadsheets_api, values_api
from pokervod_pipelines_tests.google.accounts import Accounts
from pokervod_pipelines_tests.google.answers import Refused, refuse, refuse_file, refuse_office_file, refuse_token
from pokervod_pipelines_tests.google.clock import Clock, SystemClock
from pokervod_pipelines_tests.google.discovery import find_method
from pokervod_pipelines_tests.google.faults import Call, Fault
from pokervod_pipelines_tests.google.files import OFFICE
from pokervod_pipelines_tests.google.loading import read_workbook
from pokervod_pipelines_tests.google.masks import apply_mask
from pokervod_pipelines_tests.google.model import Spreadsheet, make_spreadsheet
from pokervod_pipelines_tests.google.quota import Quota
from pokervod_pipelines_tests.google.routes import Request, Route, find_route
from pokervod_pipelines_tests.google.server import Answer, serving

Tabs = Mapping[str, Sequence[Sequence[object]]]
Beside = Callable[["Emulator", Request], Answer | None]


@dataclass(slots=True)
class Emulator:
    """Answer as Google at ``root`` while the ``start`` block lasts."""

    clock: Clock
    quota: Quota
    root: str = ""
    spreadsheets: dict[str, Spreadsheet] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    fault_source: Callable[[Call], Fault | None] | None = None
    violations: list[str] = field(default_factory=list)
    """Where a request or an answer was not as Google's documents say; a test that wants that empties the list."""
    accounts: Accounts = field(init=False)
    _planned: list[tuple[Fault, str | None]] = field(default_factory=list)
    _hooks: list[tuple[Callable[[Route], bool], Callable[[], object]]] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @classmethod
    @contextmanager
    def start(
        cls, *, clock: Clock | None = None, quota: Quota | None = None, port: int = 0, beside: Beside | None = None
    ) -> Iterator["Emulator"]:
        """Answer on 127.0.0.1 inside the block; port 0 is any free one.

        ``beside`` is asked first and may answer requests that are none of Google's.
        """
        google = cls(clock or SystemClock(), quota or Quota())

        def answer(request: Request) -> Answer:
            return (beside(google, request) if beside else None) or google.answer(request)

        with serving(answer, google.clock, port) as root:
            google.root, google.accounts = root, Accounts(root, google.clock)
            try:
                yield google
            except BaseException as error:
                error.add_note("\n".join(google.violations))
                raise
        if google.violations:
            raise AssertionError("\n".join(google.violations))

    # Making a world

    def make_service_account(self, name: str = "pokervod") -> dict[str, str]:
        """Return the credentials of a new account, in the JSON that Google hands out."""
        return self.accounts.make_service_account(name)

    def add_workbook(self, source: Path | Tabs, *, title: str = "Workbook") -> Spreadsheet:
        """Make a spreadsheet of an .xlsx file or of rows by tab, shared with nobody yet."""
        if isinstance(source, Path):
            return self.add(read_workbook(source, self.clock))
        return self.add(make_spreadsheet(source, title, self.clock))

    def add(self, sheet: Spreadsheet) -> Spreadsheet:
        """Let a spreadsheet exist here."""
        self.spreadsheets[sheet.id] = sheet
        return sheet

    def add_office_file(self, *, title: str = "Tracker.xlsx") -> Spreadsheet:
        """Make an Excel file in Drive, which Drive lists and Sheets refuses."""
        sheet = make_spreadsheet({}, title, self.clock)
        sheet.mime_type = OFFICE
        return self.add(sheet)

    def remove(self, spreadsheet_id: str) -> None:
        """Delete a spreadsheet for ever."""
        del self.spreadsheets[spreadsheet_id]

    def revoke_tokens(self) -> None:
        """Make every current token dead."""
        self.accounts.tokens.clear()

    # Making trouble

    def fail_next(self, *faults: Fault, kind: str | None = None) -> None:
        """Let the faults strike the next calls (of the kind, if one is given), one each, before any fault source."""
        with self._lock:
            self._planned += [(fault, kind) for fault in faults]

    def before_write(self, action: Callable[[], object], *, kind: str | None = None) -> None:
        """Do this once, just before the next write to a spreadsheet is carried out."""
        self._add_hook(lambda route: route.is_write and kind in {None, route.kind}, action)

    def before_read(self, action: Callable[[], object], *, kind: str | None = None) -> None:
        """Do this once, just before the next read of a spreadsheet (or of Drive, if its kind is given)."""
        self._add_hook(
            lambda route: route.kind == kind or (kind is None and not route.is_write and not route.is_drive), action
        )

    def _add_hook(self, matches: Callable[[Route], bool], action: Callable[[], object]) -> None:
        with self._lock:
            self._hooks.append((matches, action))

    # What was called

    def count(self, kind: str | None = None) -> int:
        """Return how many calls there were, of one kind or all."""
        return sum(1 for call in list(self.calls) if kind in {None, call.kind})

    def forget_calls(self) -> None:
        """Empty the log."""
        self.calls.clear()

    # Answering

    def answer(self, request: Request) -> Answer:
        """Return what is sent for a request, and log it."""
        route = find_route(request)
        call = Call(request.method, route.kind, self.clock.now(), route.spreadsheet_id)
        fault = None
        try:
            email = self._admit(request, route)
            fault = self._take_fault(call)
            if fault is not None and fault.name == "dead_token":
                self.accounts.forget(request.authorization)
            if fault is not None and not fault.executed:
                answer = _spoil(fault, call, None)
            else:
                done = encode_answer(200, self._execute_checked(request, route, email))
                answer = done if fault is None else _spoil(fault, call, done)
        except Refused as refusal:
            answer = encode_answer(refusal.code, refusal.body, refusal.headers)
        self._log(call, answer, fault)
        return answer

    def _log(self, call: Call, answer: Answer, fault: Fault | None) -> None:
        status = 0 if answer.manner in {"hang", "reset"} else answer.status
        self.calls.append(replace(call, status=status, fault=fault.name if fault else ""))

    def _admit(self, request: Request, route: Route) -> str:
        """Return who asks, after counting the call against the quota."""
        if route.kind == "unknown":
            raise Refused(404, f"<!DOCTYPE html>\n<title>Error 404 (Not Found)!!1</title>\n{request.path}")
        if route.kind == "token":
            return ""
        email = self.accounts.holder(request.authorization)
        if email is None:
            raise refuse_token(drive=route.is_drive)
        metric = "Drive" if route.is_drive else "Write" if route.is_write else "Read"
        self.quota.charge(email, metric, self.clock.now())
        return email

    def _take_fault(self, call: Call) -> Fault | None:
        with self._lock:
            for place, (fault, kind) in enumerate(self._planned):
                if kind in {None, call.kind}:
                    del self._planned[place]
                    return fault
        return self.fault_source(call) if self.fault_source else None

    def _execute_checked(self, request: Request, route: Route, email: str) -> dict[str, Any]:
        """Carry out a request that Google's documents allow, and give an answer that they describe."""
        method = find_method(route.kind)
        if method is None:
            return self._execute(request, route, email)
        try:
            wrong = list(method.check_request(request))
        except ValueError:
            raise refuse(400, "Invalid JSON payload received. Unexpected token.", drive=route.is_drive) from None
        self.violations += [f"{route.kind} asked {each}" for each in wrong]
        if wrong and not route.is_drive:  # Drive passes over what it does not know
            raise refuse(400, wrong[0].words)
        answer = self._execute(request, route, email)
        self.violations += [f"{route.kind} answered {each}" for each in method.check_answer(answer)]
        return answer

    def _execute(self, request: Request, route: Route, email: str) -> dict[str, Any]:
        if route.kind == "token":
            return self.accounts.grant(request.form)
        if route.kind == "drive.list":
            self._run_hooks(route)
            mine = [sheet for sheet in list(self.spreadsheets.values()) if email in sheet.roles]
            return drive_api.list_files(mine, request.params)
        sheet = self._open(route, email)
        self._run_hooks(route)
        with sheet.lock:
            return _ask_spreadsheet(sheet, request, route, email)

    def _open(self, route: Route, email: str) -> Spreadsheet:
        sheet = self.spreadsheets.get(route.spreadsheet_id)
        if route.is_drive and (sheet is None or email not in sheet.roles):
            raise refuse_file(route.spreadsheet_id)
        if sheet is None:
            raise refuse(404, "Requested entity was not found.")
        if not route.is_drive and sheet.mime_type == OFFICE and email in sheet.roles:
            raise refuse_office_file()
        role = sheet.roles.get(email)
        if role is None or (route.is_write and role != "writer"):
            raise refuse(403, "The caller does not have permission")
        return sheet

    def _run_hooks(self, route: Route) -> None:
        with self._lock:
            due = [hook for hook in self._hooks if hook[0](route)]
            self._hooks = [hook for hook in self._hooks if hook not in due]
        for _, action in due:
            action()


def _ask_spreadsheet(sheet: Spreadsheet, request: Request, route: Route, email: str) -> dict[str, Any]:
    params = request.params
    body = request.json() if route.is_write else {}
    if route.kind == "drive.get":
        return drive_api.get_file(sheet, params, can_edit=sheet.roles.get(email) == "writer")
    if route.kind == "spreadsheets.get":
        return apply_mask(spreadsheets_api.describe(sheet), params.get("fields"))
    if route.kind == "values.get":
        answer = values_api.get_values(sheet, route.range, values_api.read_rendering(params))
    elif route.kind == "values.batchGet":
        ranges = request.lists.get("ranges", [])
        answer = values_api.batch_get(sheet, ranges, values_api.read_rendering(params))
    elif route.kind == "values.update":
        answer = values_api.update(sheet, route.range, params, body, email)
    elif route.kind == "values.batchUpdate":
        answer = values_api.batch_update(sheet, body, email)
    else:
        answer = spreadsheets_api.batch_update(sheet, body, email)
    return apply_mask(answer, params.get("fields"))


def encode_answer(status: int, body: Any, headers: Mapping[str, str] = MappingProxyType({})) -> Answer:
    """Return an answer of JSON, or of HTML if the body is text."""
    if isinstance(body, str):
        return Answer(status, body.encode(), "text/html; charset=UTF-8", headers)
    text = json.dumps(body, ensure_ascii=False, indent=2)
    return Answer(status, text.encode(), "application/json; charset=UTF-8", headers)


def _spoil(fault: Fault, call: Call, done: Answer | None) -> Answer:
    """Return what is left of an answer after the fault; ``done`` is None if the work was never begun."""
    if fault.name in {"hang", "reset", "truncate"}:
        return replace(done or Answer(200, b"{}" * 50, "application/json; charset=UTF-8"), manner=fault.name)
    refusal = fault.refusal(call)
    return encode_answer(refusal.code, refusal.body, refusal.headers)
