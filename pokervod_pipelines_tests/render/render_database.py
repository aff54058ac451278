"""Put hands and tournaments straight into their tables, and look at the instructions made of them."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text

from pokervod_pipelines.paging import EVERYTHING
from pokervod_pipelines.render.instructions import InstructionReport, make_instructions
from pokervod_pipelines.render.listing import InstructionFilter, ListedInstruction, list_instructions
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.events.rewriting import rewrite_log

DAY = date(2031, 5, 4)
START = datetime(2031, 5, 4, 18, 0, tzinfo=UTC)
SESSION = 640_000_000_123_456_789
TABLES = (
    *(
        "events",
        "render_outputs",
        "render_attempts",
        "render_pauses",
        "render_workers",
        "render_instructions",
        "hand_findings",
        "hands",
        "hand_sessions",
        "hand_files",
        "tournaments",
    ),
    *("tournament_progress", "tournament_players", "chip_counts", "blind_levels", "payouts", "broadcast_slots"),
)
FULL_HOUSE = ("Kd", "Ks", "Kh", "9c", "9d")


def make_content(
    number: int, *, player: str = "Ana Ruiz", pot: int = 45_000, cards: Any = FULL_HOUSE
) -> dict[str, Any]:
    """Return a hand as the table of hands has it, in which seat 3 wins with the best cards."""
    seat = {"contribution": 22_500, "is_sitting_out": False, "has_folded": False, "straddle": 0, "start_stack": 100_000}
    best = {"category": "full_house", "rank": 190, "cards": list(cards), "seats": [3]}
    return {
        "session_id": SESSION,
        "hand_number": number,
        "event_title": "Main Event",
        "seats": [
            {
                **seat,
                "number": 3,
                "name": "ANA",
                "long_name": player,
                "hole_cards": list(cards[:2]),
                "end_stack": 122_500,
            },
            {**seat, "number": 5, "name": "TOM", "long_name": "", "hole_cards": ["Ac", "Ad"], "end_stack": 77_500},
        ],
        "boards": [[*cards[2:], "2c", "7h"]],
        "best_hand": best,
        "pot": pot,
    }


@dataclass(kw_only=True)
class RenderDatabase:
    """Hold a database and its settings."""

    engine: Engine
    settings: Settings

    def clear(self) -> None:
        """Empty the tables."""
        with self.engine.begin() as connection:
            for table in TABLES:
                rewrite_log(connection, f"delete from {table}")

    def configure(self, *rules: dict[str, Any], **render: Any) -> None:
        """Give the settings these rules, and these fields of ``render``."""
        values = self.settings.model_dump() | {"render": {"rules": rules, **render}}
        self.settings = Settings.model_validate(values)

    def execute(self, sql: str, **parameters: Any) -> list[Any]:
        """Run one statement in a transaction of its own and return what it gives."""
        with self.engine.begin() as connection:
            result = connection.execute(text(sql), parameters)
            return list(result.all()) if result.returns_rows else []

    def put_hand(
        self, number: int = 1, *, is_premium: bool = True, is_test: bool = False, day: date = DAY, **content: Any
    ) -> int:
        """Store the hand of that number, new or changed, and return its id."""
        made = make_content(number, **content)
        self.execute(
            """
            insert into hand_sessions (session_id, table_name, event_title, started_at, broadcast_day, is_test,
                                       hands_reported, hands_broken, head)
            values (:session, 'Table 7', 'Main Event', :start, :day, false, 1, 0, '') on conflict do nothing
            """,
            session=SESSION,
            start=START,
            day=day,
        )
        rows = self.execute(
            """
            insert into hands (session_id, table_name, hand_number, started_at, broadcast_day, source, grade,
                               is_premium, is_test, best_category, best_rank, pot, winners, duration_ms, content,
                               weight, digest)
            values (:session, 'Table 7', :number, :start, :day, 'rfid', 'A', :is_premium, :is_test, 'full_house', 190,
                    :pot, '[3]', 150000, cast(:content as jsonb), '[1]', '')
            on conflict (session_id, started_at) do update set is_premium = excluded.is_premium, pot = excluded.pot,
                is_test = excluded.is_test, content = excluded.content returning id
            """,
            session=SESSION,
            number=number,
            start=START + timedelta(minutes=number),
            day=day,
            is_premium=is_premium,
            is_test=is_test,
            pot=made["pot"],
            content=json.dumps(made),
        )
        return int(rows[0][0])

    def make(self, day: date | None = DAY) -> InstructionReport:
        """Make the instructions once."""
        return make_instructions(self.engine, self.settings, day=day, correlation_id="test")

    def find(self, **filters: Any) -> list[ListedInstruction]:
        """Return the instructions that fit, oldest first."""
        with self.engine.connect() as connection:
            return sorted(
                list_instructions(connection, InstructionFilter(**filters), page=EVERYTHING), key=lambda each: each.id
            )

    def set_state(self, instruction_id: int, state: str) -> None:
        """Change the state of a pending or running instruction, as a worker or a person would."""
        if state != "cancelled":
            self.execute(
                """
                update render_instructions set state = 'processing', claim_id = gen_random_uuid(), claimed_by = 'w',
                    lease_until = now() + interval '1 minute', heartbeat_at = now(), started_at = now()
                where id = :id and state = 'pending'
                """,
                id=instruction_id,
            )
        if state != "processing":
            self.execute(
                "update render_instructions set state = :state, claim_id = null where id = :id",
                id=instruction_id,
                state=state,
            )

    def events(self) -> list[tuple[str, str]]:
        """Return the type, and the change or "", of every event of the graphics, in order."""
        rows = self.execute("""
            select type, coalesce(payload ->> 'change', '') from events where source = 'render' order by id
        """)
        return [(row[0].rpartition(".")[2], row[1]) for row in rows]

    def versions(self) -> list[Any]:
        """Return where each row is stored: any write changes it, even one that writes the same values."""
        return self.execute("select id, ctid::text from render_instructions order by id")
