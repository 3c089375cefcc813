"""What a run or a campaign says of a variant, beyond what is known of it."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import trustme

from conformance.catalogue.requirement import Level, Requirement
from conformance.fuzz.campaign import Campaign
from conformance.fuzz.shard import WHOLE
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.record import Record
from conformance.probe.not_verified import Unverified
from conformance.results.baseline import Baseline
from conformance.results.result import Outcome
from conformance.results.verdict import Verdict
from conformance.run.judging import judge
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from conformance.target.transport.connection_settings import ConnectionSettings
from openapi.contract import Contract
from openapi.resource import creates
from tests.conformance.servers.application import CLOCK
from tests.conformance.servers.options import REVOKE, Bug, Options
from tests.conformance.servers.serving import serving
from tests.conformance.servers.variants import Variant

CONTRACT = Contract.bundled()
PARTNERS = {"dinie_at_First-dQw4w9WgXcQ": "first", "dinie_at_Second-9bZkp7q19f0": "second"}

_WRONG = {Outcome.FAILED, Outcome.ERROR, Outcome.WARNING}
_FEWEST = 100
"""So many resources at least a run makes."""


@contextmanager
def target_of(options: Options, partners: int = 2, replay_delay: float = 1) -> Iterator[Target]:
    """A server with these options as a target, until the end of the block."""
    with (
        tempfile.NamedTemporaryFile(suffix=".pem") as file,
        serving(
            options, PARTNERS, certificate=_certificate(options, file) if options.has_tls else None
        ) as url,
    ):
        clock = f"{url.removesuffix(options.path)}{CLOCK}" if options.has_clock else None
        settings = TargetSettings(
            replay_delay=replay_delay,
            clock_url=clock,
            provoke_rate_limit=options.bug is Bug.LIMITS_SAY_TOO_LITTLE,
            connection=ConnectionSettings(ca_file=Path(file.name) if options.has_tls else None),
        )
        with Target(url, tuple(PARTNERS)[:partners], settings=settings) as target:
            yield target


def _certificate(options: Options, file: IO[bytes]) -> trustme.LeafCert:
    """A certificate of an authority of its own, whose certificate goes to a file."""
    authority = trustme.CA()
    file.write(authority.cert_pem.bytes())
    file.flush()
    return authority.issue_cert(options.host)


@contextmanager
def judged(
    options: Options,
    requirements: Sequence[Requirement],
    level: Level = Level.MUST,
    partners: int = 2,
    seed: int = 1,
) -> Iterator[tuple[Run, Verdict]]:
    """A run over a server with these options, and its verdict."""
    with target_of(options, partners) as target:
        run = Run(CONTRACT, target, requirements, seed=seed)
        yield run, judge(run, level, Baseline(), lambda _: None)


def departures(variant: Variant, seed: int) -> list[str]:
    """Everything in which a run judges a variant otherwise than it says itself."""
    everything = list(catalogue().values())
    with judged(variant.options, everything, partners=variant.partners, seed=seed) as (
        run,
        verdict,
    ):
        run.clean_up()
        made = len(run.target.created)
    found = [
        f"{one.outcome}: {one.name}: expected {one.expected}, got {one.actual}"
        for one in verdict.results
        if one.outcome in _WRONG and one.requirement.id not in variant.warnings | variant.at_times
    ]
    warned = {one.requirement.id for one in verdict.having(Outcome.WARNING)}
    found += [f"no warning: {one}" for one in sorted(variant.warnings - warned)]
    if verdict.exit_code:
        found.append(f"exit code {verdict.exit_code}: {verdict.line}")
    if made < _FEWEST:
        found.append(f"{made} resources made")
    if len(run.left_behind) != (made if REVOKE in variant.options.lacks else 0):
        found.append(f"{len(run.left_behind)} resources left behind")
    if run.target.capabilities != variant.capabilities:
        found.append(f"capabilities {run.target.capabilities}")
    # It is no toy: what the catalogue says of creating is verified.
    unverified = {
        one.requirement.id: one.actual
        for one in verdict.having(Outcome.NOT_VERIFIED)
        if creates(CONTRACT.operations[one.operation])
        and one.requirement.needs <= variant.capabilities
        and one.why is not Unverified.OPTION
    }
    if unverified.keys() != variant.unverified:
        found.append(f"not verified: {unverified}")
    return found


def campaign_findings(variant: Variant, seed: int, seconds: float) -> list[str]:
    """The findings of a campaign on a variant, but for the warnings that it says itself."""
    with (
        tempfile.TemporaryDirectory() as directory,
        target_of(variant.options, variant.partners, replay_delay=0) as target,
    ):
        record = Record(
            CONTRACT,
            RunDirectory.create(Path(directory) / "run"),
            target.base_url,
            seed,
            (),
            shards=(WHOLE,),
        )
        Campaign(record, target, max_seconds=seconds).work_through()
        errors = [name for name in record.counters.reasons if name.endswith(f" {Outcome.ERROR}")]
        found = [
            f"{one.requirement} [{one.operation}]: expected {one.expected}, got {one.actual}"
            for one in record.findings.values()
            if one.requirement not in variant.warnings | variant.at_times
        ]
        if record.stopped or record.doubt:
            found.append(f"no verdict: {record.stopped or record.doubt}")
    return found + [f"{name}: {record.counters.reasons[name]}" for name in errors]
