"""Fix by a command that the settings allow, then check that it did what it is for.

``rerun_tests`` expects a new JUnit report, ``regenerate_document`` a new document, ``restart_service`` and
``rebuild_mocks`` a healthy service. The latter two may call a hook instead, an address that takes a POST, such as the
one that deploys a new revision of a Cloud Run service.
"""

import itertools
import json
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from pokervod_pipelines.rollout.criteria.fields import Glob, RelativePath, UrlPath
from pokervod_pipelines.rollout.fixers.base import CannotFix, FixContext, Fixer, FixStep
from pokervod_pipelines.rollout.http_calls import CallFailed, open_client, send_request
from pokervod_pipelines.rollout.services import AddressKind
from pokervod_pipelines.settings.fields import HttpAddress, Name
from pokervod_pipelines.settings.rollout import Unit

OUTPUT = "{output}"
"""Stands in a command's arguments for the file that it has to write."""

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024

CALL_SECONDS = 10.0
"""Limit of one health check; then it is repeated."""

POLL_SECONDS = 0.5

Seconds = Annotated[float, Field(gt=0, le=3600)]

TokenVariable = Annotated[str, StringConstraints(pattern=r"^POKERVOD_HOOK_[A-Z0-9_]{1,60}$")]
"""A variable that contains a hook's token; the prefix keeps a plan from sending any other secret."""


def _end_in(*suffixes: str) -> AfterValidator:
    def check(text: str) -> str:
        if not text.endswith(suffixes):
            message = f"expected a file that ends in {' or '.join(suffixes)}, got {text!r}"
            raise ValueError(message)
        return text

    return AfterValidator(check)


class CommandFixer(Fixer):
    """Run the ``command`` of the settings for at most ``seconds``."""

    service: str | None = None
    command: Name | None = None
    seconds: Seconds

    def find_arguments(self, context: FixContext) -> tuple[str, ...]:
        """Return the arguments of the command. Raises ``CannotFix`` if the settings do not have it."""
        context.require("commands", str(self.command))
        return context.rights.commands[str(self.command)]

    def run_to_success(self, context: FixContext, name: str, arguments: Sequence[str]) -> str:
        """Return what was run. Raises ``CannotFix`` if the command fails."""
        result = context.run(name, arguments, self.seconds)
        if result.status != 0:
            raise CannotFix(f"the command {name!r} failed, {result.describe()}")
        return f"ran {name!r}"


class RerunTests(CommandFixer):
    """Run the command and expect it to write at least one of the files that ``report`` (a glob) matches.

    Failing tests make the command fail, which is not an error of this fixer: the criterion counts what passed.
    """

    kind: ClassVar[str] = "rerun_tests"

    command: Name
    report: Annotated[Glob, _end_in(".xml")]
    seconds: Seconds = 900.0

    def prepare(self, context: FixContext) -> FixStep:
        """Return the run. Raises ``CannotFix`` for a command that is not allowed."""
        arguments, before = self.find_arguments(context), self._stamp_reports(context)

        def run() -> str:
            result = context.run(self.command, arguments, self.seconds)
            written = self._stamp_reports(context) - before
            if not written:
                raise CannotFix(f"{self.command!r} wrote no report {self.report} ({result.describe()})")
            names = ", ".join(sorted(path for path, _ in written))
            return f"ran {self.command!r}, exit status {result.status}; wrote {names}"

        return FixStep(f"run {self.command!r} and expect a new report {self.report}", run)

    def _stamp_reports(self, context: FixContext) -> set[tuple[str, tuple[int, int, int]]]:
        """Return each report with what changes when it is written again: time, size and inode."""
        names = [str(path.relative_to(context.folder)) for path in context.folder.glob(self.report)]
        stats = ((name, context.resolve(name).stat()) for name in names)
        return {(name, (found.st_mtime_ns, found.st_size, found.st_ino)) for name, found in stats}


