"""Call a hook: an address that takes a POST, such as the one that deploys a new revision of a Cloud Run service."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.fixers.base import CannotFix, FixStep
from pokervod_pipelines.rollout.http_calls import open_caller
from pokervod_pipelines.settings.fields import matching

TokenVariable = Annotated[str, matching("POKERVOD_HOOK_[A-Z0-9_]{1,60}", "a variable such as POKERVOD_HOOK_SEARCH")]
"""A variable that contains a hook's token; the prefix keeps a plan from sending any other secret."""


def prepare_hook(
    context: RolloutContext, hook: str, token_variable: str | None, body: Mapping[str, Any], seconds: float
) -> FixStep:
    """Return the call of the hook with the token of the variable. Raises ``CannotFix`` without a valid one."""
    headers, shown = {}, show_host(hook)
    if token_variable:
        token = context.environment.get(token_variable, "").strip()
        if not token:
            raise CannotFix(f"{token_variable} is not set; set it to the hook's token")
        if not token.isascii() or not token.isprintable():
            raise CannotFix(f"{token_variable} contains characters that no token has; set it again")
        headers = {"Authorization": f"Bearer {token}"}

    def run(_: Path) -> str:
        with open_caller(hook, shown, lambda: seconds) as caller:
            status = caller.call("POST", "", headers=headers, json=body, reads_body=False).status
        if not 200 <= status < 300:
            where = f"in {token_variable}" if token_variable else "by token_variable in the plan"
            advice = f"; it requires a valid token {where}" if status in {401, 403} else ""
            raise CannotFix(f"the hook at {shown} answered {status}{advice}")
        return f"called the hook at {shown}"

    return FixStep(f"call the hook at {shown}", run)


def show_host(url: str) -> str:
    """Return scheme, host and port only: the rest of a hook's address may be secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
