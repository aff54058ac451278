"""Run the render queue of a simulated day: instructions are claimed by rank, rendered, retried, rescued, or lost."""

import heapq
import random
from collections import Counter, deque

from pokervod_pipelines_tests.simulator.faults import Fault, FaultKind
from pokervod_pipelines_tests.simulator.jobs import Instruction
from pokervod_pipelines_tests.simulator.plan import HOUR, MINUTE, PAUSE, Plan, PlannedWorker

LEASE = 30.0
RETRIES = 3
STEP = 5.0
"""So often the free workers look for work, and expired leases are looked for."""

K = FaultKind
Group = tuple[str, str]


class Floor:
    """Hold the queue and its workers; ``advance`` runs them until a moment."""

    def __init__(self, plan: Plan, faults: tuple[Fault, ...], instructions: list[Instruction]) -> None:
        self.plan = plan
        self.chance = random.Random(f"floor {plan.seed}")
        self.at = -2 * HOUR
        self.coming = deque(instructions)
        self.pending: dict[int, Instruction] = {}
        self.processing: dict[int, Instruction] = {}
        self.ends: list[tuple[float, int, int]] = []
        self.failed: dict[int, Instruction] = {}
        self.ended: deque[tuple[float, Group, str]] = deque()
        self.claims: deque[tuple[float, str, float]] = deque()
        self.busy: dict[str, int] = {}
        self.samples: deque[tuple[float, bool, bool]] = deque()
        self.by_kind = {kind: [each for each in faults if each.kind is kind] for kind in FaultKind}
        self.hung: set[int] = set()
        self.log: list[tuple[float, str, Instruction]] = []
        self.broken: Counter[Fault] = Counter()

    def find(self, kind: FaultKind, at: float) -> Fault | None:
        """Return the fault of the kind that lasts."""
        return next((each for each in self.by_kind[kind] if each.begins <= at < each.ends), None)

    def advance(self, until: float) -> None:
        """Run until this moment."""
        while self.at < until:
            self.at = min(self.at + STEP, until)
            self._step()

    def _step(self) -> None:
        at = self.at
        while self.coming and self.coming[0].made <= at:
            each = self.coming.popleft()
            self.pending[each.id] = each
        self._clear_failed()
        if self.find(K.DATABASE_AWAY, at) or any(each.covers(at) for each in self.plan.restarts):
            return
        self._end_jobs()
        self._rescue()
        if self.pending:
            self._claim()
        self._sample()

    def is_paused(self, at: float) -> bool:
        """Return whether a person has paused the queue."""
        return any(each.name == PAUSE and each.covers(at) for each in self.plan.maintenance)

    def find_freed(self, at: float) -> float:
        """Return when the last pause ended: what waited before then could not have been claimed."""
        ended = [each.ends for each in self.plan.maintenance if each.name == PAUSE and each.ends <= at]
        return max(ended, default=-2 * HOUR)

    def is_alive(self, worker: PlannedWorker, at: float) -> bool:
        """Return whether the worker's process runs."""
        if any(each.name == f"worker {worker.name}" and each.covers(at) for each in self.plan.maintenance):
            return False
        dead = any(each.covers(at) and each.target == worker.name for each in self.by_kind[K.WORKER_DEAD])
        return not dead and not self.find(K.WORKERS_GONE, at)

    def _serves(self, worker: PlannedWorker, at: float) -> bool:
        set_aside = any(each.covers(at) and each.target == worker.name for each in self.by_kind[K.WORKER_QUARANTINED])
        is_down = "nexrender" in worker.renderers and self.find(K.FARM_DOWN, at)
        return self.is_alive(worker, at) and not set_aside and not is_down

    def _claim(self) -> None:
        at = self.at
        if self.find(K.QUEUE_STALLED, at) or self.is_paused(at):
            return
        due: list[Instruction] | None = None
        for worker in self.plan.workers:
            if worker.name in self.busy or not self._serves(worker, at):
                continue
            if due is None:
                due = [each for each in self.pending.values() if each.due <= at]
            fitting = [each for each in due if each.template.renderer in worker.renderers]
            if fitting:
                is_inverted = self.find(K.INVERSION, at) is not None
                best = (max if is_inverted else min)(fitting, key=lambda each: (each.rank, each.id))
                due.remove(best)
                self._start(best, worker)

    def _start(self, job: Instruction, worker: PlannedWorker) -> None:
        at = self.at
        del self.pending[job.id]
        self.processing[job.id] = job
        self.busy[worker.name] = job.id
        job.state, job.started, job.lease, job.worker = "processing", at, at + LEASE, worker.name
        job.claim += 1
        self.claims.append((at, job.template.renderer, job.rank))
        self.log.append((at, "started", job))
        hang = self.find(K.RENDERS_HANG, at)
        if hang and self.broken[hang] < int(hang.size):
            self.broken[hang] += 1
            self.hung.add(job.id)
            return
        slow = self.find(K.SLOW_RENDERS, at)
        seconds = job.template.seconds * self.chance.lognormvariate(0, 0.25) * self._find_load(at)
        seconds *= self._find_factor(slow, job.template.renderer) if slow else 1.0
        heapq.heappush(self.ends, (at + seconds, job.id, job.claim))

    def _find_load(self, at: float) -> float:
        """Return how much slower the machines are while the nightly sync runs."""
        return 1.5 if any(each.name == "full_sync" and each.covers(at) for each in self.plan.syncs) else 1.0

    def _find_factor(self, slow: Fault, renderer: str) -> float:
        """Return how much slower renders are, so that only the share ``size`` of what is asked for can be made."""
        templates = [each for each in self.plan.templates if each.renderer == renderer]
        seconds = sum(each.seconds * each.weight for each in templates) / sum(each.weight for each in templates)
        workers = sum(1 for each in self.plan.workers if renderer in each.renderers)
        hour = (slow.begins - HOUR, slow.begins)
        made = sum(1 for at, group, _ in self.ended if group[0] == renderer and hour[0] <= at < hour[1])
        return max(1.0, workers * HOUR / seconds / max(made, 1) / slow.size)

    def _end_jobs(self) -> None:
        at = self.at
        while self.ends and self.ends[0][0] <= at:
            _, id_, claim = heapq.heappop(self.ends)
            job = self.processing.get(id_)
            worker = next((each for each in self.plan.workers if job and each.name == job.worker), None)
            if job is None or worker is None or job.claim != claim or not self.is_alive(worker, at):
                continue
            self._end(job)

    def _end(self, job: Instruction) -> None:
        at, template = self.at, job.template
        self._free(job)
        if at - job.started > template.limit:
            self._retry(job, "timed_out", "took longer than its limit")
        elif self._breaks(job):
            self._finish(job, "failed", self._name_reason(job))
        elif self.chance.random() < self.plan.failure_share:
            self._retry(job, "failed", "connection reset")
        else:
            self._finish(job, "completed", "")

    def _name_reason(self, job: Instruction) -> str:
        """Return what the renderer says: of a wrong template which layer, of a machine the same for all."""
        at, name = self.at, job.template.name
        if self.find(K.OUTPUTS_UNWRITABLE, at):
            return f"{name}/{name}_{job.id}.mov: permission denied"
        if self.find(K.ERRORS, at) or self.find(K.ERRORS_BURN, at):
            return f"{name}: out of memory at frame {job.id % 97}"
        return f"the template {name} has no layer {self.chance.choice(('title', 'rows', 'logo'))}"

    def _breaks(self, job: Instruction) -> bool:
        """Return whether the job fails for good."""
        at = self.at
        if self.find(K.OUTPUTS_UNWRITABLE, at):
            return True
        burn, errors = self.find(K.ERRORS_BURN, at), self.find(K.ERRORS, at)
        share = errors.size if errors else 0.0
        if burn:
            share = max(share, burn.size * (at - burn.begins) / (burn.ends - burn.begins))
        for each in self.by_kind[K.TEMPLATE_FAILS]:
            if each.covers(at) and each.target == job.template.name:
                share = max(share, each.size)
        few = self.find(K.GRAPHICS_FAIL, at)
        if few and self.broken[few] < int(few.size):
            self.broken[few] += 1
            return True
        return self.chance.random() < share

    def _free(self, job: Instruction) -> None:
        del self.processing[job.id]
        if self.busy.get(job.worker) == job.id:
            del self.busy[job.worker]

    def _retry(self, job: Instruction, outcome: str, reason: str) -> None:
        job.tries += 1
        if job.tries > RETRIES:
            self._finish(job, outcome, reason)
            return
        job.state, job.due = "pending", self.at + 5.0 * 3 ** (job.tries - 1)
        self.pending[job.id] = job

    def _finish(self, job: Instruction, outcome: str, reason: str) -> None:
        job.state, job.reason = outcome, reason
        self.log.append((self.at, outcome, job))
        self.ended.append((self.at, (job.template.renderer, job.template.name), outcome))
        if outcome != "completed":
            job.due = self.at
            self.failed[job.id] = job

    def _rescue(self) -> None:
        """Give back the jobs of dead workers, and those beyond their limit; while renders hang nothing does that."""
        at = self.at
        alive = {each.name for each in self.plan.workers if self.is_alive(each, at)}
        rescues = bool(alive) or not self.find(K.DAEMON_STOPPED, at)
        for job in [*self.processing.values()]:
            if job.worker in alive:
                job.lease = at + LEASE
            if job.id in self.hung:
                if not any(each.covers(at) for each in self.by_kind[K.RENDERS_HANG]):
                    self.hung.discard(job.id)
                    self._end(job) if job.worker in alive else None
            elif job.lease < at and rescues:
                self._free(job)
                job.state, job.due = "pending", at
                self.pending[job.id] = job
            elif at - job.started > job.template.limit and rescues:
                self._free(job)
                self._retry(job, "timed_out", "took longer than its limit")

    def _clear_failed(self) -> None:
        """Let a person retry or cancel what failed, once its fault is over."""
        if not self.failed:
            return
        kinds = (K.OUTPUTS_UNWRITABLE, K.ERRORS, K.ERRORS_BURN, K.TEMPLATE_FAILS, K.GRAPHICS_FAIL, K.SLOW_RENDERS)
        if not any(self.find(kind, self.at) for kind in kinds):
            self.failed.clear()

    def _sample(self) -> None:
        """Note once a minute whether work waits that a worker could claim."""
        if not self.samples or self.at - self.samples[-1][0] >= MINUTE:
            if self.find(K.DAEMON_STOPPED, self.at):
                return
            waits = any(each.due <= self.at for each in self.pending.values())
            is_paused = self.is_paused(self.at)
            self.samples.append((self.at, waits and not is_paused, waits and is_paused))

    def forget(self) -> None:
        """Forget what ended longer ago than anything asks for."""
        for queue, seconds in ((self.ended, 2 * HOUR), (self.claims, HOUR), (self.samples, HOUR)):
            while queue and queue[0][0] < self.at - seconds:
                queue.popleft()
