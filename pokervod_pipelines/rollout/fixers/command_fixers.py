"""Fix by a command that the settings allow, then check that it did what it is for.

``rerun_tests`` expects a new JUnit report, ``regenerate_document`` a new document, ``restart_service`` and
``rebuild_mocks`` a healthy service. The latter two may call a hook instead.
"""

import itertools
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.files import replace_file
from pokervod_pipelines.processes.process_tags import VARIABLE
from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.documents import read_mapping
from pokervod_pipelines.rollout.criteria.fields import Glob, UrlPath, require
from pokervod_pipelines.rollout.criteria.result import CriterionFailed
from pokervod_pipelines.rollout.fixers.base import CannotFix, Fixer, FixStep, require_right
from pokervod_pipelines.rollout.fixers.hooks import TokenVariable, prepare_hook, show_host
from pokervod_pipelines.rollout.services import SERVICE_VARIABLE, AddressKind
from pokervod_pipelines.settings.fields import HttpAddress, Name, RelativePath, matching
from pokervod_pipelines.settings.rollout import Unit

OUTPUT = "{output}"
"""Stands in a command's arguments for the file that it has to write."""

POLL_SECONDS = 0.5

HIDDEN = ("POKERVOD_HOOK_", SERVICE_VARIABLE, VARIABLE)
"""Beginnings of variables that no command gets: secrets, and the tag with which a restarted service ended with dev."""

Seconds = Annotated[float, Field(gt=0, le=3600)]


class CommandFixer(Fixer, ABC):
    """Run the ``command`` of the settings for at most ``seconds``, then check what it is for."""

    may_fail: ClassVar[bool] = False

    service: str | None = None
    command: Name | None = None
    seconds: Seconds

    def prepare(self, context: RolloutContext) -> FixStep:
        """Return the command and what is expected of it. Raises ``CannotFix`` for what is not allowed or known."""
        action, expected = self.prepare_action(context), self.expect(context)

        def run(folder: Path) -> str:
            done = action.run(folder)
            try:
                return f"{done}; {expected.run(folder)}"
            except PokervodError as error:
                raise CannotFix(f"{done}; {error}") from None

        return FixStep(f"{action.intent} and {expected.intent}", run)

    def prepare_action(self, context: RolloutContext) -> FixStep:
        """Return the run of the command. Raises ``CannotFix`` if the settings do not allow it."""
        name = str(self.command)
        require_right(context, "commands", name)
        return self.prepare_command(context, name, context.settings.rollout.fixers.commands[name])

    def prepare_command(self, context: RolloutContext, name: str, arguments: Sequence[str]) -> FixStep:
        """Return the run of a command with these arguments."""

        def run(folder: Path) -> str:
            filled = [each.replace(OUTPUT, str(folder / self.output)) for each in arguments]
            result = context.run_command(name, filled, self.seconds, hidden=HIDDEN, keeps_children=True)
            if result.status != 0 and not self.may_fail:
                raise CannotFix(f"the command {name!r} failed, {result.describe()}")
            return f"ran {name!r}, {result.describe()}"

        return FixStep(f"run {name!r}", run)

    @property
    def output(self) -> str:
        """Return the name of the file that the command may have to write."""
        return "output"

    @abstractmethod
    def expect(self, context: RolloutContext) -> FixStep:
        """Return what the command is for; its ``run`` raises ``CannotFix`` if that is not there."""


class RerunTests(CommandFixer):
    """Run the command and expect it to write at least one of the files that ``report`` (a glob) matches.

    Failing tests make the command fail, which is not an error of this fixer: the criterion counts what passed.
    """

    kind: ClassVar[str] = "rerun_tests"
    may_fail: ClassVar[bool] = True

    command: Name
    report: Annotated[Glob, matching(r".*\.xml", "a file that ends in .xml")]
    seconds: Seconds = 900.0

    def expect(self, context: RolloutContext) -> FixStep:
        """Return the search for a report that was not there before."""
        before = self._stamp_reports(context)

        def run(_: Path) -> str:
            written = self._stamp_reports(context) - before
            if not written:
                raise CannotFix(f"it wrote no report {self.report}")
            return f"wrote {', '.join(sorted(path for path, *_ in written))}"

        return FixStep(f"expect a new report {self.report}", run)

    def _stamp_reports(self, context: RolloutContext) -> set[tuple[str, int, int, int]]:
        """Return each report with what changes when it is written again: time, size and inode."""
        stats = ((context.show(path), path.stat()) for path in context.find_files(self.report))
        return {(name, found.st_mtime_ns, found.st_size, found.st_ino) for name, found in stats}


