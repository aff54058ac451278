"""``no_mock_address``: what answers for a service is the service, not what stood in for it."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from pokervod_pipelines.rollout.criteria.calls import Answer, open_caller
from pokervod_pipelines.rollout.criteria.evidence import ErrorClass, Evidence
from pokervod_pipelines.rollout.criteria.fields import UrlPath
from pokervod_pipelines.rollout.criteria.of_service import OfAddress
from pokervod_pipelines.rollout.criteria.world import World
from pokervod_pipelines.rollout.services import is_same_place

MARKS = ("x-pokervod-mock", "x-mock-", "sl-violations", "x-prism")
"""How the names of headers begin that only mocks send: ours, generic ones, and Prism's."""

SAYINGS = (b"stoplight.io/prism",)
"""What only a mock says of a path that its document does not tell of."""

NOWHERE = "/pokervod-is-this-a-mock"
"""A path that no document tells of."""

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
"""The name of a header, or how it begins."""


class NoMockAddress(OfAddress):
    """The service's address is not the mock's, and it answers with no header and no words of a mock.

    ``headers`` adds to the headers by which a mock is known.
    """

    kind: Literal["no_mock_address"] = "no_mock_address"
    path: UrlPath = "/health"
    headers: list[HeaderName] = Field(default_factory=list, max_length=20)

    def check(self, world: World) -> Evidence:
        """Return what the addresses and two calls tell."""
        mock = world.service(self.service).mock
        if mock is not None and self.at != "mock" and is_same_place(world.address(self.service, self.at), mock):
            said = f"{self.service} still has the address of its mock; set rollout.services.{self.service}.{self.at}"
            return Evidence.fails(ErrorClass.CONTRACT, said)
        with open_caller(world, self.service, self.at) as caller:
            answers = {path: caller.call("GET", path) for path in (self.path, NOWHERE)}
        for path, answer in answers.items():
            found = self._find_marks(answer)
            if found:
                said = f"GET {path} of {caller.title} is answered by a mock: it sends {', '.join(found)}"
                return Evidence.fails(ErrorClass.CONTRACT, said, figures={"status": answer.status})
        if (status := answers[self.path].status) >= 500:
            said = f"GET {self.path} of {caller.title} answers {status}, so that nobody can tell who answers there"
            return Evidence.fails(ErrorClass.SERVICE_DOWN, said, figures={"status": status})
        return Evidence.passes(f"{caller.title} is no mock", figures={"status": status})

    def _find_marks(self, answer: Answer) -> list[str]:
        marks = (*MARKS, *(name.lower() for name in self.headers))
        headers = sorted(name for name in answer.headers if name.lower().startswith(marks))
        return headers + [saying.decode() for saying in SAYINGS if saying in answer.body]
