"""Many idempotency keys, each used and replayed (seed: ``Idempotency-Key``)."""

from dataclasses import replace

from conformance.catalogue.registry import requirement_of
from conformance.fuzz.checks.violations import report_violation
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import LIMITED
from conformance.probe.values import bodies
from conformance.server.idempotency import keys, replays
from conformance.target.exchange import Answer, Exchange, Request

REPLAY = requirement_of(replays.replay_is_identical).id
FRESH = requirement_of(keys.fresh_key_is_accepted).id
DIFFERENT = requirement_of(keys.different_keys_are_different_calls).id

_KEYS, _MOST_KEYS = 25, 100
_IN_FLIGHT = 8


def used_keys(probe: Probe) -> None:
    """Use many idempotency keys, then replay each of them."""
    count = min(_KEYS * probe.budget.times, _MOST_KEYS)
    requests = [probe.request().with_key(probe.new_key()) for _ in range(count)]
    first = list(zip(requests, _in_turns(probe, requests), strict=True))
    for exchange in first:
        _expect_own_call(probe, exchange, first)
    made = [one for one in first if one[1].status == probe.operation.success_status]
    again = _in_turns(probe, [request for request, _ in made])
    for (request, answer), other in zip(made, again, strict=True):
        if other.status == LIMITED:
            continue
        shown = _one_by_one((request, answer), (request, other))
        if other.status != answer.status:
            report_violation(
                probe, shown, f"status {answer.status} again", f"status {other.status}", REPLAY
            )
        if other.body != answer.body:
            seen = bodies(answer, other)
            report_violation(probe, shown, "the first answer's bytes", "another body", REPLAY, seen)


def _expect_own_call(probe: Probe, exchange: Exchange, others: list[Exchange]) -> None:
    """Report a fresh key that is refused, or gets the answer to another call."""
    request, answer = exchange
    made, name = probe.id_of(answer), probe.name_of(answer)
    if answer.status != probe.operation.success_status:
        if answer.is_refusal and answer.status != LIMITED:
            _expect_other_keys_refused(probe, request, answer)
        return
    if name == probe.asked_name(request):
        return
    # The answer is that of another call, perhaps of one of these.
    before = [one for one in others if probe.id_of(one[1]) == made and one is not exchange]
    shown = _one_by_one(*before[:1], exchange)
    report_violation(
        probe, shown, "a call of its own for a fresh key", "another call's answer", DIFFERENT
    )


def _expect_other_keys_refused(probe: Probe, request: Request, answer: Answer) -> None:
    """Report a fresh key that stays refused while two others are accepted."""
    success = probe.operation.success_status
    for _ in range(2):
        other = probe.send(request.with_key(probe.new_key()))
        again = probe.send(request)
        if other.status != success or again.status != answer.status:
            return
    shown = _one_by_one((request, answer))
    report_violation(probe, shown, "a fresh key accepted", f"status {answer.status}", FRESH)


def _one_by_one(*exchanges: Exchange) -> list[Exchange]:
    """The exchanges as if sent one after another, with no others at the same time."""
    return [(request, replace(answer, sent_with=0)) for request, answer in exchanges]


def _in_turns(probe: Probe, requests: list[Request]) -> list[Answer]:
    answers: list[Answer] = []
    for start in range(0, len(requests), _IN_FLIGHT):
        answers += probe.send_at_once(requests[start : start + _IN_FLIGHT])
    return answers
