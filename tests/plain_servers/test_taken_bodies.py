"""A creation whose rules no schema says is judged by bodies that its server takes."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from conformance.probe.probe import Probe
from conformance.probe.taken_bodies import varied
from conformance.results.result import Outcome
from conformance.run.judging import never_succeeded
from conformance.run.runner import Run
from conformance.run.survey import Survey
from conformance.server import catalogue
from conformance.target.exchange import Answer, Forward, Request, Tamper
from conformance.target.kept import TakenBody
from conformance.target.target import Target
from openapi.contract import Contract
from openapi.sample import sample_of
from tests.other_contracts.styles import TEXT, parameter
from tests.plain_servers.contracts import DAY, SCHEMES, SHAPES, listed, thing
from tests.plain_servers.contracts import document as documented
from tests.plain_servers.serving import TOKENS, serving


@contextmanager
def surveyed(name: str, tamper: Tamper | None = None) -> Iterator[tuple[Run, Survey]]:
    with serving(name, "bearer") as (url, document), Target(url, TOKENS, tamper=tamper) as target:
        run = Run(Contract(document), target, [], seed=1)
        run.survey()
        yield run, run._survey
        run.clean_up()


def probe_of(run: Run, survey: Survey, operation: str) -> Probe:
    return survey.probe(run.contract.operations[operation])


@pytest.mark.parametrize("name", ["stays", "bookings"])
def test_bookings_that_may_not_overlap_are_made_one_after_another(name: str) -> None:
    with surveyed(name) as (run, survey):
        probe = probe_of(run, survey, "POST /bookings")
        made = [probe.make(number % 2) for number in range(40)]

        assert {one.status for one in made} == {201}
        assert "date" in run.target.places.taken["POST /bookings"].varied


@pytest.mark.parametrize(("name", "member"), [("vehicles", "vin"), ("plates", "plate")])
def test_a_text_that_is_registered_once_is_new_in_each_body(name: str, member: str) -> None:
    with surveyed(name) as (run, survey):
        probe = probe_of(run, survey, "POST /vehicles")
        made = [probe.make(number % 2) for number in range(40)]

        assert {one.status for one in made} == {201}
        assert len({one.field(member) for one in made}) == 40
        assert {one.field("fuel") for one in made} == {"diesel"}
        # A text that is taken is no rule on dates.
        assert run.target.places.taken["POST /vehicles"].varied_member == member
        assert not probe.has_rules


def test_what_an_earlier_run_has_left_is_not_asked_for_again() -> None:
    left: list[Request] = []

    def answer(request: Request, forward: Forward) -> Answer:
        if request.method == "POST" and request.members and request.members["plate"] == "23-AB-45":
            left.append(request)
            return Answer(409)
        return forward(request)

    with surveyed("plates", answer) as (run, survey):
        assert left
        assert survey.said == {}
        assert probe_of(run, survey, "POST /vehicles").make().status == 201


@pytest.mark.parametrize(
    ("form", "count"),
    [
        ({**TEXT, "pattern": "^[A-Z]{3}-[0-9]{4}$"}, 20),
        ({**TEXT, "pattern": "^[A-Z0-9]{1,8}$"}, 20),
        ({**TEXT, "maxLength": 6}, 20),
        ({**TEXT, "format": "uri"}, 20),
        ({**TEXT, "format": "ipv4"}, 20),
        ({**TEXT, "format": "uuid"}, 20),
        ({**TEXT, "const": "only"}, 1),
        ({**TEXT, "enum": ["ABCDEFGHIJ", "KLMNOPQRST"]}, 1),
    ],
)
def test_new_texts_are_valid_by_their_schema(form: Mapping[str, Any], count: int) -> None:
    held = thing(["number"], number=form)
    body = thing(["number", "held", "label"], number=form, held=held, label=TEXT)
    contract = Contract(documented("Things", listed("/things", body, body, 409), SCHEMES["bearer"]))
    operation = contract.operations["POST /things"]
    schema = operation.json_body.schema if operation.json_body else None
    assert schema is not None
    text = sample_of(schema)["number"]
    taken = TakenBody({"number": text, "held": {"number": text}, "label": "a"}, {},
                      frozenset({"str"}), "number", is_plain=True)  # fmt: skip
    made = [varied(operation, taken, frozenset({"label"})) for _ in range(20)]

    assert all(map(schema.is_valid, made))
    assert {one["label"] for one in made} == {"a"}
    for numbers in ({one["number"] for one in made}, {one["held"]["number"] for one in made}):
        assert len(numbers) >= count - 1  # two short ones may be alike
        assert (count == 1) == (numbers == {text})


def registering(*, looks_at_keys: bool) -> Tamper:
    """A server of vehicles that are registered once, which looks at idempotency keys or not."""
    made: dict[str, Answer] = {}
    vins: set[str] = set()

    def answer(request: Request, _: Forward) -> Answer:
        if request.method != "POST" or request.members is None:
            return Answer(200, body=b'{"items": [], "total": 0}')
        if looks_at_keys and request.key in made:
            return made[request.key]
        vin = str(request.members["vin"])
        if vin in vins:
            return Answer(409)
        vins.add(vin)
        item = json.dumps({"id": f"vehicle-{len(vins)}", **request.members}).encode()
        made[request.key or ""] = Answer(201, (("content-type", "application/json"),), item)
        return made[request.key or ""]

    return answer


@pytest.mark.parametrize(
    ("looks_at_keys", "outcome"), [(True, Outcome.PASSED), (False, Outcome.FAILED)]
)
def test_an_ignored_key_is_found_where_texts_are_taken_once(
    outcome: Outcome, *, looks_at_keys: bool
) -> None:
    document = SHAPES["vehicles"][0](SCHEMES["bearer"])
    key = parameter("Idempotency-Key", "header", TEXT, required=True)
    document["paths"]["/vehicles"]["post"]["parameters"] = [key]
    tamper = registering(looks_at_keys=looks_at_keys)
    with Target("http://target", TOKENS[:1], tamper=tamper) as target:
        run = Run(Contract(document), target, [], seed=1)
        run.survey()
        rule = catalogue()["idempotency.replay-is-identical"]
        result = run.check(rule, run.contract.operations["POST /vehicles"])

    assert result.outcome is outcome


def test_an_order_is_of_a_product_of_its_partner() -> None:
    with surveyed("shop") as (run, survey):
        probe = probe_of(run, survey, "POST /orders")
        first, second = probe.request(0), probe.request(1)
        moved = probe.as_partner(first, 1)

        assert first.members["product_id"] != second.members["product_id"]
        assert moved.members["product_id"] == second.members["product_id"]
        assert {probe.send(one).status for one in (first, second, moved)} == {201}


def orders_asked_for(sent: list[Request]) -> Tamper:
    def answer(request: Request, forward: Forward) -> Answer:
        is_order = request.method == "POST" and request.path == "/orders"
        sent.extend([request] if is_order else [])
        return forward(request)

    return answer


def test_an_order_refers_to_what_the_run_has_made_from_the_start() -> None:
    sent: list[Request] = []
    with surveyed("shop", orders_asked_for(sent)) as (run, survey):
        made = {answer.field("id") for _, answer in run.target.places.above.values()}
        assert {one.members["product_id"] for one in sent if one.members} <= made
        # What is referred to is no rule of business: nothing else is asked less for it.
        assert not probe_of(run, survey, "POST /orders").has_rules


def test_an_order_of_what_the_run_has_made_may_be_refused() -> None:
    sent: list[Request] = []

    def answer(request: Request, forward: Forward) -> Answer:
        if request.method != "POST" or request.path != "/orders" or request.members is None:
            return forward(request)
        sent.append(request)
        item = {"id": f"order-{len(sent)}", "total": 1, **request.members}
        is_known = item["product_id"] == "text"
        return Answer(201 if is_known else 422, body=json.dumps(item).encode())

    with surveyed("shop", answer) as (run, survey):
        assert run.target.places.taken == {}
        assert {probe_of(run, survey, "POST /orders").make(one).status for one in (0, 1)} == {201}


def test_what_is_referred_to_comes_first_and_refers_to_nothing_that_needs_it() -> None:
    members = {"/teams": {"lead_user_id": TEXT}, "/users": {"team_id": TEXT}}
    paths: dict[str, Any] = {}
    for path, own in members.items():
        body = thing([*own, "name"], name=TEXT, **own)
        paths |= listed(path, thing(["id"], id=TEXT, name=TEXT, **own), body, 422)
    answers: list[str] = []

    def answer(request: Request, _: Forward) -> Answer:
        if request.method != "POST" or request.members is None:
            return Answer(200, body=b'{"items": [], "total": 0}')
        answers.append(f"{request.path}-{len(answers)}"[1:])
        item = json.dumps({**request.members, "id": answers[-1]}).encode()
        return Answer(201, (("content-type", "application/json"),), item)

    with Target("http://target", TOKENS, tamper=answer) as target:
        run = Run(Contract(documented("Teams", paths, SCHEMES["bearer"])), target, [], seed=1)
        run.survey()
        made = [probe_of(run, run._survey, f"POST {one}").make(1).status for one in members]

    assert made == [201, 201]
    assert len(target.places.taken) == 1


def test_a_transfer_is_between_two_accounts_of_its_partner() -> None:
    with surveyed("ledger") as (run, survey):
        probe = probe_of(run, survey, "POST /transfers")
        first, second = probe.request(0), probe.request(1)
        moved = probe.as_partner(first, 1)

        accounts = [one.members[name] for one in (first, second)
                    for name in ("from_account_id", "targetAccount")]  # fmt: skip
        assert len({*accounts}) == 4
        assert {probe.send(one).status for one in (first, second, moved)} == {201}


def test_a_partner_with_one_account_refers_to_it_twice() -> None:
    made: list[Request] = []

    def answer(request: Request, forward: Forward) -> Answer:
        is_account = request.method == "POST" and request.path == "/accounts"
        made.extend([request] if is_account else [])
        return Answer(422) if is_account and len(made) > 3 else forward(request)

    with surveyed("ledger", answer) as (run, survey):
        probe = probe_of(run, survey, "POST /transfers")
        run.target.places.taken["POST /transfers"] = TakenBody(
            probe.plain_body(),
            {"from_account_id": "POST /accounts", "targetAccount": "POST /accounts"},
        )
        body = probe.plain_body()
        assert body["from_account_id"] == body["targetAccount"]


def test_a_creation_that_nothing_is_taken_for_says_what_it_was_refused_with() -> None:
    def answer(request: Request, forward: Forward) -> Answer:
        is_transfer = request.method == "POST" and request.path == "/transfers"
        said = f'{{"message": "closed\\nfor {TOKENS[0]}"}}'.encode()
        return Answer(422, body=said) if is_transfer else forward(request)

    with surveyed("ledger", answer) as (run, _):
        never = never_succeeded(run.contract, run.answered, run.said)

    assert never.startswith('POST /transfers never answered 201, but 422; at last 422: "{')
    assert "closed" in never
    assert TOKENS[0] not in never


def not_there(request: Request, forward: Forward) -> Answer:
    answer = forward(request)
    return replace(answer, status=404) if answer.status == 422 else answer


def test_an_order_of_nothing_may_be_answered_404_that_the_contract_does_not_have() -> None:
    with surveyed("shop", not_there) as (run, survey):
        probe = probe_of(run, survey, "POST /orders")

        assert [probe.make(partner).status for partner in (0, 1)] == [201, 201]


def test_a_creation_that_is_not_there_is_asked_for_with_no_other_bodies() -> None:
    asked: list[Request] = []

    def answer(request: Request, forward: Forward) -> Answer:
        is_booking = request.method == "POST" and request.path == "/bookings"
        asked.extend([request] if is_booking else [])
        return Answer(404) if is_booking else forward(request)

    with surveyed("stays", answer):
        assert len(asked) == 2  # one of each partner


def test_an_array_has_what_is_there_alone_or_in_its_items() -> None:
    with surveyed("baskets") as (run, survey):
        for operation in ("POST /baskets", "POST /carts"):
            probe = probe_of(run, survey, operation)
            first, second = probe.request(0), probe.request(1)
            moved = probe.as_partner(first, 1)

            assert {probe.send(one).status for one in (first, second, moved)} == {201}


def test_a_refused_array_is_excused_where_it_may_refer_to_something() -> None:
    baskets = SHAPES["baskets"][0](SCHEMES["bearer"])
    labels = {"type": "array", "items": TEXT}
    item = thing(["id", "labels"], id=TEXT, labels=labels)
    marks = documented("Marks", listed("/marks", item, thing(["labels"], labels=labels), 422),
                       SCHEMES["bearer"])  # fmt: skip
    for path in ("/baskets", "/carts"):
        assert checked(Contract(baskets), f"POST {path}", 422) is Outcome.NOT_VERIFIED
    assert checked(Contract(marks), "POST /marks", 422) is Outcome.FAILED


def test_a_body_that_is_taken_at_once_stays_as_it_is() -> None:
    with surveyed("todos") as (run, _):
        assert run.target.places.taken == {}


@pytest.mark.parametrize(
    "id_", ["generated.accepted-data-comes-back", "validation.usual-date-is-accepted"]
)
def test_data_near_what_is_taken_earns_a_verdict(id_: str) -> None:
    with surveyed("bookings") as (run, _):
        result = run.check(catalogue()[id_], run.contract.operations["POST /bookings"])

        assert (result.outcome, result.actual) == (Outcome.PASSED, "")


@pytest.mark.parametrize(
    ("id_", "collision"),
    [("validation.usual-date-is-accepted", 3), ("created.plain-request-succeeds", 1)],
)
def test_a_booking_that_collides_by_chance_is_asked_for_again(id_: str, collision: int) -> None:
    sent: list[Request] = []
    is_counted: list[bool] = []

    def answer(request: Request, forward: Forward) -> Answer:
        sent.extend([request] if is_counted and request.method == "POST" else [])
        return Answer(409) if len(sent) == collision else forward(request)

    with surveyed("bookings", answer) as (run, _):
        is_counted.append(True)
        result = run.check(catalogue()[id_], run.contract.operations["POST /bookings"])

        assert (result.outcome, result.actual) == (Outcome.PASSED, "")
        assert len(sent) > collision


def answering(status: int) -> Any:
    def answer(request: Request, _: Forward) -> Answer:
        return Answer(status if request.method == "POST" else 200)

    return answer


def checked(contract: Contract, create: str, status: int) -> Outcome:
    with Target("http://target", TOKENS[:1], tamper=answering(status)) as target:
        run = Run(contract, target, [], seed=1)
        plain = catalogue()["created.plain-request-succeeds"]
        return run.check(plain, contract.operations[create]).outcome


def test_a_refusal_is_a_violation_but_where_a_rule_may_be_the_reason() -> None:
    stays, todos = (Contract(SHAPES[one][0](SCHEMES["bearer"])) for one in ("stays", "todos"))

    assert checked(stays, "POST /bookings", 422) is Outcome.NOT_VERIFIED
    assert checked(stays, "POST /bookings", 500) is Outcome.FAILED
    assert checked(todos, "POST /todos", 422) is Outcome.FAILED


def test_what_ends_like_an_id_is_the_last_to_be_a_name() -> None:
    def name(**members: Mapping[str, Any]) -> str:
        item = thing(["id"], id=TEXT, **members)
        paths = listed("/things", item, thing([], **members))
        document = documented("Things", paths, SCHEMES["bearer"])
        return str(Contract(document).operations["POST /things"].resource.name)

    assert name(product_id=TEXT, note=TEXT) == "note"
    assert name(productId=TEXT, paid=TEXT) == "paid"
    assert name(product_id=TEXT, start=DAY) == "product_id"


def test_the_numbers_of_a_body_go_on_when_it_is_varied_in_another_way() -> None:
    taken = TakenBody({})
    assert taken.next_number() + 1 == taken.next_number()


def test_what_is_made_with_items_of_its_own_is_no_page_of_a_list() -> None:
    with surveyed("baskets") as (run, _):
        rule = catalogue()["authentication.method-is-not-overridden"]
        result = run.check(rule, run.contract.operations["GET /carts"])

        assert (result.outcome, result.actual) == (Outcome.PASSED, "")
