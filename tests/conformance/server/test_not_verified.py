"""What is not verified: a green is earned, and what a target kept from judgement is none."""

import json
from collections.abc import Collection
from dataclasses import replace

import pytest

from conformance.catalogue.requirement import Level
from conformance.probe.not_verified import Unverified
from conformance.report import FORMATS
from conformance.results.baseline import Baseline
from conformance.results.result import Outcome
from conformance.results.verdict import Verdict
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from demo.mock_process import MockProcess
from openapi.contract import Contract
from tests.conformance.cli.command_line import FIRST, run
from tests.conformance.servers.options import Options
from tests.conformance.servers.serving import serving

CONTRACT = Contract.bundled()
OWN, CREATED = "lists.only-ones-own", "created.plain-request-succeeds"
CLOCK = "idempotency.key-is-free-after-24-hours"
TOKENS = ("dinie_at_first", "dinie_at_second")


def limited_pages(request: Request, forward: Forward) -> Answer:
    return Answer(429) if request.method == "GET" else forward(request)


def no_list(request: Request, forward: Forward) -> Answer:
    return Answer(404) if request.method == "GET" else forward(request)


def verdict_on(
    mock: MockProcess, ids: Collection[str], tamper: Tamper | None = None, partners: int = 2
) -> Verdict:
    with Target(mock.base_url, TOKENS[:partners], tamper=tamper) as target:
        run = Run(CONTRACT, target, [catalogue()[one] for one in ids], seed=1)
        verdict = judge(run, Level.MUST, Baseline(), lambda _: None)
        run.clean_up()
    return verdict


def classes(verdict: Verdict) -> dict[str, Unverified | None]:
    return {one.requirement.id: one.why for one in verdict.having(Outcome.NOT_VERIFIED)}


def test_a_must_that_the_target_keeps_from_judgement_gives_no_verdict(healthy: MockProcess) -> None:
    verdict = verdict_on(healthy, [OWN, CREATED], limited_pages)

    assert classes(verdict) == {OWN: Unverified.TARGET}
    assert verdict.exit_code == 2
    assert f"No verdict: one requirement was not verified: {OWN} [listCredentials]" in verdict.line
    report = json.loads(FORMATS["json"](verdict))
    assert [one.get("class") for one in report["results"]] == [None, "target"]


@pytest.mark.thorough
def test_the_baseline_may_accept_that(healthy: MockProcess) -> None:
    verdict = verdict_on(healthy, [OWN, CREATED], limited_pages)
    known = verdict.baseline.renewed(verdict.results)

    assert known.accepted.keys() == {(OWN, "listCredentials")}
    verdict = replace(verdict, baseline=known)
    assert verdict.exit_code == 0
    assert [one.requirement.id for one in verdict.accepted] == [OWN]
    assert verdict.stale == []


@pytest.mark.parametrize(
    ("id_", "tamper", "partners", "why"),
    [
        (OWN, no_list, 2, Unverified.ABSENT),
        (OWN, None, 1, Unverified.OPTION),
        (CLOCK, None, 2, Unverified.OPTION),
    ],
)
def test_what_is_absent_or_not_asked_for_passes_unless_it_is_required(
    healthy: MockProcess, id_: str, tamper: Tamper | None, partners: int, why: Unverified
) -> None:
    verdict = verdict_on(healthy, [id_, CREATED], tamper, partners)

    assert classes(verdict) == {id_: why}
    assert verdict.exit_code == 0
    required = replace(verdict, required=frozenset({id_}))
    assert required.exit_code == 2
    assert id_ in required.line


def test_the_line_counts_the_musts_that_are_there(healthy: MockProcess) -> None:
    absent = verdict_on(healthy, [OWN, CREATED], no_list)
    unasked = verdict_on(healthy, [OWN, CREATED], partners=1)

    assert "1 of 1 MUSTs verified" in absent.line
    assert "1 of 2 MUSTs verified" in unasked.line


def test_what_is_required_and_was_not_judged_gives_no_verdict(healthy: MockProcess) -> None:
    verdict = replace(verdict_on(healthy, [CREATED]), required=frozenset({OWN}))

    assert verdict.exit_code == 2
    assert verdict.line == f"No verdict: {OWN} is required and was not judged"


def test_the_option_names_ids_sections_and_patterns(
    healthy: MockProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = ["run", "--url", healthy.base_url, "--token", FIRST, "--select", "created"]

    assert run(*begin, "--require", "created.*") == 0
    assert run(*begin, "--require", "idempotency") == 2
    assert "is required and was not judged" in capsys.readouterr().out
    assert run(*begin, "--require", "creatd") == 2
    assert "the nearest: created" in capsys.readouterr().err


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param(Options(most_keys=50), "422", id="a partner that has all it may have"),
        pytest.param(Options(list_lags_seconds=5), "late, or incomplete", id="a list that is late"),
    ],
)
def test_what_a_server_may_do_keeps_from_judgement_and_breaks_no_must(
    options: Options, told: str
) -> None:
    with (
        serving(options, {TOKENS[0]: "one", TOKENS[1]: "two"}) as url,
        Target(url, TOKENS, TargetSettings()) as target,
    ):
        run = Run(CONTRACT, target, catalogue().values(), seed=1)
        verdict = judge(run, Level.MUST, Baseline(), lambda _: None)
        run.clean_up()

    assert [(one.name, one.actual) for one in verdict.breaking] == []
    assert verdict.exit_code == 2
    assert told in verdict.line


def test_a_plain_request_beside_a_violation_is_no_part_of_its_script(healthy: MockProcess) -> None:
    def refuse_keys(request: Request, forward: Forward) -> Answer:
        return Answer(422) if request.key else forward(request)

    id_ = "idempotency.fresh-key-is-accepted"
    [found] = verdict_on(healthy, [id_], refuse_keys).breaking

    assert found.reproduce.endswith("# 422")
    assert found.reproduce.count("curl ") == 1
