"""Start what every rollout here needs: a mail server, one in place of Slack, the hook, and a folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pokervod_pipelines_tests.alerts.servers import HookServer, MailServer
from pokervod_pipelines_tests.rollout.demo.processes import all_stopped_after
from pokervod_pipelines_tests.rollout.demo.site import DemoSite

MakeSite = Callable[..., DemoSite]


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[MakeSite]:
    """Return ``make(plan, **settings)``, which builds a site whose processes and servers end with the test."""
    hooks = HookServer(), HookServer(), HookServer()
    with hooks[0] as slack, hooks[1] as progress, hooks[2] as hook, MailServer() as mail, all_stopped_after(tmp_path):

        def make(plan: str, **settings: object) -> DemoSite:
            path = Path(__file__).parent / plan
            servers = {"slack": slack, "mail": mail, "progress": progress, "hook": hook}
            site = DemoSite(folder=tmp_path, plan=path, **servers, **settings)  # type: ignore[arg-type]
            site.build()
            return site

        yield make
