"""Several workers over one Redis: what one finds the others know, and nobody is accused by it."""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from conformance import generation
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import Sabotage, with_body
from conformance.fuzz.campaign import Campaign
from conformance.fuzz.sharing import Sharing
from conformance.fuzz.storage.finding import Finding
from conformance.fuzz.verdicts import verdict_of
from conformance.results.exit_code import BROKEN, CONFORMS
from conformance.server.generated.sabotage import sent_name
from conformance.target.exchange import Answer, Forward, Request, Tamper
from demo.mock_process import MockProcess
from demo.redis_server import PROGRAM, RedisServer, redis_server
from tests.conformance.cli.command_line import one_line, run
from tests.conformance.fuzz.conftest import CONTRACT, TOKENS, Campaigns
from tests.conformance.fuzz.test_finding import FINDING, step
from tests.redis_behind_tls import redis_behind_tls

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="NOT TESTED: no redis-server on PATH")

PASSWORD = "s3cret-word"
DATA = "generated.valid-data-is-no-failure"
REPLAY = "idempotency.replay-is-identical"
UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis"), PASSWORD) as one:
        yield one


@pytest.fixture
def redis(server: RedisServer) -> Iterator[RedisServer]:
    if server.process is None:
        server.start()
    with Redis.from_url(server.url) as client:
        client.flushall()
    yield server
    if server.process is None:
        server.start()


def shared(redis: RedisServer, about: str = "here") -> generation.SharedCorpus:
    return generation.SharedCorpus(redis.url, about)


def content(redis: RedisServer) -> dict[bytes, set[bytes]]:
    """All that is in it: every key is a set."""
    with Redis.from_url(redis.url) as client:
        return {key: set(client.smembers(key)) for key in client.scan_iter()}


def findings_in(redis: RedisServer) -> list[Finding]:
    return [
        Finding.read_text(value.decode(), CONTRACT, "redis")
        for key, values in content(redis).items()
        if key.endswith(b":findings")
        for value in values
    ]


def long_names_fail(request: Request, forward: Forward) -> Answer:
    name = sent_name(request)
    is_plain = re.fullmatch("dinie-conformance [0-9a-f]{12}", name)
    return Answer(500) if len(name) > 22 and not is_plain else forward(request)


LONG_NAMES = Sabotage("a 5xx on longer names", lambda: long_names_fail)


def noted(keys: list[str], secrets: list[str]) -> Sabotage:
    """Every replay is wrong and longer names fail; keys and secrets are noted on the way."""

    def make() -> Tamper:
        seen: set[str] = set()

        def tamper(request: Request, forward: Forward) -> Answer:
            answer = long_names_fail(request, forward)
            secret = answer.field("client_secret")
            secrets.extend([secret] if isinstance(secret, str) else [])
            if request.key is None or not answer.is_success:
                return answer
            is_replay = request.key in seen
            seen.add(request.key)
            keys.append(request.key)
            return with_body(answer, {**answer.json(), "name": "x"}) if is_replay else answer

        return tamper

    return Sabotage("two faults", make)


def test_no_secret_and_no_key_gets_into_redis(campaigns: Campaigns, redis: RedisServer) -> None:
    keys: list[str] = []
    secrets: list[str] = []
    campaign = campaigns(
        noted(keys, secrets), DATA, REPLAY, max_findings=2, max_turns=60, shared=shared(redis)
    )
    campaign.work_through()
    assert {one.requirement for one in findings_in(redis)} == {DATA, REPLAY}
    everything = content(redis)
    assert len(everything) > 1  # examples, too
    assert keys
    assert secrets
    for key, values in everything.items():
        assert key.startswith(b"dinie-conformance:here:")
        for text in (key, *values):
            assert not UUID.search(text)
            for secret in (*TOKENS, *keys, *secrets, PASSWORD):
                assert secret.encode() not in text
    with Redis.from_url(redis.url) as client:
        assert all(client.ttl(key) > 0 for key in everything)


