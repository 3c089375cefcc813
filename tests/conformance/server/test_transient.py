"""What passes is told and breaks nothing; what comes again is a violation."""

import itertools
import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from conformance.catalogue.requirement import Level, Requirement
from conformance.catalogue.sabotage import with_body
from conformance.report import FORMATS
from conformance.results.baseline import Baseline
from conformance.results.verdict import Verdict
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.errors import ConnectionClosed
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from conformance.target.transient import is_transient
from openapi.contract import Contract
from tests.conformance.servers.options import Bug, Options
from tests.conformance.servers.serving import serving
from tests.conformance.target.relay import Closes, relay

CONTRACT = Contract.bundled()
PARTNERS = {"dinie_at_First-dQw4w9WgXcQ": "first", "dinie_at_Second-9bZkp7q19f0": "second"}
LIST = CONTRACT.operations["listCredentials"]
EVERYTHING = tuple(catalogue().values())

PAGE = Answer(502, (("content-type", "text/html"),), b"<html>Bad Gateway</html>")
AWAY = Answer(503, (("retry-after", "0"), ("content-type", "application/problem+json")), b"{}")


def every(number: int, answer: Answer, *, is_carried_out: bool = False) -> Tamper:
    """An answer in the place of each so-many-th one, which may be lost on its way back."""
    numbers = itertools.count(1)

    def tamper(request: Request, forward: Forward) -> Answer:
        if next(numbers) % number:
            return forward(request)
        if is_carried_out:
            forward(request)
        return answer

    return tamper


def judged(
    tamper: Tamper | None,
    requirements: Sequence[Requirement] = EVERYTHING,
    closes: Closes = lambda _: "",
) -> tuple[Run, Verdict]:
    tokens = tuple(PARTNERS)
    with serving(Options(), PARTNERS) as url, relay(url, closes) as relayed:
        with Target(relayed, tokens, TargetSettings(), tamper=tamper) as target:
            run = Run(CONTRACT, target, requirements, seed=1)
            verdict = judge(run, Level.MUST, Baseline(), lambda _: None)
            run.clean_up()
        assert run.left_behind == []
        with Target(url, tokens) as target:
            for partner in (0, 1):
                listing = Run(CONTRACT, target, [], seed=1)._survey.probe(LIST)
                active = [one for one in listing.listed(partner) if one["status"] == "active"]
                assert active == []
    return run, verdict


@pytest.mark.thorough
@pytest.mark.parametrize(
    "is_carried_out",
    [pytest.param(False, id="refused"), pytest.param(True, id="lost")],
)
@pytest.mark.parametrize(
    "answer",
    [pytest.param(PAGE, id="a page"), pytest.param(AWAY, id="away")],
)
def test_what_passes_is_told_and_breaks_nothing(answer: Answer, is_carried_out: bool) -> None:  # noqa: FBT001
    run, verdict = judged(every(150, answer, is_carried_out=is_carried_out))
    assert [(one.name, one.expected, one.actual) for one in verdict.violations] == []
    assert verdict.exit_code == 0, verdict.line
    assert run.left_behind == []
    assert run.target.transients.count > 10
    assert verdict.transient is not None
    told = {(name, status) for name, status, _ in verdict.transient.counts}
    assert ("createCredential", answer.status) in told
    for name in FORMATS.keys() - {"json"}:
        assert f"{answer.status} to createCredential" in FORMATS[name](verdict)
    answers = json.loads(FORMATS["json"](verdict))["transient"]["answers"]
    assert sum(one["count"] for one in answers) == sum(
        count for *_, count in verdict.transient.counts
    )


@pytest.mark.thorough
def test_a_connection_that_is_closed_now_and_then_is_told_and_breaks_nothing() -> None:
    numbers = itertools.count(1)

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if next(numbers) % 150:
            return answer
        raise ConnectionClosed("it does not answer: disconnected")

    _, verdict = judged(tamper)
    assert verdict.exit_code == 0, verdict.line
    assert "no answer to createCredential" in verdict.all_remarks[-1]


@pytest.mark.parametrize("how", ["before", "within", "after"])
def test_a_creation_whose_answer_is_lost_on_its_way_breaks_nothing(how: str) -> None:
    numbers, lock = itertools.count(1), threading.Lock()

    def closes(request: bytes) -> str:
        if not request.startswith(b"POST") or b"idempotency-key" in request.lower():
            return ""
        with lock:
            return "" if next(numbers) % 25 else how

    sections = {"created", "validation"}
    chosen = [one for one in EVERYTHING if one.section in sections]
    run, verdict = judged(None, chosen, closes)
    assert [(one.name, one.actual) for one in verdict.breaking] == []
    assert verdict.exit_code == 0, verdict.line
    told = run.target.transients
    assert told.count + told.resent > 3
    assert "no answer to createCredential" in verdict.all_remarks[-1] or told.resent


def test_what_a_token_of_any_partner_has_made_is_revoked_though_its_answer_is_lost() -> None:
    lost: set[str] = set()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        token = dict(request.headers).get("Authorization", "")
        is_made = request.partner is None and answer.text("client_secret") is not None
        if not is_made or token in lost:
            return answer
        lost.add(token)
        return AWAY

    _, verdict = judged(tamper, [catalogue()["tokens.token-is-its-partners"]])
    assert verdict.exit_code == 0, verdict.line
    assert len(lost) == len(PARTNERS)


