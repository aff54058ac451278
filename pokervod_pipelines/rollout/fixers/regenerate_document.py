"""``regenerate_document``: an allowed command writes a document anew; the old one is kept beside it.

The command never writes to the document itself: it gets a name beside it, and only what can be read takes its place.
"""

import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import yaml
from pydantic import AfterValidator, Field

from pokervod_pipelines.rollout.criteria.fields import RelativePath
from pokervod_pipelines.rollout.fixers.base import CannotFix, FailedCriterion, Fixer, Step
from pokervod_pipelines.rollout.fixers.commands import find_command, run_to_success
from pokervod_pipelines.rollout.fixers.places import locate
from pokervod_pipelines.rollout.fixers.world import FixerWorld
from pokervod_pipelines.settings_rooms import Name

OUTPUT = "{output}"
"""In a command's arguments: the file that it has to write."""

LARGEST_DOCUMENT = 16 * 1024 * 1024


def _check_suffix(text: str) -> str:
    if Path(text).suffix not in {".json", ".yaml", ".yml"}:
        message = f"{text!r} must end in .json, .yaml or .yml"
        raise ValueError(message)
    return text


class RegenerateDocument(Fixer):
    """The document is what the command wrote within ``seconds``; the one before lies beside it, as ``.bak`` is added.

    Further ones become ``.bak2``, ``.bak3`` and so on: none is written over.
    """

    kind: ClassVar[str] = "regenerate_document"

    command: Name
    document: Annotated[RelativePath, AfterValidator(_check_suffix)]
    seconds: float = Field(default=120.0, gt=0, le=3600)

    def prepare(self, world: FixerWorld, failed: Sequence[FailedCriterion]) -> Step:
        """Return the run. Raises ``CannotFix`` for a command that is not allowed or cannot be told where to write."""
        arguments = find_command(world, self.command)
        if not any(OUTPUT in argument for argument in arguments):
            raise CannotFix(f"the command {self.command!r} has no argument {OUTPUT}, so it would write elsewhere")
        target = locate(world.folder, self.document)
        if not target.parent.is_dir():
            raise CannotFix(f"the folder of {self.document} does not exist: make it")

        def run() -> str:
            fresh = target.with_name(f".{target.stem}-{secrets.token_hex(4)}{target.suffix}")
            try:
                told = [argument.replace(OUTPUT, str(fresh)) for argument in arguments]
                run_to_success(world, self.command, told, self.seconds)
                return self._put_in_place(fresh, target)
            finally:
                fresh.unlink(missing_ok=True)

        return Step(f"run {self.command!r} and put what it writes in the place of {self.document}", run)

    def _put_in_place(self, fresh: Path, target: Path) -> str:
        content = _read_whole(fresh, self.command)
        before = target.read_bytes() if target.exists() else None
        if content == before:
            raise CannotFix(f"{self.command!r} makes the {self.document} that is there already")
        kept = "there was none before" if before is None else f"the old one is {_keep(target, before).name}"
        if before is not None:
            fresh.chmod(target.stat().st_mode & 0o777)
        fresh.replace(target)
        return f"ran {self.command!r}; {self.document} is new, {kept}"


def _read_whole(path: Path, command: str) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise CannotFix(f"{command!r} ended well but wrote no document")
    if path.stat().st_size > LARGEST_DOCUMENT:
        raise CannotFix(f"{command!r} wrote more than {LARGEST_DOCUMENT // 1024**2} MiB; the old document stays")
    content = path.read_bytes()
    try:
        values = _parse(content, path.suffix)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        kind = "JSON" if path.suffix == ".json" else "YAML"
        raise CannotFix(
            f"what {command!r} wrote is no {kind} ({type(error).__name__}); the old document stays"
        ) from None
    if not isinstance(values, dict) or not values:
        raise CannotFix(f"what {command!r} wrote is no mapping or an empty one; the old document stays")
    return content


def _parse(content: bytes, suffix: str) -> Any:
    text = content.decode("utf-8")
    return json.loads(text) if suffix == ".json" else yaml.safe_load(text)


def _keep(target: Path, content: bytes) -> Path:
    """The content lies beside the target under a name that was free; no earlier copy is written over."""
    number = 1
    while True:
        copy = target.with_name(f"{target.name}.bak{number if number > 1 else ''}")
        try:
            with copy.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            number += 1
        else:
            return copy
