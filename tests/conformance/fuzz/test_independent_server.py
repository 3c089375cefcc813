"""Campaigns against the independent server: what only they find, and that they accuse nobody.

Which faults these are is in ``tests/flask_server/found.toml``.
"""

import tomllib
from pathlib import Path

import pytest

from conformance.catalogue.requirement import Level
from conformance.fuzz.campaign import ENOUGH, Campaign
from conformance.fuzz.safety import Breaker
from conformance.fuzz.shard import WHOLE
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.record import Record
from conformance.fuzz.verdicts import verdict_of
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from openapi.contract import Contract
from tests.flask_server.faults import FAULTS
from tests.flask_server.parts import Parts
from tests.flask_server.serving import serving

CONTRACT = Contract.bundled()
FILE = Path(__file__).parents[2] / "flask_server" / "found.toml"
FOUND = tomllib.loads(FILE.read_text())["fuzz"]
# Far more than it takes on a slow machine: a campaign ends as soon as it has found something.
SECONDS, HEALTHY_SECONDS = 120, 15


def over(parts: Parts, directory: Path, patterns: tuple[str, ...], seconds: float) -> Record:
    """A campaign that ends when it has found something, or is over."""
    with (
        serving(parts) as address,
        Target(
            address.url,
            [partner.token for partner in address.partners],
            settings=TargetSettings(replay_delay=0),
        ) as target,
    ):
        record = Record(
            CONTRACT, RunDirectory.create(directory), address.url, 7, patterns, shards=(WHOLE,)
        )
        breaker = Breaker(CONTRACT, target, 0.01)
        campaign = Campaign(record, target, breaker=breaker, max_seconds=seconds)

        def end() -> None:
            if record.findings:
                campaign.stop(ENOUGH)

        campaign.on_change = end
        campaign.work_through()
    return record


@pytest.mark.thorough
@pytest.mark.parametrize(("fault", "id_"), FOUND.items())
def test_a_campaign_finds_what_a_run_does_not(fault: str, id_: str, tmp_path: Path) -> None:
    parts = Parts()
    FAULTS[fault].put_in(parts)
    record = over(parts, tmp_path / "run", (id_,), SECONDS)

    assert id_ in {one.requirement for one in record.findings.values()}


@pytest.mark.thorough
def test_a_campaign_accuses_the_server_of_nothing(tmp_path: Path) -> None:
    record = over(Parts(), tmp_path / "run", (), HEALTHY_SECONDS)

    assert [(one.requirement, one.expected, one.actual) for one in record.findings.values()] == []
    assert not verdict_of(record, Level.SHOULD).breaking
