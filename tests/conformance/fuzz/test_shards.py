"""Shards: what each does, that no two do the same, and that together they do it all."""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from conformance.catalogue.requirement import Level
from conformance.fuzz.campaign import AT_ONCE
from conformance.fuzz.schedule import Schedule, Turn
from conformance.fuzz.shard import WHOLE, Shard, missing
from conformance.fuzz.storage.record import NO_WORK
from conformance.fuzz.verdicts import verdict_of
from conformance.fuzz.work import Work, works
from conformance.results.exit_code import NO_VERDICT
from conformance.server import catalogue
from demo.mock_process import MockProcess
from tests.conformance.cli.command_line import one_line, run
from tests.conformance.fuzz.conftest import CONTRACT, TOKENS, Campaigns

WORKS = works(CONTRACT, list(catalogue().values()))
BY_NAME = {one.name: one for one in WORKS}
SEED = 11
REQUESTS = 4_000


def cost(work: Work) -> int:
    """What a turn of it sends here; what chooses sends more."""
    return 1 + len(work.name) % 5 + 20 * work.chooses


def turns(shard: Shard, requests: int, seed: int = SEED) -> list[Turn]:
    """What a campaign does that may send so many requests."""
    schedule, done, sent = Schedule(WORKS, seed, shard), list[Turn](), 0
    while sent < requests:
        for turn in schedule.next(AT_ONCE):
            done.append(turn)
            schedule.paid(turn.work, cost(turn.work))
            sent += cost(turn.work)
    return done


@pytest.mark.parametrize("of", [2, 4])
def test_shards_share_the_turns_of_one_campaign(of: int) -> None:
    shards = [turns(Shard(number, of), REQUESTS) for number in range(1, of + 1)]
    whole = turns(WHOLE, REQUESTS * of)
    together = [turn for shard in shards for turn in shard]

    assert max(Counter((one.work.name, one.number) for one in together).values()) == 1
    done_by = defaultdict(set)
    for number, shard in enumerate(shards):
        for turn in shard:
            done_by[turn.work.name].add(number)
    for work in WORKS:
        assert len(done_by[work.name]) == (of if work.chooses else 1), work.name

    # The same number of a work is the same turn, whoever does it.
    known = {(one.work.name, one.number): one for one in whole}
    for turn in together:
        assert known.get((turn.work.name, turn.number), turn) == turn
    # And as often: but for the turns by which the last batches differ.
    counts, expected = (Counter(one.work.name for one in found) for found in (together, whole))
    for name, count in expected.items():
        assert abs(counts[name] - count) <= of + max(1, count // 10), name
    # What chooses has no gaps but at its end.
    for work in (one for one in WORKS if one.chooses):
        numbers = {one.number for one in together if one.work is work}
        assert numbers >= set(range(len(numbers) - of * of)), work.name


def test_another_seed_deals_out_otherwise() -> None:
    one, other = (
        {turn.work.name for turn in turns(Shard(1, 2), 2000, seed) if not turn.work.chooses}
        for seed in (1, 2)
    )
    assert one != other


def test_a_shard_goes_on_with_its_own_turns() -> None:
    first = Schedule(WORKS, SEED, Shard(2, 3))
    for turn in first.next(AT_ONCE):
        first.paid(turn.work, 1)
    second = Schedule(WORKS, SEED, Shard(2, 3))
    second.restore(first.state())
    assert [(one.work.name, one.number) for one in second.next(AT_ONCE)] == [
        (one.work.name, one.number) for one in first.next(AT_ONCE)
    ]


def test_what_is_missing_for_a_whole() -> None:
    assert missing([WHOLE]) == []
    assert missing([Shard(1, 4), Shard(3, 4)]) == [Shard(2, 4), Shard(4, 4)]


def test_a_shard_without_work_ends_at_once_and_says_nothing(campaigns: Campaigns) -> None:
    campaign = campaigns(None, "rate_limits.headers-make-sense", shard=Shard(9, 9))
    campaign.work_through()
    assert campaign.record.over == NO_WORK
    assert campaign.record.counters.turns == 0
    assert verdict_of(campaign.record, Level.MUST).exit_code == NO_VERDICT


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--shard=1/2"], "--shard needs --seed N, with the same N for all shards"),
        (["--shard=1/2", "--resume=x"], "--resume takes directory, seed and shard from"),
        (["--shard=3/2", "--seed=1"], "must be K/N with K from 1 to N, such as 3/8"),
        (["--shard=0/2", "--seed=1"], "must be K/N with K from 1 to N, such as 3/8"),
        (["--shard=half", "--seed=1"], "must be K/N with K from 1 to N, such as 3/8"),
    ],
)
def test_a_shard_that_cannot_be_is_one_line(
    arguments: list[str],
    said: str,
    healthy: MockProcess,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    url = ("--url", healthy.base_url, "--token", TOKENS[0])
    assert run("fuzz", *url, "--max-time=1s", *arguments) == 2
    assert said in one_line(capsys)
    assert list(tmp_path.iterdir()) == []
