"""What is wrong with an answer is found, whatever check it is only a step of."""

import gc
import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from conformance.catalogue.registry import Judges
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import body_of, with_body
from conformance.catalogue.selection import select
from conformance.results.baseline import Baseline
from conformance.results.result import VIOLATIONS, Outcome
from conformance.results.verdict import Verdict
from conformance.run.judging import SEEN_AGAIN, judge
from conformance.run.observation import UNUSUAL, Observer
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from openapi.contract import Contract
from tests.conformance.servers.options import Options
from tests.conformance.servers.serving import serving

CONTRACT = Contract.bundled()
PARTNERS = {"dinie_at_First-dQw4w9WgXcQ": "first", "dinie_at_Second-9bZkp7q19f0": "second"}
PROBLEM = (("content-type", "application/problem+json"),)

Edit = Callable[[Request, Answer], Answer]


def is_replay() -> Callable[[Request], bool]:
    """Whether a request has a key that came before."""
    seen: set[str] = set()
    lock = threading.Lock()

    def known(request: Request) -> bool:
        with lock:
            is_known = request.key in seen
            seen.update([request.key] if request.key else ())
        return is_known

    return known


def on_second_pages(edit: Edit) -> Tamper:
    """Change what a list answers where it is asked for what comes after an item."""

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        is_later = request.method == "GET" and "starting_after=" in request.path
        return edit(request, answer) if is_later and answer.is_success else answer

    return tamper


def on_conflicts(edit: Edit) -> Tamper:
    """Change the refusal of another body under a used key."""
    known = is_replay()

    def tamper(request: Request, forward: Forward) -> Answer:
        is_known = known(request)
        answer = forward(request)
        return edit(request, answer) if is_known and answer.is_refusal else answer

    return tamper


def telling_earlier_secrets() -> Tamper:
    """The refusal of a revocation tells the secret that was issued last."""
    last = [""]

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if request.method == "DELETE" and answer.is_refusal:
            return with_body(answer, {**body_of(answer), "detail": f"not {last[0]}"})
        last[0] = answer.text("client_secret") or last[0]
        return answer

    return tamper


def without_a_status(_: Request, answer: Answer) -> Answer:
    page = body_of(answer)
    return with_body(answer, {**page, "data": [{**one, "status": None} for one in page["data"]]})


def failing(_: Request, __: Answer) -> Answer:
    return Answer(500, PROBLEM, b'{"code": "deadlock"}')


def with_another_status_inside(_: Request, answer: Answer) -> Answer:
    return with_body(answer, {**body_of(answer), "status": 500})


def as_text(_: Request, answer: Answer) -> Answer:
    return replace(answer, headers=(("content-type", "text/plain"),))


def with_a_trace(_: Request, answer: Answer) -> Answer:
    text = 'Traceback (most recent call last):\n  File "a.py", line 3, in f'
    return with_body(answer, {**body_of(answer), "detail": text})


def judged(tamper: Tamper | None, *patterns: str) -> Verdict:
    with (
        serving(Options(), PARTNERS) as url,
        Target(url, tuple(PARTNERS), TargetSettings(replay_delay=0), tamper=tamper) as target,
    ):
        run = Run(CONTRACT, target, select(catalogue(), patterns), seed=1)
        return judge(run, Level.MUST, Baseline(), lambda _: None)


CASES = {
    "a later page with items that have no status": (
        on_second_pages(without_a_status),
        "lists.pagination-is-complete",
        ("generated.answers-match-their-schemas", "listCredentials", Outcome.WARNING),
    ),
    "a later page in another media type": (
        on_second_pages(as_text),
        "lists.pagination-is-complete",
        ("generated.media-types-are-documented", "listCredentials", Outcome.WARNING),
    ),
    "a server error under a used key": (
        on_conflicts(failing),
        "idempotency.every-member-is-compared",
        ("generated.nothing-makes-it-fail", "createCredential", Outcome.FAILED),
    ),
    "another status in the refusal of a used key": (
        on_conflicts(with_another_status_inside),
        "idempotency.every-member-is-compared",
        ("problems.status-matches", "createCredential", Outcome.FAILED),
    ),
    "a refusal of a used key in another media type": (
        on_conflicts(as_text),
        "idempotency.every-member-is-compared",
        ("generated.media-types-are-documented", "createCredential", Outcome.FAILED),
    ),
    "a stack trace in the refusal of a used key": (
        on_conflicts(with_a_trace),
        "idempotency.every-member-is-compared",
        ("problems.no-internals", "createCredential", Outcome.FAILED),
    ),
    "a secret in the refusal of a revocation": (
        telling_earlier_secrets(),
        "revocation.only-ones-own",
        ("secrets.never-in-errors", "revokeCredential", Outcome.FAILED),
    ),
}
"""The fault, the check that meets it on its way, and what is to be found."""


