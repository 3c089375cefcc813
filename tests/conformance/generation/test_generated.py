"""Generated data: what Schemathesis and Hypothesis send, what it costs, and what they leave."""

import itertools
import json
import random
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from conformance.generation.engine import CHECKS, failures
from conformance.generation.search import for_all
from conformance.generation.strategies import invalid_bodies, valid_bodies
from conformance.probe.bodies import schema_of
from conformance.probe.not_verified import NotVerified
from conformance.probe.plain_requests import NAME_PREFIX
from conformance.probe.probe import Probe
from conformance.probe.violation import Violation
from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.errors import TargetError
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from demo.mock_process import MockProcess
from openapi.contract import Contract
from tests.other_contracts.styles import answer, document, taken, thing

CONTRACT = Contract.bundled()
CREATE = CONTRACT.operations["createCredential"]
TOKENS = ("dinie_at_first", "dinie_at_second")
IDS = [one for one in catalogue() if one.startswith("generated.")]

KEY = "Idempotency-Key"

Handler = Callable[[httpx.Request], httpx.Response]


def probe_of(target: Target, operation_id: str = "createCredential") -> Probe:
    return Probe(CONTRACT, CONTRACT.operations[operation_id], target, random.Random(1), 1)


def sent_by(target: MockProcess, requirement_id: str, seed: int = 1) -> list[Request]:
    """What a requirement sends to create something."""
    sent: list[Request] = []

    def note(request: Request, forward: Forward) -> Answer:
        sent.append(request)
        return forward(request)

    with Target(target.base_url, TOKENS, tamper=note) as noted:
        noted.capabilities = set(Capability)
        result = Run(CONTRACT, noted, [], seed).check(catalogue()[requirement_id], CREATE)
        assert result.outcome is Outcome.PASSED, result.actual
    return sent


def judge(handler: Handler, requirement_id: str) -> dict[str, Result]:
    requirement = catalogue()[requirement_id]
    with Target("http://t/v3", TOKENS, transport=httpx.MockTransport(handler)) as target:
        target.most_away_seconds = 0
        run = Run(CONTRACT, target, [], seed=1)
        return {
            one.id: run.check(requirement, one)
            for one in CONTRACT.operations.values()
            if requirement.applies_to(one)
        }


@pytest.mark.parametrize("requirement_id", IDS)
def test_it_is_cheap_and_its_names_are_marked(healthy: MockProcess, requirement_id: str) -> None:
    sent = sent_by(healthy, requirement_id)

    assert len(sent) < 80
    for request in sent:
        name = Answer(0, body=request.body).field("name")
        assert not isinstance(name, str) or name.startswith(NAME_PREFIX)
        assert request.method in {"GET", "POST"}
        assert not any(token in str(request) for token in TOKENS)


