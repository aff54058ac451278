"""Check health and mock criteria: down, slow and mocked services are reported, and every check ends in time."""

import itertools
import time

import pytest

from pokervod_pipelines.rollout.criteria.kinds.services import UNDOCUMENTED_PATH, find_p95
from pokervod_pipelines.rollout.criteria.result import ErrorClass
from pokervod_pipelines.rollout.record import ResultRecord
from pokervod_pipelines_tests.rollout.criteria.conftest import MakeContext, check
from pokervod_pipelines_tests.rollout.http_services import (
    Reply,
    find_closed_address,
    run_service,
)

PASSWORD = "tell-nobody"


def judge(make_context: MakeContext, address: str, **parameters: object) -> ResultRecord:
    context = make_context({"search": {"address": address}})
    return check(context, "http_health", service="search", **parameters)


def test_a_service_that_answers_is_healthy(make_context: MakeContext) -> None:
    with run_service({"GET /health": Reply()}) as service:
        result = judge(make_context, service.address, calls=7, p95_ms=5000)

    assert (result.passed, result.error_class) == (True, None)
    assert result.figures["calls"] == len(service.asked) == 7


@pytest.mark.parametrize(
    ("reply", "error_class", "problem"),
    [
        (Reply(503), ErrorClass.SERVICE_DOWN, "answers 503, expected 200"),
        (Reply(404), ErrorClass.CONTRACT, "answers 404, expected 200"),
        (Reply(302, headers={"location": "/elsewhere"}), ErrorClass.CONTRACT, "answers 302"),
        (Reply(204, media=""), ErrorClass.CONTRACT, "answers 204"),
        (Reply(breaks_off=True), ErrorClass.SERVICE_DOWN, "broke off"),
        (Reply(body="x" * 6_000_000), ErrorClass.CONTRACT, "larger than 5 MB"),
    ],
)
def test_an_unexpected_answer_is_reported(
    make_context: MakeContext, reply: Reply, error_class: ErrorClass, problem: str
) -> None:
    with run_service({"GET /health": reply}) as service:
        result = judge(make_context, service.address)

    assert (result.passed, result.error_class) == (False, error_class)
    assert problem in result.summary


def test_one_bad_answer_among_many_is_enough(make_context: MakeContext) -> None:
    replies = itertools.chain([Reply(), Reply(), Reply(500)], itertools.repeat(Reply()))
    with run_service({"GET /health": lambda: next(replies)}) as service:
        result = judge(make_context, service.address, calls=9)

    assert (result.figures["calls"], result.error_class) == (3, ErrorClass.SERVICE_DOWN)


def test_a_slow_service_is_reported_with_its_figure(make_context: MakeContext) -> None:
    with run_service({"GET /health": Reply(after_seconds=0.05)}) as service:
        result = judge(make_context, service.address, calls=3, p95_ms=10)

    assert result.error_class is ErrorClass.SERVICE_DOWN
    assert "too slow" in result.summary
    assert float(result.figures["p95_ms"]) >= 50


def test_nobody_listening_is_a_service_that_is_down(make_context: MakeContext) -> None:
    result = judge(make_context, find_closed_address())

    assert result.error_class is ErrorClass.SERVICE_DOWN
    assert "connection failed" in result.summary


def test_an_unknown_host_is_unreachable(make_context: MakeContext) -> None:
    result = judge(make_context, "http://search.invalid")

    assert result.error_class is ErrorClass.UNREACHABLE
    assert "no route" in result.summary


@pytest.mark.parametrize("reply", [Reply(after_seconds=30), Reply(drips=True)])
def test_a_service_that_hangs_or_answers_byte_by_byte_ends_in_time(make_context: MakeContext, reply: Reply) -> None:
    with run_service({"GET /health": reply}) as service:
        begun = time.monotonic()
        result = judge(make_context, service.address, seconds=1)

    assert result.error_class is ErrorClass.SERVICE_DOWN
    assert "no answer within" in result.summary
    assert time.monotonic() - begun < 20


