"""Many requests with one key at the same instant (seed: ``Idempotency-Key``)."""

from conformance.catalogue.registry import requirement_of
from conformance.fuzz.checks.many_keys import REPLAY
from conformance.fuzz.checks.violations import report_violation
from conformance.probe.pages import largest_page, pages
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.values import bodies
from conformance.server.idempotency import keys, replays
from conformance.target.capabilities import Capability
from conformance.target.exchange import Exchange, Request
from conformance.target.members import text_in

AT_ONCE = requirement_of(replays.simultaneous_requests_make_one_resource).id
SECOND = requirement_of(replays.no_second_resource).id
REUSED = requirement_of(keys.reused_key_makes_nothing).id
FOREIGN = requirement_of(keys.key_belongs_to_its_partner).id

_SAME, _OTHERS, _FOREIGN = 3, 1, 2
_ROUNDS = 3
_PAGES = 2
"""Pages searched for a second resource; new resources stand near the beginning of a list."""


def shared_keys(probe: Probe) -> None:
    """Send a request several times at once, with a conflicting one and another partner's."""
    for _ in range(_ROUNDS * min(probe.budget.times, 4)):
        _share_one(probe)


def _share_one(probe: Probe) -> None:
    partners = [0, 1] if Capability.SECOND_PARTNER in probe.target.capabilities else [0]
    probe.random.shuffle(partners)
    partner, *strangers = partners
    key = probe.new_key()
    same, other = (probe.request(partner).with_key(key) for _ in range(2))
    foreign = [probe.request(one).with_key(key) for one in strangers]
    sent = [same] * _SAME + [other] * probe.random.randint(0, _OTHERS)
    sent += foreign * probe.random.randint(0, _FOREIGN)
    # Shuffled, so that another request comes first each time.
    probe.random.shuffle(sent)
    begin = len(probe.recording.exchanges)
    found = list(zip(sent, probe.send_at_once(sent), strict=True))
    made = [one for one in found if one[1].status == probe.operation.success_status]
    _expect_own_resources(probe, found, begin)
    own = [one for one in made if one[0].partner == partner]
    shown = _succeeded(probe, begin)
    if len({probe.id_of(answer) for _, answer in own}) > 1:
        report_violation(probe, shown, "one resource for one key", "several at once", AT_ONCE)
    if len({answer.body for _, answer in own}) > 1:
        report_violation(probe, shown, "one answer for one key", "several at once", AT_ONCE)
    if not own:
        return
    executed, first = own[0]
    again = answer_to(probe, executed)
    if (again.status, again.body) != (first.status, first.body):
        shown = probe.recording.exchanges[begin:]
        report_violation(
            probe,
            shown,
            "the first answer on a replay",
            f"another, {again.status}",
            REPLAY,
            bodies(first, again),
        )
    if probe.is_listed:
        _expect_one_listed(probe, (same, other), partner, begin)


def _expect_own_resources(probe: Probe, found: list[Exchange], begin: int) -> None:
    """Report a partner who is answered with the resource of another partner's request."""
    senders = {_name(probe, request): request.partner for request, _ in found}
    for request, answer in found:
        if senders.get(probe.name_of(answer), request.partner) != request.partner:
            shown = _succeeded(probe, begin)
            report_violation(
                probe, shown, "a call of its own for each partner", "another's", FOREIGN
            )


def _succeeded(probe: Probe, begin: int) -> list[Exchange]:
    """The successful exchanges from number ``begin`` on: only these create resources."""
    return [one for one in probe.recording.exchanges[begin:] if one[1].is_success]


def _name(probe: Probe, request: Request) -> str | None:
    return probe.asked_name(request)


def _expect_one_listed(
    probe: Probe, requests: tuple[Request, Request], partner: int, begin: int
) -> None:
    """Report a list with more than one resource for the requests with one key."""
    names = {_name(probe, one) for one in requests} - {None}
    list_probe = probe.listing
    found = [
        item
        for page in pages(list_probe, largest_page(list_probe), partner=partner, most=_PAGES)
        for item in page.items
        if text_in(item, probe.name_member) in names
    ]
    if len(found) > 1:
        distinct = len({text_in(one, probe.name_member) for one in found})
        broken = REUSED if distinct > 1 else SECOND
        exchanges = probe.recording.exchanges[begin:]
        shown = [one for one in exchanges if one[0].method != "GET"] + exchanges[-1:]
        report_violation(probe, shown, "one resource in the list", "several", broken)