def test_the_engine_runs_once_for_all_requirements_at_once(healthy: MockProcess) -> None:
    with Target(healthy.base_url, TOKENS) as target:
        threads = [
            threading.Thread(target=failures, args=(probe_of(target), check)) for check in CHECKS
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

        assert target.requests_sent < 60


SEEDED = {
    "generated.statuses-are-documented",
    "generated.accepted-data-comes-back",
    "generated.invalid-data-is-refused",
    "sequences.model-holds",
}
"""One for each way to generate; the others are generated as one of these."""


@pytest.mark.parametrize(
    "requirement_id",
    [
        pytest.param(one, marks=[pytest.mark.thorough] * (one not in SEEDED))
        for one in (*IDS, "sequences.model-holds")
    ],
)
def test_a_seed_makes_the_same_requests(healthy: MockProcess, requirement_id: str) -> None:
    def requests(seed: int) -> list[tuple[str, ...]]:
        # Names of plain requests, keys and ids are new each time.
        return [
            (
                one.method,
                re.sub(r"dinie_ci_live_\w+", "id", one.path),
                re.sub(rb"dinie-conformance [0-9a-f]{12}\b", b"name", one.body).decode("latin-1"),
                *(f"{name}: {value}" for name, value in one.without_header(KEY).headers),
            )
            for one in sent_by(healthy, requirement_id, seed)
        ]

    assert requests(3) == requests(3)
    assert requests(3) != requests(4)


def test_only_a_known_check_is_asked_for(healthy: MockProcess) -> None:
    with Target(healthy.base_url, TOKENS) as target, pytest.raises(ValueError, match="no check"):
        failures(probe_of(target), "no_such_check")


def test_an_engine_that_gives_up_is_no_pass(
    healthy: MockProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> Answer:
        raise ArithmeticError

    monkeypatch.setattr("conformance.generation.engine._request", failing)
    with (
        Target(healthy.base_url, TOKENS) as target,
        pytest.raises(NotVerified, match="gave up: ArithmeticError"),
    ):
        list(failures(probe_of(target), CHECKS[0]))


def test_what_accepts_nothing_shows_nothing(healthy: MockProcess) -> None:
    def narrow(request: Request, forward: Forward) -> Answer:
        plain = re.search(rb"dinie-conformance [0-9a-f]{12}\"}$", request.body)
        return forward(request) if plain else Answer(422)

    requirement = catalogue()["generated.accepted-data-comes-back"]
    with Target(healthy.base_url, TOKENS, tamper=narrow) as target:
        result = Run(CONTRACT, target, [], 1).check(requirement, CREATE)

    assert result.outcome is Outcome.NOT_VERIFIED


@pytest.mark.thorough
@pytest.mark.parametrize("first", [0, 5, 20])
def test_a_limit_that_lasts_is_no_pass_and_no_failure(healthy: MockProcess, first: int) -> None:
    for requirement_id in IDS:
        numbers = itertools.count()

        def limiting(
            request: Request, forward: Forward, numbers: Iterator[int] = numbers
        ) -> Answer:
            late = next(numbers) >= first
            return Answer(429, (("retry-after", "3600"),)) if late else forward(request)

        with Target(healthy.base_url, TOKENS, tamper=limiting) as target:
            result = Run(CONTRACT, target, [], 1).check(catalogue()[requirement_id], CREATE)
            assert result.outcome is Outcome.NOT_VERIFIED, (requirement_id, result.actual)
            assert target.requests_sent <= first + 1


@pytest.mark.thorough
def test_nothing_is_written_and_nothing_printed(
    healthy: MockProcess,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for requirement_id in IDS:
        sent_by(healthy, requirement_id)

    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.thorough
@pytest.mark.parametrize("requirement_id", IDS)
@pytest.mark.parametrize("status", [404, 405, 501])
def test_what_is_not_served_is_not_judged(requirement_id: str, status: int) -> None:
    found = judge(lambda _: httpx.Response(status, html="<p>no such thing</p>"), requirement_id)

    assert {one.outcome for one in found.values()} == {Outcome.NOT_VERIFIED}


@pytest.mark.parametrize("requirement_id", IDS)
def test_a_target_that_is_gone_ends_the_run(requirement_id: str) -> None:
    answers = iter([httpx.Response(201, json={"id": "1"})] * 3)

    def dying(_: httpx.Request) -> httpx.Response:
        try:
            return next(answers)
        except StopIteration:
            raise httpx.ConnectError("refused") from None

    with pytest.raises(TargetError):
        judge(dying, requirement_id)


@pytest.mark.thorough
def test_a_gateway_may_refuse_what_it_takes_for_an_attack(healthy: MockProcess) -> None:
    def gateway(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        odd = b'"name": [' in request.body or b"\\u00" in request.body
        return Answer(403, (("content-type", "text/html"),), b"<p>no</p>") if odd else answer

    for requirement_id in IDS:
        with Target(healthy.base_url, TOKENS, tamper=gateway) as target:
            result = Run(CONTRACT, target, [], 1).check(catalogue()[requirement_id], CREATE)
            assert result.outcome is Outcome.PASSED, (requirement_id, result.actual)


def test_a_failure_is_shrunk_to_one_request(
    healthy: MockProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    requirement = catalogue()["generated.valid-data-is-no-failure"]
    sabotage = next(one for one in requirement.sabotage if one.name == "fail beyond the BMP")
    with Target(healthy.base_url, TOKENS, tamper=sabotage.make()) as target:
        result = Run(CONTRACT, target, [requirement], 1).check(requirement, CREATE)

    assert result.outcome is Outcome.FAILED
    assert result.reproduce.count("curl ") == 1
    assert capfd.readouterr() == ("", "")
    assert f'{NAME_PREFIX} \\ud800\\udc00"}}' in result.reproduce


def test_a_failure_of_the_engine_is_made_smaller(healthy: MockProcess) -> None:
    requirement = catalogue()["generated.statuses-are-documented"]
    with Target(healthy.base_url, TOKENS, tamper=requirement.sabotage[0].make()) as target:
        result = Run(CONTRACT, target, [requirement], 1).check(requirement, CREATE)

    assert result.outcome is Outcome.FAILED
    assert result.reproduce.count("curl ") == 1
    assert "expires_at" not in result.reproduce
    assert "Idempotency-Key" not in result.reproduce


@pytest.mark.parametrize("error", [NotVerified("limited"), TargetError("gone")])
def test_what_is_no_violation_ends_the_search(error: Exception) -> None:
    calls: list[object] = []

    def check(value: object) -> None:
        calls.append(value)
        raise error

    with Target("http://t/v3", TOKENS) as target:
        probe = probe_of(target)
        with pytest.raises(type(error), match=str(error)):
            for_all(probe, valid_bodies(probe, schema_of(CREATE)), check, 20)
    assert len(calls) == 1


def test_a_failure_that_does_not_come_again_counts() -> None:
    failures = iter([Violation("an answer", "none")])

    def check(_: object) -> None:
        for one in failures:
            raise one

    with Target("http://t/v3", TOKENS) as target:
        probe = probe_of(target)
        bodies = valid_bodies(probe, schema_of(CREATE))
        with pytest.raises(Violation):
            for_all(probe, bodies, check, 20)


def test_valid_and_invalid_bodies_are_what_they_are_called() -> None:
    schema = schema_of(CREATE)
    seen: list[object] = []
    with Target("http://t/v3", TOKENS) as target:
        probe = probe_of(target)
        for_all(probe, valid_bodies(probe, schema), seen.append, 50)
        assert all(schema.is_valid(one) for one in seen)
        assert any("expires_at" in str(one) for one in seen)
        seen.clear()
        for bodies in invalid_bodies(schema, {"name": "x"}):
            for_all(probe, bodies, seen.append, 10)
    assert {} in seen
    for name in ("name", "expires_at"):
        of = {type(one[name]) for one in seen if isinstance(one, dict) and name in one}
        assert of >= {bool, int, float, list, dict}
    assert {type(one) for one in seen} == {dict, list, str, int, float, bool, type(None)}
    assert not any(schema.is_valid(one) for one in seen)
    assert all(json.dumps(one, allow_nan=False) for one in seen)


def test_maps_have_keys() -> None:
    text = {"type": ["string", "null"], "maxLength": 9}
    maps = {"labels": {"additionalProperties": text}, "two": {"minProperties": 2}, "free": {}}
    closed = {"additionalProperties": False, "maxProperties": 0}
    members = {**maps, "closed": closed, "few": {"maxProperties": 1}}
    body = thing([], **{name: {"type": "object", **one} for name, one in members.items()})
    whole = document("Maps", {"/maps": {"post": {
        "requestBody": taken(body), "responses": {"201": answer()},
    }}})  # fmt: skip
    schema = schema_of(Contract(whole).operations["POST /maps"])
    seen: list[Any] = []
    with Target("http://t/v3", TOKENS) as target:
        probe = probe_of(target)
        for_all(probe, valid_bodies(probe, schema), seen.append, 60)

    for name in ("labels", "two", "free", "few"):
        assert any(one.get(name) for one in seen), name
    assert not any(one.get("closed") for one in seen)
    assert not any(None in one.get("labels", {}).values() for one in seen)
