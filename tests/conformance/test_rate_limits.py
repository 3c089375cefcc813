"""A target that limits its clients: what is judged, and that each fault of a 429 is caught.

The mock of the other tests never limits, so that these requirements are proven here.
"""

from collections.abc import Iterator

import httpx
import pytest

from conformance.exchange import Request
from conformance.model import Level, Outcome, Requirement, Result
from conformance.registry import catalogue
from conformance.runner import Run
from conformance.sabotage import Sabotage
from conformance.target import Target
from demo.mock_process import MockProcess, mock_process
from openapi.contract import Contract

CONTRACT = Contract.bundled()
LIMITED = [one for one in catalogue().values() if one.id.startswith("rate_limits.limited-")]
CASES = [(one, sabotage) for one in LIMITED for sabotage in one.sabotage]
TOKEN = "dinie_at_limited"
CREATE = Request("POST", "/auth/credentials").with_json({"name": "dinie-conformance limited"})


@pytest.fixture(scope="module")
def limiting() -> Iterator[MockProcess]:
    partner = f"dinie_ci_live_one:dinie_cs_live_one:{TOKEN}"
    with mock_process("--partner", partner, "--rate-limit", "5/second") as mock:
        yield mock


def checked(base_url: str, requirement: Requirement, sabotage: Sabotage | None = None) -> Result:
    """What a requirement gives after a 429 was provoked."""
    with Target(base_url, [TOKEN], tamper=sabotage.make() if sabotage else None) as target:
        for _ in range(100):
            target.send_once(CREATE)
            if target.limited:
                break
        assert target.limited
        run = Run(CONTRACT, target, [], seed=1)
        return run.check(requirement, CONTRACT.operations["createCredential"])


@pytest.mark.parametrize("requirement", LIMITED, ids=lambda one: one.id)
def test_a_healthy_target_passes(limiting: MockProcess, requirement: Requirement) -> None:
    result = checked(limiting.base_url, requirement)

    assert result.outcome is Outcome.PASSED, (result.expected, result.actual)


@pytest.mark.parametrize(
    ("requirement", "sabotage"), CASES, ids=lambda one: getattr(one, "id", getattr(one, "name", ""))
)
def test_each_sabotage_is_caught(
    limiting: MockProcess, requirement: Requirement, sabotage: Sabotage
) -> None:
    result = checked(limiting.base_url, requirement, sabotage)

    assert result.outcome is (
        Outcome.FAILED if requirement.level is Level.MUST else Outcome.WARNING
    ), (result.expected, result.actual)
    assert result.expected
    assert result.actual
    assert "curl" in result.reproduce
    assert TOKEN not in result.reproduce


@pytest.mark.parametrize("requirement", LIMITED, ids=lambda one: one.id)
def test_without_a_429_nothing_is_verified(requirement: Requirement) -> None:
    with Target("http://target/v3", [TOKEN]) as target:
        result = Run(CONTRACT, target, [], seed=1).check(
            requirement, CONTRACT.operations["createCredential"]
        )

    assert result.outcome is Outcome.NOT_VERIFIED
    assert "no 429" in result.actual


@pytest.mark.parametrize("retry_after", ["0", "120", "Fri, 31 Dec 2099 23:59:59 GMT"])
def test_what_a_retry_after_may_be(retry_after: str) -> None:
    result = _answering(429, {"Retry-After": retry_after}, "limited-answer-says-how-long")

    assert result.outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({"X-RateLimit-Limit": "0", "X-RateLimit-Remaining": "0"}, Outcome.PASSED),
        ({"X-RateLimit-Limit": "1", "X-RateLimit-Remaining": "2"}, Outcome.WARNING),
        ({"X-RateLimit-Limit": "1;w=60"}, Outcome.WARNING),
        ({"X-RateLimit-Reset": "3600"}, Outcome.WARNING),
        (
            {"X-RateLimit-Reset": "4102444800", "Date": "Thu, 31 Dec 2099 23:59:00 GMT"},
            Outcome.PASSED,
        ),
        ({}, Outcome.NOT_VERIFIED),
    ],
)
def test_what_the_headers_may_say(headers: dict[str, str], outcome: Outcome) -> None:
    assert _answering(201, headers, "headers-make-sense").outcome is outcome


def test_a_429_is_judged_on_the_operation_that_met_it() -> None:
    """A limited HEAD has no body (RFC 9110 section 9.3.2), and is none of the operations."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(429, headers={"Content-Type": "application/problem+json"})

    with Target("http://target/v3", [TOKEN], transport=httpx.MockTransport(answer)) as target:
        target.send_once(Request("HEAD", "/auth/credentials"))
        for requirement in LIMITED:
            for operation in CONTRACT.operations.values():
                result = Run(CONTRACT, target, [], seed=1).check(requirement, operation)
                assert result.outcome is Outcome.NOT_VERIFIED


def _answering(status: int, headers: dict[str, str], name: str) -> Result:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, headers=headers))
    with Target("http://target/v3", [TOKEN], transport=transport) as target:
        target.send_once(CREATE)
        return Run(CONTRACT, target, [], seed=1).check(
            catalogue()[f"rate_limits.{name}"], CONTRACT.operations["createCredential"]
        )
