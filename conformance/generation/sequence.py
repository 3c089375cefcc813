"""A sequence of calls over several keys and partners, against a small model of what must hold.

A key belongs to one call: it is answered alike for ever, whatever happens in between, and makes
one resource. A list shows what its partner has made and nothing else.
"""

import time
from dataclasses import dataclass, field

from conformance.probe.pages import COUNTED, largest_page, pages
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.revocation import end_wanted, revocation_of, state_of, state_wanted
from conformance.probe.values import Values, bodies, member
from conformance.probe.violation import Violation
from conformance.target.exchange import Answer, Request
from conformance.target.members import JsonObject, text_in
from openapi.resource import REVOKED

_LOOKS_AT_MOVING = 3


@dataclass(slots=True)
class Made:
    """A created resource of the model."""

    partner: int
    request: Request
    answer: Answer
    id: str
    """The id that the list shows."""
    revoked: bool = False

    def has_id(self, id_: str, partner: int) -> bool:
        """Whether an id of a partner's is this one's: a number may name one of each partner."""
        return id_ == self.id and (partner == self.partner or not COUNTED.fullmatch(id_))


@dataclass(slots=True)
class Model:
    """The resources of one sequence, by partner and idempotency key."""

    calls: dict[tuple[int, int], Made] = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    """Names that were sent with a used key: nothing may be called so."""

    @property
    def active(self) -> list[Made]:
        """The resources that were not revoked."""
        return [one for one in self.made if not one.revoked]


class Sequence:
    """A sequence of calls over all keys of the probe's budget, for every partner.

    Each call says what the model expects of the answer.
    """

    def __init__(self, probe: Probe, settle_seconds: float = 0.0) -> None:
        self._probe = probe
        self._settle_seconds = settle_seconds
        self._keys = [probe.new_key() for _ in range(probe.budget.keys)]
        self.model = Model()

    def create(self, partner: int, key: int) -> None:
        """Make a resource with a key that its partner has not used."""
        request = self._probe.request(partner).with_key(self._keys[key])
        answer = self._probe.succeed(request)
        made = Made(partner, request, answer, self._probe.known_id_of(answer))
        new = not any(one.has_id(made.id, partner) for one in self.model.made)
        seen = member(answer, self._probe.resource.id)
        self._probe.expect(new, "a new resource for a new key", "one that was made before", seen)
        self.model.calls[partner, key] = made
        self.model.made.append(made)

    def again(self, partner: int, key: int) -> None:
        """The same request with the same key gets the first answer."""
        known = self.model.calls[partner, key]
        again = answer_to(self._probe, known.request)
        status = known.answer.status
        self._probe.expect(
            again.status == status, f"status {status} again on a replay", f"status {again.status}"
        )
        same = again.body == known.answer.body
        seen = bodies(known.answer, again)
        self._probe.expect(same, "the first answer's bytes on a replay", "another body", seen)

    def conflict(self, partner: int, key: int) -> None:
        """A used key with another body is refused, or gets the first answer."""
        known = self.model.calls[partner, key]
        body = self._probe.plain_body()
        self.model.refused |= {body[name] for name in (self._probe.name_member,) if name in body}
        other = known.request.with_json(body)
        answer = answer_to(self._probe, other)
        found = self._probe.id_of(answer) if answer.is_success else known.id
        self._probe.expect(
            answer.is_refusal or (answer.is_success and found == known.id),
            "a refusal, or the first answer, to a key with another body",
            f"{answer.status}{' with a new resource' if answer.is_success else ''}",
            Values(f"/{self._probe.resource.id}", found, known.id),
        )

    def revoke(self, index: int) -> None:
        """Revoke an active resource; a refused revocation leaves the model unchanged."""
        made = self.model.active[index % len(self.model.active)]
        request = revocation_of(self._probe.revoking, made.answer, made.partner)
        made.revoked = answer_to(self._probe, request).is_success

    def look(self, partner: int) -> None:
        """The list shows what the partner has made: once each, and in the right state.

        Where pages are counted, what others make or end between two of them moves an item to
        another page. So such a list is wrong where each of several looks finds it so.
        """
        time.sleep(self._settle_seconds)
        is_moving = self._probe.page_members.is_counted
        for _ in range(_LOOKS_AT_MOVING - 1 if is_moving else 0):
            try:
                return self._look(partner)
            except Violation:
                continue
        return self._look(partner)

    def _look(self, partner: int) -> None:
        """Read no further than the last of these: a fault's extra resources stand near them."""
        own = {one.id: one for one in self.model.made if one.partner == partner}
        missing = {one.id for one in self.model.active if one.partner == partner}
        count = dict.fromkeys(own, 0)
        list_probe = self._probe.listing
        for page in pages(list_probe, largest_page(list_probe), partner=partner):
            for id_, item in zip(page.ids, page.items, strict=True):
                self._judge(id_, item, own, partner)
                if id_ in own:
                    count[id_] += 1
            missing -= set(page.ids)
            if not missing:
                break
        for id_, times in count.items():
            right = times == 1 or (times == 0 and own[id_].revoked)
            self._probe.expect(right, "each resource once in the list", f"one {times} times")

    def _judge(self, id_: str, item: JsonObject, own: dict[str, Made], partner: int) -> None:
        expect = self._probe.expect
        others = [one for one in self.model.made if one.partner != partner and id_ not in own]
        foreign = any(one.has_id(id_, partner) for one in others)
        expect(not foreign, "nothing of another partner in a list", "one of its resources")
        made = own.get(id_)
        if made is None:
            names = {self._probe.name_of(one.answer) for one in own.values()} - {None}
            second = text_in(item, self._probe.name_member) in names | self.model.refused
            expect(not second, "one resource for one key", "a second one in the list")
        else:
            resource = self._probe.resource
            if made.revoked and not resource.tells_ended:
                return  # nothing says how a revoked one is listed
            first = made.answer.json_object() or {}
            found = resource.condition(item)
            if made.revoked:
                holds, wanted = found == REVOKED, end_wanted(resource)
            elif resource.state in {None, *first}:
                holds, wanted = found == resource.condition(first), state_wanted(resource, first)
            else:  # its creation told no state
                holds, wanted = found != REVOKED, "an item as before"
            expect(holds, f"{wanted} in the list", state_of(resource, item))