class RegenerateDocument(CommandFixer):
    """Replace the document by what the command writes; the old one stays beside it as ``.bak``, ``.bak2`` and so on.

    The command never writes to the document itself: it gets another name, and only a valid file replaces the document.
    """

    kind: ClassVar[str] = "regenerate_document"

    command: Name
    document: Annotated[RelativePath, _end_in(".json", ".yaml", ".yml")]
    seconds: Seconds = 120.0

    def prepare(self, context: FixContext) -> FixStep:
        """Return the run. Raises ``CannotFix`` for a command that is not allowed or does not take an output file."""
        arguments, target = self.find_arguments(context), context.resolve(self.document)
        if not any(OUTPUT in argument for argument in arguments):
            raise CannotFix(
                f"the command {self.command!r} has no argument {OUTPUT}, so it would write elsewhere; add it"
            )
        if not target.parent.is_dir():
            raise CannotFix(f"the folder of {self.document} does not exist; create it")

        def run() -> str:
            fresh = target.with_name(f".{target.stem}-{secrets.token_hex(4)}{target.suffix}")
            try:
                filled = [argument.replace(OUTPUT, str(fresh)) for argument in arguments]
                done = self.run_to_success(context, self.command, filled)
                return f"{done}; {self.document} is new, {self._replace(target, fresh)}"
            finally:
                fresh.unlink(missing_ok=True)

        return FixStep(f"run {self.command!r} and replace {self.document} by its output", run)

    def _replace(self, target: Path, fresh: Path) -> str:
        content = _read_document(fresh, self.command)
        if not target.exists():
            fresh.replace(target)
            return "no old one existed"
        if content == target.read_bytes():
            raise CannotFix(f"{self.command!r} wrote the same {self.document} again")
        fresh.chmod(target.stat().st_mode & 0o777)
        backup = _back_up(target)
        fresh.replace(target)
        return f"the old one is {backup.name}"


def _read_document(path: Path, command: str) -> bytes:
    kept = "the previous document was kept"
    if path.is_symlink() or not path.is_file():
        raise CannotFix(f"{command!r} succeeded but wrote no document")
    if path.stat().st_size > MAX_DOCUMENT_BYTES:
        raise CannotFix(f"{command!r} wrote more than {MAX_DOCUMENT_BYTES // 1024**2} MiB; {kept}")
    content = path.read_bytes()
    kind = "JSON" if path.suffix == ".json" else "YAML"
    try:
        values = json.loads(content.decode("utf-8")) if kind == "JSON" else yaml.safe_load(content.decode("utf-8"))
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise CannotFix(f"the output of {command!r} is not {kind} ({type(error).__name__}); {kept}") from None
    if not isinstance(values, dict) or not values:
        raise CannotFix(f"the output of {command!r} is not a mapping, or an empty one; {kept}")
    return content


def _back_up(target: Path) -> Path:
    """Copy the file to a free name beside it; no earlier copy is overwritten."""
    for number in itertools.count(1):
        copy = target.with_name(f"{target.name}.bak{number if number > 1 else ''}")
        with suppress(FileExistsError), copy.open("xb") as file:
            file.write(target.read_bytes())
            os.fsync(file.fileno())
            return copy
    raise AssertionError  # the numbers do not end


