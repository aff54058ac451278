"""The real thing: ``pokervod serve`` in front of Dagster's own webservers, asked by programs and by Chromium."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from sqlalchemy import Engine
from websockets.sync.client import connect

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines_tests.access.people import PASSWORD, make_people
from pokervod_pipelines_tests.api.browser import CHROMIUM, Browser, open_browser

pytestmark = pytest.mark.long

SECRET = "AhJd is the hand"

SOON = 90.0

SETTINGS = """
archive_roots: [{name: nas, path: archive}]
libraries: [{name: all, root: nas}]
media: {enabled: false}
"""

LAUNCH = """
    mutation Launch($job: String!) {
        launchRun(executionParams: {mode: "default", runConfigData: "{}", selector: {
            repositoryLocationName: "pokervod", repositoryName: "__repository__", jobName: $job}}) { __typename }
    }
"""

TEXTS = """
    { assetNodes { assetMaterializations(limit: 1) { description message: label metadataEntries {
        ... on MarkdownMetadataEntry { mdStr } } } } }
"""

REPORT = """
import dagster as dg
with dg.DagsterInstance.get() as instance:
    shown = {"premium_hands": dg.MetadataValue.md("SECRET")}
    instance.report_runless_asset_event(dg.AssetMaterialization("nas_files", metadata=shown))
