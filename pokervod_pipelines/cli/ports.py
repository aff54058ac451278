"""Say who has a port that a command is to listen on."""

import errno
import socket

import psutil

from pokervod_pipelines.errors import BadInput, Conflict


def refuse_taken_port(host: str, port: int, options: str = "--port or --host") -> None:
    """Raise ``Conflict`` where another process has the port, as a second start does, else ``BadInput``."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        is_taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        raise (Conflict if is_taken else BadInput)(
            f"cannot listen on {host}:{port} ({reason}{_name_holder(port)}). Choose another with {options}."
        ) from None


def _name_holder(port: int) -> str:
    """Return which process listens on the port, as far as this user may know."""
    try:
        listening = [each for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN]
    except (psutil.Error, OSError):
        return ""
    pids = [each.pid for each in listening if each.pid and each.laddr and each.laddr[1] == port]
    return f", process {pids[0]}" if pids else ""
