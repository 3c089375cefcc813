"""Lists, maps and objects that clients may set are sent, and looked for, at all levels."""

import copy
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request
from openapi.contract import Contract
from tests.other_contracts.crates import Hasty, answered
from tests.other_contracts.judging import TOKENS
from tests.other_contracts.styles import FLAG, TEXT, WHOLE, answer, document, parameter, thing

DAY = {**TEXT, "format": "date"}
ADDRESS = thing(["city"], city=TEXT, floor=WHOLE, hall_id=TEXT, since=DAY)
CARD = thing(["kind", "card"], kind={**TEXT, "const": "card"}, card=TEXT, holder=TEXT)
BANK = thing(["kind", "bank"], kind={**TEXT, "const": "bank"}, bank=TEXT, holder=TEXT)
SETTABLE = {
    "address": ADDRESS,
    "tags": {"type": "array", "items": TEXT},
    "labels": {"type": "object", "additionalProperties": {**TEXT, "maxLength": 9}},
    "notes": {"type": "object"},
    "lines": {"type": "array", "items": thing(["sku"], sku=TEXT, amount={**WHOLE, "minimum": 1})},
    "payer": {"anyOf": [CARD, BANK]},
    "carriers": {"type": "array", "items": TEXT},
    "urgent": FLAG,
    "colour": TEXT,
    "born": DAY,
    "owner_id": TEXT,
}
PLAIN, MERGE = "application/json", "application/merge-patch+json"
READ, MADE = "reads.shows-what-was-made", "operations.creation-sets-each-member"
EACH, EACH_OF_PATCH = "operations.change-sets-each-member", "operations.patch-sets-each-member"
REST, REPLACED = "operations.patch-keeps-the-rest", "operations.put-replaces-the-rest"
OPERATIONS = {
    READ: "GET /parcels/{id}", MADE: "POST /parcels", EACH: "PUT /parcels/{id}",
    REPLACED: "PUT /parcels/{id}", EACH_OF_PATCH: "PATCH /parcels/{id}",
    REST: "PATCH /parcels/{id}",
}  # fmt: skip

Item = dict[str, Any]


def contract(settable: Item) -> Contract:
    parcel = thing(["id", "title", "status"], id=TEXT, title=TEXT, status=TEXT, **settable)
    wrong = {status: answer(thing([], message=TEXT)) for status in ("400", "401", "404", "422")}
    one = {"200": answer(parcel), **wrong}

    def takes(media_type: str, required: list[str]) -> dict[str, Any]:
        schema = {**thing(required, title=TEXT, **settable), "example": {"title": "x"}}
        return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}

    return Contract(
        document("Parcels", {
            "/parcels": {
                "post": {**takes(PLAIN, ["title"]), "responses": {"201": answer(parcel), **wrong}},
            },
            "/carriers": {
                "post": {
                    "requestBody": {"content": {PLAIN: {"schema": thing([], name=TEXT)}}},
                    "responses": {"201": answer(thing(["id"], id=TEXT, name=TEXT)), **wrong},
                },
            },
            "/parcels/{id}": {
                "parameters": [parameter("id", "path", TEXT)],
                "get": {"responses": one},
                "put": {**takes(PLAIN, ["title"]), "responses": one},
                "patch": {**takes(MERGE, []), "responses": one},
            },
        })
    )  # fmt: skip


