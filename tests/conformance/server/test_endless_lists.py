"""Lists without an end: each requirement that reads one comes to its end, and says what it saw."""

import itertools
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from conformance.catalogue.requirement import Requirement
from conformance.fuzz.work import OWN
from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from tests.conformance.server.test_listing import CONTRACT, Server, answer

READING = [
    one
    for one in catalogue().values()
    if Capability.LISTING in one.needs and any(map(one.applies_to, CONTRACT.operations.values()))
]
READING += [one for one in OWN if one.id == "campaign.moving-pages"]
WALKING = [
    "authentication.refused-request-creates-nothing",
    "created.is-in-the-list",
    "idempotency.no-second-resource",
    "lists.created-is-listed",
    "lists.has-more-is-true",
    "lists.no-secrets",
    "lists.only-ones-own",
    "lists.pagination-is-complete",
    "secrets.never-in-the-list",
    "sequences.model-holds",
    "validation.refused-request-creates-nothing",
]
"""Those that look for something through all of the list."""

Shown = Callable[[int], list[str]]


class Endless(Server):
    """Says that there is more after each page, whatever is on it."""

    def __init__(self, shown: Shown) -> None:
        super().__init__()
        self.shown, self.reads = shown, itertools.count()
        self.count = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        try:
            return super().__call__(request)
        except (KeyError, TypeError, ValueError):
            return answer(400)

    def page(self, partner: str, query: httpx.QueryParams) -> httpx.Response:
        self.count = next(self.reads)
        after = query.get("starting_after", "")
        number = int(after.rpartition(" ")[2]) + 1 if after.startswith("item") else 0
        items = [self.item(one) for one in self.shown(number)]
        return answer(200, {"data": items, "has_more": True})

    def item(self, one: str) -> dict[str, Any]:
        time = "2026-03-01T00:00:00Z"
        return {
            "id": one, "client_id": one, "name": "someone's", "status": "active",
            "expires_at": None, "created_at": time, "updated_at": time, "last_used_at": None,
        }  # fmt: skip


def same_page(_: int) -> list[str]:
    return ["item 0"]


def two_pages(number: int) -> list[str]:
    return [f"item {number % 2}"]


def three_pages_after_others(number: int) -> list[str]:
    return [f"item {number if number < 5 else 5 + number % 3}"]


def fresh_pages(number: int) -> list[str]:
    return [f"item {number}"]


def check(server: Server, requirement: Requirement) -> Result:
    settings = TargetSettings(replay_delay=0)
    transport = httpx.MockTransport(server)
    with Target("http://target/v3", ["first", "second"], settings, transport=transport) as target:
        run = Run(CONTRACT, target, [requirement], seed=1)
        target.capabilities |= {
            Capability.LISTING, Capability.REVOCATION, Capability.TOKENS,
        }  # fmt: skip
        [operation] = [one for one in CONTRACT.operations.values() if requirement.applies_to(one)]
        return run.check(requirement, operation)


@pytest.mark.parametrize("shown", [same_page, two_pages, three_pages_after_others])
@pytest.mark.parametrize("requirement", READING, ids=lambda one: one.id)
def test_a_list_that_repeats_itself_ends(requirement: Requirement, shown: Shown) -> None:
    server = Endless(shown)
    result = check(server, requirement)
    assert server.count < 300
    assert result.outcome is not Outcome.ERROR, result.actual


@pytest.mark.parametrize("requirement_id", WALKING)
def test_the_violation_names_the_repetition(requirement_id: str) -> None:
    result = check(Endless(two_pages), catalogue()[requirement_id])
    assert result.outcome in {Outcome.FAILED, Outcome.WARNING}
    assert "a list that repeats itself: nothing new on pages 3 and 4" in result.actual
    assert "curl" in result.reproduce


@pytest.mark.parametrize("requirement", READING, ids=lambda one: one.id)
def test_a_list_with_something_new_on_each_page_for_ever_is_no_pass(
    requirement: Requirement,
) -> None:
    server = Endless(fresh_pages)
    result = check(server, requirement)
    assert server.count < 3000
    assert result.outcome is not Outcome.ERROR, result.actual
    if requirement.id in WALKING:
        assert result.outcome is not Outcome.PASSED


@pytest.mark.parametrize(
    "requirement_id",
    [
        "created.is-in-the-list",
        pytest.param("secrets.never-in-the-list", marks=pytest.mark.thorough),
    ],
)
def test_a_list_of_ten_thousand_is_read_to_its_end(requirement_id: str) -> None:
    result = check(Server(others=9_990), catalogue()[requirement_id])
    assert result.outcome is Outcome.PASSED, result.actual
