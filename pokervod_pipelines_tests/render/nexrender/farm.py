"""Run a farm on this machine: nexrender's server and worker from npm, with a stub where After Effects would be."""

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import httpx2
import numpy as np
import pytest
from PIL import Image

NODE = Path(__file__).parent / "node"
INSTALL_SECONDS = 300
PATIENCE_SECONDS = 30.0

T_FRAMES, T_WIDTH, T_HEIGHT, T_FPS = 12, 160, 90, 30
"""The stub's film."""


def install() -> Path:
    """Return the folder with the packages, installed once on this machine; the test is skipped where that cannot be."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("NEXRENDER NOT TESTED: node and npm are not on this machine")
    pins = (NODE / "package.json").read_bytes()
    home = Path(tempfile.gettempdir()) / f"pokervod-test-nexrender-{os.getuid()}-{sha256(pins).hexdigest()[:12]}"
    home.mkdir(mode=0o700, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "whole").exists():
            (home / "package.json").write_bytes(pins)
            _run_npm(home)
            (home / "whole").touch()
    return home


def _run_npm(home: Path) -> None:
    command = [
        "npm",
        "install",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-package-lock",
        "--fetch-retries=1",
    ]
    try:
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"NEXRENDER NOT TESTED: npm did not install its packages within {INSTALL_SECONDS} s")
    if done.returncode:
        pytest.skip(f"NEXRENDER NOT TESTED: npm cannot install its packages here: {done.stderr.strip()[-300:]}")


def until(is_so: Callable[[], object], what: str) -> None:
    """Wait until it is so; fail at the time limit."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)


class Farm:
    """Run one server, any number of workers, the folder they share with us, and the knobs of the stub."""

    def __init__(self, packages: Path, folder: Path) -> None:
        self.packages, self.folder = packages, folder
        self.secret = secrets.token_hex(8)
        self.port = find_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.share, self.stub = folder / "share", folder / "stub"
        self.database = folder / "database.js"
        self.server: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []
        self.share.mkdir(parents=True)
        _make_stub(self.stub)

    def start_server(self, *, forgetful: bool = False, store: str | None = None) -> None:
        """Start the server; forgetful, it has lost all its jobs. ``store`` is a database plug-in instead of a file."""
        if forgetful:
            self.database.unlink(missing_ok=True)
        program = self.packages / "node_modules/@nexrender/server/src/bin.js"
        arguments = ["-r", str(NODE / "loopback.js"), str(program), "--port", str(self.port), "--secret", self.secret]
        extra = {"NEXRENDER_DATABASE_PROVIDER": store} if store else {}
        self.server = self._start(arguments, "server.log", extra)
        until(self.is_up, "the server answers")

    def start_worker(self, *, talks: bool = False) -> subprocess.Popen[bytes]:
        """Start one more worker."""
        number = len(self.workers)
        work = str(self.folder / f"work{number}")
        arguments = [str(NODE / "worker.js"), self.url, self.secret, str(self.stub / "aerender"), work]
        self.workers.append(self._start([*arguments, *(["talks"] if talks else [])], f"worker{number}.log"))
        return self.workers[-1]

    def is_up(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/api/v1/health", trust_env=False, verify=False).status_code == 200
        except httpx2.HTTPError:
            return False

    def list_jobs(self) -> list[dict[str, Any]]:
        return self.ask("GET", "/jobs")

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        headers = {"nexrender-secret": self.secret}
        url = f"{self.url}/api/v1{path}"
        response = httpx2.request(method, url, json=body, headers=headers, trust_env=False, verify=False)
        response.raise_for_status()
        return response.json() if response.content else None

    def calls(self) -> list[str]:
        """Return the compositions that the stub was called for."""
        calls = self.stub / "calls"
        return calls.read_text().splitlines() if calls.exists() else []

    def release(self) -> None:
        """Finish what is stopped at the gate."""
        (self.stub / "go").touch()

    def wait_until_drawing(self) -> None:
        until((self.stub / "drawing").exists, "the stub draws")

    def stop(self) -> None:
        """Stop every process of the farm."""
        for process in [*self.workers, *([self.server] if self.server else [])]:
            kill(process)

    def _start(self, arguments: list[str], log: str, extra: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "HOME": str(self.folder),
            "NODE_PATH": f"{self.packages / 'node_modules'}:{NODE / 'plugins'}",
            "NEXRENDER_DATABASE": str(self.database),
            "NEXRENDER_ENABLE_AELOG_PROJECT_FOLDER": "1",
            "STUB": str(self.stub),
            **(extra or {}),
        }
        with (self.folder / log).open("ab") as output:
            return subprocess.Popen(
                ["node", *arguments],
                cwd=self.packages,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )


@contextmanager
def running(packages: Path, folder: Path) -> Iterator[Farm]:
    """Yield a farm whose processes end with the block, and whose logs are printed when it fails."""
    farm = Farm(packages, folder)
    try:
        yield farm
    except BaseException:
        for log in sorted(folder.glob("*.log")):
            sys.stderr.write(f"--- {log.name}\n{log.read_text()[-3000:]}\n")
        raise
    finally:
        farm.stop()


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill it and its children, without asking first."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdin:
        process.stdin.close()
    process.wait()


def find_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _make_stub(stub: Path) -> None:
    (stub / "Scripts/Startup").mkdir(parents=True)
    (stub / "Scripts/Startup/commandLineRenderer.jsx").write_text("// what nexrender patches")
    shutil.copy(NODE / "aerender.sh", stub / "aerender")
    (stub / "aerender").chmod(0o755)
    pixels = np.random.default_rng(5).integers(0, 255, (T_HEIGHT, T_WIDTH, 4), dtype=np.uint8)
    Image.fromarray(pixels).save(stub / "picture.png")
    with av.open(stub / "film.mov", "w") as film:
        stream = film.add_stream("qtrle", rate=Fraction(T_FPS), width=T_WIDTH, height=T_HEIGHT, pix_fmt="argb")
        for _ in range(T_FRAMES):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(format="argb")))
        film.mux(stream.encode())