class Parcels:
    """A server of parcels that keeps its contract, in its own ways."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.ids = itertools.count(1000)
        self.fullest: Item = {}

    def __call__(self, request: Request, _: Forward) -> Answer:
        own = request.path.removeprefix("/parcels").strip("/")
        if own and own not in self.items:
            return answered(404, {})
        given = json.loads(request.body) if request.body else {}
        if not self.takes(given):
            return answered(422, {})
        if request.method == "POST":
            own = f"p{next(self.ids)}"
            self.fullest = max(self.fullest, given, key=len)
            self.items[own] = {**self.stored(given), "id": own, "status": "new"}
            return answered(201, self.told(given, self.items[own]))
        if request.method != "GET":
            before = self.items[own]
            change = self.replaced if request.method == "PUT" else self.merged
            self.items[own] = change(before, given)
            return answered(200, self.items[own])
        return answered(200, self.read(copy.deepcopy(self.items[own])))

    def takes(self, _: Item) -> bool:
        """Whether rules of business take a body."""
        return True

    def stored(self, given: Item) -> Item:
        """What is stored of a new parcel."""
        return given

    def told(self, _: Item, item: Item) -> Item:
        """A new parcel as the answer to its creation shows it."""
        return item

    def read(self, item: Item) -> Item:
        """A parcel as the read shows it."""
        return item

    def replaced(self, before: Item, given: Item) -> Item:
        """A parcel after a PUT."""
        return {"id": before["id"], "status": before["status"], **given}

    def merged(self, before: Item, given: Item) -> Item:
        """A parcel after a merge patch."""
        return {**before, **{name: _merged(before.get(name), one) for name, one in given.items()}}


def _merged(before: Any, given: Any) -> Any:
    both = isinstance(before, dict) and isinstance(given, dict)
    return {**before, **given} if both else given


class WithRules(Parcels):
    """What is urgent, or of a colour that there is not, is refused, and so is a hall."""

    def takes(self, given: Item) -> bool:
        return not {"urgent", "colour"} & given.keys() and "hall_id" not in str(given)


class Terse(Parcels):
    """What is empty is left out, sets are in order, and of carriers those that there are stay."""

    def stored(self, given: Item) -> Item:
        kept = {name: one for name, one in given.items() if one and name != "carriers"}
        return {**kept, **({"tags": sorted(kept["tags"])} if "tags" in kept else {})}


class Adding(Parcels):
    """What is read has more than was sent, in each object."""

    def read(self, item: Item) -> Item:
        lines = [{**one, "line": place} for place, one in enumerate(item.get("lines", ()))]
        return {**item, **({"lines": lines} if lines else {}), "address": {
            "country": "DE", **item.get("address", {"city": "none"})}}  # fmt: skip


class MergingAll(Parcels):
    """A PUT merges what is in objects, and adds to lists."""

    def replaced(self, before: Item, given: Item) -> Item:
        new = super().replaced(before, given)
        for name, one in given.items():
            if isinstance(one, list):
                new[name] = [*before.get(name, []), *one]
            new[name] = _merged(before.get(name), new[name])
        return new


class Hiding(Parcels):
    """What is urgent is not found."""

    def __call__(self, request: Request, forward: Forward) -> Answer:
        own = self.items.get(request.path.removeprefix("/parcels/"), {})
        return answered(404, {}) if own.get("urgent") else super().__call__(request, forward)


def judged(requirement: str, server: Parcels, settable: Item = SETTABLE) -> Result:
    own = contract(settable)
    operation = own.operations[OPERATIONS[requirement]]
    one = catalogue()[requirement]
    assert one.applies_to(operation)
    with Hasty("http://target.invalid", TOKENS, tamper=server) as target:
        return Run(own, target, [], seed=1).check(one, operation)


def test_a_full_creation_has_all_but_what_rules_are_often_on() -> None:
    server = Parcels()
    judged(MADE, server)
    sent = server.fullest

    assert sent.keys() == {"title", *SETTABLE} - {"carriers", "owner_id"}
    assert sent["address"].keys() == {"city", "floor"}
    assert sent["payer"].keys() == {"kind", "card", "holder"}
    assert [one.keys() for one in sent["lines"]] == [{"sku", "amount"}]
    assert all(sent[name] for name in ("tags", "labels", "notes"))


def test_a_rule_on_one_member_leaves_the_others() -> None:
    server = WithRules()
    assert judged(MADE, server).outcome is Outcome.PASSED
    assert {"tags", "labels", "address", "lines"} <= max(server.items.values(), key=len).keys()


@pytest.mark.parametrize("server", [Parcels, WithRules, Terse, Adding, MergingAll])
@pytest.mark.parametrize("requirement", OPERATIONS)
def test_a_server_that_keeps_them_in_its_own_way_conforms(
    requirement: str, server: Callable[[], Parcels]
) -> None:
    result = judged(requirement, server())
    assert result.outcome in {Outcome.PASSED, Outcome.NOT_VERIFIED}, result.actual
    assert result.outcome is Outcome.PASSED or (requirement, server) == (REPLACED, MergingAll)


def test_a_member_that_hides_an_item_accuses_no_read() -> None:
    assert judged(READ, Hiding()).outcome is Outcome.PASSED


def losing(*path: str | int) -> Callable[[Item], Item]:
    """What is at a place is lost."""

    def change(item: Item) -> Item:
        item = copy.deepcopy(item)
        place: Any = item
        for step in path[:-1]:
            place = place.get(step, {}) if isinstance(place, dict) else place[step]
        if isinstance(place, dict):
            place.pop(path[-1], None)
        return item

    return change


PLACES = [
    ("tags",), ("labels",), ("labels", "label"), ("notes", "label"), ("address", "floor"),
    ("payer", "holder"), ("born",), ("colour",), ("lines", 0, "amount"),
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=lambda one: ".".join(map(str, one)))
@pytest.mark.parametrize(
    ("requirement", "way", "found"),
    [(READ, "read", Outcome.FAILED), (MADE, "stored", Outcome.WARNING)],
)
def test_what_is_lost_is_found(
    requirement: str, way: str, found: Outcome, place: tuple[str | int, ...]
) -> None:
    server = Parcels()
    # Of a creation it is judged alone, too.
    always = requirement == MADE
    setattr(server, way, lambda item: losing(*place)(item) if always or "lines" in item else item)

    result = judged(requirement, server)
    assert result.outcome is found
    assert str(place[0]) in str(result.expected) + str(result.evidence)


@pytest.mark.parametrize("place", PLACES, ids=lambda one: ".".join(map(str, one)))
def test_what_a_patch_of_another_member_takes_away_is_found(place: tuple[str | int, ...]) -> None:
    server = Parcels()
    kept = server.merged
    setattr(server, "merged", lambda item, given: kept(losing(*place)(item), given))  # noqa: B010

    assert judged(REST, server).outcome is Outcome.FAILED


@pytest.mark.parametrize("name", ["tags", "labels", "notes", "address", "lines", "payer"])
@pytest.mark.parametrize(
    ("requirement", "way", "found"),
    [(EACH, "replaced", Outcome.WARNING), (EACH_OF_PATCH, "merged", Outcome.FAILED)],
)
def test_a_list_or_object_that_a_change_leaves_is_found(
    requirement: str, way: str, found: Outcome, name: str
) -> None:
    server = Parcels()
    changed = getattr(server, way)

    def ignoring(before: Item, given: Item) -> Item:
        kept = {name: before[name]} if name in before and name in given else {}
        return {**changed(before, given), **kept}

    setattr(server, way, ignoring)
    assert judged(requirement, server).outcome is found


@pytest.mark.parametrize("name", ["tags", "labels", "address", "lines"])
def test_a_list_or_object_that_a_put_keeps_is_found(name: str) -> None:
    server = Parcels()
    replaced = server.replaced
    setattr(  # noqa: B010
        server, "replaced",
        lambda before, given: {**({name: before[name]} if name in before else {}),
                               **replaced(before, given)},
    )  # fmt: skip

    result = judged(REPLACED, server)
    assert result.outcome is Outcome.WARNING
    assert name in str(result.expected)


class Echoing(Parcels):
    """Its creation is answered with what was sent, and a store writes numbers and times anew."""

    def stored(self, given: Item) -> Item:
        shown = {name: [*map(_rewritten, one)] if isinstance(one, list) else one
                 for name, one in given.items()}  # fmt: skip
        return {**shown, **({"address": {"city": "x"}} if "address" in given else {})}

    def told(self, given: Item, item: Item) -> Item:
        plain = {name: one for name, one in given.items() if name != "address"}
        return {**plain, "id": item["id"], "status": item["status"]}


def _rewritten(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rewritten(one) for name, one in value.items()}
    return value.replace("Z", "+00:00") if isinstance(value, str) else float(value)


WRITTEN_ANEW = {
    "spot": {"type": "array", "items": {"type": "number"}, "minItems": 2},
    "times": {"type": "array", "items": {**TEXT, "format": "date-time"}, "minItems": 2},
    "address": ADDRESS,
}


@pytest.mark.parametrize("name", WRITTEN_ANEW)
def test_a_read_may_write_a_list_anew_and_leave_out_what_the_creation_has_not_shown(
    name: str,
) -> None:
    result = judged(READ, Echoing(), {name: WRITTEN_ANEW[name]})
    assert result.outcome is Outcome.PASSED, result.actual


class Moving(Parcels):
    """Other items and the time change what an item has."""

    def read(self, item: Item) -> Item:
        own = self.items[item["id"]]
        for name, one in own.items():
            if isinstance(one, bool):
                own[name] = False
            elif isinstance(one, int):
                own[name] = one + 1 if name == "position" else one - 1
            elif isinstance(one, dict):
                own[name] = {**one, "ttl": one.get("ttl", 9) - 1}
        return own


@pytest.mark.parametrize(
    "settable",
    [{"position": WHOLE}, {"expires_in": WHOLE}, {"keptSeconds": WHOLE}, {"is_default": FLAG},
     {"primary": FLAG}, {"cache": thing([], name=TEXT, ttl=WHOLE)}],
    ids=lambda one: next(iter(one)),
)  # fmt: skip
@pytest.mark.parametrize("requirement", [READ, REST, EACH, EACH_OF_PATCH])
def test_what_others_and_the_time_change_accuses_nobody(requirement: str, settable: Item) -> None:
    result = judged(requirement, Moving(), {**settable, "colour": TEXT})
    assert result.outcome in {Outcome.PASSED, Outcome.NOT_VERIFIED}, result.actual


def test_a_full_creation_tells_nobody_and_charges_nothing() -> None:
    url = {**TEXT, "format": "uri"}
    flags = dict.fromkeys(("notify", "sendInvitation", "publish", "charge", "auto_charge"), FLAG)
    server = Parcels()
    judged(MADE, server, {
        **flags, "email": {**TEXT, "format": "email"}, "callback_url": url, "webhookUrl": url,
        "payer": thing([], sender=TEXT, e_mail=TEXT), "urgent": FLAG, "site": url,
    })  # fmt: skip

    assert server.fullest.keys() == {"title", "payer", "urgent", "site"}
    assert server.fullest["payer"].keys() == {"sender"}


class OfItsOwn(Parcels):
    """The owner is the server's, it keeps no tag that it does not know, and it has settings."""

    def stored(self, given: Item) -> Item:
        return {**given, **({"tags": []} if "tags" in given else {})}

    def replaced(self, before: Item, given: Item) -> Item:
        return super().replaced(before, self.stored(given))

    def merged(self, before: Item, given: Item) -> Item:
        return super().merged(before, self.stored(given))

    def read(self, item: Item) -> Item:
        settings = {"theme": "light", **(item.get("settings") or {})}
        return {**item, "owner": {"login": "me"}, "settings": settings}


