"""Point gspread itself at the emulator: only the two host names are replaced."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import gspread
from google.auth.credentials import Credentials
from google.auth.crypt import RSASigner
from google.oauth2.service_account import Credentials as ServiceCredentials
from gspread.auth import DEFAULT_SCOPES
from requests import Response, Session

from pokervod_pipelines_tests.google.emulator import Emulator


def make_http_client(root: str, timeout: float = 10) -> type[gspread.HTTPClient]:
    """Return gspread's HTTP client, asking this root."""

    class RootedClient(gspread.HTTPClient):
        def __init__(self, auth: Credentials, session: Session | None = None) -> None:
            super().__init__(auth, session)
            self.set_timeout(timeout)

        def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> Response:
            for host in ("https://sheets.googleapis.com", "https://www.googleapis.com"):
                endpoint = endpoint.replace(host, root, 1)
            return super().request(method, endpoint, *args, **kwargs)

    return RootedClient


@lru_cache(maxsize=4)
def read_signer(private_key: str) -> RSASigner:
    """Return the key, read once: checking it takes a tenth of a second, and every account of a process has the same."""
    return RSASigner.from_string(private_key)  # type: ignore[no-any-return, no-untyped-call]


class HomeCredentials(ServiceCredentials):
    """Service account credentials that speak to the emulator only.

    google-auth asks iamcredentials.googleapis.com in the background for the account's allowed regions.
    """

    def _is_regional_access_boundary_lookup_required(self) -> bool:
        return False


@contextmanager
def connect(google: Emulator, account: dict[str, str], *, timeout: float = 10) -> Iterator[gspread.Client]:
    """Yield a gspread client of the emulator with the account's credentials; afterwards its connections are closed."""
    credentials = HomeCredentials(  # type: ignore[no-untyped-call]
        read_signer(account["private_key"]), account["client_email"], account["token_uri"], scopes=DEFAULT_SCOPES
    )
    client = gspread.Client(credentials, http_client=make_http_client(google.root, timeout))
    try:
        yield client
    finally:
        client.http_client.session.close()
        client.http_client.session._auth_request.session.close()  # type: ignore[attr-defined]  # google-auth's second session
