"""Show tournaments: standings, payouts, levels, eliminations, and the broadcast schedule."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import MOST, ReadRoute, needs
from pokervod_pipelines.periods import FORMS, PARAMETERS, read_period
from pokervod_pipelines.tournaments.queries import (
    ChipCountLine,
    Elimination,
    LeaderboardLine,
    LevelEnd,
    ListedTournament,
    find_tournament,
    list_chip_counts,
    list_eliminations,
    list_level_ends,
    list_tournaments,
    read_blinds,
    read_leaderboard,
    read_payouts,
    read_schedule,
)
from pokervod_pipelines.tournaments.records import BlindRow, PayoutRow, SlotRow, TournamentStatus

router = APIRouter(prefix="/api", tags=["tournaments"], route_class=ReadRoute)

EXAMPLES = read_examples("tournaments")

FIRST = datetime(1970, 1, 1, tzinfo=UTC)

Number = Annotated[str, Path(max_length=100, description="The number of the tournament.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TournamentDetails:
    """Hold a tournament with its leaders, payouts, levels, and when levels ended."""

    tournament: ListedTournament
    leaderboard: list[LeaderboardLine]
    payouts: list[PayoutRow]
    blinds: list[BlindRow]
    level_ends: list[LevelEnd]


@router.get("/tournaments", **needs(Role.VIEWER, example=[EXAMPLES["tournament"]]))
def list_all(
    connection: Reading,
    status: Annotated[TournamentStatus | None, Query(description="Only in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST, description="So many at most.")] = 100,
) -> list[ListedTournament]:
    """List tournaments, the last exported first; amounts are exact decimals, as text."""
    return list_tournaments(connection, status=status, limit=limit)


@router.get("/tournaments/{number}", **needs(Role.VIEWER, example=EXAMPLES["details"]))
def read_one(
    connection: Reading,
    number: Number,
    leaders: Annotated[int, Query(ge=1, le=MOST, description="Lines of the leaderboard at most.")] = 9,
) -> TournamentDetails:
    """Return a tournament with its leaderboard, payouts, blinds and the levels that ended."""
    with find_named():
        found = find_tournament(connection, number)
    return TournamentDetails(
        tournament=found,
        leaderboard=read_leaderboard(connection, number, limit=leaders),
        payouts=[*read_payouts(connection, number)],
        blinds=[*read_blinds(connection, number)],
        level_ends=list_level_ends(connection, FIRST, tournament_number=number),
    )


@router.get("/tournaments/{number}/players/{player_key}", **needs(Role.VIEWER, example=[EXAMPLES["chips"]]))
def list_chips(
    connection: Reading,
    number: Number,
    player_key: Annotated[str, Path(max_length=200, description="The key of the player in the leaderboard.")],
) -> list[ChipCountLine]:
    """List the chip counts of a player, the oldest first; each has the first and last export that says so."""
    with find_named():
        find_tournament(connection, number)
    return list_chip_counts(connection, number, player_key)


@router.get("/eliminations", **needs(Role.VIEWER, example=[EXAMPLES["elimination"]]))
def list_out(
    connection: Reading,
    context: ContextOf,
    since: Annotated[str, Query(max_length=40, description=f"From then on: {FORMS}.")] = "24h",
    until: Annotated[str, Query(max_length=40, description="Until then.")] = "",
) -> list[Elimination]:
    """List the players eliminated in a time, the oldest first, of the last 24 hours unless another time is given."""
    period = read_period(since or "24h", until, context.settings.zone, names=PARAMETERS)
    return list_eliminations(connection, period.since or datetime.now(UTC) - timedelta(days=1), period.until)


@router.get("/schedule/{day}", **needs(Role.VIEWER, example=[EXAMPLES["slot"]]))
def read_day(
    connection: Reading, day: Annotated[date, Path(description="The day, as the schedule dates it: 2026-05-04.")]
) -> list[SlotRow]:
    """Return the broadcast slots of a day in order of time."""
    return [*read_schedule(connection, day)]
