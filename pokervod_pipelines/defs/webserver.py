"""Serve Dagster's UI on a socket in a folder, behind the login of ``pokervod serve``.

`dagster-webserver` listens on a port, which everybody on the machine may ask; a socket in a closed folder is for its
owner alone. Nothing else differs from ``dagster-webserver --path-prefix PREFIX [--read-only]``, but that a read-only
server refuses every mutation, whichever permission Dagster asks for it, and hides what viewers may not see yet.
"""

import argparse
import socket
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import GrpcServerTarget
from dagster_webserver.version import __version__
from dagster_webserver.webserver import DagsterWebserver
from graphql import ASTValidationRule, GraphQLError, OperationDefinitionNode, OperationType

from pokervod_pipelines.defs.hidden_texts import hide_texts

LIVE_MILLISECONDS = 2000
"""How often a page asks for news; the default of `dagster-webserver`."""

STATEMENT_MILLISECONDS, RECYCLE_SECONDS, OVERFLOW = 15_000, 3_600, 20
"""The defaults of `dagster-webserver` for its database."""

CODE_SECONDS = 60.0
"""Limit of waiting for the code server, which starts at the same time."""


class NoMutation(ASTValidationRule):
    """Refuse a document with a mutation in it."""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        """Report a mutation."""
        if node.operation is OperationType.MUTATION:
            self.report_error(GraphQLError("this is read-only: an action needs the role operator", node))


class ReadOnlyWebserver(DagsterWebserver[WorkspaceProcessContext, Any]):
    """Be Dagster's webserver for viewers: it changes nothing, and shows no text within so many seconds."""

    def __init__(self, context: WorkspaceProcessContext, prefix: str, delay_seconds: float) -> None:
        self._delay_seconds = delay_seconds
        super().__init__(context, prefix, LIVE_MILLISECONDS)

    def build_graphql_schema(self) -> Any:
        """Return Dagster's schema, which withholds what is too young."""
        schema: Any = super().build_graphql_schema()
        hide_texts(schema.graphql_schema, self._delay_seconds)
        return schema

    def build_graphql_validation_rules(self) -> Collection[type[ASTValidationRule]]:
        """Return the rules that a document has to keep."""
        return [*super().build_graphql_validation_rules(), NoMutation]


@asynccontextmanager
async def _live(_: Any) -> AsyncIterator[None]:
    yield


def serve(listen: str, code: str, location: str, prefix: str, delay_seconds: float | None) -> None:
    """Answer on the socket until SIGTERM; ``code`` is the socket of the code server. With a delay it is read-only."""
    is_read_only = delay_seconds is not None
    _wait_for(code)
    target = GrpcServerTarget(host="localhost", port=None, socket=code, location_name=location)
    with DagsterInstance.get() as instance:
        instance.optimize_for_webserver(STATEMENT_MILLISECONDS, RECYCLE_SECONDS, OVERFLOW)
        with WorkspaceProcessContext(instance, target, version=__version__, read_only=is_read_only) as context:
            webserver: DagsterWebserver[Any, Any] = (
                DagsterWebserver(context, prefix, LIVE_MILLISECONDS)
                if delay_seconds is None
                else ReadOnlyWebserver(context, prefix, delay_seconds)
            )
            app = webserver.create_asgi_app(lifespan=_live)
            uvicorn.run(app, uds=listen, log_level="warning", server_header=False, timeout_graceful_shutdown=1)


def _wait_for(path: str) -> None:
    """Wait until somebody listens on the socket; without an answer Dagster shows that the code is not there."""
    until = time.monotonic() + CODE_SECONDS
    while time.monotonic() < until:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)
            return
        time.sleep(0.1)


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser()
    for name in ("--listen", "--code", "--location", "--prefix"):
        parser.add_argument(name, required=True)
    parser.add_argument("--delay-seconds", type=float, help="Answer viewers: read-only, with this broadcast delay.")
    serve(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