@pytest.mark.thorough
def test_what_was_mended_accuses_nobody_and_what_is_there_is_found_again(
    campaigns: Campaigns, redis: RedisServer, tmp_path: Path
) -> None:
    first = campaigns(LONG_NAMES, DATA, max_findings=1, shared=shared(redis))
    first.work_through()
    [found] = first.record.findings.values()
    assert len(findings_in(redis)) == 1

    # It is there still: known failures are tried first, before any turn.
    again = campaigns(
        LONG_NAMES, DATA, directory=tmp_path / "2", max_findings=1, shared=shared(redis)
    )
    again.work_through()
    [adopted] = again.record.findings.values()
    assert (adopted.id, again.record.counters.turns) == (found.id, 0)
    assert (adopted.count, adopted.state) == (1, "reproducible")
    assert again.record.directory.findings(CONTRACT)[0] == [adopted]
    assert verdict_of(again.record, Level.MUST).exit_code == BROKEN

    # Another target has nothing to do with it.
    other = campaigns(
        None, DATA, directory=tmp_path / "3", max_turns=3, shared=shared(redis, "elsewhere")
    )
    other.work_through()
    assert len(findings_in(redis)) == 1

    # It is mended: nobody is accused, and nobody tries it again.
    mended = campaigns(None, DATA, directory=tmp_path / "4", max_turns=3, shared=shared(redis))
    mended.work_through()
    assert verdict_of(mended.record, Level.MUST).exit_code == CONFORMS
    assert mended.record.directory.findings(CONTRACT)[0] == []
    assert findings_in(redis) == []


def test_what_one_finds_the_other_knows_while_it_works(
    campaigns: Campaigns, redis: RedisServer
) -> None:
    campaign = campaigns(None, DATA, max_seconds=60, shared=shared(redis))
    cause = "expected no server error, got 500"
    theirs = replace(FINDING, requirement=DATA, operation="createCredential", cause=cause)
    other = shared(redis)
    ended = threading.Event()

    def look() -> None:
        # In the middle of it another worker finds something.
        if campaign.record.counters.turns and not findings_in(redis):
            other.save(b"findings", theirs.text().encode())
        if knows(campaign, theirs):
            campaign.stop("it is known")
            ended.set()

    campaign.on_change = look
    campaign.work_through()
    assert ended.is_set()
    assert campaign.record.over == "it is known"
    # It was not met here.
    assert campaign.record.directory.findings(CONTRACT)[0] == []
    # As soon as it is met, it is a finding here.
    assert campaign.record.findings.is_known(DATA, theirs.operation, cause)
    campaign.record.findings.count_repeats()
    [met] = campaign.record.directory.findings(CONTRACT)[0]
    assert (met.id, met.count, met.state) == (theirs.id, 1, "not tried again")


def knows(campaign: Campaign, finding: Finding) -> bool:
    of_others = campaign.record.findings._remote.values()
    return any(one.id == finding.id for one in of_others)


@pytest.mark.parametrize("comes_back", [False, True])
def test_a_campaign_goes_on_while_redis_is_away(
    *, comes_back: bool, campaigns: Campaigns, redis: RedisServer
) -> None:
    campaign = campaigns(LONG_NAMES, DATA, max_findings=1, shared=shared(redis))
    redis.kill()

    def look() -> None:
        if comes_back and campaign.record.findings and redis.process is None:
            redis.start()

    campaign.on_change = look
    campaign.work_through()
    verdict = verdict_of(campaign.record, Level.MUST)
    assert verdict.exit_code == BROKEN
    [found] = campaign.record.directory.findings(CONTRACT)[0]
    [remark] = [one for one in verdict.remarks if "example database" in one]
    if not comes_back:
        assert "went away" in remark
        redis.start()
        assert findings_in(redis) == []
        # Whoever goes on with it shares what was found meanwhile.
        campaign = campaigns(LONG_NAMES, resume=True, max_findings=1, shared=shared(redis))
        campaign.work_through()
        assert not any("example database" in one for one in campaign.record.remarks)
    else:
        assert "was away for a time" in remark
    assert [one.id for one in findings_in(redis)] == [found.id]
    assert any(b"createCredential" in key for key in content(redis)) == comes_back


