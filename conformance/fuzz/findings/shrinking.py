"""A finding in as few requests as show it, seen once more by itself where that helps."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from conformance.fuzz.findings.finding import Finding
from conformance.fuzz.findings.python_script import python_script
from conformance.fuzz.findings.recording import said, sender, steps_of
from conformance.fuzz.findings.replaying import check, is_it, probe_to_send
from conformance.fuzz.findings.resending import resent
from conformance.fuzz.findings.smallest import smallest
from conformance.fuzz.work import Work
from conformance.results.curl import Exchange, reproduction
from conformance.target.target import Target
from openapi.contract import Contract

_TRIES_ALONE = 3
"""How often its check is done again to see it with nothing else under way."""


def shrink(
    contract: Contract,
    target: Target,
    finding: Finding,
    work: Work,
    exchanges: Sequence[Exchange],
    is_over: Callable[[], bool],
) -> Finding:
    """The finding with the fewest steps found. Raises :class:`TargetError`.

    Other checks were at work when it was found, and what they did may stand among its steps. So
    where these do not show it again, its check is done again alone, and what that sent is tried.
    """
    found = _with_steps(contract, target, finding, work, exchanges)
    for _ in range(_TRIES_ALONE):
        if found.was_sent_again or is_over():
            break
        again = [check(contract, target, finding, work, one) for one in work.requirements]
        alone = next((one for one in again if is_it(one, finding, work)), None)
        if alone is None:
            continue
        other = _with_steps(contract, target, finding, work, alone.exchanges)
        if other.was_sent_again or len(other.steps) < len(found.steps):
            found = other
    return found


def _with_steps(
    contract: Contract,
    target: Target,
    finding: Finding,
    work: Work,
    exchanges: Sequence[Exchange],
) -> Finding:
    if not exchanges:
        return finding
    probe = probe_to_send(contract, target, finding, work)
    answers = [said(answer) for _, answer in exchanges]
    all_steps = steps_of(exchanges, target.secrets)
    steps, shows, was_sent_again = smallest(all_steps, answers, sender(probe))
    curl = reproduction(target.base_url, exchanges)
    if was_sent_again and len(steps) < len(answers):
        probe.recording.exchanges.clear()
        resent(steps, sender(probe))
        curl = reproduction(target.base_url, probe.recording.exchanges)
    return replace(
        finding,
        steps=tuple(steps),
        shows=shows,
        was_sent_again=was_sent_again,
        curl=target.shown(curl),
        python=python_script(target.base_url, steps),
    )
