"""What a campaign's checks meet on their way is a finding, shrunk and seen again by itself."""

from conformance.catalogue.sabotage import Sabotage
from conformance.fuzz.campaign import ENOUGH
from conformance.fuzz.findings.replaying import fails, work_of
from conformance.fuzz.storage.finding import Finding
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from demo.mock_process import MockProcess
from tests.conformance.fuzz.conftest import CONTRACT, TOKENS, Campaigns
from tests.conformance.run.test_observation import telling_earlier_secrets

CHECK, BROKEN = "revocation.only-ones-own", "secrets.never-in-errors"


def test_it_is_found_replayed_and_gone_on_another_server(
    campaigns: Campaigns, healthy: MockProcess
) -> None:
    fault = Sabotage("a secret in the refusal of a revocation", telling_earlier_secrets)
    campaign = campaigns(fault, CHECK, BROKEN, max_findings=1, max_turns=60)
    campaign.work_through()
    assert campaign.record.over == ENOUGH
    [finding] = campaign.record.findings.values()
    assert (finding.requirement, finding.operation) == (BROKEN, "revokeCredential")
    assert finding.work.startswith(CHECK)
    assert 0 < len(finding.steps) <= 4
    kept = Finding.read(campaign.record.directory.path_of(finding), CONTRACT)
    work = work_of(CONTRACT, kept, campaign.works)
    campaign.target.resume()
    assert any(fails(CONTRACT, campaign.target, kept, work) for _ in range(kept.attempts))
    with Target(healthy.base_url, TOKENS, settings=TargetSettings(replay_delay=0)) as well:
        well.capabilities |= campaign.target.capabilities
        assert fails(CONTRACT, well, kept, work) is False
    with Target(healthy.base_url, TOKENS[:1], settings=TargetSettings(replay_delay=0)) as alone:
        assert fails(CONTRACT, alone, kept, work) is None
