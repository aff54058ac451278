"""Run every command that a page or a ``--help`` tells to run, on the sample, as a person would."""

import contextlib
import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from unittest import mock

import pytest
import yaml
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import EXIT_CODES, app
from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines_tests.test_docs import COMMANDS, PAGES, TOP

FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
IN_FENCE = re.compile(r"^(?:\.venv/bin/)?((?:pokervod|dagster) .*?)(?:\s+#.*)?$", re.MULTILINE)
IN_LINE = re.compile(r"`(?:\.venv/bin/)?((?:pokervod|dagster) [^`]+)`")
IN_HELP = re.compile(r"Example: (.+)")

ENDLESS = re.compile(r"(dev|watch|serve)\b|.*--follow|render worker\b(?! --until-empty)")
SECONDS_TO_END = 5.0
SECONDS_TO_END_ALL = 30.0
"""`dev` waits for the programs that it ends, a worker or watcher for what runs, up to 20 seconds."""

NOT_RUN = {
    "pokervod rollout demo": "two minutes; rollout/test_demo.py runs it",
}

NEW = "pokervod render enqueue -t elimination -l player=Ana -l place=9th --id {new}"
CANCEL = "pokervod render cancel {pending} --reason x"
DONE = "pokervod render worker --until-empty"
ESCALATE = "pokervod rollout reset --reason x; pokervod rollout run"
WSOP, SCAN = ".pokervod/sample/archive/ARCHIVE/WSOP/", "pokervod nas scan --library wsop"
LOSE = f"mkdir -p lost; mv lost/* {WSOP}; {SCAN}; mv {WSOP}/*PRE-2016* lost; {SCAN}"
USERS = "; ".join(
    f"pokervod users add {name} --role {role} --reason x < password.txt"
    for name, role in (("anna", "admin"), ("ben", "viewer"))
)
CONFIRM = """pokervod nas confirm-loss --library wsop --below "ARCHIVE/WSOP/WSOP ARCHIVE (PRE-2016)" --reason x"""

BEFORE = (
    (r"pokervod nas confirm-loss .*--reason", LOSE),
    (r"pokervod nas clear .*--reason", f"{LOSE}; {CONFIRM}"),
    (
        r"pokervod clips undo",
        "pokervod clips tag {clip} add tilt --reason x; pokervod clips tag {clip} remove tilt --reason x",
    ),
    (r"pokervod catalog undo", "pokervod catalog correct Clips/IMG_4471.MOV project PAD --reason x"),
    (r"pokervod sheets unpin", "pokervod sheets pin 17 Clips/IMG_4471.MOV --reason x"),
    (r"pokervod players unalias", 'pokervod players alias "The Captain" "Captain Nit"'),
    (r"pokervod hands withdraw", "pokervod hands restore 1 --reason x"),
    (r"pokervod hands correct", "pokervod hands export 1 --to .; mv *.phh corrected.phh"),
    (r"pokervod hands restore", "pokervod hands withdraw 1 --reason x"),
    (r"pokervod render retry", f"{NEW}; {CANCEL}"),
    (r"pokervod render remake", f"{NEW}; {DONE}"),
    (r"pokervod render (cancel|prioritize)", NEW),
    (r"pokervod rollout override .*--undo", f"{ESCALATE}; pokervod rollout override 4 hands --reason x"),
    (
        r"pokervod incidents (show|acknowledge|mute|unmute|resolve|verdict)",
        'pokervod incidents open "rows are missing" --subject "sheet clip_tracker"',
    ),
    (r"pokervod (users (set|disable|enable|log)|keys create)", USERS),
    (r"pokervod keys revoke", f"{USERS}; pokervod keys create scoreboard --user anna --role viewer --reason x"),
    (r"pokervod hold instruction", NEW),
    (r"pokervod release instruction", f"{NEW}; pokervod hold instruction {{pending}} --until 2h --reason x"),
    (r"pokervod maintenance cancel", "pokervod maintenance plan --until 2h --reason x"),
    (r"pokervod (alerts (ack|resolve)|rollout (acknowledge|report|pause|resume|override|abandon|reset))", ESCALATE),
    (r"pokervod rollout run", "pokervod rollout reset --reason x"),
)
"""What has to be there for a command to do something; the first that fits."""

