"""Live a week of faults with the real queue: workers die and hang, shares vanish, graphics are wrong, people decide.

Time is that of an emulated clock, and everything else is drawn from a seed. Nobody retries anything: what is healed at
the end was healed by the queue or by what is put right without a person.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.events.breakers import make_breaker
from pokervod_pipelines.holds.placing import place_hold
from pokervod_pipelines.holds.windows import Coverage, plan_window
from pokervod_pipelines.monitoring.remediation.remediate import remediate
from pokervod_pipelines.policies.blocks import NEXRENDER, BreakerRule
from pokervod_pipelines.policies.breakers import BreakerOptions
from pokervod_pipelines.render import actions, queue, workers
from pokervod_pipelines.render.failures import BadInstruction, SpoiledOutput, TransientFailure
from pokervod_pipelines.render.queue import FailedRender, FinishedRender
from pokervod_pipelines.render.queue_store import ClaimedJob, Heartbeat
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.subjects import Subject, SubjectKind
from pokervod_pipelines_tests.monitoring.emulated_clock import EmulatedClock
from pokervod_pipelines_tests.render.idle_pipeline import make_output_facts
from pokervod_pipelines_tests.render.render_database import RenderDatabase

START = datetime(2031, 5, 5, 9, tzinfo=UTC)
STEP = timedelta(minutes=2)
HOUR = timedelta(hours=1)
SHOW_HOURS = range(10, 24)
A_DAY = 1_500
"""Instructions of a broadcast day."""

WORKERS, SLOTS = 4, 4
TEMPLATES = ("elimination", "payouts", "chip_counts", "leaderboard")
EVA = Actor(who="eva", reason="I look at it myself")

RETRIES_AN_HOUR = 40
"""A small budget, so that it is spent; the others are as they come."""


def make_chaos_settings(home: Path, farm: str) -> Settings:
    """Return the settings of the week; ``farm`` is the address of the one service with a breaker."""
    return Settings.model_validate(
        {
            "home": home,
            "render": {"queue": {"lease_seconds": 180, "timeout_minutes": 12}, "nexrender": {"url": farm}},
            "monitoring": {"remediation": {"retry": {"per_hour": RETRIES_AN_HOUR}}},
        }
    )


@dataclass(kw_only=True)
class Studio:
    """Play one worker: it lives, dies, comes back, and has jobs, some of which hang."""

    name: str
    jobs: dict[int, tuple[ClaimedJob, datetime | None]] = field(default_factory=dict)
    back_at: datetime | None = None


@dataclass(kw_only=True)
class ChaosWeek:
    """Hold the week: its database and clock, what is broken now, and which instructions are wrong from the start."""

    engine: Engine
    settings: Settings
    random: Random
    clock: EmulatedClock
    days: int
    studios: list[Studio] = field(default_factory=list)
    wrong: set[int] = field(default_factory=set)
    odd: dict[int, int] = field(default_factory=dict)
    away_until: datetime = START
    unwatched_until: datetime = START
    hands: int = 0

    @classmethod
    def begin(cls, engine: Engine, settings: Settings, *, seed: int, days: int) -> "ChaosWeek":
        """Return a week before its first minute."""
        clock = EmulatedClock.install(engine, START)
        week = cls(engine=engine, settings=settings, random=Random(seed), clock=clock, days=days)
        week.studios = [Studio(name=f"studio-{number}") for number in range(WORKERS)]
        return week

    def live(self) -> None:
        """Live the week, and the day after it in which nothing breaks any more."""
        end = START + timedelta(days=self.days)
        while self.clock.now < end:
            self._break_things()
            self._request()
            self._decide()
            self._pass(STEP)
        self.away_until = self.unwatched_until = self.clock.now
        while self.clock.now < end + timedelta(days=1) and (self.clock.now < end + 2 * HOUR or self._is_busy()):
            self._pass(STEP if self._is_busy() else 5 * STEP)

    def _pass(self, length: timedelta) -> None:
        """Let the workers and those who put things right do their part, and time pass."""
        self.clock.advance(10)
        for studio in self.studios:
            self._work(studio)
        if self.clock.now >= self.unwatched_until:
            queue.requeue_lost(self.engine, self.settings.render.queue)
        self.clock.advance(10)
        remediate(self.engine, self.settings)
        self.clock.advance(length.total_seconds() - 20)

    def _happens(self, a_day: float) -> bool:
        """Return whether what happens so often a day happens in this step."""
        return self.random.random() < a_day * STEP / timedelta(days=1)

    def _break_things(self) -> None:
        now, random = self.clock.now, self.random
        if self._happens(2):  # the share goes away, for up to three hours
            self.away_until = max(self.away_until, now + timedelta(minutes=random.uniform(5, 180)))
        if self._happens(4):  # nobody requeues what is lost
            self.unwatched_until = max(self.unwatched_until, now + timedelta(minutes=random.uniform(10, 360)))
        for studio in self.studios:
            if studio.back_at is None and self._happens(6):
                studio.back_at, studio.jobs = now + timedelta(minutes=random.uniform(1, 90)), {}
        if self._happens(40):
            self._spoil_ranks()
        if self._happens(2):
            self._trip_breaker()

    def _spoil_ranks(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(text("alter table render_instructions disable trigger guard_render_instruction"))
            connection.execute(
                text("""
                    update render_instructions set rank = rank + interval '5 hours' where id = any(array(
                        select id from render_instructions where state = 'pending' order by rank limit 3))
                """)
            )
            connection.execute(text("alter table render_instructions enable trigger guard_render_instruction"))

    def _trip_breaker(self) -> None:
        rule = BreakerRule(failures=1, open_seconds=60)
        breaker = make_breaker(self.engine, NEXRENDER, BreakerOptions(zone=self.settings.zone, rule=rule))
        try:
            breaker.enter().fail("no answer")
        except PokervodError:
            return  # it is open

    def _request(self) -> None:
        """Request graphics as a show does, some of which nobody can make; and let hands come that nobody looks at."""
        if self.clock.now.hour not in SHOW_HOURS:
            return
        mean = A_DAY * STEP / (len(SHOW_HOURS) * HOUR)
        count = int(self.random.expovariate(1 / mean))
        with self.engine.begin() as connection:
            for _ in range(count):
                id_ = connection.scalar(
                    _REQUEST,
                    {
                        "template": self.random.choice(TEMPLATES),
                        "priority": self.random.choice((3, 5, 5, 5, 8)),
                        "day": self.clock.now.date(),
                    },
                )
                assert id_ is not None
                draw = self.random.random()
                if draw < 0.02:
                    self.wrong.add(id_)
                elif draw < 0.03:
                    self.odd[id_] = 4
        if self._happens(10):
            self.hands += 1
            RenderDatabase(engine=self.engine, settings=self.settings).put_hand(self.hands, day=date(2031, 5, 4))

    def _decide(self) -> None:
        """Let a person hold, cancel and prioritise some, reinstate workers, and plan some work."""
        with self.engine.connect() as connection:
            quarantined = [each.name for each in workers.list_workers(connection) if each.quarantine_reason]
        for name in quarantined:
            if self._happens(24):
                workers.reinstate(self.engine, name, EVA)
        for state, what in (("failed", "hold"), ("pending", "hold"), ("processing", "hold"), ("failed", "cancel")):
            if self._happens(12):
                self._decide_on(state, what)
        if self._happens(6):
            self._decide_on("pending", "prioritize")
        if self._happens(1):
            template = self.random.choice([*TEMPLATES, None])
            coverage = [Coverage(kind=SubjectKind.TEMPLATE, name=template)] if template else []
            length = timedelta(minutes=self.random.uniform(10, 120))
            with self.engine.begin() as connection:
                plan_window(connection, self.clock.now, self.clock.now + length, coverage, EVA)

    def _decide_on(self, state: str, what: str) -> None:
        with self.engine.begin() as connection:
            query = text("select id from render_instructions where state = :state order by id")
            ids = connection.scalars(query, {"state": state}).all()
            if not ids:
                return
            id_ = self.random.choice(ids)
            if what == "hold":
                subject = Subject(kind=SubjectKind.INSTRUCTION, name=str(id_))
                place_hold(connection, subject, self.clock.now + self.random.uniform(0.5, 10) * HOUR, EVA)
            elif what == "cancel":
                actions.cancel(connection, [id_], EVA)
            else:
                actions.prioritize(connection, [id_], 9, EVA)

    def _work(self, studio: Studio) -> None:
        """Let the worker finish what is done, keep what is not, and claim more."""
        if studio.back_at is not None:
            if self.clock.now < studio.back_at:
                return
            studio.back_at = None
        workers.register(self.engine, studio.name, ["local"])
        workers.record_heartbeat(self.engine, studio.name)
        running = [Heartbeat(job=job, progress=None) for job, _ in studio.jobs.values()]
        valid = queue.renew_leases(self.engine, self.settings.render.queue, running) if running else {}
        studio.jobs = {id_: each for id_, each in studio.jobs.items() if each[0].claim_id in valid}
        self._finish(studio)
        if (free := SLOTS - len(studio.jobs)) > 0:
            limits = self.settings.render.queue
            for job in queue.claim_jobs(self.engine, limits, worker=studio.name, renderer="local", limit=free):
                hangs = self.random.random() < 0.004
                done_at = None if hangs else self.clock.now + self.random.uniform(0.5, 3) * STEP
                studio.jobs[job.id] = job, done_at

    def _finish(self, studio: Studio) -> None:
        done = [job for job, at in studio.jobs.values() if at is not None and at <= self.clock.now]
        errors = {job.id: error for job in done if (error := self._draw_error(job))}
        finished = [
            FinishedRender(job=job, facts=make_output_facts(job), publish=lambda: None)
            for job in done
            if job.id not in errors
        ]
        failed = [FailedRender(job=job, error=errors[job.id]) for job in done if job.id in errors]
        if done:
            queue.record_results(self.engine, self.settings.render.queue, finished, failed)
        for job in done:
            del studio.jobs[job.id]

    def _draw_error(self, job: ClaimedJob) -> Exception | None:
        if job.id in self.wrong:
            return BadInstruction("layer 'player' is required")
        if self.odd.get(job.id, 0):
            self.odd[job.id] -= 1
            return RuntimeError("something new")
        if self.clock.now < self.away_until and self.random.random() < 0.95:
            return TransientFailure("the share does not answer")
        return SpoiledOutput("frame 12 is black") if self.random.random() < 0.03 else None

    def _is_busy(self) -> bool:
        """Return whether something still happens by itself."""
        with self.engine.connect() as connection:
            return bool(connection.scalar(_IS_BUSY, {"rounds": self.settings.monitoring.remediation.retry.rounds}))


_REQUEST = text("""
    insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key, broadcast_day, by,
        priority)
    select :template, '{}', '{}', '', 'person', gen_random_uuid()::text, :day, 'eva', :priority returning id
""")

_IS_BUSY = text("""
    select exists (select from render_instructions r where state in ('pending', 'processing')
        or (state in ('failed', 'timed_out') and failure_kind <> 'bad_input'
            and finished_at > now() - interval '5 hours'))
    and cast(:rounds as integer) > 0
""")
