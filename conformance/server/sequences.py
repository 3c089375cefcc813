"""Calls in any order, over several keys and partners, against a small model of what must hold.

A key belongs to one call: it is answered alike for ever, whatever happens in between, and makes
one resource. A list shows what its partner has made and nothing else. One run is about 80
requests: eight sequences of up to eight calls, each with a look at the lists in the end.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from hypothesis import seed
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from conformance.applicability import accepts_idempotency_key, creates, lists
from conformance.capability import Capability
from conformance.exchange import Answer, Request
from conformance.generation.quiet import again_after_mismatch
from conformance.model import Level
from conformance.probe import NotVerified, Probe, Violation
from conformance.registry import requirement
from conformance.sabotage import Forward, Sabotage, Tamper, on_requests, with_body
from conformance.server.pages import largest_page, pages
from conformance.server.rate_limits import answer_to
from conformance.strategies import Watch, quiet_settings
from openapi.contract import PATH_PARAMETER
from openapi.operation import Operation

SEED = "seed: Idempotency-Key, cached for 24 hours"

SEQUENCES, STEPS = 8, 8
KEYS = 2

_SLOWEST_LIST_SECONDS = 3.0
_BETWEEN_LOOKS_SECONDS = 0.2


@dataclass(slots=True)
class Made:
    """One resource of the model."""

    partner: int
    request: Request
    answer: Answer
    revoked: bool = False

    @property
    def id(self) -> str:
        """What the list names it by."""
        return str(self.answer.field("id"))


@dataclass(slots=True)
class Model:
    """What has been made in one sequence, and by which key of which partner."""

    calls: dict[tuple[int, int], Made] = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    """Names that were sent with a used key: nothing may be called so."""

    @property
    def active(self) -> list[Made]:
        """What was not revoked."""
        return [one for one in self.made if not one.revoked]


def _makes_by_key(operation: Operation) -> bool:
    """The operation makes a resource, once for each idempotency key."""
    return creates(operation) and accepts_idempotency_key(operation)


class Sequence:
    """One sequence of calls. Each call says what the model expects of the answer."""

    def __init__(self, probe: Probe, settle_seconds: float) -> None:
        self._probe = probe
        self._settle_seconds = settle_seconds
        self._keys = [probe.new_key() for _ in range(KEYS)]
        self.model = Model()

    def call(self, partner: int, key: int) -> None:
        """Make a resource, or do again what made one."""
        if (partner, key) in self.model.calls:
            self.again(partner, key)
            return
        request = self._probe.request(partner).with_key(self._keys[key])
        made = Made(partner, request, self._probe.succeed(request))
        if not made.answer.field("id"):
            raise NotVerified("a creation is answered without an id")
        new = all(made.id != one.id for one in self.model.made)
        self._probe.expect(new, "a new resource for a new call", "one that was made before")
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
        self._probe.expect(same, "the first answer's bytes on a replay", "another body")

    def conflict(self, partner: int, key: int) -> None:
        """A used key with another body is refused, or gets the first answer."""
        known = self.model.calls[partner, key]
        body = self._probe.plain_body()
        self.model.refused |= {body["name"]} if "name" in body else set()
        other = known.request.with_json(body)
        answer = answer_to(self._probe, other)
        found = answer.field("id") if answer.is_success else known.id
        self._probe.expect(
            answer.is_refusal or (answer.is_success and found == known.id),
            "a refusal, or the first answer, to a key with another body",
            f"{answer.status}{' with a new resource' if answer.is_success else ''}",
        )

    def revoke(self, index: int) -> None:
        """Revoke what is active still; what the target does not revoke stays as it was."""
        made = self.model.active[index % len(self.model.active)]
        operation = self._probe.sibling("DELETE")
        names = PATH_PARAMETER.findall(operation.path)
        value = quote(str(made.answer.field(names[-1]) or made.id), safe="")
        path = PATH_PARAMETER.sub(lambda _: value, operation.path)
        made.revoked = answer_to(
            self._probe, Request("DELETE", path, partner=made.partner)
        ).is_success

    def look(self, partner: int) -> None:
        """The list shows what the partner has made: once each, and in the right state.

        It is read as far as it shows all that: what a fault has made stands near.
        """
        time.sleep(self._settle_seconds)
        own = {one.id: one for one in self.model.made if one.partner == partner}
        missing = {one.id for one in self.model.active if one.partner == partner}
        count = dict.fromkeys(own, 0)
        list_probe = self._probe.on(self._probe.operation.path, lists)
        for page in pages(list_probe, largest_page(list_probe), partner=partner):
            for item in page["data"]:
                self._judge(item, own, partner)
                if item["id"] in own:
                    count[item["id"]] += 1
            missing -= {item["id"] for item in page["data"]}
            if not missing:
                break
        for id_, times in count.items():
            right = times == 1 or (times == 0 and own[id_].revoked)
            self._probe.expect(right, "each resource once in the list", f"one {times} times")

    def _judge(self, item: dict[str, Any], own: dict[str, Made], partner: int) -> None:
        expect = self._probe.expect
        foreign = any(item["id"] == one.id for one in self.model.made if one.partner != partner)
        expect(not foreign, "nothing of another partner in a list", "one of its resources")
        made = own.get(item["id"])
        if made is None:
            names = {one.answer.field("name") for one in own.values()} - {None}
            second = item.get("name") in names | self.model.refused
            expect(not second, "one resource for one key", "a second one in the list")
        else:
            wanted = "revoked" if made.revoked else made.answer.field("status")
            same = item.get("status") == wanted
            expect(same, f"the status {wanted} in the list", f"{item.get('status')}")


class Machine(RuleBasedStateMachine):
    """Chooses the calls of one sequence; a subclass says of what."""

    watch: Watch
    sequence_of: Callable[[], Sequence]
    partners: tuple[int, ...]
    revokes: bool
    last_look: tuple[Sequence, int] | None = None
    """Kept by the subclass: the last look at a list that did not show what it must."""

    def __init__(self) -> None:
        super().__init__()
        self.watch.begin()
        self.sequence = type(self).sequence_of()
        self._over = False

    @contextmanager
    def _step(self) -> Iterator[None]:
        try:
            with self.watch.step():
                yield
        except BaseException:
            self._over = True
            raise

    @rule(data=st.data(), key=st.integers(0, KEYS - 1))
    def call(self, data: st.DataObject, key: int) -> None:
        partner = data.draw(st.sampled_from(self.partners))
        with self._step():
            self.sequence.call(partner, key)

    @precondition(lambda self: self.sequence.model.calls)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        known = data.draw(st.sampled_from(sorted(self.sequence.model.calls)))
        with self._step():
            self.sequence.again(*known)

    @precondition(lambda self: self.sequence.model.calls)
    @rule(data=st.data())
    def conflict(self, data: st.DataObject) -> None:
        known = data.draw(st.sampled_from(sorted(self.sequence.model.calls)))
        with self._step():
            self.sequence.conflict(*known)

    @precondition(lambda self: self.revokes and self.sequence.model.active)
    @rule(index=st.integers(0, 1))
    def revoke(self, index: int) -> None:
        with self._step():
            self.sequence.revoke(index)

    def teardown(self) -> None:
        # Every sequence ends with a look at the lists; a search for a smaller one keeps it.
        for partner in sorted({one.partner for one in self.sequence.model.made}):
            if not self._over:
                self._look(partner)

    @precondition(lambda self: self.sequence.model.made)
    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        self._look(data.draw(st.sampled_from(self.partners)))

    def _look(self, partner: int) -> None:
        type(self).last_look = (self.sequence, partner)
        with self._step():
            self.sequence.look(partner)
        type(self).last_look = None


def _settle_seconds(probe: Probe) -> float:
    """How long a list takes to show what was made."""
    first = Sequence(probe, 0)
    first.call(0, 0)
    begin = time.monotonic()
    while True:
        try:
            first.look(0)
        except Violation:
            if time.monotonic() - begin > _SLOWEST_LIST_SECONDS:
                raise NotVerified("the list does not show what was made") from None
            time.sleep(_BETWEEN_LOOKS_SECONDS)
        else:
            took = time.monotonic() - begin
            return took if took > _BETWEEN_LOOKS_SECONDS else 0.0


def _key(request: Request) -> tuple[int, str]:
    return request.partner or 0, dict(request.headers).get("Idempotency-Key", "")


def _forgetting_on_revocation() -> Tamper:
    """A revocation makes all keys of its partner unknown."""
    seen: set[tuple[int, str]] = set()
    forgotten: set[tuple[int, str]] = set()

    def tamper(request: Request, forward: Forward) -> Answer:
        if request.method == "DELETE":
            forgotten.update(one for one in list(seen) if one[0] == request.partner)
        seen.add(_key(request))
        known = _key(request) in forgotten
        return forward(request.without_header("Idempotency-Key") if known else request)

    return tamper


def _knowing_the_last_key_only() -> Tamper:
    """The replay of a key fails when another was used in between."""
    seen: set[tuple[int, str]] = set()
    last: dict[int, str] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        partner, key = _key(request)
        answer = forward(request)
        if key:
            between = (partner, key) in seen and last.get(partner) != key
            seen.add((partner, key))
            last[partner] = key
            return replace(answer, status=409) if between else answer
        return answer

    return tamper


def _conflicts_as_calls() -> Tamper:
    bodies: dict[tuple[int, str], bytes] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        key = _key(request)
        other = key[1] and bodies.setdefault(key, request.body) != request.body
        return forward(request.without_header("Idempotency-Key") if other else request)

    return tamper


def _conflicts_make_and_refuse() -> Tamper:
    """A conflict is refused, and done all the same."""
    bodies: dict[tuple[int, str], bytes] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        key = _key(request)
        if key[1] and bodies.setdefault(key, request.body) != request.body:
            forward(request.without_header("Idempotency-Key"))
        return forward(request)

    return tamper


def _one_memory_for_all() -> Tamper:
    """Another partner's same key gets the first one's answer."""
    kept: dict[str, Answer] = {}

    def tamper(request: Request, forward: Forward) -> Answer:
        _, key = _key(request)
        if not key:
            return forward(request)
        if key not in kept:
            kept[key] = forward(request)
        return kept[key]

    return tamper


def _editing_lists(edit: Callable[[list[Any], list[str]], list[Any]]) -> Callable[[], Tamper]:
    """Change pages by what was made so far, in its order."""

    def make() -> Tamper:
        made: list[str] = []

        def tamper(request: Request, forward: Forward) -> Answer:
            answer = forward(request)
            page = answer.json_object() or {}
            if request.method == "POST" and "client_secret" in page and page["id"] not in made:
                made.append(page["id"])
            if request.method != "GET" or "data" not in page:
                return answer
            return with_body(answer, {**page, "data": edit(page["data"], made)})

        return tamper

    return make


def _without_oldest(data: list[Any], made: list[str]) -> list[Any]:
    return [one for one in data if one["id"] not in made[:-2]]


def _active_again(data: list[Any], made: list[str]) -> list[Any]:
    return [{**one, "status": "active"} if one["id"] in made[:-1] else one for one in data]


@requirement(
    id="sequences.model-holds",
    level=Level.MUST,
    source=f"{SEED}; safety: nobody gets another partner's keys",
    applies_to=_makes_by_key,
    needs=(Capability.LISTING,),
    sabotage=(
        on_requests("forget keys", lambda one: one.without_header("Idempotency-Key")),
        Sabotage("forget keys on a revocation", _forgetting_on_revocation),
        Sabotage("know the last key only", _knowing_the_last_key_only),
        Sabotage("take a conflict for a call", _conflicts_as_calls),
        Sabotage("refuse a conflict and do it", _conflicts_make_and_refuse),
        Sabotage("one memory of keys for all", _one_memory_for_all),
        Sabotage("lists lose the oldest", _editing_lists(_without_oldest)),
        Sabotage("revoked keys are listed as active again", _editing_lists(_active_again)),
    ),
)
def model_holds(probe: Probe) -> None:
    """In any order of calls: one key, one answer and one resource, and lists that are true."""
    settle = _settle_seconds(probe)
    capabilities = probe.target.capabilities
    watch = Watch(probe)

    class Chosen(Machine):
        pass

    Chosen.watch = watch
    Chosen.sequence_of = staticmethod(lambda: Sequence(probe, settle))
    Chosen.partners = (0, 1) if Capability.SECOND_PARTNER in capabilities else (0,)
    Chosen.revokes = Capability.REVOCATION in capabilities
    try:
        with watch.run():
            seeded = seed(probe.random.getrandbits(64))(Chosen)
            chosen = quiet_settings(SEQUENCES, stateful_step_count=STEPS)
            again_after_mismatch(lambda: run_state_machine_as_test(seeded, settings=chosen))
    except Violation:
        if Chosen.last_look and not _is_wrong_still(probe, *Chosen.last_look):
            raise NotVerified("a list shows changes late, and not always alike") from None
        raise


def _is_wrong_still(probe: Probe, sequence: Sequence, partner: int) -> bool:
    """Whether a list is wrong after a while too: some show changes late."""
    exchanges = list(probe.recording.exchanges)
    time.sleep(_BETWEEN_LOOKS_SECONDS * 2)
    try:
        sequence.look(partner)
    except Violation:
        return True
    finally:
        probe.recording.exchanges[:] = exchanges
    return False
