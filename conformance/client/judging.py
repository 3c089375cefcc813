"""From a journal to a verdict on the client that it recorded."""

from collections.abc import Iterable, Sequence

from conformance.catalogue.requirement import Level
from conformance.client.evidence import Evidence, Traffic, Violation
from conformance.client.excerpt import excerpt
from conformance.client.registry import ClientRequirement
from conformance.client.requirements import client_catalogue
from conformance.journal.journal import JournalEntry
from conformance.results.result import Outcome, Result
from conformance.results.verdict import Verdict, doubt_of
from conformance.target.redaction import printable
from openapi.contract import Contract

__all__ = ["NOTHING_JUDGED", "Level", "Verdict", "judge"]

NOTHING_JUDGED = "the journal has no request for any operation of the contract"

_MOST_SHOWN = 3


def judge(
    entries: Sequence[JournalEntry],
    contract: Contract,
    level: Level = Level.MUST,
    *,
    requirements: Iterable[ClientRequirement] | None = None,
    target: str = "",
) -> Verdict:
    """The verdict on the client of a journal. Nothing that a client did makes it raise.

    ``requirements`` are all of the catalogue unless given; ``target`` is what the reports call the
    client, else the API's address is. A journal without a request for an operation of the contract
    has no verdict.
    """
    chosen = client_catalogue().values() if requirements is None else requirements
    traffic = Traffic(contract, entries)
    results = [one for rule in chosen for one in _results(rule, traffic)] if entries else []
    void = "" if traffic.attempts else NOTHING_JUDGED
    ends = [one.ended for one in traffic.attempts]
    return Verdict(
        contract=contract.version,
        target=target or f"the client of {' and '.join(traffic.bases) or 'an unknown API'}",
        seed=None,
        level=level,
        results=() if void else tuple(sorted(results, key=lambda one: one.key)),
        void=void,
        doubt=doubt_of(results),
        remarks=_remarks(traffic),
        requests=len(traffic.attempts),
        seconds=max(ends) - traffic.attempts[0].started if ends else 0.0,
    )


def _results(requirement: ClientRequirement, traffic: Traffic) -> list[Result]:
    """One result for each operation that gave occasion; else one that says what would."""
    applying = [one for one in traffic.contract.operations.values() if requirement.applies_to(one)]
    if not applying:
        return []
    requested = {one.id for one in traffic.operations}
    results = [_result(requirement, traffic.of(one)) for one in applying if one.id in requested]
    verified = [one for one in results if one.outcome is not Outcome.NOT_VERIFIED]
    return verified or results[:1] or [_not_verified(requirement, Evidence(traffic, applying[0]))]


def _result(requirement: ClientRequirement, evidence: Evidence) -> Result:
    operation = evidence.operation
    level = requirement.level_on(operation)
    try:
        occasions = list(requirement.check(evidence))
    except Exception as error:  # noqa: BLE001 - a fault of the harness is a result, not the end
        told = printable(f"{type(error).__name__}: {error}")
        return Result(requirement, operation.id, level, Outcome.ERROR, actual=told)
    breaches = [one for one in occasions if isinstance(one, Violation)]
    if not occasions:
        return _not_verified(requirement, evidence)
    if not breaches:
        return Result(requirement, operation.id, level, Outcome.PASSED)
    first, more = breaches[0], len(breaches) - 1
    again = f" (and {more} more of {len(occasions)} times)" if more else ""
    return Result(
        requirement,
        operation.id,
        level,
        Outcome.FAILED if level is Level.MUST else Outcome.WARNING,
        printable(first.expected),
        printable(first.actual + again),
        excerpt([one.exchanges for one in breaches[:_MOST_SHOWN]]),
    )


def _not_verified(requirement: ClientRequirement, evidence: Evidence) -> Result:
    operation = evidence.operation
    return Result(
        requirement,
        operation.id,
        requirement.level_on(operation),
        Outcome.NOT_VERIFIED,
        actual=requirement.wanted,
    )


def _remarks(traffic: Traffic) -> tuple[str, ...]:
    if not traffic.left_out:
        return ()
    return (f"{traffic.left_out} exchanges are for no operation of the contract: not judged",)