REPLACED = (
    (r"--reason (…|TEXT)", "--reason x"),
    (r"\[FILE\]", "saved.dump"),
    (r"catalog undo (1|ID)", "catalog undo {correction}"),
    (r"clips undo (ID|3)", "clips undo {clip_decision}"),
    (r"(?<=clips tag )(CLIP|12)", "{clip}"),
    (r"KEY", '"rollout production week 4 escalated"'),
    (r"WEEK", "4"),
    (r"--day …", "--day 2026-05-04"),
    (r"(?<=nas scan --library )NAME", "wsop"),
    (r"(?<=sheets sync )NAME", "clip_tracker"),
    (r"--reinstate NAME", "--reinstate studio-2"),
    (r"(?<=pin )ROW_ID", "17"),
    (r"(?<=hands import )(PATH…|/mnt/tables/table-1)", "open.hands.csv"),
    (r"(?<=hands correct )ID FILE", "1 corrected.phh"),
    (r"(?<=hands )(\w+) (ID…|ID|17 18|17)", r"\1 1"),
    (r"--to DIR", "--to exported"),
    (r"PATH", "Clips/IMG_4471.MOV"),
    (r"(?<=render )(retry) (ID…|17 18|17)", r"\1 {cancelled}"),
    (r"(?<=render )(remake|show) (ID…|ID|17)", r"\1 {completed}"),
    (r"(?<=render )(cancel|prioritize) (ID…|17)", r"\1 {pending}"),
    (r"(?<=instruction )17", "{pending}"),
    (r"(?<=maintenance cancel )3", "1"),
    (r"pokervod dev( --port \d+)?$", "pokervod dev --port {port} --api-port 0"),
    (r"pokervod serve$", "pokervod serve --port {port}"),
    (r"dagster dev$", "dagster dev --port {port}"),
    (r"db downgrade 0006", "db downgrade 0006 --yes"),
)
"""Values of the sample for what a page leaves open."""
OPEN = re.compile(r"…|\[|\b(ID|ROW_ID|FILE|KEY|PATH|NAME|WEEK|TEXT|DIR|CLIP)\b")

ENDS = (
    (r"pokervod serve .*--tls", 2, "a certificate is to be made for the name of the machine"),
    (r"pokervod nas retire", 2, "every library of the sample is in its settings"),
    (r"pokervod sheets retire", 2, "every sheet of the sample is in its settings"),
    (r"pokervod events (retry|drop)", 2, "no event of the sample is parked"),
    (r"pokervod health", 3, "neither a watcher nor a daemon looks at the sample"),
    (r"pokervod execute$", 2, "it is told neither a workflow nor an input"),
    (r"pokervod execute", 1, "no Dagster daemon runs here"),
    (r"pokervod context show", 2, "the runs of the sample share nothing"),
    (r"pokervod hands settle 3", 2, "the hand of the sample agrees with its sheets"),
    (r"pokervod render workers --reinstate", 2, "no worker of the sample is quarantined"),
    (r"pokervod rollout validate 4", 1, "its criterion fails"),
    (r"pokervod rollout run$", 3, "week 4 escalates"),
    (r"pokervod rollout resume --from 5", 1, "week 4 has to pass first"),
    (r"pokervod rollout resume", 3, "week 4 escalates again"),
)
"""Other ends than 0."""

