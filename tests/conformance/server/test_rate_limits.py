"""A target that limits its clients: what is judged, and that each fault of a 429 is caught.

The mock of the other tests never limits, so that these requirements are proven here.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus

import httpx
import pytest

from conformance.catalogue.requirement import Level, Requirement
from conformance.catalogue.sabotage import Sabotage, with_header
from conformance.catalogue.selection import select
from conformance.results.baseline import Baseline
from conformance.results.exit_code import BROKEN
from conformance.results.result import Outcome, Result
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.server.rate_limits.headers import LIMIT, REMAINING
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.retry_after import RESET
from conformance.target.target import Target
from conformance.target.target_settings import AS_RUN
from conformance.target.threads import Threads, values
from demo.mock_process import MockProcess, mock_process
from openapi.contract import Contract
from tests.conformance.servers.options import ONLY_CREATES, Bug, Options
from tests.conformance.servers.serving import serving

CONTRACT = Contract.bundled()
LIMITED = [one for one in catalogue().values() if one.id.startswith("rate_limits.limited-")]
LATER = catalogue()["rate_limits.limited-request-gets-through-later"]
PROVOKED = [
    catalogue()[f"rate_limits.limited-{name}"]
    for name in (
        "request-creates-nothing",
        "answer-is-not-kept",
        "status-is-429",
        "when-none-remain",
    )
]
SAID = [one for one in LIMITED if one not in (LATER, *PROVOKED)]
CASES = [(one, sabotage) for one in SAID for sabotage in one.sabotage]
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


@pytest.mark.parametrize("requirement", SAID, ids=lambda one: one.id)
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
        target.capabilities.add(Capability.LISTING)
        result = Run(CONTRACT, target, [], seed=1).check(
            requirement, CONTRACT.operations["createCredential"]
        )

    assert result.outcome is Outcome.NOT_VERIFIED
    assert result.actual == "the run got no 429; --provoke-rate-limit provokes one"


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


class Window:
    """A server that allows some requests in each window, by a clock that only waiting moves."""

    def __init__(self, rate: int, seconds: float, **headers: str) -> None:
        self._rate, self._seconds, self._headers = rate, seconds, headers
        self._now = self._used = 0.0
        self._lock = threading.Lock()
        self.paths: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.paths.append(f"{request.method} {request.url.path}")
            self._used += 1
            if self._used <= self._rate:
                return httpx.Response(200, json={"data": [], "has_more": False})
            headers = {name.replace("_", "-"): text for name, text in self._headers.items()}
            return httpx.Response(429, headers=headers, json={})

    def rest(self, seconds: float) -> None:
        self._now += seconds
        if self._now >= self._seconds:
            self._now = self._used = 0.0


def later(window: Window, sabotage: Sabotage | None = None) -> dict[str, Result]:
    """What the requirement gives on each operation of a target that is limited on purpose."""
    transport = httpx.MockTransport(window.answer)
    tamper = sabotage.make() if sabotage else None
    with Target(
        "http://target/v3",
        [TOKEN],
        transport=transport,
        tamper=tamper,
        settings=replace(AS_RUN, provoke_rate_limit=True),
    ) as target:
        target.rest = window.rest  # type: ignore[method-assign]
        target.capabilities.add(Capability.LISTING)
        run = Run(CONTRACT, target, [], seed=1)
        return {one.id: run.check(LATER, one) for one in CONTRACT.operations.values()}


IN_30_SECONDS = {
    "Retry_After": "Fri, 01 May 2026 00:00:30 GMT", "Date": "Fri, 01 May 2026 00:00:00 GMT"
}  # fmt: skip


@pytest.mark.parametrize("headers", [{"Retry_After": "30"}, IN_30_SECONDS])
def test_what_keeps_its_word_passes(headers: dict[str, str]) -> None:
    window = Window(50, 30, **headers)
    found = later(window)

    assert found["listCredentials"].outcome is Outcome.PASSED
    # It was done once for all of them, and with the cheapest request that there is.
    assert len(window.paths) < 100
    assert window.paths.count("POST /v3/auth/credentials") == 5


@pytest.mark.parametrize("sabotage", LATER.sabotage, ids=lambda one: one.name)
def test_what_says_too_little_is_caught(sabotage: Sabotage) -> None:
    result = later(Window(50, 30, Retry_After="30"), sabotage)["listCredentials"]

    assert result.outcome is Outcome.WARNING
    assert result.actual == "429 after 2 waits"
    assert result.reproduce.count("curl") == 3
    assert result.reproduce.count("sleep 0\n") == 2


def test_a_longer_window_beside_the_first_is_no_fault() -> None:
    result = later(Window(50, 60, Retry_After="30"))["listCredentials"]

    assert result.outcome is Outcome.PASSED


@pytest.mark.parametrize("headers", [{}, {"Retry_After": "soon"}, {"Retry_After": "600"}])
def test_what_cannot_be_waited_for_is_not_verified(headers: dict[str, str]) -> None:
    result = later(Window(50, 30, **headers))["listCredentials"]

    assert result.outcome is Outcome.NOT_VERIFIED


def test_a_target_without_a_limit_is_left_alone_in_the_end() -> None:
    window = Window(10_000, 30)
    result = later(window)["listCredentials"]

    assert result.outcome is Outcome.NOT_VERIFIED
    assert result.actual == "2000 requests got no 429"
    assert len(window.paths) == 2000


@pytest.mark.parametrize(
    ("is_date", "only_create"),
    [
        (False, True),
        (True, False),
        pytest.param(False, False, marks=pytest.mark.thorough),
        pytest.param(True, True, marks=pytest.mark.thorough),
    ],
)
def test_limited_on_purpose_every_429_is_judged(is_date: bool, only_create: bool) -> None:  # noqa: FBT001 - of a table
    options = Options(
        rate=20,
        rate_seconds=3,
        retry_after_is_a_date=is_date,
        lacks=ONLY_CREATES if only_create else frozenset(),
    )
    with (
        serving(options, {TOKEN: "one"}) as url,
        Target(url, [TOKEN], settings=replace(AS_RUN, provoke_rate_limit=True)) as target,
    ):
        run = Run(CONTRACT, target, select(catalogue(), ["rate_limits.limited-*"]), seed=1)
        found = list(run.results())

    wrong = {Outcome.FAILED, Outcome.WARNING, Outcome.ERROR}
    assert [(one.requirement.id, one.actual) for one in found if one.outcome in wrong] == []
    name = "createCredential" if only_create else "listCredentials"
    can_be = {
        one.id
        for one in LIMITED
        if one.applies_to(CONTRACT.operations[name]) and one.needs <= target.capabilities
    }
    on_it = [one for one in found if one.operation == name and one.requirement.id in can_be]
    assert {one.requirement.id for one in on_it} == can_be
    assert {one.outcome for one in on_it} == {Outcome.PASSED}


def provoked(requirement: Requirement, sabotage: Sabotage | None = None) -> dict[str, Result]:
    """What a requirement gives by operation on a server that is limited on purpose."""
    # What is refused without a 429 is told from a fault by lasting 1.5 s: that, and twenty requests
    # on a busy machine, must fit into a window.
    lasts = requirement.id == "rate_limits.limited-status-is-429"
    options = Options(rate=20, rate_seconds=5 if lasts else 2)
    with (
        serving(options, {TOKEN: "one"}) as url,
        Target(
            url,
            [TOKEN],
            tamper=sabotage.make() if sabotage else None,
            settings=replace(AS_RUN, provoke_rate_limit=True),
        ) as target,
    ):
        target.capabilities.add(Capability.LISTING)
        run = Run(CONTRACT, target, [], seed=1)
        return {
            one.id: run.check(requirement, one)
            for one in CONTRACT.operations.values()
            if requirement.applies_to(one)
        }


@pytest.mark.parametrize("requirement", PROVOKED, ids=lambda one: one.id)
def test_a_healthy_limit_passes(requirement: Requirement) -> None:
    found = provoked(requirement)
    assert {one.outcome for one in found.values()} == {Outcome.PASSED}, found


@pytest.mark.parametrize(
    ("requirement", "sabotage"),
    [(one, sabotage) for one in PROVOKED for sabotage in one.sabotage],
    ids=lambda one: getattr(one, "id", getattr(one, "name", "")),
)
def test_each_fault_of_a_limit_is_caught(requirement: Requirement, sabotage: Sabotage) -> None:
    wrong = Outcome.FAILED if requirement.level is Level.MUST else Outcome.WARNING
    results = provoked(requirement, sabotage)
    found = [one for one in results.values() if one.outcome is wrong]
    assert found, {name: (one.outcome, one.actual) for name, one in results.items()}
    for one in found:
        assert one.expected
        assert one.actual
        assert "curl" in one.reproduce


def test_a_429_on_the_way_tells_that_waiting_works() -> None:
    answers = iter([httpx.Response(429, headers={"Retry-After": "0"}), httpx.Response(201)])
    transport = httpx.MockTransport(lambda _: next(answers))
    with Target("http://target/v3", [TOKEN], transport=transport) as target:
        target.send(CREATE)
        run = Run(CONTRACT, target, [], seed=1)
        found = {one.id: run.check(LATER, one).outcome for one in CONTRACT.operations.values()}

    assert found.pop("createCredential") is Outcome.PASSED
    assert set(found.values()) == {Outcome.NOT_VERIFIED}


@pytest.mark.parametrize(
    ("remaining", "outcome"), [("99999999", Outcome.WARNING), ("1", Outcome.PASSED)]
)
def test_numbers_are_judged_where_they_are_though_a_401_has_none(
    limiting: MockProcess, remaining: str, outcome: Outcome
) -> None:
    def tamper(request: Request, forward: Forward) -> Answer:
        answer = with_header(forward(request), REMAINING, remaining)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            for name in (LIMIT, REMAINING, RESET):
                answer = with_header(answer, name, None)
        return answer

    with Target(limiting.base_url, [TOKEN], tamper=tamper) as target:
        run = Run(CONTRACT, target, [], seed=1)
        operation = CONTRACT.operations["listCredentials"]
        sense = run.check(catalogue()["rate_limits.headers-make-sense"], operation)
        there = run.check(catalogue()["rate_limits.headers-on-every-answer"], operation)
    assert sense.outcome is outcome
    assert there.outcome is Outcome.WARNING
    assert "401" in there.actual


def test_waits_that_are_in_vain_are_found_without_provoking_and_not_repeated_for_ever() -> None:
    """A 429 that asks for too short a wait keeps no run busy, and is a violation."""
    options = Options(rate=60, rate_seconds=3600, bug=Bug.LIMITS_SAY_TOO_LITTLE)
    with serving(options, {TOKEN: "one"}) as url, Target(url, [TOKEN]) as target:
        run = Run(CONTRACT, target, select(catalogue(), ["created", "rate_limits"]), seed=1)
        verdict = judge(run, Level.SHOULD, Baseline(), lambda _: None)
        limited = len(list(target.limited))

    assert verdict.exit_code == BROKEN, verdict.line
    [broken] = [one for one in verdict.breaking if one.requirement.id == LATER.id]
    assert broken.actual == "429 after 2 waits"
    assert broken.reproduce.count("sleep ") == 2
    assert limited < 4 * len(run.checks)


def test_a_limit_that_others_prolong_is_waited_for_alone() -> None:
    """Each request before the end prolongs the limit: waits are in vain while others send."""
    lock = threading.Lock()
    left, end = 10, 0.0

    def tamper(_: Request, __: Forward) -> Answer:
        nonlocal left, end
        with lock:
            now = time.monotonic()
            if left == 0 and now >= end:
                left = 10
            if left == 0:
                end = now + 0.9
                return Answer(429, (("retry-after", "1"),))
            left -= 1
            end = now + 0.9
            return Answer(200)

    with Target("http://target/v3", [TOKEN], tamper=tamper) as target, Threads(8) as threads:

        def send_some(number: int) -> list[int]:
            time.sleep(number / 10)
            return [target.send(CREATE).status for _ in range(5)]

        statuses = values([threads.submit(send_some, number) for number in range(8)], target)
        assert target.provoked is None
    assert statuses == [[200] * 5] * 8
