"""What must hold after a sync, asked of the database, with the evidence against it and what to do next.

Asset checks translate these; so will a health page. A verdict changes nothing but what is known of files.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.claims import CLAIMS, Claim

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


def look_and_judge(engine: Engine, settings: Settings, claim: Claim) -> Verdict:
    """The verdict on one claim after the look it needs; what cannot be looked at stands against it."""
    try:
        if claim.look is not None:
            claim.look(engine, settings)
    except PokervodError as error:
        return Verdict(claim=claim.sentence, against=1, evidence=(f"not known: {error}",), next_step=claim.next_step)
    with engine.connect() as connection:
        return judge(connection, claim)


def judge_all(connection: Connection) -> dict[str, Verdict]:
    """The verdict on every claim, by its name."""
    return {claim.name: judge(connection, claim) for claim in CLAIMS}
