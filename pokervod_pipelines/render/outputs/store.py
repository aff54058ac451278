"""Store outputs: the SQL of the files and of their last audit."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import PurePath
from uuid import UUID

from sqlalchemy import Connection, text

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.paging import Page
from pokervod_pipelines.render.outputs.audit import UnrenderedInstruction
from pokervod_pipelines.render.outputs.inspection import Inspection
from pokervod_pipelines.render.queue_store import OutputFacts
from pokervod_pipelines.settings.render import RenderFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOutput:
    """Hold one row of ``render_outputs``; ``path`` is below the outputs folder, ``problem`` from the last audit."""

    instruction_id: int
    path: str
    sha256: str
    size_bytes: int
    mtime_ns: int
    frames: int
    width: int
    height: int
    fps: float
    seconds: float
    pixel_format: str
    made_by: str
    made_at: datetime
    checked_at: datetime | None
    problem: str | None

    def describe(self) -> str:
        """Return its figures and its problem in words, to print behind its path."""
        size = f"{self.width}×{self.height}, {self.frames} frames at {self.fps:g} fps, {self.pixel_format}"
        wrong = f"; ! {self.problem}" if self.problem else ""
        return f" ({size}, {self.size_bytes:,} bytes{wrong})"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOutput:
    """Say where the file of an instruction is below the outputs folder, and when the instruction was made.

    ``preview`` is a JPEG of its middle frame, None where none was found.
    """

    instruction_id: int
    path: str
    frames: int
    format: RenderFormat
    instructed_at: datetime
    preview: bytes | None

    def find_file(self, frame: int | None) -> str:
        """Return the path of its file, or of a frame of a PNG sequence. Raises ``BadInput``."""
        if self.format != "png_sequence":
            if frame is not None:
                raise BadInput(f"frame: output {self.instruction_id} is one file; leave the frame out")
            return self.path
        if frame is None or frame > self.frames:
            raise BadInput(
                f"frame: output {self.instruction_id} is a PNG sequence; expected a frame from 1 to {self.frames}"
            )
        return f"{self.path}/{frame:05}.png"


def place_output(connection: Connection, instruction_id: int, *, with_preview: bool = False) -> PlacedOutput | None:
    """Return where the file of the instruction is, and on request its preview; None if it has no file."""
    values = {"id": instruction_id, "with_preview": with_preview}
    row = connection.execute(_PLACE, values).one_or_none()
    return None if row is None else PlacedOutput(**row._mapping)


_PLACE = text("""
    select o.instruction_id, o.path, o.frames, coalesce(r.output ->> 'format', '') as format,
           r.created_at as instructed_at, case when :with_preview then o.preview end as preview
    from render_outputs o join render_instructions r on r.id = o.instruction_id where o.instruction_id = :id
""")

_COLUMNS = ", ".join(f"o.{field.name}" for field in fields(StoredOutput))


def make_facts(found: Inspection, path: PurePath, content_hash: str | None = None) -> OutputFacts:
    """Return what is kept of an inspected file; ``path`` is below the folder of graphics."""
    return OutputFacts(
        path=path.as_posix(),
        sha256=found.sha256,
        size_bytes=found.size_bytes,
        mtime_ns=found.mtime_ns,
        frames=found.frames,
        width=found.width,
        height=found.height,
        fps=found.fps,
        seconds=found.duration,
        pixel_format=found.pixel_format,
        picture_hash=found.picture_hash or None,
        preview=found.preview,
        content_hash=content_hash,
    )


def find_output(connection: Connection, instruction_id: int) -> StoredOutput | None:
    """Return the file of the instruction, None if it has none."""
    row = connection.execute(
        text(f"select {_COLUMNS} from render_outputs o where instruction_id = :id"),  # noqa: S608 - the names are fields
        {"id": instruction_id},
    ).one_or_none()
    return None if row is None else StoredOutput(**row._mapping)


def list_outputs(connection: Connection, day: date | None = None) -> list[StoredOutput]:
    """List the files of all completed instructions of the day, or of all days, in the order of the instructions."""
    rows = connection.execute(
        text(f"""
            select {_COLUMNS} from render_outputs o join render_instructions r on r.id = o.instruction_id
            where cast(:day as date) is null or r.broadcast_day = :day order by o.instruction_id
        """),  # noqa: S608 - the names are fields
        {"day": day},
    )
    return [StoredOutput(**row._mapping) for row in rows]


def page_outputs(connection: Connection, page: Page, *, instruction_id: int | None = None) -> list[StoredOutput]:
    """Return a page of the files of completed instructions, or that of one, the newest instruction first."""
    values = {"after": page.after, "limit": page.limit, "id": instruction_id}
    return [StoredOutput(**row._mapping) for row in connection.execute(_PAGE, values)]


def list_of_hand(connection: Connection, hand_id: int) -> list[StoredOutput]:
    """Return the files of the instructions that were made of the hand, the newest instruction first."""
    return [StoredOutput(**row._mapping) for row in connection.execute(_OF_HAND, {"hand_id": hand_id})]


_OF_HAND = text(f"""
    select {_COLUMNS} from render_outputs o join render_instructions r on r.id = o.instruction_id
    where r.hand_id = :hand_id order by o.instruction_id desc
""")  # noqa: S608 - the names are fields

_PAGE = text(f"""
    select {_COLUMNS} from render_outputs o
    where o.instruction_id < coalesce(cast(:after as bigint), 9223372036854775807)
      and o.instruction_id = coalesce(cast(:id as bigint), o.instruction_id)
    order by o.instruction_id desc limit :limit
""")  # noqa: S608 - the names are fields


def list_newest_paths(connection: Connection, limit: int = 100) -> list[str]:
    """List the paths of the newest finished graphics below the outputs folder."""
    query = text("select path from render_outputs order by instruction_id desc limit :limit")
    return list(connection.execute(query, {"limit": limit}).scalars())


def list_unrendered(connection: Connection, day: date) -> list[UnrenderedInstruction]:
    """List the instructions of the day that ended without a file."""
    rows = connection.execute(
        text("""
            select id, state, template, output, trigger_kind, trigger_key, version, broadcast_day as day
            from render_instructions
            where broadcast_day = :day and state in ('failed', 'timed_out', 'cancelled') order by id
        """),
        {"day": day},
    )
    return [UnrenderedInstruction(**row._mapping) for row in rows]


def record_audit(connection: Connection, problems: Mapping[int, str | None]) -> int:
    """Record the audit of the files by instruction, with the problem or None; return how many results are new."""
    rows = connection.execute(
        text("""
            with a as (select * from jsonb_to_recordset(cast(:audited as jsonb)) as a(id bigint, problem text)),
                 before as (select o.instruction_id, o.problem from render_outputs o join a on a.id = o.instruction_id
                            order by 1 for update of o)
            update render_outputs o set checked_at = now(), problem = a.problem
            from a, before where o.instruction_id = a.id and before.instruction_id = a.id
            returning before.problem is distinct from a.problem
        """),
        {"audited": json.dumps([{"id": id_, "problem": problem} for id_, problem in problems.items()])},
    )
    return sum(row[0] for row in rows)


def list_active_claims(connection: Connection) -> set[UUID]:
    """Return the claims of running instructions."""
    rows = connection.execute(text("select claim_id from render_instructions where state = 'processing'"))
    return {row[0] for row in rows}
