"""A campaign's own checks accuse no conforming server, however different it is from the mock."""

import sys

import pytest

from conformance.fuzz.findings.replaying import probe_for
from conformance.fuzz.work import BESIDES, OWN, works
from conformance.probe.budget import GenerationBudget
from conformance.results.result import Outcome
from conformance.run.check import run_check
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from tests.conformance.fuzz.conftest import CONTRACT
from tests.conformance.servers.judging import PARTNERS
from tests.conformance.servers.serving import serving
from tests.conformance.servers.variants import VARIANTS

WORKS = [one for one in works(CONTRACT, list(catalogue().values())) if one.requirements[0] in OWN]
# What another server writes otherwise, the gate has judged already.
CHOSEN = (
    "one partner only",
    "strict",
    "rate-limited",
    *(
        pytest.param(one, marks=pytest.mark.thorough)
        for one in (
            "lenient",
            "only creates",
            "other prefixes, oldest first, local time",
            "replays a conflicting body",
            "forgets revoked keys",
            "closes each connection",
            "HTTP/1.0",
        )
    ),
)


@pytest.mark.parametrize("name", sorted({one.check.__module__ for one in OWN}))
def test_what_a_check_reports_is_told_to_those_who_replay_it(name: str) -> None:
    module = sys.modules[name]
    reported = {one for one in vars(module).values() if isinstance(one, str)} & catalogue().keys()
    checks = [one for one in OWN if one.check.__module__ == name]
    assert reported <= {id_ for one in checks for id_ in (*OWN[one], *BESIDES.get(one.id, ()))}


@pytest.mark.parametrize("variant", CHOSEN)
def test_no_conforming_server_is_accused(variant: str) -> None:
    chosen = VARIANTS[variant]
    tokens = tuple(PARTNERS)[: chosen.partners]
    with (
        serving(chosen.options, PARTNERS) as url,
        Target(url, tokens, settings=TargetSettings(replay_delay=0)) as target,
    ):
        Run(CONTRACT, target, [], 1).survey()
        for work in WORKS:
            [requirement] = work.requirements
            probe = probe_for(CONTRACT, target, work, requirement, 1, GenerationBudget(times=2))
            result = run_check(requirement, probe).result
            assert result.outcome in {Outcome.PASSED, Outcome.NOT_VERIFIED}, (work.name, result)