def test_a_missing_address_says_where_to_set_it(make_context: MakeContext) -> None:
    result = check(make_context({"search": {}}), "http_health", service="search", at="production")

    assert result.error_class is ErrorClass.UNREACHABLE
    assert "rollout.services.search.production" in result.summary


@pytest.mark.parametrize("reply", [Reply(), Reply(500), Reply(breaks_off=True)])
def test_a_password_in_an_address_is_used_and_never_shown(make_context: MakeContext, reply: Reply) -> None:
    with run_service({"GET /health": reply}) as service:
        address = service.address.replace("://", f"://ada:{PASSWORD}@")
        result = judge(make_context, address)

    assert service.authorizations[0] is not None
    assert PASSWORD not in str(result)
    assert "ada" not in str(result)


def test_no_password_is_shown_of_a_closed_address(make_context: MakeContext) -> None:
    for address in (find_closed_address(), "http://search.invalid"):
        assert PASSWORD not in str(judge(make_context, address.replace("://", f"://ada:{PASSWORD}@")))


def test_what_answers_at_the_address_of_the_mock_is_a_mock(make_context: MakeContext) -> None:
    with run_service({"GET /health": Reply()}) as service:
        same = service.address.replace("127.0.0.1", "localhost")
        context = make_context({"search": {"address": service.address, "mock": same}})
        result = check(context, "no_mock_address", service="search")

    assert result.error_class is ErrorClass.CONTRACT
    assert "still has the address of its mock" in result.summary
    assert service.asked == []


@pytest.mark.parametrize(
    ("header", "passed"),
    [
        ("X-PokerVOD-Mock", False),
        ("x-mock-server", False),
        ("sl-violations", False),
        ("x-house-dummy", False),
        ("x-request-id", True),
    ],
)
def test_a_header_of_a_mock_tells_it(make_context: MakeContext, header: str, passed: bool) -> None:
    with run_service({"GET /health": Reply(headers={header: "1"})}) as service:
        context = make_context({"search": {"address": service.address, "mock": "http://127.0.0.1:1"}})
        result = check(context, "no_mock_address", service="search", headers=["X-House"])

    assert result.passed is passed


def test_a_mock_is_known_by_what_it_says_of_a_path_that_there_is_not(make_context: MakeContext) -> None:
    prism = Reply(
        404, {"type": "https://stoplight.io/prism/errors#NO_PATH_MATCHED_ERROR"}, media="application/problem+json"
    )
    with run_service({"GET /health": Reply(), f"GET {UNDOCUMENTED_PATH}": prism}) as service:
        result = check(make_context({"search": {"address": service.address}}), "no_mock_address", service="search")

    assert result.error_class is ErrorClass.CONTRACT
    assert "the response has stoplight.io/prism" in result.summary


@pytest.mark.parametrize(
    ("headers", "error_class"), [({}, ErrorClass.SERVICE_DOWN), ({"x-prism": "1"}, ErrorClass.CONTRACT)]
)
def test_a_service_that_answers_500_may_be_a_mock(
    make_context: MakeContext, headers: dict[str, str], error_class: ErrorClass
) -> None:
    broken = Reply(500, headers=headers)
    with run_service({"GET /health": broken, f"GET {UNDOCUMENTED_PATH}": broken}) as service:
        result = check(make_context({"search": {"address": service.address}}), "no_mock_address", service="search")

    assert result.error_class is error_class


def test_an_owner_is_reported_or_missing(make_context: MakeContext) -> None:
    context = make_context({"search": {"owner": "Ada"}, "ui": {}})

    assert check(context, "service_owner", service="search").figures["owner"] == "Ada"
    assert check(context, "service_owner", service="ui").error_class is ErrorClass.DOCUMENT


@pytest.mark.parametrize(("values", "p95"), [([5.0], 5.0), (range(1, 21), 19), (range(1, 101), 95), ([1, 1, 9], 9)])
def test_the_95th_percentile_is_one_of_the_values(values: list[float], p95: float) -> None:
    assert find_p95([*values]) == p95