class RegenerateDocument(CommandFixer):
    """Replace the document by what the command writes; the old one stays beside it as ``.bak``, ``.bak2`` and so on.

    The command never writes to the document itself: it gets another name, and only a valid file replaces the document.
    """

    kind: ClassVar[str] = "regenerate_document"

    command: Name
    document: Annotated[RelativePath, matching(r".*\.(json|ya?ml)", "a file that ends in .json, .yaml or .yml")]
    seconds: Seconds = 120.0

    @property
    def output(self) -> str:
        """Return the document's name, by which a program may choose what it writes."""
        return PurePath(self.document).name

    def expect(self, context: RolloutContext) -> FixStep:
        """Return the replacement. Raises ``CannotFix`` if the command or the document's folder is not made for it."""
        target = context.resolve(self.document)
        if not any(OUTPUT in each for each in context.settings.rollout.fixers.commands[self.command]):
            raise CannotFix(
                f"the command {self.command!r} has no argument {OUTPUT}, so it would write elsewhere; add it"
            )
        if not target.parent.is_dir():
            raise CannotFix(f"the folder of {self.document} does not exist; create it")

        def run(folder: Path) -> str:
            output = replace(context, folder=folder)
            try:
                read_mapping(output, self.output)
            except CriterionFailed as error:
                raise CannotFix(f"{self.document} was kept: {error}") from None
            return f"{self.document} is new, {self._replace(target, output.read_file(self.output))}"

        return FixStep(f"replace {self.document} by its output", run)

    def _replace(self, target: Path, content: bytes) -> str:
        if not target.exists():
            replace_file(target, content)
            return "no old one existed"
        if content == target.read_bytes():
            raise CannotFix(f"it wrote the same {self.document} again")
        names = (f"{target.name}.bak{number if number > 1 else ''}" for number in itertools.count(1))
        backup = next(each for each in map(target.with_name, names) if not each.exists())
        shutil.copy2(target, backup)
        replace_file(target, content)
        shutil.copymode(backup, target)
        return f"the old one is {backup.name}"


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
        require(len(ways) == 1, f"expected one of hook, unit and command, got {' and '.join(ways) or 'none'}")
        is_plain = self.token_variable is None and self.body is None
        require(self.hook or is_plain, "token_variable: a token and a body are for a hook only")
        return self

    def prepare_action(self, context: RolloutContext) -> FixStep:
        """Return the restart. Raises ``CannotFix`` without a right or a token."""
        if self.hook:
            return prepare_hook(context, self.hook, self.token_variable, self.body or {}, self.seconds)
        if self.unit:
            require_right(context, "units", self.unit)
            arguments = ("systemctl", "--no-ask-password", "restart", self.unit)
            return self.prepare_command(context, f"systemctl restart {self.unit}", arguments)
        return super().prepare_action(context)

    def expect(self, context: RolloutContext) -> FixStep:
        """Return the wait for its health. Raises ``CriterionFailed`` if its address is unknown."""
        shown = show_host(context.find_address(self.service, self.at))
        return FixStep(f"wait until {shown} is healthy", lambda _: self._await_health(context))

    def _await_health(self, context: RolloutContext) -> str:
        """Return how long it took until the service answered 2xx. Raises ``CannotFix`` with its last answer."""
        waiting, started, last = context.start(self.wait_seconds), time.monotonic(), ""
        with waiting.open_caller(self.service, self.at) as caller:
            while (waited := time.monotonic() - started) <= self.wait_seconds:
                try:
                    status = caller.call("GET", self.health_path, reads_body=False).status
                except CriterionFailed as error:
                    last = str(error).removeprefix(f"GET {self.health_path} of {caller.title}: ")
                else:
                    if 200 <= status < 300:
                        return f"{caller.title} is healthy after {waited:.1f} s"
                    last = f"it answers {status}"
                time.sleep(POLL_SECONDS)
        raise CannotFix(f"{caller.title} is not healthy after {self.wait_seconds:g} s: {last}")


class RebuildMocks(RestartService):
    """Rebuild the mock of the service, and expect the mock to be healthy."""

    kind: ClassVar[str] = "rebuild_mocks"

    at: AddressKind = "mock"
    seconds: Seconds = 300.0