PLAN = {
    "name": "production",
    "title": "On the sample",
    "starts": date(2020, 1, 6),
    "attempts": 1,
    "weeks": [
        {
            "number": number,
            "title": f"Part {number}",
            "summary": "It answers.",
            "criteria": [
                {"kind": "sql", "name": "hands", "query": "select 1", "expect": {"value": min(number, 4) // 4 + 1}}
            ],
        }
        for number in range(1, 6)
    ],
}
"""A rollout whose week 4 never passes."""

LISTS = {"correction": "catalog corrections", "clip": "clips list --usable", "clip_decision": "clips decisions"}

WITH_SHELL = re.compile(r"[|<>]|&& (?!pokervod)")


def list_documented() -> Iterator[tuple[str, str]]:
    """Yield each command once, with where it is written."""
    found: dict[str, str] = {}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        commands = [each for block in FENCE.findall(text) for each in IN_FENCE.findall(block)]
        commands += [" ".join(each.split()) for each in IN_LINE.findall(FENCE.sub("", text))]
        for command in commands:
            found.setdefault(command, str(page.relative_to(TOP)))
    for name, command in COMMANDS.items():
        for example in IN_HELP.findall(command.callback.__doc__ or ""):
            found.setdefault(example, f"{name} --help")
    return ((where, command) for command, where in found.items())


DOCUMENTED = list(list_documented())


@dataclass(frozen=True)
class Sample:
    """Run commands in a folder that was prepared as the README says."""

    folder: Path
    port: int

    @property
    def environ(self) -> dict[str, str]:
        own = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "POKERVOD_ALERT_HERE": "console://"}
        return {**os.environ, **own, "COLUMNS": "80", "TERM": "xterm"}

    def run(self, script: str) -> tuple[int, str]:
        """Return the last status, and what was printed; without a shell in this process, which takes a fifth."""
        if WITH_SHELL.search(script):
            return self.run_shell(script)
        status, printed = 0, ""
        for part in re.split("; | && ", script):
            filled = re.sub(r"\{(\w+)\}", lambda found: self.find_id(found[1]), part)
            status, printed = self.run_here(filled) if part.startswith("pokervod ") else self.run_shell(filled)
        return status, printed

    def run_here(self, command: str) -> tuple[int, str]:
        with contextlib.chdir(self.folder), mock.patch.dict(os.environ, self.environ):
            result = CliRunner().invoke(app, shlex.split(command)[1:])
        error = result.exception
        known = error is None or isinstance(error, PokervodError | SystemExit)
        status = next((code for kind, code in EXIT_CODES if isinstance(error, kind)), result.exit_code)
        return status, f"{result.output}{error or ''}{'' if known else ' Traceback'}"

    def run_shell(self, script: str) -> tuple[int, str]:
        ended = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return ended.returncode, ended.stdout + ended.stderr

    def find_id(self, state: str) -> str:
        """Return the id of the newest graphic in this state, or of the newest of another list; ``new`` is unused."""
        if state == "new":
            return uuid.uuid4().hex
        command = LISTS.get(state, f"render list --state {state}")
        listed = json.loads(self.run_here(f"pokervod {command} --json")[1])
        return str(max(each["id"] for each in listed))

    def interrupt(self, script: str) -> tuple[int, float, str]:
        """Press Ctrl-C once it has printed something; return status, seconds until its end, and what it printed."""
        main, terminal = pty.openpty()
        process = subprocess.Popen(
            ["bash", "-c", f"exec env --default-signal=INT {script}"],
            cwd=self.folder,
            env=self.environ,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
        )
        os.close(terminal)
        printed = bytearray()
        while not printed and select.select([main], [], [], 60)[0]:
            printed += os.read(main, 65536)
        since = time.monotonic()
        process.send_signal(signal.SIGINT)
        while select.select([main], [], [], 60)[0]:
            try:
                printed += os.read(main, 65536)
            except OSError:  # its end
                break
        status = process.wait(60)
        os.close(main)
        return status, time.monotonic() - since, printed.decode(errors="replace")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """Lay out the sample, sync it, and add what pages show: a hand, a CSV of graphics, a channel and a rollout."""
    folder = tmp_path_factory.mktemp("sample")
    made = Sample(folder, port=20_000 + os.getpid() % 10_000)
    assert made.run("pokervod setup")[0] == 0
    settings = folder / ".pokervod/sample/pokervod.yaml"
    (settings.parent / "plan.yaml").write_text(yaml.safe_dump(PLAN, sort_keys=False), encoding="utf-8")
    with settings.open("a", encoding="utf-8") as file:
        file.write("rollout: {plans: [plan.yaml]}\nalerts: {channels: [{name: here, min_severity: info}]}\n")
    for page, name in (("hands.md", "open.hands.csv"), ("instructions.md", "friday.csv")):
        text = (TOP / "docs" / page).read_text(encoding="utf-8")
        (block,) = [each for each in FENCE.findall(text) if each.startswith(("hand,date", "template,"))]
        (folder / name).write_text(block, encoding="utf-8")
    (folder / "password.txt").write_text("correct horse battery\n", encoding="utf-8")
    with open_database(load_settings({}, folder)):  # the server stays between commands
        assert [made.run(each)[0] for each in ("pokervod sync", "pokervod hands import open.hands.csv")] == [0, 0]
        yield made


def fill(command: str, port: int) -> str:
    for pattern, value in REPLACED:
        command = re.sub(pattern, value, command)
    return command.replace("{port}", str(port))


def test_what_a_page_leaves_open_is_filled() -> None:
    assert [each for _, each in DOCUMENTED if OPEN.search(fill(each, 1))] == []


def test_every_command_is_run_by_an_example() -> None:
    commands = [each for _, each in DOCUMENTED]

    assert [name for name in COMMANDS if not any(f"pokervod {name}" in each for each in commands)] == []


@pytest.mark.long
def test_every_command_ends_as_its_page_says(sample: Sample) -> None:
    wrong = []
    for where, command in DOCUMENTED:
        script = fill(command, sample.port)
        if command in NOT_RUN:
            continue
        if before := next((each for pattern, each in BEFORE if re.match(pattern, command)), ""):
            sample.run(before)
        if ENDLESS.match(script.partition(" ")[2]):
            status, seconds, printed = sample.interrupt(script)
            limit = SECONDS_TO_END_ALL if re.search(r" dev| worker| watch", script) else SECONDS_TO_END
            fits = status in {0, 130, 1 if script.startswith("dagster") else 0} and seconds < limit
        else:
            seconds = 0.0
            status, printed = sample.run(script)
            fits = status == next((each for pattern, each, _ in ENDS if re.match(pattern, script)), 0)
        if not fits or "Traceback" in printed:
            wrong.append(f"{where}: {script}: status {status}, ended in {seconds:.1f} s: {printed[-400:]}")

    assert not wrong, "\n\n".join(wrong)