@pytest.mark.parametrize(
    "settable",
    [
        {"owner": thing([], login=TEXT)},
        {"tags": {"type": "array", "items": TEXT}},
        {"settings": {**thing([], theme={**TEXT, "enum": ["light", "dark"]}),
                      "type": ["object", "null"]}},
    ],
    ids=lambda one: next(iter(one)),
)  # fmt: skip
@pytest.mark.parametrize("requirement", [EACH, EACH_OF_PATCH])
def test_a_list_or_object_that_no_creation_sets_is_the_servers(
    requirement: str, settable: Item
) -> None:
    result = judged(requirement, OfItsOwn(), settable)
    assert result.outcome in {Outcome.PASSED, Outcome.NOT_VERIFIED}, result.actual


class ByItsKind(Parcels):
    """Names of labels are written anew, an end comes by itself, minutes are of what is timed."""

    def stored(self, given: Item) -> Item:
        kept = {name: one for name, one in given.items()
                if name not in {"closed_at", "seen_by"}
                and (name != "minutes" or given.get("kind") == "timed")
                and (name != "days" or given.get("weekly"))
                and (name != "note" or len(given) == 2)}  # fmt: skip
        labels = {name.upper(): one for name, one in given.get("labels", {}).items()}
        return {**kept, **({"labels": labels} if labels else {})}


@pytest.mark.parametrize(
    "settable",
    [
        {"labels": SETTABLE["labels"]},
        {"closed_at": {"type": ["string", "null"], "format": "date-time"}},
        {"seen_by": TEXT},
        {"minutes": WHOLE, "kind": {**TEXT, "enum": ["plain", "timed"]}},
        {"days": WHOLE, "weekly": {**FLAG, "default": True}},
        {"note": TEXT, "colour": TEXT},
    ],
    ids=lambda one: next(iter(one)),
)
def test_what_a_creation_need_not_keep_accuses_nobody(settable: Item) -> None:
    result = judged(MADE, ByItsKind(), {**settable, "urgent": FLAG})
    assert result.outcome is Outcome.PASSED, result.actual
