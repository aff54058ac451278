"""What the people of a sheet are told of each row: pure, from what the database knows of it."""

from dataclasses import dataclass
from enum import StrEnum

from pokervod_pipelines.sheets.match import MatchStatus


class RowState(StrEnum):
    """The word in the state column."""

    READY = "ready"
    """The row has its clip."""

    CHECK = "check"
    """It has its clip, but something of the row could not be read or followed."""

    NOT_CUT = "not cut"
    """The video is found, but no clip can be made of it."""

    SEVERAL_VIDEOS = "several videos"
    """More than one video fits; a person says which, in the Pin column."""

    NO_VIDEO = "no video"
    """No video fits."""

    WAITING = "waiting"
    """The row was read, its clip is still to be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFacts:
    """A row in its sheet, what our columns show of it, and what became of it; ``path`` is its video's."""

    id: int
    tab: str
    row_number: int
    row_key: str | None
    shown: tuple[str, ...]
    match_status: str
    match_reason: str
    path: str | None
    candidates: tuple[str, ...]
    pin_problem: str | None
    has_clip: bool
    clip_problem: str | None
    clip_remark: str | None


Status = tuple[str, str, str]
"""State, matched file and problem."""

_NO_VIDEO = "no video: "


def describe_row(row: RowFacts) -> Status:
    """What stands in the status columns, but for the time."""
    problems = [row.pin_problem, _find_problem(row), row.clip_remark]
    return _find_state(row).value, row.path or "", "; ".join(filter(None, problems))


def _find_state(row: RowFacts) -> RowState:
    if row.match_status == MatchStatus.AMBIGUOUS:
        return RowState.SEVERAL_VIDEOS
    if row.match_status == MatchStatus.NONE:
        return RowState.NO_VIDEO
    if not row.has_clip:
        return RowState.WAITING
    if row.clip_problem:
        return RowState.NOT_CUT
    return RowState.CHECK if row.clip_remark or row.pin_problem else RowState.READY


def _find_problem(row: RowFacts) -> str | None:
    if row.match_status == MatchStatus.MATCHED:
        return row.clip_problem
    fitting = f" (write one of these into Pin: {' | '.join(row.candidates)})" if row.candidates else ""
    others = (row.clip_problem or "").removeprefix(_NO_VIDEO).removeprefix(row.match_reason)
    return f"{row.match_reason}{fitting}{others}"
