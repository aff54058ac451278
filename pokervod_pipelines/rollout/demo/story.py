"""Run the demo: the commands of a rollout, and what a person does between them."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pokervod_pipelines.db.embedded.location import erase_location
from pokervod_pipelines.db.embedded.server import EmbeddedServer
from pokervod_pipelines.db.engine import embedded_folder, serve_database
from pokervod_pipelines.errors import BadInput, Unavailable
from pokervod_pipelines.rollout.demo.site import DemoSite, open_site
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.text.wording import trim_text

ESCALATED = 3
"""Exit status of a command whose rollout needs a person."""


def run_demo(page: Path, report: Callable[[str], object]) -> None:
    """Run the nine weeks in a folder of their own, which is removed, and write the final report to ``page``.

    Raises ``BadInput`` if the page cannot be written, ``Unavailable`` if a command ends as it should not.
    """
    if page.is_dir() or not os.access(page if page.exists() else page.parent, os.W_OK):
        raise BadInput(f"{page}: cannot be written; name another file by --html")
    try:
        with (
            tempfile.TemporaryDirectory(prefix="pokervod-rollout-demo-") as name,
            open_site(Path(name), report) as site,
        ):
            _run_in(site)
            shutil.copyfile(site.folder / ".pokervod" / "rollout" / "production.html", page)
    except OSError as error:
        raise Unavailable(f"the demo cannot run here ({error}); correct that and start it again") from None


def _run_in(site: DemoSite) -> None:
    call_command(site, "setup")
    with (site.folder / ".pokervod" / "sample" / "pokervod.yaml").open("a", encoding="utf-8") as file:
        file.write(site.render("settings.yaml"))
    settings = load_settings(site.environment, site.folder)
    try:
        with serve_database(settings):
            _run_weeks(site)
    finally:
        _erase_database(settings)


def _erase_database(settings: Settings) -> None:
    """Delete the database, which is outside the folder where root has started the demo."""
    server = EmbeddedServer(embedded_folder(settings))
    server.stop()
    erase_location(server.locate())


def _run_weeks(site: DemoSite) -> None:
    call_command(site, "sync")
    site.report("Documents and tests have faults that fixers correct; nobody has imported hands.")
    call_command(site, "rollout", "run", "--early", escalates=4)
    site.report("A person imports the hands.")
    call_command(site, "hands", "import", "later/final.hands.csv")
    call_command(site, "rollout", "resume", "--until", "5", "--reason", "the hands are there")
    site.report("The service search has crashed; a fixer restarts it by its hook. Nobody has tested the backups.")
    site.stop("search")
    call_command(site, "rollout", "run", escalates=9)
    site.report("A person tests them.")
    site.write("reports/restore/run.xml", site.render("tests.xml", failed=0))
    call_command(site, "rollout", "resume", "--reason", "a backup was restored")


def call_command(site: DemoSite, *words: str, escalates: int | None = None) -> None:
    """Call ``pokervod`` with these words; report what a rollout logs.

    Raises ``Unavailable`` if it fails, or does not escalate the week that it should.
    """
    site.report(f"$ pokervod {shlex.join(words)}")
    process = subprocess.Popen(
        [sys.executable, "-m", "pokervod_pipelines.cli", *words],
        cwd=site.folder,
        env=site.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            said = _follow(site, process, is_reported=words[0] == "rollout")
        except BaseException:
            process.kill()
            raise
    expected = (0, "") if escalates is None else (ESCALATED, f"error: week {escalates} is escalated")
    if process.returncode != expected[0] or not said.startswith(expected[1]):
        raise Unavailable(f"the demo ended at `pokervod {shlex.join(words)}`: {said.removeprefix('error: ')}")


def _follow(site: DemoSite, process: "subprocess.Popen[str]", *, is_reported: bool) -> str:
    """Report the steps in the output of a command until it ends; return its last error, or else its last line."""
    line = error = ""
    for line in process.stdout or ():
        if line.startswith(("error: ", "failed: ")):
            error = line
        if is_reported and line.startswith(("week ", "error: ")):
            site.report(f"    {trim_text(line)}")
    return (error or line or "it printed nothing").rstrip()
