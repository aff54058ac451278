"""Issue service accounts and tokens: keys as Google makes them, requests really verified."""

import base64
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from pokervod_pipelines_tests.google.answers import refuse_grant
from pokervod_pipelines_tests.google.clock import Clock

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://oauth2.googleapis.com/token"
"""What google-auth signs for, whatever the token address in the credentials is."""

TOKEN_LIFE = timedelta(seconds=3599)
SKEW = timedelta(minutes=5)


@lru_cache(maxsize=1)
def _key() -> rsa.RSAPrivateKey:
    """Return the one key of this process: making one takes long, and each client checks it, so it is a short one."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


@lru_cache(maxsize=1)
def _key_text() -> str:
    """Return the key as it stands in credentials."""
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return _key().private_bytes(encoding, form, serialization.NoEncryption()).decode()


@dataclass(slots=True)
class Accounts:
    """Hold the existing service accounts and their access tokens."""

    root: str
    clock: Clock
    keys: dict[str, rsa.RSAPublicKey] = field(default_factory=dict)
    tokens: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def make_service_account(self, name: str) -> dict[str, str]:
        """Return the JSON of a new account, as the cloud console lets people download it."""
        email = f"{name}@pokervod-test.iam.gserviceaccount.com"
        self.keys[email] = _key().public_key()
        return {
            "type": "service_account",
            "project_id": "pokervod-test",
            "private_key_id": secrets.token_hex(20),
            "private_key": _key_text(),
            "client_email": email,
            "client_id": str(10**20 + secrets.randbelow(10**20)),
            "auth_uri": f"{self.root}/auth",
            "token_uri": f"{self.root}/token",
            "universe_domain": "googleapis.com",
        }

    def grant(self, form: dict[str, str]) -> dict[str, Any]:
        """Return an access token for a signed assertion.

        The assertion's own times are judged by the machine's clock, because google-auth signs with that one; the token
        lives by the emulator's.

        Raises:
            Refused: the assertion is not one to trust, with the reason that Google gives.

        """
        if form.get("grant_type") != GRANT:
            raise refuse_grant("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
        email = self._verify(form.get("assertion", ""))
        token = "ya29.c." + secrets.token_urlsafe(48)
        self.tokens[token] = (email, self.clock.now() + TOKEN_LIFE)
        return {"access_token": token, "expires_in": int(TOKEN_LIFE.total_seconds()), "token_type": "Bearer"}

    def _verify(self, assertion: str) -> str:
        try:
            header, payload, signature = (_decode(part) for part in assertion.split("."))
            claims, algorithm = json.loads(payload), json.loads(header)["alg"]
            email, expires = str(claims["iss"]), datetime.fromtimestamp(claims["exp"], UTC)
            issued = datetime.fromtimestamp(claims["iat"], UTC)
        except (ValueError, KeyError, TypeError):
            raise refuse_grant("invalid_grant", "Bad Request") from None
        key = self.keys.get(email)
        if key is None:
            raise refuse_grant("invalid_grant", "Invalid grant: account not found")
        signed = assertion.rpartition(".")[0].encode()
        if algorithm != "RS256" or not _is_signature(key, signature, signed):
            raise refuse_grant("invalid_grant", "Invalid JWT Signature.")
        now = datetime.now(UTC)
        if claims.get("aud") not in {f"{self.root}/token", AUDIENCE}:
            raise refuse_grant("invalid_grant", "Invalid JWT: Failed audience check.")
        if not now - SKEW < expires <= issued + timedelta(hours=1) or issued > now + SKEW:
            raise refuse_grant(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
                "Check your iat and exp values in the JWT claim.",
            )
        if not claims.get("scope"):
            raise refuse_grant("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        return email

    def holder(self, authorization: str) -> str | None:
        """Return the account that the header's token stands for, None if it is dead or unknown."""
        email, expires = self.tokens.get(authorization.removeprefix("Bearer "), ("", datetime.min.replace(tzinfo=UTC)))
        return email if expires > self.clock.now() else None

    def forget(self, authorization: str) -> None:
        """Make the header's token unknown."""
        self.tokens.pop(authorization.removeprefix("Bearer "), None)


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _is_signature(key: rsa.RSAPublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
