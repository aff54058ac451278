"""Tell the story of the demo: the commands of a rollout, and what a person does between them."""

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
from pokervod_pipelines.rollout.report.wording import trim_text
from pokervod_pipelines.settings import Settings, load_settings


def run_demo(page: Path, tell: Callable[[str], object]) -> None:
    """Run the nine weeks in a folder of their own, which is removed, and write the final report to ``page``.

    Raises ``BadInput`` if the page cannot be written, ``Unavailable`` if a command ends as it should not.
    """
    if page.is_dir() or not os.access(page if page.exists() else page.parent, os.W_OK):
        raise BadInput(f"{page}: cannot be written; name another file by --html")
    with tempfile.TemporaryDirectory(prefix="pokervod-rollout-demo-") as name, open_site(Path(name), tell) as site:
        _call(site, "setup")
        with (site.folder / ".pokervod" / "sample" / "pokervod.yaml").open("a", encoding="utf-8") as file:
            file.write(site.render("settings.yaml"))
        settings = load_settings(site.environment, site.folder)
        try:
            with serve_database(settings):
                _live(site)
        finally:
            _erase_database(settings)
        shutil.copyfile(site.folder / ".pokervod" / "rollout" / "production.html", page)


def _erase_database(settings: Settings) -> None:
    """Delete the database, which is outside the folder where root has started the demo."""
    server = EmbeddedServer(embedded_folder(settings))
    server.stop()
    erase_location(server.locate())


def _live(site: DemoSite) -> None:
    _call(site, "sync")
    site.tell("Documents and tests have faults that fixers correct; nobody has imported hands.")
    _call(site, "rollout", "run", "--early", expected=3)
    site.tell("A person imports the hands.")
    _call(site, "hands", "import", "later/final.hands.csv")
    _call(site, "rollout", "resume", "--until", "5", "--reason", "the hands are there")
    site.tell("The service search has crashed; a fixer restarts it by its hook. Nobody has tested the backups.")
    site.stop("search")
    _call(site, "rollout", "run", expected=3)
    site.tell("A person tests them.")
    site.write("reports/restore/run.xml", site.render("tests.xml", failed=0))
    _call(site, "rollout", "resume", "--reason", "a backup was restored")


def _call(site: DemoSite, *words: str, expected: int = 0) -> None:
    """Call ``pokervod`` with these words; tell what a rollout logs. Raises ``Unavailable`` for another exit status."""
    site.tell(f"$ pokervod {shlex.join(words)}")
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
            last = _follow(site, process, is_told=words[0] == "rollout")
        except BaseException:
            process.kill()
            raise
    if process.returncode != expected:
        raise Unavailable(f"the demo ended at `pokervod {shlex.join(words)}`: {last}")


def _follow(site: DemoSite, process: "subprocess.Popen[str]", *, is_told: bool) -> str:
    """Tell the steps in the output of a command until it ends; return its last line."""
    line = ""
    for line in process.stdout or ():
        if is_told and line.startswith(("week ", "error: ")):
            site.tell(f"    {trim_text(line)}")
    return line.rstrip()
