"""The same run with the same seed gives the same verdicts, on a server that has seen nothing."""

import pytest

from conformance.catalogue.requirement import Level
from conformance.results.baseline import Baseline
from conformance.results.result import Outcome
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from openapi.contract import Contract
from tests.conformance.servers.options import Bug, Options
from tests.conformance.servers.serving import serving

CONTRACT = Contract.bundled()
PARTNERS = {"dinie_at_First-dQw4w9WgXcQ": "first", "dinie_at_Second-9bZkp7q19f0": "second"}

Verdicts = dict[tuple[str, str], tuple[Outcome, str, str]]


def verdicts(bug: Bug | None, seed: int) -> Verdicts:
    """What a whole run says."""
    with serving(Options(bug=bug), PARTNERS) as url, Target(url, tuple(PARTNERS)) as target:
        run = Run(CONTRACT, target, catalogue().values(), seed)
        found = judge(run, Level.MUST, Baseline(), lambda _: None)
    assert found.complete
    return {
        (one.requirement.id, one.operation): (one.outcome, one.expected, one.actual)
        for one in found.results
    }


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("bug", "generated"),
    [
        pytest.param(None, set(), marks=pytest.mark.thorough),
        pytest.param(
            Bug.NUMBERS_ARE_NAMES,
            {"generated.wrong-values-are-refused"},
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            Bug.OFFSETS_ARE_DROPPED,
            {"generated.accepted-data-comes-back"},
            marks=pytest.mark.thorough,
        ),
        (Bug.KEYS_ARE_IGNORED, {"sequences.model-holds"}),
    ],
)
def test_the_same_seed_gives_the_same_verdicts(bug: Bug | None, generated: set[str]) -> None:
    first, second = verdicts(bug, 5), verdicts(bug, 5)

    assert {key: one[0] for key, one in first.items()} == {
        key: one[0] for key, one in second.items()
    }
    failed = {id_ for (id_, _), (outcome, _, _) in first.items() if outcome is Outcome.FAILED}
    assert generated <= failed
    assert bool(failed) is (bug is not None)
    # The smallest example is the same one, too.
    for key in first:
        if catalogue()[key[0]].generates:
            assert first[key] == second[key]
