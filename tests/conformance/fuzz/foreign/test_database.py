"""A shared example database and a corpus with junk in them: no worker ends, spins or is fooled."""

import base64
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from conformance import generation
from conformance.catalogue.requirement import Level
from conformance.fuzz import sharing
from conformance.fuzz.findings.replaying import fails
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.verdicts import verdict_of
from conformance.results.exit_code import BROKEN, CONFORMS
from demo.mock_process import MockProcess
from demo.redis_server import PROGRAM, RedisServer, redis_server
from tests.conformance.cli.command_line import run
from tests.conformance.fuzz.conftest import CONTRACT, TOKENS, Campaigns
from tests.conformance.fuzz.foreign.campaigns import WHOLE
from tests.conformance.fuzz.test_sharing import DATA, LONG_NAMES

needs_redis = pytest.mark.skipif(PROGRAM is None, reason="NOT TESTED: no redis-server on PATH")

PREFIX = b"dinie-conformance:here:"
FINDINGS = PREFIX + b"findings"
MEGABYTE = 1024 * 1024
GENEROUS_SECONDS = 60.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis"), "") as one:
        yield one


@pytest.fixture
def redis(server: RedisServer) -> Iterator[Redis]:
    with Redis.from_url(server.url, socket_timeout=GENEROUS_SECONDS) as client:
        client.flushall()
        yield client


def junk_members(redis: Redis) -> None:
    for text in (
        b"", b"\xff", b"{}", b"[]", b"1" * 5000, b"[" * 100_000, b'{"version": 1}',
        *[json.dumps({**json.loads(WHOLE.text()), name: value}).encode()
          for name in ("count", "tries", "effort", "steps", "requirement", "operation")
          for value in ("junk", -1, 10**400, None, {}, [{}], "\x1b[31m")],
    ):  # fmt: skip
        redis.sadd(FINDINGS, text)


def a_text(redis: Redis) -> None:
    redis.set(FINDINGS, "junk")
    redis.set(PREFIX + b"first", "junk")


def a_hash(redis: Redis) -> None:
    redis.hset(FINDINGS, "a", "b")


def a_list_of_examples(redis: Redis) -> None:
    for search in (1, 2, 3):
        redis.rpush(PREFIX + f"{DATA} createCredential {search}".encode(), "junk")


