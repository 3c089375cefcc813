"""What a run keeps of its 429s is bounded, and none is dropped without a judgement."""

import sys
import time

import httpx
import pytest

from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Request
from conformance.target.kept import Newest, PlainCreations, memory_of
from conformance.target.target import Target
from openapi.contract import Contract

CONTRACT = Contract.bundled()
REQUEST = Request("GET", "/a")
KILOBYTE, MEGABYTE = 2**10, 2**20

PROBLEM = {"type": "about:blank", "title": "Too many", "status": 429, "detail": "Wait."}


def limited(**changed: str) -> httpx.Response:
    """A 429 of now, whose headers are right but for those that are changed."""
    headers = {
        "Content-Type": "application/problem+json", "Retry-After": "1", "X-RateLimit-Limit": "9",
        "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time())),
    }  # fmt: skip
    return httpx.Response(429, headers={**headers, **changed}, json=PROBLEM)


@pytest.mark.parametrize(
    ("answer", "most"),
    [
        (Answer(429), 10_000),
        (Answer(429, body=b"x" * MEGABYTE), 32),
        (Answer(429, body=b"x" * 40 * MEGABYTE), 1),
        (Answer(429, (("retry-after", "1"),) * 256), 800),
        (Answer(429, (("some", "\N{ROCKET}" * 16 * KILOBYTE),)), 520),
    ],
)
def test_the_newest_are_kept_within_a_bound_of_their_memory(answer: Answer, most: int) -> None:
    found, size = Newest[tuple[int, Answer]](), memory_of(REQUEST, answer)
    for number in range(most + 20):
        found.add((number, answer), size)
    assert most // 2 < len(found) <= most
    assert [number for number, _ in found][-1] == most + 19
    assert size >= sum(sys.getsizeof(one) for pair in answer.headers for one in pair)


def test_a_request_counts_as_well() -> None:
    assert memory_of(Request("POST", "/a", (("name", "value" * 99),), b"x" * MEGABYTE)) > MEGABYTE


@pytest.mark.parametrize(
    ("header", "value", "id_"),
    [
        ("Content-Type", "text/plain", "rate_limits.limited-answer-is-a-problem"),
        ("Retry-After", "soon", "rate_limits.limited-answer-says-how-long"),
        ("X-RateLimit-Limit", "many", "rate_limits.limited-answer-has-headers"),
    ],
)
def test_the_one_429_that_is_wrong_is_found_among_many(
    header: str, value: str, id_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Newest, "MOST", 10)
    good = limited()
    answers = iter([good, limited(**{header: value}), *[good] * 100])
    transport = httpx.MockTransport(lambda _: next(answers))
    with Target("http://target/v3", ["token"], transport=transport) as target:
        run = Run(CONTRACT, target, list(catalogue().values()), seed=1)
        for _ in range(100):
            target.send_once(Request("POST", "/auth/credentials"))
        for _ in range(2):
            target.send_once(Request("GET", "/auth/credentials"))
        found = {
            (one.id, operation): run.check(one, CONTRACT.operations[operation]).outcome
            for one in catalogue().values() if one.id.startswith("rate_limits.limited-answer-")
            for operation in ("createCredential", "listCredentials")
        }  # fmt: skip
        kept = len(target.limited)
    assert kept <= 10 + 2 + 3
    wrong = {Outcome.FAILED, Outcome.WARNING}
    failed = {key for key, outcome in found.items() if outcome in wrong}
    assert failed == {(id_, "createCredential")}


def test_a_wait_that_helped_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Newest, "MOST", 3)
    with Target("http://target/v3", ["token"]) as target:
        run = Run(CONTRACT, target, [], seed=1)
        create, later = (
            Request("POST", "/auth/credentials"),
            catalogue()["rate_limits.limited-request-gets-through-later"],
        )
        for number in range(20):
            target.waited.add((create, 201 if number == 1 else 429), 1)
        assert run.check(later, CONTRACT.operations["createCredential"]).outcome is Outcome.PASSED


def test_creations_are_kept_up_to_a_number() -> None:
    plain = PlainCreations()
    plain.ask("x" * 10_000)
    plain.add("/keys", (0, "long"), "x" * 10_000)
    for number in range(PlainCreations.MOST + 10):
        plain.ask(f"{number}")
        plain.add("/keys", (0, f"id-{number}"), f"{number}")
    assert len(plain.lasting_in("/keys")) == PlainCreations.MOST

    for number in range(5, PlainCreations.MOST + 10):
        plain.revoke("/keys", f"id-{number}")
    plain.ask("3")
    assert plain.lasting_in("/keys") == {(0, f"id-{number}") for number in range(5)}
    for _ in range(2):
        for number in range(PlainCreations.MOST):
            plain.revoke("/keys", f"another-{number}")
    assert plain.lasting_in("/keys") == {(0, f"id-{number}") for number in range(5)}
    plain.revoke("/others", "id-0")
    assert plain.lasting_in("/keys") == {(0, f"id-{number}") for number in range(5)}
    assert plain.lasting_in("/others") == set()
    assert plain.asked_once == {(0, f"{number}") for number in (0, 1, 2, 4)}
