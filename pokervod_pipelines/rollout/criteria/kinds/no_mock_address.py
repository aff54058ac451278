"""Check ``no_mock_address``: the service itself answers, not its mock."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from pokervod_pipelines.rollout.criteria.base import AddressCriterion
from pokervod_pipelines.rollout.criteria.context import CheckContext
from pokervod_pipelines.rollout.criteria.fields import UrlPath
from pokervod_pipelines.rollout.criteria.result import CriterionResult, ErrorClass
from pokervod_pipelines.rollout.http_calls import HttpResponse
from pokervod_pipelines.rollout.services import is_same_address

MOCK_HEADERS = ("x-pokervod-mock", "x-mock-", "sl-violations", "x-prism")
"""Prefixes of headers that only mocks send: ours, generic ones, and Prism's."""

MOCK_TEXTS = (b"stoplight.io/prism",)
"""Texts that only a mock answers for an undocumented path."""

UNDOCUMENTED_PATH = "/pokervod-is-this-a-mock"

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
"""The name of a header, or its prefix."""


class NoMockAddress(AddressCriterion):
    """Expect another address than the mock's, and responses without the headers and texts of a mock.

    ``headers`` adds to the headers that identify a mock.
    """

    kind: Literal["no_mock_address"] = "no_mock_address"
    path: UrlPath = "/health"
    headers: list[HeaderName] = Field(default_factory=list, max_length=20)

    def check(self, context: CheckContext) -> CriterionResult:
        """Return what the addresses and two calls show."""
        mock = context.find_service(self.service).mock
        if (
            mock is not None
            and self.at != "mock"
            and is_same_address(context.find_address(self.service, self.at), mock)
        ):
            message = f"{self.service} still has the address of its mock; set rollout.services.{self.service}.{self.at}"
            return CriterionResult.fails(ErrorClass.CONTRACT, message)
        with context.open_caller(self.service, self.at) as caller:
            answers = {path: caller.call("GET", path) for path in (self.path, UNDOCUMENTED_PATH)}
        for path, answer in answers.items():
            found = self._find_mock_signs(answer)
            if found:
                message = f"GET {path} of {caller.title} is answered by a mock: the response has {', '.join(found)}"
                return CriterionResult.fails(ErrorClass.CONTRACT, message, figures={"status": answer.status})
        if (status := answers[self.path].status) >= 500:
            message = f"GET {self.path} of {caller.title} answers {status}, so it is unknown whether a mock answers"
            return CriterionResult.fails(ErrorClass.SERVICE_DOWN, message, figures={"status": status})
        return CriterionResult.passes(
            f"{caller.title} is not a mock: {len(answers)} answers", figures={"status": status}
        )

    def _find_mock_signs(self, answer: HttpResponse) -> list[str]:
        prefixes = (*MOCK_HEADERS, *(name.lower() for name in self.headers))
        headers = sorted(name for name in answer.headers if name.lower().startswith(prefixes))
        return headers + [text.decode() for text in MOCK_TEXTS if text in answer.body]
