"""What a conforming server may do with an item, as its contract says, is no fault of it."""

import itertools
import json
from typing import Any

import pytest

from conformance.catalogue.judge import JudgedExchange, Purpose
from conformance.results.result import Outcome
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.capabilities import Capability
from conformance.target.exchange import Answer, Forward, Request
from openapi.contract import Contract
from tests.mock_server.kept.contracts import answer, array, contract, number, obj, operation, text
from tests.other_contracts.crates import TOKENS, Hasty, answered

_ERROR = answer(obj("message", message=text()))
REFUSALS = dict.fromkeys(("400", "401", "404", "409"), _ERROR)
UPPER = "Unique; stored in upper case."


def tasks(*, is_deleted: bool = False, **members: Any) -> Contract:
    """The contract of tasks, which can be changed, voided and deleted."""
    whole = {"id": text(), "state": text(enum=["draft", "open", "void"]), **members}
    sent = {name: one for name, one in members.items() if name != "id"}
    task = obj("id", *members, **whole)
    document = contract({
        "/tasks": {
            "post": operation({"201": answer(task), **REFUSALS}, obj(*sent, **sent)),
            "get": operation({"200": answer(array(task)), **REFUSALS}),
        },
        "/tasks/{id}": {
            "get": operation({"200": answer(task), **REFUSALS}),
            "patch": operation({"200": answer(task), **REFUSALS}, obj(**sent),
                               media_type="application/merge-patch+json"),
            "post": operation({"200": answer(task), **REFUSALS}),
        },
        "/tasks/{id}/void": {"post": operation({"200": answer(task), **REFUSALS})},
        "/tasks/{id}/alarm": {
            "put": operation({"200": answer(), **REFUSALS}, obj("at", at=text())),
        },
    }, ids=members.get("id"))  # fmt: skip
    if is_deleted:
        document["paths"]["/tasks/{id}"]["delete"] = operation({"200": answer(task), **REFUSALS})
    document["security"] = [{"bearer": []}]
    return Contract(document)


class Tasks:
    """A server of tasks: a draft is not voided, and a new task goes to the top."""

    def __init__(self, *, way: str = "") -> None:
        self.way = way
        self.items: dict[tuple[int, str], dict[str, Any]] = {}
        self.ids = {partner: itertools.count(1) for partner in (0, 1)}

    def __call__(self, request: Request, _: Forward) -> Answer:
        if request.partner is None:
            return answered(401, {"message": "who are you?"})
        _, _, own, *below = [*request.path.partition("?")[0].split("/"), ""][:4]
        if not own and request.method == "POST":
            return answered(201, self.made(request.partner, json.loads(request.body)))
        mine = {id_: one for (partner, id_), one in self.items.items()
                if partner == request.partner or self.way == "shown to anybody"}  # fmt: skip
        if not own:
            return answered(200, [*mine.values()])
        if own not in mine or below == ["alarm"]:
            return answered(404, {"message": "none"})
        if below == ["void"]:
            return answered(409, {"message": "it is a draft"})
        if request.method == "PATCH":
            mine[own].update(self.kept(json.loads(request.body)))
        return answered(200, mine[own])

    def made(self, partner: int, sent: dict[str, Any]) -> dict[str, Any]:
        """A new task, before all others."""
        counter = 0 if self.way in {"counted for all", "shown to anybody"} else partner
        id_ = next(self.ids[counter])
        key = str(id_) if self.way else f"t{id_:012x}"
        for one in self.items.values():
            if "position" in one:
                one["position"] += 1
        found = {"id": id_ if self.way else key, "state": "draft", **self.kept(sent)}
        self.items[partner, key] = found | ({"position": 1} if "position" in sent else {})
        return self.items[partner, key]

    def kept(self, sent: dict[str, Any]) -> dict[str, Any]:
        """What is kept of a body."""
        return {name: one.strip().upper() if name == "code" else one for name, one in sent.items()}


