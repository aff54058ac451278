"""Do what the old client library does, written from its contract alone: SQLAlchemy 2, asyncpg, ``text()``."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


class OldLibrary:
    """Hold the connection of one program."""

    def __init__(self, url: str) -> None:
        self.engine: AsyncEngine = create_async_engine(url)

    async def __aenter__(self) -> "OldLibrary":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.engine.dispose()

    async def fetch(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        async with self.engine.begin() as connection:
            rows = await connection.execute(text(statement), values)
            return [dict(row) for row in rows.mappings()]

    async def change(self, statement: str, **values: Any) -> int:
        async with self.engine.begin() as connection:
            return int((await connection.execute(text(statement), values)).rowcount)

    async def insert(self, table: str, **values: Any) -> int:
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        written = {name: json.dumps(value) if name.endswith("_json") else value for name, value in values.items()}
        rows = await self.fetch(f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING id", **written)
        return int(rows[0]["id"])

    async def get_hand(self, hand_id: int) -> dict[str, Any]:
        return (await self.fetch("SELECT * FROM hands WHERE id = :id", id=hand_id))[0]

    async def get_hands_by_number(self, table_id: str, hand_number: int) -> list[dict[str, Any]]:
        return await self.fetch(
            "SELECT * FROM hands WHERE table_id = :table_id AND hand_number = :hand_number",
            table_id=table_id,
            hand_number=hand_number,
        )

    async def list_recent_hands(self, limit: int) -> list[int]:
        rows = await self.fetch("SELECT * FROM hands ORDER BY created_at DESC LIMIT :limit", limit=limit)
        return [row["id"] for row in rows]

    async def list_hands_by_rank(self, ranks: Sequence[str]) -> list[int]:
        rows = await self.fetch(
            "SELECT * FROM hands WHERE hand_rank = ANY(:ranks) ORDER BY created_at DESC", ranks=[*ranks]
        )
        return [row["id"] for row in rows]

    async def upsert_tournament(self, **values: Any) -> int:
        names = ", ".join(values)
        updates = ", ".join(f"{name} = EXCLUDED.{name}" for name in values if name != "event_code")
        written = {name: json.dumps(value) if name.endswith("_json") else value for name, value in values.items()}
        rows = await self.fetch(
            f"""
            INSERT INTO tournaments ({names}) VALUES ({", ".join(f":{name}" for name in values)})
            ON CONFLICT (event_code) DO UPDATE SET {updates}, updated_at = NOW() RETURNING id
            """,
            **written,
        )
        return int(rows[0]["id"])

    async def get_tournament(self, code: str) -> dict[str, Any]:
        return (await self.fetch("SELECT * FROM tournaments WHERE event_code = :code", code=code))[0]

    async def list_active_tournaments(self) -> list[str]:
        rows = await self.fetch("SELECT * FROM tournaments WHERE end_date IS NULL OR end_date > NOW()")
        return [row["event_code"] for row in rows]

    async def list_pending(self, limit: int = 10) -> list[dict[str, Any]]:
        return await self.fetch(
            """
            SELECT * FROM render_instructions WHERE status = 'pending'
            ORDER BY priority ASC, created_at ASC LIMIT :limit
            """,
            limit=limit,
        )

    async def set_status(
        self,
        instruction_id: int,
        status: str,
        *,
        error: str | None = None,
        started_at: datetime | None = None,
        completed_at: datetime | None = None,
    ) -> int:
        return await self.change(
            """
            UPDATE render_instructions SET status = :status, error_message = :error,
                started_at = COALESCE(:started_at, started_at), completed_at = COALESCE(:completed_at, completed_at)
            WHERE id = :id
            """,
            id=instruction_id,
            status=status,
            error=error,
            started_at=started_at,
            completed_at=completed_at,
        )

    async def retry(self, instruction_id: int) -> int:
        return await self.change(
            """
            UPDATE render_instructions SET retry_count = retry_count + 1, status = 'pending'
            WHERE id = :id AND retry_count < max_retries
            """,
            id=instruction_id,
        )

    async def count_by_status(self) -> dict[str, int]:
        rows = await self.fetch("SELECT status, COUNT(*) AS count FROM render_instructions GROUP BY status")
        return {row["status"]: row["count"] for row in rows}

    async def list_outputs(self, instruction_id: int) -> list[dict[str, Any]]:
        return await self.fetch(
            "SELECT * FROM render_outputs WHERE instruction_id = :id ORDER BY created_at DESC", id=instruction_id
        )
