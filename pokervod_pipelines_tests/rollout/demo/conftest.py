"""What every programme here needs: a mail server, one that stands for Slack, the hook, and a folder that is left."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pokervod_pipelines_tests.alerts.servers import HookServer, MailServer
from pokervod_pipelines_tests.rollout.demo.processes import all_stopped_after
from pokervod_pipelines_tests.rollout.demo.town import Town

MakeTown = Callable[..., Town]


@pytest.fixture
def make_town(tmp_path: Path) -> Iterator[MakeTown]:
    """``make_town(plan, **settings)``: a town whose processes and servers end with the test."""
    hooks = HookServer(), HookServer(), HookServer()
    with hooks[0] as slack, hooks[1] as progress, hooks[2] as hook, MailServer() as mail, all_stopped_after(tmp_path):

        def make(plan: str, **settings: object) -> Town:
            path = Path(__file__).parent / plan
            servers = {"slack": slack, "mail": mail, "progress": progress, "hook": hook}
            town = Town(folder=tmp_path, plan=path, **servers, **settings)  # type: ignore[arg-type]
            town.build()
            return town

        yield make