def outcome(own: Contract, requirement: str, of: str, server: Tasks | None = None) -> Outcome:
    one = catalogue()[requirement]
    assert one.applies_to(own.operations[of])
    with Hasty("http://target.invalid", TOKENS, tamper=server or Tasks()) as target:
        target.capabilities.update(set(Capability) - {Capability.CLOCK})
        return Run(own, target, [], seed=1).check(one, own.operations[of]).outcome


TITLE = {"title": text(minLength=1, maxLength=90)}
CODE = {"code": text(pattern="^ ?[A-Za-z]{2,60} ?$", description=UPPER)}
NAME = {"name": text(minLength=1, maxLength=90, description="Trimmed by the server.")}
PLACE = {**TITLE, "position": number(minimum=1)}


@pytest.mark.parametrize(
    "requirement",
    [
        "authentication.refused-request-revokes-nothing",
        "authentication.no-header-stands-in-for-a-token",
        "authentication.other-spellings-open-nothing",
        "authentication.token-in-body-is-refused",
        "revocation.answers-204-without-body",
    ],
)
def test_a_state_may_not_allow_an_end(requirement: str) -> None:
    found = outcome(tasks(**TITLE), requirement, "POST /tasks/{id}/void")

    assert found is Outcome.NOT_VERIFIED


@pytest.mark.parametrize(
    ("requirement", "members", "of", "found"),
    [
        ("generated.accepted-data-comes-back", CODE, "POST /tasks", Outcome.PASSED),
        ("created.name-is-unchanged", NAME, "POST /tasks", Outcome.NOT_VERIFIED),
        ("generated.accepted-data-comes-back", PLACE, "POST /tasks", Outcome.PASSED),
        ("reads.shows-what-was-made", PLACE, "GET /tasks/{id}", Outcome.PASSED),
        ("created.is-in-the-list", PLACE, "POST /tasks", Outcome.PASSED),
    ],
)
def test_a_member_may_be_kept_or_moved_as_the_contract_says(
    requirement: str, members: dict[str, Any], of: str, found: Outcome
) -> None:
    assert outcome(tasks(**members), requirement, of) is found


def test_a_short_text_keeps_no_patch_from_judgement() -> None:
    own = tasks(note=text(maxLength=20), done={"type": "boolean"})

    found = outcome(own, "operations.change-is-shown", "PATCH /tasks/{id}")
    assert found is Outcome.PASSED


def test_a_post_on_the_path_of_a_deletion_is_one_of_its_own() -> None:
    own = tasks(is_deleted=True, **TITLE)
    found = outcome(own, "authentication.method-is-not-overridden", "DELETE /tasks/{id}")

    assert found is Outcome.NOT_VERIFIED


@pytest.mark.parametrize(
    ("told", "is_broken"), [("{'title': 'V:\\x11'} is no text", False), ("C:\\srv\\app.py", True)]
)
def test_what_was_sent_is_no_internal(
    told: str,
    is_broken: bool,  # noqa: FBT001 - of a table
) -> None:
    own = tasks(**TITLE).operations["POST /tasks"]
    request = Request("POST", "/tasks").with_json({"title": "V:\x11"})
    exchange = JudgedExchange(own, request, answered(400, {"message": told}), Purpose.OBSERVED)

    found = catalogue()["problems.no-internals"].violation(exchange)
    assert (found is not None) is is_broken


def test_a_404_is_no_refusal_of_wrong_data() -> None:
    found = outcome(
        tasks(**TITLE), "validation.wrong-or-missing-field-is-refused", "PUT /tasks/{id}/alarm"
    )

    assert found is Outcome.NOT_VERIFIED


@pytest.mark.parametrize(
    ("way", "found"),
    [
        ("counted for each", Outcome.NOT_VERIFIED),
        ("counted for all", Outcome.PASSED),
        ("shown to anybody", Outcome.FAILED),
    ],
)
def test_a_counted_id_of_others_is_known_where_all_are_counted_together(
    way: str, found: Outcome
) -> None:
    own = tasks(id=number(), size=number())

    requirement, server = "reads.belongs-to-its-partner", Tasks(way=way)
    for _ in range(5):
        server.made(1, {"size": 1})
    assert outcome(own, requirement, "GET /tasks/{id}", server) is found
