"""Use Chromium by its own protocol: open pages, ask what they show, and collect what their policies forbade."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

PATIENCE = 60.0

OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
           "--disable-background-networking", "--remote-debugging-port=0")  # fmt: skip


@dataclass(kw_only=True)
class Browser:
    """Drive one page."""

    connection: ClientConnection
    messages: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)
    _number: int = 0

    def call(self, method: str, **parameters: Any) -> Any:
        """Return the result of a call; what the page says meanwhile is kept."""
        self._number += 1
        self.connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.connection.recv(PATIENCE))
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self._note(answer)

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)

    def evaluate(self, script: str) -> Any:
        found = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return found["result"].get("value")

    def wait_for(self, script: str) -> Any:
        """Return what the script evaluates to as soon as that is true."""
        until = time.monotonic() + PATIENCE
        while not (value := self.evaluate(script)):
            assert time.monotonic() < until, (script, self.read_text(), self.messages)
            time.sleep(0.1)
        return value

    def wait_for_text(self, text: str) -> None:
        self.wait_for(f"document.body && document.body.innerText.includes({json.dumps(text)})")

    def read_text(self) -> str:
        return str(self.evaluate("document.body && document.body.innerText"))

    def find_violations(self) -> list[str]:
        """Return what a policy forbade since the browser began."""
        self.evaluate("1")
        return [each for each in self.messages if "Content Security Policy" in each or "violates" in each]

    def _note(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        if event["method"] == "Log.entryAdded":
            self.messages.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")
        if event["method"] == "Runtime.exceptionThrown":
            self.messages.append(str(parameters["exceptionDetails"].get("exception", {}).get("description")))
        if event["method"] == "Network.requestWillBeSent":
            self.requested.append(parameters["request"]["url"])


@contextmanager
def open_browser(folder: Path) -> Iterator[Browser]:
    """Start Chromium with an empty profile."""
    assert CHROMIUM is not None
    command = [CHROMIUM, *OPTIONS, f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        place = folder / "DevToolsActivePort"
        _wait(lambda: place.is_file() and len(place.read_text().split()) == 2)
        port, path = place.read_text().split()
        with connect(f"ws://127.0.0.1:{port}{path}", max_size=None, proxy=None) as whole:
            browser = Browser(connection=whole)
            page = next(each for each in browser.call("Target.getTargets")["targetInfos"] if each["type"] == "page")
        address = f"ws://127.0.0.1:{port}/devtools/page/{page['targetId']}"
        with connect(address, max_size=None, proxy=None) as connection:
            browser = Browser(connection=connection)
            for each in ("Page", "Runtime", "Log", "Network"):
                browser.call(f"{each}.enable")
            yield browser
    finally:
        process.terminate()
        process.wait(10)


def _wait(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)
