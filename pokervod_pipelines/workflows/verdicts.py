"""What must hold after a sync, asked of the database, with the evidence against it and what to do next.

Asset checks translate these; so will a health page. A verdict never changes anything.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

EVIDENCE_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a claim holds: ``against`` counts all evidence against it, ``evidence`` shows the first of it."""

    claim: str
    against: int
    evidence: tuple[str, ...]
    next_step: str

    @property
    def holds(self) -> bool:
        """Nothing stands against the claim."""
        return self.against == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim about an asset, and the query whose rows (one text column) stand against it.

    ``is_fatal`` tells an error from a warning.
    """

    name: str
    asset: str
    sentence: str
    against: str
    next_step: str
    is_fatal: bool = False


CLAIMS = (
    Claim(
        name="every_library_was_read",
        asset="nas_files",
        sentence="The last scan of every library came to its end.",
        against="""
            select library || ': ' || coalesce(error, 'was interrupted') from
            (select distinct on (library) library, status, error from nas_scans order by library, id desc) last
            where status = 'failed' order by 1
        """,
        next_step="Mend the mount named in the message, then materialize that partition of nas_files again.",
        is_fatal=True,
    ),
    Claim(
        name="every_folder_was_readable",
        asset="nas_files",
        sentence="No folder or name was passed over because it could not be read.",
        against="""
            select library || ': ' || (problem ->> 0) || ' ' || (problem ->> 1) from
            (select distinct on (library) library, problems from nas_scans where status <> 'running'
             order by library, id desc) last, jsonb_array_elements(problems) problem order by 1
        """,
        next_step="Give the service read rights on these folders, or rename what is not UTF-8.",
    ),
    Claim(
        name="no_file_is_missing",
        asset="nas_files",
        sentence="Every file of the inventory is where it was.",
        against="""
            select root || '/' || path || ' since ' || to_char(state_since, 'YYYY-MM-DD HH24:MI') from nas_files
            where state in ('missing', 'unseen') and not is_junk order by state_since desc, path
        """,
        next_step="See `pokervod nas missing` for what hangs on them; restore them, or clear them with a reason.",
    ),
    Claim(
        name="every_video_has_an_episode",
        asset="video_files",
        sentence="Every video of the inventory stands in the catalog.",
        against="""
            select f.root || '/' || f.path from nas_files f left join episode_files e on e.file_id = f.id
            where f.category = 'video' and not f.is_junk and f.state <> 'cleared' and e.file_id is null order by 1
        """,
        next_step="Run `pokervod sync`; if it stays, the catalog step of the last run says why.",
        is_fatal=True,
    ),
    Claim(
        name="every_name_was_understood",
        asset="video_files",
        sentence="A rule understood the name of every video.",
        against="""
            select f.path || ': ' || v.reason from video_files v join nas_files f on f.id = v.file_id
            where v.reason is not null and f.state <> 'cleared' order by 1
        """,
        next_step="Look at `pokervod names parse --explain PATH`; rename the file, or leave it in OTHER.",
    ),
    Claim(
        name="every_sheet_was_read",
        asset="sheet_rows",
        sentence="The last reading of every sheet came to its end.",
        against="select sheet || ': ' || error from sheet_states where error is not null order by 1",
        next_step="Mend the workbook as the message says; its rows stay as they were until then.",
        is_fatal=True,
    ),
    Claim(
        name="every_row_has_its_video",
        asset="sheet_rows",
        sentence="Every annotation row is tied to one video.",
        against="""
            select sheet || ' ' || tab || ' row ' || row_number || ': ' || match_reason from sheet_rows
            where retired_at is null and match_status <> 'matched' order by sheet, tab, row_number
        """,
        next_step="Correct File Name or Nas Folder Link in the rows named; they are tried again at every sync.",
    ),
    Claim(
        name="every_clip_is_usable",
        asset="hand_clips",
        sentence="Every row tied to a video gives a clip that can be cut.",
        against="""
            select r.sheet || ' ' || r.tab || ' row ' || r.row_number || ': ' || c.problem
            from hand_clips c join sheet_rows r on r.id = c.sheet_row_id
            where c.retired_at is null and c.problem is not null and r.match_status = 'matched'
            order by r.sheet, r.tab, r.row_number
        """,
        next_step="Correct In and Out in the rows named; they are tried again at every sync.",
    ),
)


def judge(connection: Connection, claim: Claim) -> Verdict:
    """The verdict on one claim as the database stands."""
    rows = connection.execute(
        text(f"select evidence, count(*) over () from ({claim.against}) as q(evidence) limit {EVIDENCE_SHOWN}")  # noqa: S608 - claims are constants
    ).all()
    return Verdict(
        claim=claim.sentence,
        against=rows[0][1] if rows else 0,
        evidence=tuple(row[0] for row in rows),
        next_step=claim.next_step,
    )


def judge_all(connection: Connection) -> dict[str, Verdict]:
    """The verdict on every claim, by its name."""
    return {claim.name: judge(connection, claim) for claim in CLAIMS}
