"""Merging of records: those of shards, or of campaigns of several days, into one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from conformance.catalogue.requirement import Level
from conformance.fuzz.shard import WHOLE, Shard
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.files import MOST_FINDINGS, FileError
from conformance.fuzz.storage.finding import Finding, FindingKey, smallest_of
from conformance.fuzz.storage.record import DONE, Counters, Record
from conformance.probe.resource_words import ResourceWords
from conformance.target.timestamps import instant


def joined(records: Sequence[Record], directory: RunDirectory) -> Record:
    """Merge several records into one, for ``directory``; nothing is written.

    Raises :class:`FileError` for records that do not belong together.
    """
    _check(records)
    first = records[0]
    whole = Record(
        first.contract,
        directory,
        first.target,
        first.seed,
        _patterns(records),
        counters=_counters([one.counters for one in records]),
        turns=_turns([one.turns for one in records]),
        left_behind={made for one in records for made in one.left_behind},
        over=next((one.over for one in records if one.over not in DONE), first.over),
        shards=tuple(sorted({shard for one in records for shard in one.shards})),
        remarks=tuple(dict.fromkeys(_remarks(records))),
        joined=tuple(name for one in records for name in one.joined or [str(one.directory.path)]),
        early="; ".join(_early(records)),
        junk=sum(one.junk for one in records),
    )
    for one in records:
        whole.coverage.restore(one.coverage.state())
        whole.timeline.add(one.timeline)
    by_key: dict[FindingKey, list[Finding]] = {}
    homes: dict[FindingKey, Path] = {}
    for one in records:
        for finding in one.findings.values():
            by_key.setdefault(finding.key, []).append(finding)
            homes.setdefault(finding.key, one.directory.place_of(finding))
    whole.homes = homes
    # What breaks a MUST is not among those that are left out.
    kept = sorted(by_key.values(), key=lambda found: found[0].level != Level.MUST)
    if len(kept) > MOST_FINDINGS:
        more = f"together they have more than {MOST_FINDINGS} findings: the others are left out"
        whole.early = "; ".join(one for one in (whole.early, more) if one)
    for found in kept[:MOST_FINDINGS]:
        whole.findings.load(_one_of(found))
    return whole


def _check(records: Sequence[Record]) -> None:
    first = records[0]
    seen: dict[Shard, Record] = {}
    paths = set()
    for one in records:
        here, there = one.directory.path, first.directory.path
        if here.resolve() in paths:
            raise FileError(f"{here} is given twice")
        paths.add(here.resolve())
        if one.target != first.target:
            raise FileError(f"{here} is of {one.target}, {there} of {first.target}")
        if one.shards[0].of != first.shards[0].of:
            raise FileError(
                f"{here} is shard {_shards_of(one)}, {there} {_shards_of(first)}:"
                " all must be parts of the same number"
            )
        if WHOLE in one.shards:
            continue
        if (one.seed, set(one.patterns)) != (first.seed, set(first.patterns)):
            raise FileError(
                f"{here} has another --seed or --select than {there}:"
                " their shards are not parts of one work"
            )
        for shard in one.shards:
            if shard in seen:
                raise FileError(f"{here} and {seen[shard].directory.path} are both shard {shard}")
            seen[shard] = one


def _shards_of(record: Record) -> str:
    return ", ".join(map(str, record.shards))


def _patterns(records: Sequence[Record]) -> list[str]:
    """The patterns of all records; none where a record has the whole catalogue."""
    if not all(one.patterns for one in records):
        return []
    return list(dict.fromkeys(pattern for one in records for pattern in one.patterns))


def _early(records: Sequence[Record]) -> Iterator[str]:
    """The campaigns that ended early, each with its reason."""
    for one in records:
        if one.early:
            yield one.early
        elif one.over not in DONE:
            yield f"{one.directory.path} ended early: {one.over or 'nobody knows why'}"
        if one.torn:
            yield one.torn


def _remarks(records: Sequence[Record]) -> Iterator[str]:
    for one in records:
        yield from one.remarks
        if not one.over and (made := one.directory.created()):
            path, words = one.directory.path, ResourceWords.of(one.contract.resources)
            left = f"{len(made)} {words.things} of {path}"
            yield f"{left} are not {words.ended} yet: --resume {path} does so"


def _turns(parts: Sequence[Mapping[str, Sequence[int]]]) -> dict[str, list[int]]:
    """The turns and the requests of each work, over all records."""
    found: dict[str, list[int]] = {}
    for name, (times, requests) in (one for part in parts for one in part.items()):
        before = found.get(name, [0, 0])
        found[name] = [before[0] + times, before[1] + requests]
    return found


def _counters(parts: Sequence[Counters]) -> Counters:
    whole = Counters(
        requests=sum(one.requests for one in parts),
        seconds=sum(one.seconds for one in parts),
        turns=sum(one.turns for one in parts),
        revoked=sum(one.revoked for one in parts),
        unanswered=sum(one.unanswered for one in parts),
    )
    for part in parts:
        whole.reasons.update(part.reasons)
        whole.classes.update(part.classes)
        for place, outcomes in part.outcomes.items():
            counted = whole.outcomes.setdefault(place, {})
            for outcome, count in outcomes.items():
                counted[outcome] = counted.get(outcome, 0) + count
    return whole


def _one_of(findings: Sequence[Finding]) -> Finding:
    """One finding of several with the same key: counts and tries add up."""
    return replace(
        smallest_of(findings),
        first_seen=min((one.first_seen for one in findings), key=_order),
        count=sum(one.count for one in findings),
        tries=sum(one.tries for one in findings),
        failures=sum(one.failures for one in findings),
    )


def _order(first_seen: str) -> tuple[bool, float]:
    """Sorts RFC 3339 times; other texts come last."""
    seconds = instant(first_seen)
    return seconds is None, seconds or 0.0
