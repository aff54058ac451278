"""Install Prism from npm, which mocks a document, once on a machine that has node."""

import fcntl
import functools
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from pokervod_pipelines_tests.rollout.demo.processes import run_module

PINS = Path(__file__).parent / "node" / "package.json"
INSTALL_SECONDS = 300
PROGRAM = "node_modules/@stoplight/prism-cli/dist/index.js"


class NoPrismError(Exception):
    """Prism cannot be installed here; the text names the reason."""


@functools.cache
def install_prism() -> Path:
    """Return the program. Raises ``NoPrismError`` if node is missing or npm cannot install it."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        message = "node and npm are not on this machine"
        raise NoPrismError(message)
    pins = PINS.read_bytes()
    home = Path(tempfile.gettempdir()) / f"pokervod-test-prism-{os.getuid()}-{sha256(pins).hexdigest()[:12]}"
    home.mkdir(mode=0o700, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "whole").exists():
            (home / "package.json").write_bytes(pins)
            _run_npm(home)
            (home / "whole").touch()
    return home / PROGRAM


def _run_npm(home: Path) -> None:
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--fetch-retries=1"]
    try:
        done = subprocess.run(
            ["npm", "install", *flags], cwd=home, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        message = f"npm did not install it within {INSTALL_SECONDS} s"
        raise NoPrismError(message) from None
    if done.returncode:
        message = f"npm cannot install it here: {done.stderr.strip()[-300:]}"
        raise NoPrismError(message)


def make_mock_command(document: Path, port: int) -> list[str]:
    """Return the command that runs a mock of the document: Prism if it can be installed, or our own server."""
    with suppress(NoPrismError):
        return ["node", str(install_prism()), "mock", "-h", "127.0.0.1", "-p", str(port), str(document)]
    return run_module("server", document, port, "--mock")