@pytest.mark.parametrize("name", CASES)
def test_what_a_check_meets_on_its_way_is_found(name: str) -> None:
    tamper, check, (requirement, operation, outcome) = CASES[name]
    verdict = judged(tamper, check, requirement)
    keys = Counter(one.key for one in verdict.results)
    assert max(keys.values()) == 1
    [found] = [one for one in verdict.results if one.key == (requirement, operation)]
    assert found.outcome is outcome, found
    assert found.reproduce
    assert found.finding is not None
    assert found.finding.state == SEEN_AGAIN
    assert verdict.exit_code == (outcome is Outcome.FAILED)


@pytest.mark.parametrize("name", CASES)
def test_it_takes_the_check_that_meets_it(name: str) -> None:
    tamper, _, (requirement, operation, _) = CASES[name]
    verdict = judged(tamper, requirement)
    broken = [one.key for one in verdict.results if one.outcome in VIOLATIONS]
    assert (requirement, operation) not in broken


def gateway(request: Request, forward: Forward) -> Answer:
    """A gateway that answers by itself what it does not let through."""
    names = {name.lower() for name, _ in request.headers}
    refusal = 0
    if len(request.body) > 100_000:
        refusal = 413
    elif len(request.path) > 4000:
        refusal = 414
    elif request.chunks:
        refusal = 411
    elif (
        names - {"accept", "authorization", "content-type", "idempotency-key"}
        or "%" in request.path
    ):
        refusal = 400
    page = Answer(refusal, (("content-type", "text/html"),), b"<html>Refused</html>")
    return page if refusal else forward(request)


def test_what_a_gateway_refuses_is_no_answer_of_the_api() -> None:
    odd = ("huge-bodies", "long-paths", "many-headers", "strange-headers", "media-types")
    observed = ("problems.media-type", "problems.body-is-an-object", "secrets.never-in-errors")
    verdict = judged(gateway, *(f"robustness.{one}" for one in odd), *observed)
    musts = [one for one in verdict.violations if one.level is Level.MUST]
    assert [(one.name, one.actual, one.reproduce) for one in musts] == []


def test_every_exception_has_its_reason_and_a_request() -> None:
    plain = Request("POST", "/auth/credentials").with_json({"name": "x"}).with_key("one")
    odd = [
        replace(plain, body=b" " * 70_000),
        plain.at("/auth/credentials?" + "x" * 3000),
        plain.at("/auth/%63redentials"),
        plain.at("/auth/credentials?x=%00"),
        plain.with_header("Accept", "text/csv"),
        plain.with_header("Expect", "nothing"),
        plain.with_header("Content-Type", "text/plain"),
        replace(plain, method="DELETE"),
        replace(plain, chunks=(1, 2)),
    ]
    assert not any(holds(plain) for holds in UNUSUAL.values())
    twice = replace(plain, headers=plain.headers * 2)
    assert any(holds(twice) for holds in UNUSUAL.values())
    for (reason, holds), request in zip(UNUSUAL.items(), odd, strict=True):
        assert reason
        assert holds(request), reason


def test_secrets_are_noted_while_another_check_looks_for_them() -> None:
    """Python collects garbage, and may run another thread, in the middle of a copy."""
    observer = Observer(Judges([]))
    resource = CONTRACT.resource_of(CONTRACT.operations["createCredential"])
    numbers = itertools.count()

    def note() -> None:
        made = {"id": f"id {next(numbers)}", "client_secret": f"a secret of length {next(numbers)}"}
        observer.note(resource, Answer(201, body=json.dumps(made).encode()))

    def collected(phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            thread = threading.Thread(target=note)
            thread.start()
            thread.join(timeout=0.05)

    # Python keeps small tuples for reuse, and collects for no such one.
    for _ in range(100):
        note()
    usual = gc.get_threshold()
    gc.callbacks.append(collected)
    gc.set_threshold(1)
    try:
        for _ in range(20):
            assert observer.newest_secrets()
    finally:
        gc.set_threshold(*usual)
        gc.callbacks.remove(collected)
    assert next(numbers) > 200
