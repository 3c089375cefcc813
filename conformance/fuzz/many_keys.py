"""Many keys, and many requests with one key at the same instant (seed: ``Idempotency-Key``)."""

from dataclasses import replace

from conformance.applicability import lists
from conformance.capability import Capability
from conformance.exchange import Answer, Request
from conformance.limits import answer_to
from conformance.pages import largest_page, pages
from conformance.probe import NotVerified, Probe, Violation

REPLAY = "idempotency.replay-is-identical"
AT_ONCE = "idempotency.simultaneous-requests-make-one-resource"
SECOND = "idempotency.no-second-resource"
REUSED = "idempotency.reused-key-makes-nothing"

_KEYS, _MOST_KEYS = 25, 100
_IN_FLIGHT = 8
_SAME, _OTHERS = 3, 1
_ROUNDS = 3
_PAGES = 2
"""A list is looked at so far: what has just been made stands near its beginning, or is missed."""


def used_keys(probe: Probe) -> None:
    """Many keys are used, and then each of them once more."""
    count = min(_KEYS * probe.effort.times, _MOST_KEYS)
    requests = [probe.request().with_key(probe.new_key()) for _ in range(count)]
    first = _in_turns(probe, requests)
    for request, made, again in zip(requests, first, _in_turns(probe, requests), strict=True):
        if made.status != probe.operation.success_status or again.status == _LIMITED:
            continue
        # By themselves: as if nothing had been sent in between.
        shown = [(request, replace(one, sent_with=0)) for one in (made, again)]
        if again.status != made.status:
            _break(probe, shown, f"status {made.status} again", f"status {again.status}", REPLAY)
        if again.body != made.body:
            _break(probe, shown, "the first answer's bytes", "another body", REPLAY)


_LIMITED = 429


def _in_turns(probe: Probe, requests: list[Request]) -> list[Answer]:
    answers: list[Answer] = []
    for start in range(0, len(requests), _IN_FLIGHT):
        answers += probe.send_at_once(requests[start : start + _IN_FLIGHT])
    return answers


def shared_keys(probe: Probe) -> None:
    """The same request several times at the same instant, with a conflict among them."""
    for _ in range(_ROUNDS * min(probe.effort.times, 4)):
        _share_one(probe)


def _share_one(probe: Probe) -> None:
    partners = [0, 1] if Capability.SECOND_PARTNER in probe.target.capabilities else [0]
    partner, key = probe.random.choice(partners), probe.new_key()
    same = probe.request(partner).with_key(key)
    other = probe.request(partner).with_key(key)
    sent = [same] * _SAME + [other] * probe.random.randint(0, _OTHERS)
    begin = len(probe.recording.exchanges)
    answers = probe.send_at_once(sent)
    made = [one for one in answers if one.status == probe.operation.success_status]
    shown = probe.recording.exchanges[begin:]
    if len({one.field("id") for one in made}) > 1:
        _break(probe, shown, "one resource for one key", "several at once", AT_ONCE)
    if len({one.body for one in made}) > 1:
        _break(probe, shown, "one answer for one key", "several at once", AT_ONCE)
    if not made:
        return
    executed = same if made[0] is answers[0] or made[0] in answers[:_SAME] else other
    again = answer_to(probe, executed)
    if (again.status, again.body) != (made[0].status, made[0].body):
        shown = probe.recording.exchanges[begin:]
        _break(probe, shown, "the first answer on a replay", f"another, {again.status}", REPLAY)
    if Capability.LISTING in probe.target.capabilities:
        _look(probe, (same, other), partner, begin)


def _look(probe: Probe, requests: tuple[Request, Request], partner: int, begin: int) -> None:
    """No more than one of the names that were sent with the key is listed, and once."""
    names = {Answer(0, body=one.body).field("name") for one in requests} - {None}
    list_probe = probe.on(probe.operation.path, lists)
    found = [
        item
        for page in pages(list_probe, largest_page(list_probe), partner=partner, most=_PAGES)
        for item in page["data"]
        if item.get("name") in names
    ]
    if len(found) > 1:
        distinct = len({one["name"] for one in found})
        broken = REUSED if distinct > 1 else SECOND
        exchanges = probe.recording.exchanges[begin:]
        shown = [one for one in exchanges if one[0].method != "GET"] + exchanges[-1:]
        _break(probe, shown, "one resource in the list", "several", broken)


def _break(
    probe: Probe, shown: list[tuple[Request, Answer]], expected: str, actual: str, broken: str
) -> None:
    if probe.effort.is_known(expected, actual):
        raise NotVerified("what is known already was met")
    probe.recording.exchanges[:] = shown
    raise Violation(expected, actual, broken)
