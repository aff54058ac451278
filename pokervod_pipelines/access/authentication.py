"""Find out who asks: what a request shows is checked against users, sessions and keys, and turned into a principal."""

from dataclasses import dataclass, field

from sqlalchemy import Engine

from pokervod_pipelines.access.principal import Credentials, Principal
from pokervod_pipelines.settings.api import ApiSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """Hold a session that just began; its token is for the cookie and kept nowhere else."""

    principal: Principal
    token: str = field(repr=False)


class Authenticator:
    """Check credentials; one for each process, used by all of its threads."""

    def __init__(self, engine: Engine, settings: ApiSettings) -> None:
        self._engine = engine
        self._settings = settings

    def authenticate(self, credentials: Credentials) -> Principal:
        """Return who asks. Raises ``NotLoggedIn``, and ``LoginThrottled`` after too many failures.

        Without any user in the database a request from this machine is that of the operating system's user.
        """
        raise NotImplementedError

    def log_in(self, name: str, password: str, address: str) -> NewSession:
        """Begin a session. Raises ``NotLoggedIn``, and ``LoginThrottled`` after too many failures."""
        raise NotImplementedError