class RestartService(CommandFixer):
    """Restart the ``service`` by exactly one of ``hook``, ``unit`` and ``command``, within ``seconds``.

    Then expect it to answer ``health_path`` within ``wait_seconds``. The hook is called with the token of the
    environment variable ``token_variable``, if given, and ``body``.
    """

    kind: ClassVar[str] = "restart_service"

    service: str
    at: AddressKind = "address"
    hook: HttpAddress | None = None
    token_variable: TokenVariable | None = None
    body: Mapping[str, Any] | None = None
    unit: Unit | None = None
    health_path: UrlPath = "/health"
    seconds: Seconds = 60.0
    wait_seconds: Seconds = 120.0

    @model_validator(mode="after")
    def _has_one_way(self) -> Self:
        ways = [way for way in ("hook", "unit", "command") if getattr(self, way) is not None]
        if len(ways) != 1:
            message = f"expected one of hook, unit and command, got {' and '.join(ways) or 'none'}"
            raise ValueError(message)
        if self.hook is None and (self.token_variable is not None or self.body is not None):
            message = "token_variable: a token and a body are for a hook only"
            raise ValueError(message)
        return self

    def prepare(self, context: FixContext) -> FixStep:
        """Return the restart. Raises ``CannotFix`` without a right, a token or an address of the health check."""
        url = self._find_address(context) + self.health_path
        restart = self._prepare_restart(context)
        return FixStep(
            f"{restart.intent} and wait until {_show_host(url)} is healthy",
            lambda: f"{restart.run()}; {self._await_health(url)}",
        )

    def _find_address(self, context: FixContext) -> str:
        service = context.services.get(self.service)
        address = service.find_address(self.at) if service else None
        if address is None:
            raise CannotFix(
                f"the address of {self.service} is unknown, so its health cannot be checked; "
                f"set rollout.services.{self.service}.{self.at} in the settings or the plan"
            )
        return address

    def _prepare_restart(self, context: FixContext) -> FixStep:
        if hook := self.hook:
            token = self._find_token(context)
            return FixStep(f"call the hook at {_show_host(hook)}", lambda: self._call_hook(hook, token))
        if self.unit is None:
            name, arguments = str(self.command), self.find_arguments(context)
        else:
            context.require("units", self.unit)
            name = f"systemctl restart {self.unit}"
            arguments = ("systemctl", "--no-ask-password", "restart", self.unit)
        return FixStep(f"run {name!r}", lambda: self.run_to_success(context, name, arguments))

    def _find_token(self, context: FixContext) -> str:
        if self.token_variable is None:
            return ""
        token = context.environment.get(self.token_variable, "").strip()
        if not token:
            raise CannotFix(f"{self.token_variable} is not set; set it to the hook's token")
        if not token.isascii() or not token.isprintable():
            raise CannotFix(f"{self.token_variable} contains characters that no token has; set it again")
        return token

    def _call_hook(self, hook: str, token: str) -> str:
        shown = _show_host(hook)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            status = _call("POST", hook, self.seconds, headers=headers, json=self.body or {})
        except CallFailed as error:
            raise CannotFix(f"{shown}: {error}") from None
        if not 200 <= status < 300:
            where = f"in {self.token_variable}" if self.token_variable else "by token_variable in the plan"
            advice = f"; it requires a valid token {where}" if status in {401, 403} else ""
            raise CannotFix(f"the hook at {shown} answered {_describe_status(status)}{advice}")
        return f"called the hook at {shown}"

    def _await_health(self, url: str) -> str:
        """Return how long it took until the service answered 2xx. Raises ``CannotFix`` with its last answer."""
        start, last = time.monotonic(), "it was not called"
        while (left := self.wait_seconds - (time.monotonic() - start)) > 0:
            try:
                status = _call("GET", url, min(left, CALL_SECONDS))
            except CallFailed as error:
                last = str(error)
            else:
                if 200 <= status < 300:
                    return f"{_show_host(url)} is healthy after {time.monotonic() - start:.1f} s"
                last = f"it answers {_describe_status(status)}"
            time.sleep(min(POLL_SECONDS, max(0.0, self.wait_seconds - (time.monotonic() - start))))
        raise CannotFix(f"{_show_host(url)} is not healthy after {self.wait_seconds:g} s: {last}")


class RebuildMocks(RestartService):
    """Rebuild the mock of the service, and expect the mock to be healthy."""

    kind: ClassVar[str] = "rebuild_mocks"

    at: AddressKind = "mock"
    seconds: Seconds = 300.0


def _call(method: str, url: str, seconds: float, **arguments: Any) -> int:
    """Return the status of one call; its body is not read. Raises ``CallFailed``."""
    with open_client(url) as client:
        return send_request(client, method, url, seconds=seconds, reads_body=False, **arguments).status


def _describe_status(status: int) -> str:
    phrases = {each.value: each.phrase for each in HTTPStatus}
    return f"{status} {phrases.get(status, 'unknown status')}"


def _show_host(url: str) -> str:
    """Return scheme, host and port only: the rest of a hook's address may be secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
