"""Runs that outlive their tokens: renewed in time, after a refusal, and once for all threads."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from conformance.catalogue.requirement import Level
from conformance.catalogue.selection import select
from conformance.cli.main import main
from conformance.results.baseline import Baseline
from conformance.results.result import Outcome
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.access import Access, Issued
from conformance.target.capabilities import Capability
from conformance.target.errors import TokenRefused
from conformance.target.exchange import Request
from conformance.target.sign_in import token_for
from conformance.target.target import Target
from conformance.target.token_forms import FORMS
from dinie_contract.output import SECRETS
from openapi.contract import Contract
from tests.conformance.servers.options import Options
from tests.conformance.servers.serving import serving

CONTRACT = Contract.bundled()
CREATE_TOKEN = CONTRACT.operations["createToken"]
CREATE = Request("POST", "/auth/credentials").with_json({"name": "dinie-conformance renewal"})
PARTNERS = {"dinie_at_First-dQw4w9WgXcQ": "first", "dinie_at_Second-9bZkp7q19f0": "second"}
FIRST, SECOND = PARTNERS


def own_pair(url: str, token: str = FIRST) -> tuple[str, str]:
    """Client id and secret of a key that was made for the run."""
    with Target(url, [token]) as target:
        made = target.send(CREATE)
    return made.field("client_id"), made.field("client_secret")


@pytest.mark.thorough
@pytest.mark.parametrize("by_form_only", [False, True])
def test_a_run_outlives_tokens_of_two_seconds(
    by_form_only: bool,  # noqa: FBT001 - of a table
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = Options(tokens_live_seconds=2, tokens_by_form_only=by_form_only)
    issued: list[str] = []
    keep = Access._keep

    def noting(self: Access, one: Issued) -> None:
        issued.append(one.token)
        keep(self, one)

    monkeypatch.setattr(Access, "_keep", noting)
    report = tmp_path / "report.json"
    with serving(options, PARTNERS) as url:
        pairs = [own_pair(url, token) for token in PARTNERS]
        issued.clear()
        for prefix, (client_id, secret) in zip(("", "SECOND_"), pairs, strict=True):
            monkeypatch.setenv(f"DINIE_{prefix}CLIENT_ID", client_id)
            monkeypatch.setenv(f"DINIE_{prefix}CLIENT_SECRET", secret)
        with pytest.raises(SystemExit) as ended:
            main(["run", "--url", url, "--report-json", str(report)])

    assert ended.value.code == 0, capsys.readouterr().out
    summary = json.loads(report.read_text())["summary"]
    assert (summary["failed"], summary["warnings"], summary["errors"]) == (0, 0, 0)
    # Each partner's first token would not have been enough.
    assert len(set(issued)) > 4


def test_a_target_that_takes_the_form_only_is_judged_on_its_tokens() -> None:
    options = Options(tokens_by_form_only=True)
    with serving(options, PARTNERS) as url, Target(url, tuple(PARTNERS)) as target:
        chosen = select(catalogue(), ["tokens", "revocation"])
        without_clock = [one for one in chosen if Capability.CLOCK not in one.needs]
        run = Run(CONTRACT, target, without_clock, seed=1)
        verdict = judge(run, Level.SHOULD, Baseline(), lambda _: None)

    assert target.takes_form_only
    assert {one.outcome for one in verdict.results} == {Outcome.PASSED}


class Partner:
    """Lets one token in at a time; each sign-in gives the next one."""

    def __init__(self, *, refuses_all: bool = False) -> None:
        self.good = 1
        self.sign_ins = 0
        self._refuses_all = refuses_all
        self._lock = threading.Lock()

    def answer(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            if request.url.path.endswith("/auth/token"):
                self.sign_ins += 1
                return httpx.Response(200, json={"access_token": f"token-{self.good}"})
            good = request.headers.get("Authorization") == f"Bearer token-{self.good}"
            return httpx.Response(201 if good and not self._refuses_all else 401)


@contextmanager
def let_in(partner: Partner, seconds: float | None = None) -> Iterator[Target]:
    transport = httpx.MockTransport(partner.answer)
    with Target("http://target/v3", (), transport=transport) as target:
        renew = _renewing(target, seconds)
        target.set_access([Access(renew(), renew)])
        yield target


def _renewing(target: Target, seconds: float | None) -> Callable[[], Issued]:
    return lambda: replace(token_for(target, CREATE_TOKEN, "id", "secret"), seconds=seconds)


def test_a_refused_token_is_renewed_and_the_request_sent_again() -> None:
    partner = Partner()
    with let_in(partner) as target:
        assert target.send(CREATE).status == 201
        partner.good = 2
        assert target.send(CREATE).status == 201
        assert target.tokens == ("token-2",)
        assert {"token-1", "token-2"} <= set(SECRETS)


def test_many_threads_sign_in_once() -> None:
    partner = Partner()
    with let_in(partner) as target:
        partner.good = 2
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(target.send, [CREATE] * 64))

    assert {one.status for one in answers} == {201}
    assert partner.sign_ins == 2


def test_a_token_is_renewed_before_it_expires() -> None:
    partner = Partner()
    with let_in(partner, seconds=3600) as target:
        target.send(CREATE)
        assert partner.sign_ins == 1
        target.access[0].clock_moved(3590)
        target.send(CREATE)
        assert partner.sign_ins == 2
        target.send(CREATE)
        assert partner.sign_ins == 2


@pytest.mark.parametrize("form", [one for one in FORMS if one != "as it is"])
def test_a_damaged_token_is_no_reason_to_sign_in(form: str) -> None:
    partner = Partner()
    with let_in(partner) as target:
        assert target.send(Request("GET", "/a", token_form=form)).status in {201, 401}

    assert partner.sign_ins == 1


def test_who_refuses_every_token_is_not_asked_for_more_of_them() -> None:
    partner = Partner(refuses_all=True)
    with let_in(partner) as target:
        assert {target.send(CREATE).status for _ in range(20)} == {401}

    assert partner.sign_ins <= 2


def test_a_token_that_expires_on_its_way_is_renewed_again() -> None:
    partner = Partner()
    answer = partner.answer

    def slow(request: httpx.Request) -> httpx.Response:
        said = answer(request)
        if request.url.path.endswith("/auth/token") and partner.sign_ins < 4:
            partner.good += 1  # the token is no good any more by the time that it is used
        return said

    partner.answer = slow  # type: ignore[method-assign]
    with let_in(partner, seconds=0) as target:
        assert target.send(CREATE).status == 201


def test_a_token_that_was_long_on_its_way_has_lived_meanwhile() -> None:
    partner = Partner()
    answer = partner.answer

    def slow(request: httpx.Request) -> httpx.Response:
        said = answer(request)
        if request.url.path.endswith("/auth/token") and partner.sign_ins == 2:
            partner.good += 1
            time.sleep(0.5)  # longer than the token lives
        return said

    partner.answer = slow  # type: ignore[method-assign]
    with let_in(partner, seconds=0.4) as target:
        partner.good += 1
        assert target.send(CREATE).status == 201


def test_a_refusal_for_another_reason_counts_for_the_token_of_that_time_alone() -> None:
    partner = Partner()
    answer = partner.answer

    def strict(request: httpx.Request) -> httpx.Response:
        return httpx.Response(401) if request.url.path.endswith("/locked") else answer(request)

    partner.answer = strict  # type: ignore[method-assign]
    with let_in(partner, seconds=3600) as target:
        assert target.send(CREATE.at("/locked")).status == 401
        partner.good += 1
        target.access[0].clock_moved(3600)
        assert target.send(CREATE).status == 201
        partner.good += 1  # that one ends before its time
        assert target.send(CREATE).status == 201


def test_a_token_that_was_given_is_all_there_is() -> None:
    partner = Partner()
    transport = httpx.MockTransport(partner.answer)
    with Target("http://target/v3", ["token-0"], transport=transport) as target:
        assert target.send(CREATE).status == 401

    assert partner.sign_ins == 0


def test_a_sign_in_that_fails_midway_ends_the_run_with_its_reason() -> None:
    partner = Partner()

    def answer(request: httpx.Request) -> httpx.Response:
        signs_in = request.url.path.endswith("/auth/token")
        return httpx.Response(401) if signs_in and partner.sign_ins else partner.answer(request)

    with Target("http://target/v3", (), transport=httpx.MockTransport(answer)) as target:
        renew = _renewing(target, None)
        target.set_access([Access(renew(), renew)])
        partner.good = 2
        with pytest.raises(TokenRefused, match="the client id and secret were refused"):
            target.send(CREATE)


def test_a_refused_token_that_was_replaced_meanwhile_says_nothing_of_the_next_ones() -> None:
    names = iter("bcd")
    access = Access(Issued("a", 3600), lambda: Issued(next(names), 3600))
    assert access.after_refusal("a") == "b"
    assert access.after_refusal("b") == "c"  # in another thread
    access.was_of_no_use("b")
    assert access.after_refusal("c") == "d"
    access.was_of_no_use("d")
    assert access.after_refusal("d") is None
