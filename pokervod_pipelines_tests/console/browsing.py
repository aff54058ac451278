"""Browse the whole site as a browser does: cookies, forms, and the headers that browsers add."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any

import httpx2

from pokervod_pipelines_tests.access.people import PASSWORD
from pokervod_pipelines_tests.api.serving import Served


@dataclass(kw_only=True)
class Browser:
    """Keep the cookies of one person."""

    served: Served
    headers: Mapping[str, str] = field(default_factory=dict)
    verify: bool | SSLContext = False  # reading certificates takes longer than the answer

    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, headers: Mapping[str, str], **options: Any) -> httpx2.Response:
        """Send a request with the cookies, and keep those of the answer."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        shown = {"Accept": "text/html", **self.headers, **({"Cookie": cookie} if cookie else {}), **headers}
        url = f"{self.served.url}{path}"
        answer = httpx2.request(method, url, headers=shown, verify=self.verify, timeout=20, trust_env=False, **options)
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies.pop(name, None)
            if value.strip('"'):
                self.cookies[name] = value
        return answer

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self.ask("GET", path, headers)

    def send(self, path: str, fields: Mapping[str, str], **headers: str) -> httpx2.Response:
        """Send a form of a page of this site."""
        sent = {"Origin": self.served.url, "Sec-Fetch-Site": "same-origin", **headers}
        return self.ask("POST", path, sent, data=dict(fields))

    def log_in(self, name: str = "anna", password: str = PASSWORD, following: str = "") -> httpx2.Response:
        return self.send("/login", {"name": name, "password": password, "next": following})

    def post(self, path: str, body: object, **headers: str) -> httpx2.Response:
        """Ask as a script of a page does, with the token of the session."""
        token = self.get("/api/me").json()["csrf_token"]
        return self.ask("POST", path, {"X-CSRF-Token": token, **headers}, json=body)

    def find_token(self) -> str:
        """Return the token of the form that logs out."""
        found = re.search(r'name="csrf_token" value="(\w+)"', self.get("/login").text)
        assert found is not None
        return found[1]
