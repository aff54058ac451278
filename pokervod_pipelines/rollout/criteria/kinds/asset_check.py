"""``asset_check``: what PokerVOD claims of an asset holds, as the database has it."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import model_validator

from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.evidence import ErrorClass, Evidence, Figures
from pokervod_pipelines.rollout.criteria.world import World
from pokervod_pipelines.workflows.claims import CLAIMS, Claim
from pokervod_pipelines.workflows.verdicts import Verdict, judge


class AssetCheck(Criterion):
    """The claim holds, or all claims about the asset do."""

    kind: Literal["asset_check"] = "asset_check"
    claim: str | None = None
    asset: str | None = None

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        if (self.claim is None) == (self.asset is None):
            message = "asset_check needs either a claim, or an asset for all claims about it"
            raise ValueError(message)
        if self.claim is not None and not self._list_claims():
            message = f"claim: there is no {self.claim!r}; there are {', '.join(claim.name for claim in CLAIMS)}"
            raise ValueError(message)
        if self.asset is not None and not self._list_claims():
            assets = dict.fromkeys(claim.asset for claim in CLAIMS)
            message = f"asset: nothing is claimed of {self.asset!r}, only of {', '.join(assets)}"
            raise ValueError(message)
        return self

    def check(self, world: World) -> Evidence:
        """Return the verdicts as the database stands; files are as their asset's check saw them last."""
        with world.read_database() as connection:
            return _tell({claim.name: judge(connection, claim) for claim in self._list_claims()})

    def _list_claims(self) -> Sequence[Claim]:
        return [claim for claim in CLAIMS if self.claim == claim.name or self.asset == claim.asset]


def _tell(verdicts: dict[str, Verdict]) -> Evidence:
    figures: Figures = {name: verdict.against for name, verdict in verdicts.items()}
    broken = {name: verdict for name, verdict in verdicts.items() if not verdict.holds}
    if not broken:
        return Evidence.passes(f"holds: {', '.join(verdicts)}", figures=figures)
    first = next(iter(broken.values()))
    said = f"does not hold: {', '.join(broken)} ({first.against} against it). {first.next_step}"
    details = [f"{name}: {line}" for name, verdict in broken.items() for line in verdict.evidence]
    return Evidence.fails(ErrorClass.CHECK, said, details=details, figures=figures)
