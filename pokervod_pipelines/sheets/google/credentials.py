"""Load the service account that calls Google. No message may contain any part of its key.

A value that is not the path of a file is not repeated in a message either: it may be the key itself, badly pasted.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.settings import Settings

if TYPE_CHECKING:
    from google.oauth2.service_account import Credentials

VARIABLE = "POKERVOD_GOOGLE_CREDENTIALS"
FIELDS = ("client_email", "private_key", "token_uri")
SERVICE_ACCOUNT = "service_account"
OTHER_TYPES = ("authorized_user", "external_account", "impersonated_service_account")
SEE_REVISIONS = "https://www.googleapis.com/auth/drive.metadata.readonly"
READ_SHEETS = "https://www.googleapis.com/auth/spreadsheets.readonly"
EDIT_SHEETS = "https://www.googleapis.com/auth/spreadsheets"


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Hold the account's address, with which sheets are shared, and its key."""

    email: str
    credentials: "Credentials" = field(repr=False)


def load_account(settings: Settings) -> ServiceAccount:
    """Return the account of ``POKERVOD_GOOGLE_CREDENTIALS``: a path to Google's JSON file, or the JSON itself.

    It may edit sheets only if some sheet's ``write_back`` is on. Raises ``BadSettings`` if it is missing or damaged.
    """
    secret = settings.google_credentials.get_secret_value().strip() if settings.google_credentials else ""
    if not secret:
        raise BadSettings(f"{VARIABLE} is not set. Set it to the path of the service account's JSON file.")
    where, text = (VARIABLE, secret) if secret.startswith("{") else _read_file(secret)
    info = _parse(where, text)
    may_edit = any(sheet.write_back for sheet in settings.sheets)
    return ServiceAccount(info["client_email"], _make_credentials(where, info, may_edit=may_edit))


def _read_file(name: str) -> tuple[str, str]:
    path = Path(name).expanduser()
    try:
        if not path.is_file():
            raise BadSettings(f"{VARIABLE} is not the path of a file. Set it to the service account's JSON file.")
        return str(path), path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
    raise BadSettings(f"The file in {VARIABLE} cannot be read ({reason}). Set it to the service account's JSON file.")


def _parse(where: str, text: str) -> Mapping[str, Any]:
    try:
        info = json.loads(text)
    except ValueError:
        info = None
    if not isinstance(info, dict):
        raise BadSettings(f"{where} is not the JSON of a service account. Download a new key in Google's console.")
    if (kind := info.get("type")) != SERVICE_ACCOUNT:
        named = f"of type {kind}" if kind in OTHER_TYPES else "of another type"
        message = f"{where}: expected the key of a service account, got a key {named}"
        raise BadSettings(f"{message}. Make a new key in Google's console.")
    missing = [name for name in FIELDS if not isinstance(info.get(name), str) or not info[name].strip()]
    if missing:
        raise BadSettings(f"{where}: {', '.join(missing)} missing. Download a new key in Google's console.")
    return info


def _make_credentials(where: str, info: Mapping[str, Any], *, may_edit: bool) -> "Credentials":
    scopes = (EDIT_SHEETS if may_edit else READ_SHEETS, SEE_REVISIONS)
    try:
        return _load_credentials(
            info["private_key"], info.get("private_key_id"), info["client_email"], info["token_uri"], scopes
        )
    except Exception:  # noqa: BLE001 - whatever a parser of keys raises may quote the key
        message = f"{where}: the private_key is damaged. Download a new key in Google's console."
        raise BadSettings(message) from None


@lru_cache(maxsize=4)
def _load_credentials(
    private_key: str, key_id: str | None, email: str, token_uri: str, scopes: tuple[str, ...]
) -> "Credentials":
    """Return the checked key, with its token once it has one: every check of the sheets would pay for both."""
    from google.auth.crypt import RSASigner  # noqa: PLC0415 - only those who have such sheets
    from google.oauth2.service_account import Credentials  # noqa: PLC0415 - as above

    # google-auth is partly typed.
    signer = RSASigner.from_string(private_key, key_id)  # type: ignore[no-untyped-call]
    return Credentials(signer, email, token_uri, scopes)  # type: ignore[no-untyped-call]
