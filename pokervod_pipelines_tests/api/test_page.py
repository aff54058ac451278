"""Every request that the page of the API shows is answered as it says."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pokervod_pipelines.api.streams.messages import RECONNECT_MILLISECONDS
from pokervod_pipelines_tests.access.people import PASSWORD
from pokervod_pipelines_tests.api.serving import OPERATOR, VIEWER, Served
from pokervod_pipelines_tests.api.test_document import read_document

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
REQUESTS = re.findall(r"^curl .*$", PAGE, re.MULTILINE)
ROUTES = re.findall(r"`(/(?:api|metrics|health|stats|pending|docs|openapi)[^`]*)`", PAGE)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_every_request_of_the_page_is_answered(api: Served) -> None:
    for request in REQUESTS:
        environ = {**os.environ, "KEY": api.keys[OPERATOR if " --json " in request else VIEWER]}
        command = request.replace("http://127.0.0.1:8080", api.url).replace("-u anna", f"-u 'anna:{PASSWORD}'")
        if " -N " in request:  # it has no end
            assert _read_first_line(command, environ) == f"retry: {RECONNECT_MILLISECONDS}\n", request
            continue
        done = subprocess.run(
            ["bash", "-c", f"{command} --silent --fail-with-body"],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (request, done.stdout)
    assert len(REQUESTS) >= 3


def _read_first_line(command: str, environ: dict[str, str]) -> str:
    with subprocess.Popen(
        ["bash", "-c", f"exec {command} --silent --fail-with-body"], env=environ, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        try:
            return running.stdout.readline()
        finally:
            running.kill()


def test_every_route_of_the_page_is_in_the_document() -> None:
    known = {*read_document()["paths"]}
    shown = [re.sub(r"\{\w+\}", "{}", route.partition("?")[0]) for route in ROUTES]

    assert [each for each in shown if each not in {re.sub(r"\{\w+\}", "{}", path) for path in known}] == []
