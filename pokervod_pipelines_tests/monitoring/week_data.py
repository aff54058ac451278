"""Put the data of broadcast weeks into their tables: a healthy week, to be spoiled."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Engine, text

from pokervod_pipelines.monitoring.weeks.shape import Week, WeekStage, WeekValidation
from pokervod_pipelines.monitoring.weeks.validation import validate_week, validate_weeks
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.catalog.inventory import add_file

ARCHIVE = {
    "archive_roots": [{"name": "nas", "path": "/nas"}],
    "libraries": [{"name": "wsop", "root": "nas"}],
    "sheets": [{"name": "notes", "path": "notes.xlsx"}],
}
HANDS = 3
"""Of each session; the first is premium."""

_numbers = count(1)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """Return the moment of the day, in UTC."""
    return datetime.combine(day, time(hour, minute), UTC)


@dataclass(kw_only=True)
class WeekData:
    """Hold a database, its settings, and the moment at which weeks are looked at."""

    engine: Engine
    settings: Settings
    now: datetime = datetime(2026, 11, 30, 12, tzinfo=UTC)

    def execute(self, sql: str, **values: Any) -> list[Any]:
        """Run one statement in a transaction of its own and return what it gives."""
        with self.engine.begin() as connection:
            result = connection.execute(text(sql), values)
            return list(result.all()) if result.returns_rows else []

    def validate(self, week: str) -> WeekValidation:
        """Return how the week is."""
        with self.engine.connect() as connection:
            return validate_week(connection, self.settings, Week.parse(week), now=self.now)

    def validate_all(self, first: str, last: str) -> dict[str, WeekValidation]:
        """Return how the weeks from the first to the last are, by name."""
        with self.engine.connect() as connection:
            found = validate_weeks(connection, self.settings, Week.parse(first), Week.parse(last), now=self.now)
        return {each.week.name: each for each in found}

    def find(self, week: str, stage: str) -> WeekStage:
        """Return how a stage of the week is."""
        (found,) = [each for each in self.validate(week).stages if each.stage == stage]
        return found

    def put_week(self, monday: date, days: int = 5) -> None:
        """Put a healthy week with shows on so many days."""
        for each in range(days):
            self.put_day(monday + timedelta(days=each))

    def put_day(self, day: date) -> None:
        """Put a show with its recording, annotation, session and graphics, all in time."""
        video = self.put_video(at(day, 23))
        self.put_row(at(day, 23, 30), video)
        self.put_slot(day)
        self.put_graphic("schedule_entry", f"{at(day, 19).isoformat()}/Main", day, finished=at(day, 18))
        first, *_ = self.put_session(day)
        self.put_graphic("premium_hand", f"hand {first}", day, hand=first, finished=at(day, 21))

    def put_video(self, seen: datetime, *, project: str = "WSOP", reason: str | None = None, **columns: Any) -> int:
        """Put a video that the catalog has read."""
        path = f"show {next(_numbers)}.mov"
        video = add_file(self.engine, path, root="nas", library="wsop", first_seen_at=seen, **columns)
        self.execute(
            """
            insert into video_files (file_id, title, parsed, parsed_path, parser_version, inventory_mark, reason)
            values (:id, '', cast(:parsed as jsonb), :path, '', '', :reason)
            """,
            id=video,
            parsed=json.dumps({"project_code": project}),
            path=path,
            reason=reason,
        )
        return video

    def join_episode(self, *videos: int) -> None:
        """Make the videos files of one episode."""
        self.execute("insert into projects (code, title) values ('WSOP', '')")
        self.execute("""
            with s as (
                insert into seasons (project_code, key, title, sort_key) values ('WSOP', '', '', '') returning id),
            v as (
                insert into catalog_events (season_id, key, title, sort_key) select id, '', '', '' from s returning id)
            insert into episodes (event_id, key, title, catalog_title, sort_key) select id, '', '', '', '' from v
        """)
        self.execute(
            "insert into episode_files (episode_id, file_id) select e.id, unnest(cast(:videos as bigint[])) "
            "from episodes e",
            videos=[*videos],
        )

    def put_session_file(self, at: datetime, state: str) -> None:
        """Put a session file that was written and read then."""
        self.execute(
            """
            insert into hand_files (path, digest, size, mtime_ns, state, reason, read_at, first_read_at)
            values ('/drop/a.json', '', 1, :mtime, :state, :reason, :at, :at)
            """,
            mtime=int(at.timestamp() * 1e9),
            state=state,
            reason=None if state == "read" else "no session",
            at=at,
        )

    def put_row(self, at: datetime, video: int | None, *, problem: str | None = None, has_clip: bool = True) -> int:
        """Put a row of the sheet, matched to the video or to none, with its clip."""
        ((row,),) = self.execute(
            """
            insert into sheet_rows (sheet, tab, row_number, fingerprint, file_name, folder_link, content, match_status,
                file_id, created_at)
            values ('notes', 'Hands', :number, '', '', '', '{}', :status, :video, :at) returning id
            """,
            number=next(_numbers),
            status="matched" if video else "none",
            video=video,
            at=at,
        )
        if video and has_clip:
            self.execute(
                """
                insert into hand_clips (sheet_row_id, sheet, file_id, in_ms, out_ms, title, winner, hands, problem,
                    input_hash)
                values (:row, 'notes', :video, 0, 9, '', '', '', :problem, '')
                """,
                row=row,
                video=video,
                problem=problem,
            )
        return int(row)

    def put_slot(self, day: date, start: int = 19, end: int | None = 23, **columns: Any) -> None:
        """Put a live slot between these hours of the day into the schedule."""
        values = {"channel": "Main", "is_live": True, "seen_at": at(day, 8)} | columns
        self.execute(
            """
            insert into broadcast_slots (starts_at, channel, day, ends_at, event_title, is_live, seen_at)
            values (:start, :channel, :day, :end, 'Final table', :is_live, :seen_at)
            """,
            start=at(day, start),
            end=None if end is None else at(day, end),
            day=day,
            **values,
        )

    def put_session(self, day: date, *, reported: int = HANDS, stored: int = HANDS, is_test: bool = False) -> list[int]:
        """Put a session with so many hands stored, the first one premium; return their ids."""
        session = next(_numbers)
        self.execute(
            """
            insert into hand_sessions (session_id, table_name, event_title, started_at, broadcast_day, is_test,
                hands_reported, hands_broken, head)
            values (:session, 'Table 7', '', :start, :day, :is_test, :reported, 0, '')
            """,
            session=session,
            start=at(day, 19),
            day=day,
            reported=reported,
            is_test=is_test,
        )
        return [self._put_hand(session, day, number, is_test=is_test) for number in range(stored)]

    def _put_hand(self, session: int, day: date, number: int, *, is_test: bool) -> int:
        ((hand,),) = self.execute(
            """
            insert into hands (session_id, table_name, hand_number, started_at, broadcast_day, source, is_premium,
                is_test, best_category, pot, winners, content, weight, digest)
            values (:session, 'Table 7', :number, :start, :day, 'rfid', :number = 0, :is_test, 'full_house', 0, '[]',
                '{}', '[]', '') returning id
            """,
            session=session,
            number=number,
            start=at(day, 20, number),
            day=day,
            is_test=is_test,
        )
        return int(hand)

    def put_graphic(
        self,
        kind: str,
        key: str,
        day: date,
        *,
        hand: int | None = None,
        finished: datetime | None = None,
        state: str = "completed",
        version: int = 1,
    ) -> int:
        """Put a graphic that was requested on its day; one in another state than pending was claimed before."""
        ((graphic,),) = self.execute(
            """
            insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key, broadcast_day,
                by, hand_id, created_at, version)
            values ('lower_third', '{}', '{}', '', :kind, :key, :day, 'rules', :hand, :at, :version) returning id
            """,
            kind=kind,
            key=key,
            day=day,
            hand=hand,
            at=at(day, 17),
            version=version,
        )
        if finished or state not in {"pending", "completed"}:
            self.finish(graphic, state, finished)
        return int(graphic)

    def finish(self, graphic: int, state: str, finished: datetime | None) -> None:
        """Let a worker claim the graphic and end it so."""
        self.execute(
            """
            update render_instructions set state = 'processing', claim_id = gen_random_uuid(), claimed_by = 'w',
                lease_until = now(), heartbeat_at = now(), started_at = now() where id = :id
            """,
            id=graphic,
        )
        self.execute(
            """
            update render_instructions set state = :state, claim_id = null, finished_at = :finished,
                reason = :reason where id = :id
            """,
            id=graphic,
            state=state,
            finished=finished,
            reason="" if state == "completed" else "no font",
        )