def garbage_examples(redis: Redis) -> None:
    for search in (1, 2, 3):
        for size in (1, 10, 1000, MEGABYTE, 2 * MEGABYTE):
            key = PREFIX + f"{DATA} createCredential {search}".encode()
            redis.sadd(key, os.urandom(size), b"\x00" * size, b"\x45\xff" * (size // 2))


def a_hundred_megabytes(redis: Redis) -> None:
    redis.sadd(FINDINGS, b"x" * 100 * MEGABYTE)


def very_many(redis: Redis) -> None:
    for start in range(0, 20_000, 1000):
        redis.sadd(FINDINGS, *range(start, start + 1000))


def nothing(_: Redis) -> None:
    pass


@needs_redis
@pytest.mark.parametrize(
    ("fill", "is_told"),
    [(junk_members, True), (a_text, True), (a_hundred_megabytes, True)]
    + [
        pytest.param(*one, marks=pytest.mark.thorough)
        for one in ((nothing, False), (a_hash, True), (a_list_of_examples, True),
                    (garbage_examples, False), (very_many, True))
    ],
)  # fmt: skip
def test_junk_is_left_out_and_told_once(
    fill: Callable[[Redis], None],
    is_told: bool,  # noqa: FBT001 - a parameter of the test
    redis: Redis,
    server: RedisServer,
    campaigns: Campaigns,
    tmp_path: Path,
) -> None:
    fill(redis)
    corpus = generation.SharedCorpus(server.url, "here")
    healthy = campaigns(None, DATA, max_turns=2, shared=corpus)
    healthy.work_through()
    verdict = verdict_of(healthy.record, Level.MUST)
    assert verdict.exit_code == CONFORMS, verdict.line
    told = [one for one in verdict.remarks if "example database" in one]
    assert len(told) == is_told, told
    assert not corpus.was_away

    # Nor does it keep a violation from being found.
    corpus = generation.SharedCorpus(server.url, "here")
    faulty = campaigns(LONG_NAMES, DATA, directory=tmp_path / "2", max_findings=1, shared=corpus)
    faulty.work_through()
    assert verdict_of(faulty.record, Level.MUST).exit_code == BROKEN


@needs_redis
@pytest.mark.parametrize("forbidden", ["", "-memory"])
def test_what_is_too_large_is_not_fetched(
    forbidden: str, redis: Redis, server: RedisServer
) -> None:
    for letter in (b"a", b"b"):
        redis.sadd(FINDINGS, letter * 40 * MEGABYTE)
    redis.sadd(PREFIX + b"small", b"value")
    redis.execute_command("ACL", "SETUSER", "default", *forbidden.split())
    try:
        corpus = generation.SharedCorpus(server.url, "here")
        before = redis.info("commandstats").get("cmdstat_smembers", {}).get("calls", 0)
        assert not list(corpus.fetch(b"findings"))
        assert corpus.has_junk
        after = redis.info("commandstats").get("cmdstat_smembers", {}).get("calls", 0)
        assert after == before
        assert list(corpus.fetch(b"small")) == [b"value"]
    finally:
        redis.execute_command("ACL", "SETUSER", "default", "+memory")


@needs_redis
def test_of_too_many_findings_the_others_are_left_out_and_it_is_told(
    redis: Redis, server: RedisServer, campaigns: Campaigns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "MOST_FINDINGS", 2)
    for number in range(3):
        redis.sadd(FINDINGS, replace(WHOLE, cause=f"cause {number}").text())
    record = campaigns().record
    one = sharing.Sharing(generation.SharedCorpus(server.url, "here"), record)
    one.receive(at_once=True)
    known = [record.findings.is_known(*WHOLE.key[:2], f"cause {number}") for number in range(3)]
    assert sum(known) == 2
    assert [remark for remark in one.remarks if "holds too much" in remark]


@needs_redis
def test_a_shared_finding_cannot_make_a_must_less_than_one(
    redis: Redis, server: RedisServer, campaigns: Campaigns, tmp_path: Path
) -> None:
    corpus = generation.SharedCorpus(server.url, "here")
    first = campaigns(LONG_NAMES, DATA, max_findings=1, shared=corpus)
    first.work_through()
    [value] = redis.smembers(FINDINGS)
    forged = {**json.loads(value), "level": "info", "curl": "touch x", "python": "touch()"}
    redis.delete(FINDINGS)
    redis.sadd(FINDINGS, json.dumps(forged))
    again = campaigns(LONG_NAMES, DATA, directory=tmp_path / "2", max_findings=1, shared=corpus)
    again.work_through()
    [found] = again.record.findings.values()
    assert found.level == "must"
    assert "touch" not in found.curl + found.python
    assert verdict_of(again.record, Level.MUST).exit_code == BROKEN


EXAMPLES = (b"", b"\xff" * 10, b"\x00" * 100_000, os.urandom(1000), b"\x25" + b"x" * 5,
            b"\x5f" + b"\xff" * 9, b"\x9f\xff\xff\xff\xff\x7f")  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_that_is_none_ends_no_campaign_and_no_replay(
    example: bytes, campaigns: Campaigns
) -> None:
    campaign = campaigns(None, DATA, max_turns=2)
    for search in range(1, 4):
        campaign._corpus.save(f"{DATA} createCredential {search}".encode(), example)
    campaign.work_through()
    assert verdict_of(campaign.record, Level.MUST).exit_code == CONFORMS
    campaign.target.resume()
    finding = replace(
        WHOLE, requirement=DATA, work=f"{DATA} [createCredential]", steps=(),
        examples={"1": base64.b64encode(example).decode()},
    )  # fmt: skip
    work = campaign.works[finding.work]
    assert not fails(CONTRACT, campaign.target, finding, work)


def test_a_foreign_finding_of_a_partner_who_is_not_here_has_no_verdict(
    healthy: MockProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judged = "generated.nothing-makes-it-fail"
    steps = tuple({**one, "partner": 1} for one in WHOLE.steps)
    finding = replace(WHOLE, requirement=judged, work=f"{judged} [createCredential]", steps=steps)
    directory = RunDirectory.create(tmp_path / "run")
    directory.keep(finding)
    access = ("--url", healthy.base_url, "--token", TOKENS[0])
    assert run("replay", str(directory.path_of(finding)), *access) == 2
    assert "No verdict" in capsys.readouterr().out


@needs_redis
def test_findings_that_take_for_ever_leave_time_for_the_campaign(
    redis: Redis, server: RedisServer, campaigns: Campaigns
) -> None:
    judged = "generated.nothing-makes-it-fail"
    for number in range(50):
        slow = replace(
            WHOLE, requirement=judged, work=f"{judged} [createCredential]", cause=f"{number}",
            steps=WHOLE.steps[:1], tries=10**6, failures=0,
        )  # fmt: skip
        assert slow.attempts == 1000
        redis.sadd(FINDINGS, slow.text())
    corpus = generation.SharedCorpus(server.url, "here")
    campaign = campaigns(None, DATA, judged, max_seconds=12, max_turns=1, shared=corpus)
    campaign.work_through()
    assert campaign.record.counters.turns == 1
