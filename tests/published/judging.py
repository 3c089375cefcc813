"""The verdict on the API behind a front."""

from conformance.catalogue.requirement import Level
from conformance.catalogue.selection import select
from conformance.results.baseline import Baseline
from conformance.results.verdict import Verdict
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from openapi.contract import Contract
from tests.published.front import Front
from tests.published.gateway import behind

SEED = 1


def verdict_on(front: Front, selected: str = "*", *, with_own_keys: bool = False) -> Verdict:
    """What a run says, at the level of SHOULD."""
    with behind(front, with_own_keys=with_own_keys) as address:
        tokens = [partner.token for partner in address.partners]
        with Target(address.url, tokens, settings=TargetSettings(replay_delay=1)) as target:
            requirements = list(select(catalogue(), [selected]))
            run = Run(Contract.bundled(), target, requirements, seed=SEED)
            return judge(run, Level.SHOULD, Baseline(), lambda _: None)
