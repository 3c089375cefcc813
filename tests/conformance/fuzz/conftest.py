"""A healthy target that is empty for each test, and campaigns against it, with faults or none."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypedDict, Unpack

import pytest

from conformance.catalogue.sabotage import Sabotage
from conformance.fuzz.campaign import Campaign
from conformance.fuzz.safety import Breaker
from conformance.fuzz.shard import WHOLE, Shard
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.record import Record
from conformance.generation.shared_corpus import SharedCorpus
from conformance.target.exchange import Request
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from demo.mock_process import MockProcess
from openapi.contract import Contract
from tests.two_partners import mock_of_two

TOKENS = ("dinie_at_first_partner", "dinie_at_second_partner")
CONTRACT = Contract.bundled()


@pytest.fixture(scope="session")
def running() -> Iterator[MockProcess]:
    with mock_of_two(TOKENS) as mock:
        yield mock


@pytest.fixture
def healthy(running: MockProcess) -> MockProcess:
    running.forget()
    return running


class CampaignOptions(TypedDict, total=False):
    """The options of a campaign that tests set."""

    max_seconds: float
    max_findings: int
    max_turns: int
    recorded: Mapping[str, Sequence[Request]]
    shared: SharedCorpus


class Campaigns(Protocol):
    """Makes a campaign with a fault, or none, for the requirements that patterns select."""

    def __call__(
        self,
        fault: Sabotage | None = None,
        *patterns: str,
        resume: bool = False,
        seed: int = 7,
        directory: Path | None = None,
        shard: Shard = WHOLE,
        **options: Unpack[CampaignOptions],
    ) -> Campaign: ...


@pytest.fixture
def campaigns(healthy: MockProcess, tmp_path: Path) -> Iterator[Campaigns]:
    """Makes a campaign that is ready to begin; its directory is the test's own."""
    with _campaigns(healthy.base_url, tmp_path / "run") as make:
        yield make


@contextmanager
def _campaigns(url: str, path: Path) -> Iterator[Campaigns]:
    targets: list[Target] = []

    def make(
        fault: Sabotage | None = None,
        *patterns: str,
        resume: bool = False,
        seed: int = 7,
        directory: Path | None = None,
        shard: Shard = WHOLE,
        **options: Unpack[CampaignOptions],
    ) -> Campaign:
        target = Target(
            url,
            TOKENS,
            tamper=fault.make() if fault else None,
            settings=TargetSettings(replay_delay=0),
        )
        targets.append(target)
        folder = directory or path
        if resume:
            record = Record.read(CONTRACT, RunDirectory.open(folder), patterns)
        else:
            record = Record(
                CONTRACT, RunDirectory.create(folder), url, seed, patterns, shards=(shard,)
            )
        breaker = Breaker(CONTRACT, target, 0.01)
        return Campaign(record, target, breaker=breaker, **options)

    try:
        yield make
    finally:
        for target in targets:
            target.__exit__()
