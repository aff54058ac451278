"""The file for nginx of the docs is one that nginx takes, and by which pages, changes and WebSockets arrive."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import Engine

from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.api.serving import VIEWER, serve_app

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

FILE = Path(__file__).parents[2] / "docs" / "nginx.conf"

AROUND = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;
events {{ }}
http {{
    access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    {site}
}}
"""


@pytest.mark.skipif(NGINX is None or shutil.which("openssl") is None, reason="nginx or openssl is not on this machine")
def test_the_file_for_nginx_passes_everything_on(
    tmp_path: Path, engine: Engine, settings_factory: Callable[..., Settings], database_url: str
) -> None:
    settings = settings_factory(database_url=database_url, api={"trusted_proxies": ["127.0.0.1"]})
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, stderr=subprocess.DEVNULL)
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        plain, tls = one.getsockname()[1], other.getsockname()[1]
    with serve_app(settings, engine) as api:
        api.add_keys()
        changes = {
            "/etc/nginx/tls/pokervod.pem": str(certificate), "/etc/nginx/tls/pokervod.key": str(key),
            "listen 80;": f"listen 127.0.0.1:{plain};", "listen 443 ssl;": f"listen 127.0.0.1:{tls} ssl;",
            "http://127.0.0.1:8080": api.url,
        }  # fmt: skip
        site = FILE.read_text(encoding="utf-8")
        for written, meant in changes.items():
            assert written in site
            site = site.replace(written, meant)
        config = tmp_path / "nginx.conf"
        config.write_text(AROUND.format(folder=tmp_path, site=site), encoding="utf-8")
        with subprocess.Popen([str(NGINX), "-c", str(config)], stdout=sys.stderr) as nginx:
            try:
                url = f"https://127.0.0.1:{tls}"
                _wait_for(tls)
                with httpx2.Client(verify=False, trust_env=False, headers={"X-API-Key": api.keys[VIEWER]}) as client:
                    found = client.get(f"{url}/api/dashboard")
                    other_site = client.post(
                        f"{url}/api/events/1/acknowledge", headers={"Origin": "https://evil.example"}
                    )
                    own = client.post(f"{url}/api/events/1/acknowledge", headers={"Origin": url})
            finally:
                nginx.terminate()

    assert found.status_code == 200
    assert "strict-transport-security" in found.headers
    assert "another site" in other_site.json()["detail"]
    assert "another site" not in own.json()["detail"]


def _wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