def test_what_was_absent_at_first_and_is_there_later_is_no_green() -> None:
    numbers = itertools.count(1)

    def tamper(request: Request, forward: Forward) -> Answer:
        # A partner's token, a few times: the survey asks so.
        is_asked = is_list(request) and request.partner is not None
        return Answer(404) if is_asked and next(numbers) <= 3 else forward(request)

    chosen = [one for one in EVERYTHING if one.section in {"created", "lists"}]
    _, verdict = judged(tamper, chosen)
    assert verdict.exit_code == 2
    assert "listCredentials was not there at first, and answered 200 at the end" in verdict.line


def closing_on_lists() -> Tamper:
    def tamper(request: Request, forward: Forward) -> Answer:
        if is_list(request) and request.partner is not None:
            raise ConnectionClosed("it does not answer: disconnected")
        return forward(request)

    return tamper


def test_a_refused_accept_is_no_broken_must() -> None:
    tokens = tuple(PARTNERS)
    with (
        serving(Options(bug=Bug.UNFIT_ACCEPTS_ARE_406), PARTNERS) as url,
        Target(url, tokens, TargetSettings()) as target,
    ):
        ids = ("created.any-accept-gets-a-documented-status", "generated.statuses-are-documented")
        run = Run(CONTRACT, target, [catalogue()[one] for one in ids], seed=1)
        verdict = judge(run, Level.MUST, Baseline(), lambda _: None)
        run.clean_up()
    assert [one.requirement.id for one in verdict.violations] == [ids[0]]
    assert verdict.exit_code == 0


def test_what_nobody_made_is_not_revoked_by_a_try_whose_answer_is_lost() -> None:
    lost: set[str] = set()

    def tamper(request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        if request.method != "DELETE" or request.path in lost:
            return answer
        lost.add(request.path)
        return AWAY

    id_ = "robustness.strange-path-values"
    run, verdict = judged(tamper, [catalogue()[id_]])
    assert verdict.exit_code == 0, verdict.line
    assert run.target.transients.count > 10


@pytest.mark.thorough
def test_a_limit_that_says_no_wait_is_waited_for_all_the_same() -> None:
    problem = b'{"type": "about:blank", "title": "-", "status": 429, "detail": "-"}'
    _, verdict = judged(
        every(150, Answer(429, (("content-type", "application/problem+json"),), problem))
    )
    assert verdict.exit_code == 0, verdict.line
    assert "rate_limits.limited-answer-says-how-long" in {
        one.requirement.id for one in verdict.violations
    }


@pytest.mark.thorough
def test_many_of_them_break_a_should() -> None:
    _, verdict = judged(every(20, AWAY))
    assert {one.requirement.id for one in verdict.violations} == {
        "robustness.transient-answers-are-rare"
    }


def is_list(request: Request) -> bool:
    return request.method == "GET" and request.path.startswith("/auth/credentials")


def showing_secrets() -> Tamper:
    """A list that is away at its first request, and shows secrets later."""
    secrets: dict[str, str] = {}
    lists = itertools.count()

    def tamper(request: Request, forward: Forward) -> Answer:
        if is_list(request) and next(lists) < 1:
            return PAGE
        answer = forward(request)
        if secret := answer.text("client_secret"):
            secrets[str(answer.text("id"))] = secret
        if not is_list(request) or not answer.is_success:
            return answer
        page: dict[str, Any] = answer.json_object() or {}
        for item in page["data"]:
            item["note"] = secrets.get(item["id"])
        return with_body(answer, page)

    return tamper


def failing_list() -> Tamper:
    return lambda request, forward: Answer(500) if is_list(request) else forward(request)


def failing_once_half_a_character_is_stored() -> Tamper:
    stored = threading.Event()

    def tamper(request: Request, forward: Forward) -> Answer:
        if rb"\ud800" in request.body:
            stored.set()
            return forward(request.with_json({"name": "dinie-conformance stored"}))
        return Answer(500) if stored.is_set() and is_list(request) else forward(request)

    return tamper


@pytest.mark.parametrize(
    ("tamper", "broken"),
    [
        pytest.param(
            showing_secrets(),
            "secrets.never-in-the-list",
            id="away at first",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            failing_list(), "lists.only-ones-own", id="always", marks=pytest.mark.thorough
        ),
        pytest.param(
            failing_once_half_a_character_is_stored(),
            "robustness.stored-names-are-no-failure",
            id="midway",
        ),
        pytest.param(
            closing_on_lists(), "generated.nothing-makes-it-fail", id="closed on each time"
        ),
    ],
)
def test_a_list_that_fails_is_broken_and_not_absent(tamper: Tamper, broken: str) -> None:
    _, verdict = judged(tamper)
    assert verdict.exit_code == 1, verdict.line
    assert broken in {one.requirement.id for one in verdict.breaking}


def test_a_method_that_a_server_does_not_have_is_no_matter_of_a_moment() -> None:
    page = (("content-type", "text/html"),)
    lasting = {status: is_transient(Answer(status, page)) for status in (500, 501, 502)}

    assert lasting == {500: True, 501: False, 502: True}
