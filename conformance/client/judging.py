"""The verdict on a client, judged from the journal of its exchanges."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from conformance.catalogue.requirement import Level
from conformance.client.evidence import OK, Evidence, Traffic, Unclear, Violation
from conformance.client.registry import ClientRequirement
from conformance.client.requirements import client_catalogue
from conformance.journal.journal import JournalEntry
from conformance.probe.not_verified import Unverified
from conformance.results.evidence import evidence_of
from conformance.results.result import Outcome, Result
from conformance.results.verdict import Verdict, doubt_of
from dinie_contract.output import excerpt, shown
from openapi.contract import Contract

__all__ = ["NOTHING_JUDGED", "Level", "Verdict", "judge"]

NOTHING_JUDGED = "the journal has no request for any operation of the contract"

_NOT_JUDGED = "{} exchanges are for no operation of the contract: not judged"

_MOST_LINES = 12
_LONGEST_BODY, _LONGEST_URL = 80, 200

KEYS = ("idempotency-key", "x-idempotency-key")
"""The headers in which clients send idempotency keys, whichever the contract has."""

_SENT = (*KEYS, "authorization", "content-type")
_ANSWERED = ("retry-after", "retry-after-ms", "idempotent-replayed")
"""The headers that an excerpt shows of a request and of its answer."""


def judge(
    entries: Sequence[JournalEntry],
    contract: Contract,
    level: Level = Level.MUST,
    *,
    requirements: Iterable[ClientRequirement] | None = None,
    target: str = "",
    rehearsal: Sequence[JournalEntry] = (),
) -> Verdict:
    """The verdict on the client of a journal, whatever the client sent.

    ``requirements`` are by default the whole catalogue, ``target`` the name of the client in
    reports, ``rehearsal`` a journal of the same client without faults. Without a request for an
    operation of the contract the verdict is void.
    """
    chosen = client_catalogue().values() if requirements is None else requirements
    traffic = Traffic(contract, entries, rehearsal)
    results = [one for rule in chosen for one in _results(rule, traffic)] if entries else []
    void = "" if traffic.attempts else NOTHING_JUDGED
    ends = [one.ended for one in traffic.attempts]
    return Verdict(
        contract=contract.identity,
        target=target or f"the client of {' and '.join(traffic.bases) or 'an unknown API'}",
        seed=None,
        level=level,
        results=() if void else tuple(sorted(results, key=lambda one: one.key)),
        void=void,
        doubt=doubt_of(results),
        remarks=(_NOT_JUDGED.format(len(traffic.others)),) if traffic.others else (),
        requests=len(traffic.attempts),
        seconds=max(ends) - traffic.attempts[0].started if ends else 0.0,
        exchanged=(traffic.attempts[0].started, max(ends)) if ends else None,
    )


def _results(requirement: ClientRequirement, traffic: Traffic) -> list[Result]:
    """The results of the operations that put a requirement to the test, else one not verified."""
    applying = [one for one in traffic.contract.operations.values() if requirement.applies_to(one)]
    if not applying:
        return []
    requested = {one.id for one in traffic.operations}
    evidence = [Evidence(traffic, one) for one in applying if one.id in requested]
    results = [_result(requirement, one) for one in evidence]
    verified = [one for one in results if one.outcome is not Outcome.NOT_VERIFIED]
    return verified or results[:1] or [_not_verified(requirement, Evidence(traffic, applying[0]))]


def _result(requirement: ClientRequirement, evidence: Evidence) -> Result:
    operation = evidence.operation
    level, source = requirement.level_on(operation), requirement.source_on(operation)
    try:
        observations = list(requirement.check(evidence))
    except Exception as error:  # noqa: BLE001 - a fault of the harness is a result, not the end
        actual = f"{type(error).__name__}: {error}"
        return Result(requirement, operation.id, level, Outcome.ERROR, actual=actual, source=source)
    violations = [one for one in observations if isinstance(one, Violation)]
    if not violations and OK in observations:
        return Result(requirement, operation.id, level, Outcome.PASSED, source=source)
    if not violations:
        unclear = [one for one in observations if isinstance(one, Unclear)]
        return _not_verified(requirement, evidence, *unclear[:1])
    first, more = violations[0], len(violations) - 1
    again = f" (and {more} more of {len(observations)} times)" if more else ""
    return Result(
        requirement,
        operation.id,
        level,
        Outcome.FAILED if level is Level.MUST else Outcome.WARNING,
        first.expected,
        first.actual + again,
        "\n".join(_lines(first.exchanges)),
        evidence=evidence_of(first.values),
        source=source,
    )


def _not_verified(
    requirement: ClientRequirement, evidence: Evidence, unclear: Unclear | None = None
) -> Result:
    """The result without an occasion, or with occasions of which none is clear."""
    actual = unclear.reason if unclear else f"{requirement.wanted}; {evidence.seen}"
    return Result(
        requirement,
        evidence.operation.id,
        requirement.level_on(evidence.operation),
        Outcome.NOT_VERIFIED,
        actual=actual,
        why=Unverified.TARGET if unclear else None,
        source=requirement.source_on(evidence.operation),
    )


def _lines(exchanges: Sequence[JournalEntry]) -> Iterator[str]:
    """The lines of an excerpt; of a long one, those of its first and last exchanges."""
    half = _MOST_LINES // 2
    lines = [_line(one, _headers_of(exchanges)) for one in exchanges]
    if len(lines) <= _MOST_LINES:
        yield from lines
    else:
        yield from lines[:half]
        yield f"… {len(lines) - 2 * half} more …"
        yield from lines[-half:]


def _headers_of(exchanges: Sequence[JournalEntry]) -> list[str]:
    """The headers that an excerpt shows: of several exchanges no other that all have alike."""
    return [
        name
        for name in _SENT
        if name in KEYS
        or len(exchanges) == 1
        or len({one.request_header(name) for one in exchanges}) > 1
    ]


def _line(entry: JournalEntry, headers: Sequence[str]) -> str:
    """The line of an exchange; its time is in UTC."""
    when = datetime.fromtimestamp(entry.started, UTC).strftime("%H:%M:%S.%f")[:-3]
    parts = [f"#{entry.number}", when, entry.method, excerpt(entry.url, _LONGEST_URL)]
    parts += [f"{one}: {value}" for one in headers if (value := entry.request_header(one))]
    if entry.request_body:
        parts.append(excerpt(entry.request_body, _LONGEST_BODY))
    came = [str(entry.status) if entry.status else "no answer, the connection was closed"]
    came += [f"{one}: {value}" for one in _ANSWERED if (value := entry.response_header(one))]
    if entry.fault:
        came.append(f"fault {entry.fault}")
    came += [f"refused: {one}" for one in entry.refusals]
    text = f"{'  '.join(parts)}  → {', '.join(came)} after {entry.seconds:.3f} s"
    return shown(text).replace("\n", "\\n")