"""


@dataclass(kw_only=True)
class Site:
    """Ask a running ``pokervod serve`` with a name and the password."""

    url: str
    folder: Path
    environ: dict[str, str]
    process: subprocess.Popen[bytes]

    def ask(self, name: str, query: str, method: str = "POST", **variables: Any) -> httpx2.Response:
        body = {"query": query, "variables": variables}
        options: dict[str, Any] = {"json": body} if method == "POST" else {"params": {"query": query}}
        return httpx2.request(
            method, f"{self.url}/dagster/graphql", auth=(name, PASSWORD), timeout=SOON, trust_env=False, **options
        )

    def read(self, name: str, query: str) -> Any:
        answer = self.ask(name, query)
        assert answer.status_code == 200, answer.text
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"]

    def find_programs(self) -> dict[str, psutil.Process]:
        """Return the webservers and the code server, by what tells them apart."""
        found = {}
        for each in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):  # it is ending
                found[_name_program(" ".join(each.cmdline()))] = each
        return found


def _name_program(words: str) -> str:
    return "code" if " grpc " in words else "viewers" if "--delay-seconds" in words else "operators"


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def serve(folder: Path, database_url: str, engine: Engine, settings: str = "") -> Iterator[Site]:
    people = make_people(engine)
    for name, role in (("anna", Role.ADMIN), ("otto", Role.OPERATOR), ("ben", Role.VIEWER)):
        people.add(name, role)
    (folder / "archive").mkdir()
    (folder / "pokervod.yaml").write_text(SETTINGS + settings, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environ = {**os.environ, "POKERVOD_DATABASE_URL": database_url, "DAGSTER_HOME": str(folder / ".pokervod/dagster")}
    environ.pop("POKERVOD_HOME", None)
    command = [sys.executable, "-P", "-m", "pokervod_pipelines.cli", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environ, cwd=folder, stderr=subprocess.DEVNULL) as process:
        site = Site(url=f"http://127.0.0.1:{port}", folder=folder, environ=environ, process=process)
        try:
            wait_until(lambda: _answers(site.url))
            yield site
        finally:
            process.kill()


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/login", trust_env=False, verify=False).status_code == 200
    except httpx2.TransportError:
        return False


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < until, "it never came to be so"
        time.sleep(0.1)


def test_a_viewer_changes_nothing_and_sees_no_card_inside_the_delay(
    tmp_path: Path, database_url: str, engine: Engine
) -> None:
    with serve(tmp_path, database_url, engine) as site:
        assert site.read("ben", "{ version permissions { permission value } }")["permissions"]
        assert site.ask("ben", LAUNCH, job="full_sync").status_code == 403
        assert site.ask("ben", "mutation { x }", "GET").status_code == 405
        assert _subscribe(site, "ben", "mutation { shutdownRepositoryLocation { x } }")["type"] == "error"
        assert site.read("ben", "{ runsOrError { ... on Runs { count } } }") == {"runsOrError": {"count": 0}}

        report = REPORT.replace("SECRET", SECRET)
        subprocess.run([sys.executable, "-c", report], env=site.environ, cwd=site.folder, check=True)
        shown = {name: site.ask(name, TEXTS).text for name in ("ben", "otto")}
        assert SECRET in shown["otto"]
        assert SECRET not in shown["ben"]
        assert "nas_files" in shown["ben"]

        launched = site.ask("otto", LAUNCH, job="full_sync").json()["data"]["launchRun"]["__typename"]
        assert launched == "LaunchRunSuccess"
    rows = make_people(engine).execute("select payload ->> 'by' from events where type = 'api.dagster.acted'")
    assert rows == [("otto",)]


def _subscribe(site: Site, name: str, query: str) -> Any:
    from base64 import b64encode

    shown = "Basic " + b64encode(f"{name}:{PASSWORD}".encode()).decode()
    address = f"{site.url}/dagster/graphql".replace("http", "ws", 1)
    protocols: Any = ["graphql-ws"]
    with connect(address, additional_headers={"Authorization": shown}, subprotocols=protocols, proxy=None) as opened:
        opened.send(json.dumps({"type": "connection_init"}))
        assert json.loads(opened.recv(SOON)) == {"type": "connection_ack"}
        opened.send(json.dumps({"type": "start", "id": "1", "payload": {"query": query}}))
        return json.loads(opened.recv(SOON))


def test_webservers_start_when_asked_again_when_they_die_and_end_with_the_server(
    tmp_path: Path, database_url: str, engine: Engine
) -> None:
    idle = "api: {dagster: {idle_minutes: 0.05}}\n"
    with serve(tmp_path, database_url, engine, idle) as site:
        assert site.find_programs() == {}
        site.read("ben", "{ version }")
        first = site.find_programs()
        assert {*first} == {"viewers", "code"}
        first["viewers"].kill()
        wait_until(lambda: "viewers" not in site.find_programs() or site.find_programs() != first)
        wait_until(lambda: site.ask("ben", "{ version }").status_code == 200)
        wait_until(lambda: site.find_programs() == {})  # nobody asked for three seconds

        site.read("otto", "{ version }")
        programs = site.find_programs()
        assert {*programs} == {"operators", "code"}
        site.process.kill()
        wait_until(lambda: not any(_runs(each) for each in programs.values()))


def test_webservers_end_with_a_server_that_is_told_to_stop(tmp_path: Path, database_url: str, engine: Engine) -> None:
    with serve(tmp_path, database_url, engine) as site:
        for name in ("ben", "otto"):
            site.read(name, "{ version }")
        programs = site.find_programs()
        assert {*programs} == {"viewers", "operators", "code"}
        site.process.send_signal(signal.SIGTERM)
        assert site.process.wait(SOON) == 0
        assert [each for each in programs.values() if _runs(each)] == []


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not on this machine")
def test_people_use_the_ui_in_a_browser(tmp_path: Path, database_url: str, engine: Engine) -> None:
    """Its pages need nothing that their policy forbids, and nothing from another host."""
    with serve(tmp_path, database_url, engine) as site, open_browser(tmp_path / "profile") as browser:
        browser.open(f"{site.url}/dagster/runs")
        browser.wait_for("location.pathname == '/login' && document.readyState == 'complete'")
        _log_in(browser, "ben")
        browser.wait_for("location.pathname == '/dagster/runs'")
        browser.wait_for_text("Queued (0)")
        pages = (
            ("/assets", "nas_files"),
            ("/asset-groups", "Reload definitions"),
            ("/jobs", "full_sync"),
            ("/automation", "nightly_full_sync"),
            ("/deployment/locations", "pokervod"),
            ("/locations/pokervod/jobs/full_sync", "full_sync"),
            ("/assets/nas_files?view=lineage", "nas_files"),
        )
        for path, text in pages:
            browser.open(f"{site.url}/dagster{path}")
            browser.wait_for_text(text)
        assert browser.evaluate(_ASK_BY_PAGE) == 403

        browser.call("Network.clearBrowserCookies")
        browser.open(f"{site.url}/login?next=%2Fdagster%2Flocations%2Fpokervod%2Fjobs%2Ffull_sync%2Fplayground")
        browser.wait_for("location.pathname == '/login' && document.readyState == 'complete'")
        _log_in(browser, "otto")
        browser.wait_for_text("Launch Run")

        assert browser.find_violations() == []
        assert [each for each in browser.requested if not each.startswith((site.url, "data:", "blob:", "about:"))] == []


def _log_in(browser: Browser, name: str) -> None:
    for field, value in (("name", name), ("password", PASSWORD)):
        browser.evaluate(f"document.querySelector('[name={field}]').value = {json.dumps(value)}")
    browser.evaluate("document.querySelector('[name=password]').form.requestSubmit()")


_ASK_BY_PAGE = """
    fetch("/dagster/graphql", {method: "POST", headers: {"Content-Type": "application/json"},
        body: JSON.stringify({query: "mutation { x }"})}).then(answer => answer.status)
"""