def unreachable(url: str) -> str:
    return url.replace("127.0.0.1", "127.0.0.2")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (unreachable, "cannot be used: "),
        (lambda url: url.replace(PASSWORD, "wrong-word"), "cannot be used: "),
        (lambda url: url.replace("/0", "/4711"), "cannot be used: "),
        (lambda url: f"{url}?nonsense=1", "cannot be used: "),
        (lambda url: url.replace("redis:", "http:"), "must be redis:// or rediss://"),
        (lambda url: url.replace(PASSWORD, f"{PASSWORD}/12"), "must be redis:// or rediss://"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_line_before_anything_is_sent(
    changed: Callable[[str], str],
    said: str,
    redis: RedisServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DINIE_EXAMPLE_DATABASE", changed(redis.url))
    directory = tmp_path / "run"
    # Nobody is there: whoever sends something says so.
    target = ("--url", "http://127.0.0.3:9/v3", "--token", "t", f"--directory={directory}")
    assert run("fuzz", *target) == 2
    line = one_line(capsys)
    assert said in line
    assert PASSWORD not in line
    assert "wrong-word" not in line
    assert not directory.exists()


def test_a_server_behind_tls_is_used_only_with_the_right_authority(tmp_path: Path) -> None:
    with redis_behind_tls(tmp_path, PASSWORD) as (right, wrong):
        generation.SharedCorpus(right, "here").save(b"one", b"value")
        assert list(generation.SharedCorpus(right, "here").fetch(b"one")) == [b"value"]
        with pytest.raises(ValueError, match="certificate"):
            generation.SharedCorpus(wrong, "here")


def test_what_another_makes_smaller_is_made_smaller_once(
    campaigns: Campaigns, redis: RedisServer, tmp_path: Path
) -> None:
    first = campaigns(LONG_NAMES, DATA, max_findings=1)
    first.work_through()
    [small] = first.record.findings.values()
    assert small.was_sent_again
    large = replace(small, steps=(*small.steps, *small.steps), was_sent_again=False)
    corpus = shared(redis)

    def told(request: Request, forward: Forward) -> Answer:
        answer = long_names_fail(request, forward)
        if answer.is_server_error:
            # Another worker finds it in the very moment in which it is met here.
            corpus.save(b"findings", large.text().encode())
        return answer

    fault = Sabotage("a 5xx on longer names", lambda: told)
    second = campaigns(fault, DATA, directory=tmp_path / "2", max_findings=1, shared=shared(redis))
    second.work_through()
    [kept] = second.record.findings.values()
    assert (kept.steps, kept.state) == (large.steps, "reproducible")
    second.record.findings.register_remote([small])
    [kept] = second.record.directory.findings(CONTRACT)[0]
    assert kept.steps == small.steps
    assert kept.state == "reproducible"


def test_one_finding_is_there_once_in_its_smallest_form_and_with_its_rate(
    campaigns: Campaigns, redis: RedisServer
) -> None:
    record = campaigns(None, DATA).record
    workers = [Sharing(shared(redis), record) for _ in range(2)]
    large = replace(FINDING, steps=(step(), step()))
    small = replace(FINDING, steps=(step(),), was_sent_again=True)
    for worker, told, kept in (
        (0, large, large),
        (1, replace(large, count=7), large),
        (1, small, small),
        (0, large.tried(3, 3), small),
        (0, small.tried(1, 3), small.tried(1, 3)),
    ):
        workers[worker].publish(told)
        assert findings_in(redis) == [kept]


def test_values_that_nobody_can_read_are_passed_over(
    healthy: MockProcess, campaigns: Campaigns, redis: RedisServer
) -> None:
    corpus = shared(redis, f"{CONTRACT.version}:{healthy.base_url}")
    for value in (b"\xff", b"{}", b'{"version": 99}', FINDING.text()[:-9].encode()):
        corpus.save(b"findings", value)
    campaign = campaigns(None, DATA, max_turns=1, shared=corpus)
    campaign.work_through()
    assert verdict_of(campaign.record, Level.MUST).exit_code == CONFORMS
