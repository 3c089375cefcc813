"""Faults below the top level of a body: read from a contract that has something there."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from conformance.catalogue.requirement import Level, Requirement
from conformance.catalogue.sabotage import Sabotage
from conformance.probe.probe import Probe
from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.server.validation.nested_bodies import fullest_body, nested_faults
from conformance.target.exchange import Answer, Forward, Request
from conformance.target.target import Target
from demo.mock_process import MockProcess, mock_process
from openapi.contract import Contract

FILE = Path(__file__).parent / "contracts" / "orders.yaml"
CONTRACT = Contract.from_file(FILE)
ORDER = CONTRACT.operations["createOrder"]
NESTED = [one for one in catalogue().values() if one.id.startswith("validation.nested-")]
CASES = [(one, sabotage) for one in NESTED for sabotage in one.sabotage]
TOKEN = "dinie_at_nested"


@pytest.fixture(scope="module")
def orders() -> Iterator[MockProcess]:
    partner = f"dinie_ci_live_one:dinie_cs_live_one:{TOKEN}"
    with mock_process("--partner", partner, "--contract", str(FILE)) as mock:
        yield mock


def checked(
    mock: MockProcess, requirement: Requirement, sabotage: Sabotage | None = None
) -> Result:
    tamper = sabotage.make() if sabotage else None
    with Target(mock.base_url, [TOKEN], tamper=tamper) as target:
        return Run(CONTRACT, target, [], seed=1).check(requirement, ORDER)


def test_every_nested_place_is_tried() -> None:
    with Target("http://target", [TOKEN]) as target:
        probe = Probe(CONTRACT, ORDER, target, random.Random(1))
        faults = list(nested_faults(probe, fullest_body(probe)))

    assert {
        "customer.email as number", "no customer.email", "customer.address as string",
        "customer.address.city as null", "no customer.address.lines",
        "customer.address.lines[0] as array", "customer.address.lines[1].text as boolean",
        "no customer.address.lines[1].text", "items[0] as number", "no items[0].sku",
        "items[0].count as string", "items[0].tags as object", "items[0].tags[1] as number",
    } <= {one.what for one in faults}  # fmt: skip
    assert "no items[0].count" not in {one.what for one in faults}
    assert {one.field for one in faults if "lines[1].text" in one.what} == {"text"}


@pytest.mark.parametrize("requirement", NESTED, ids=lambda one: one.id)
def test_it_applies_where_there_is_something_nested(requirement: Requirement) -> None:
    applies = [one.id for one in CONTRACT.operations.values() if requirement.applies_to(one)]
    assert applies == ["createOrder"]
    assert not any(map(requirement.applies_to, Contract.bundled().operations.values()))


@pytest.mark.parametrize("requirement", NESTED, ids=lambda one: one.id)
def test_a_healthy_target_passes(orders: MockProcess, requirement: Requirement) -> None:
    result = checked(orders, requirement)

    assert result.outcome is Outcome.PASSED, (result.expected, result.actual)


@pytest.mark.parametrize(
    ("requirement", "sabotage"), CASES, ids=lambda one: getattr(one, "id", getattr(one, "name", ""))
)
def test_each_sabotage_is_caught(
    orders: MockProcess, requirement: Requirement, sabotage: Sabotage
) -> None:
    result = checked(orders, requirement, sabotage)

    assert result.outcome is (
        Outcome.FAILED if requirement.level is Level.MUST else Outcome.WARNING
    ), (result.expected, result.actual)
    assert "curl" in result.reproduce


def without_examples(**members: object) -> Contract:
    """The contract of orders without an example, and with more members of an order."""
    document = yaml.safe_load(FILE.read_text())
    content = document["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]
    del content["examples"]
    document["components"]["schemas"]["NewOrder"].setdefault("properties", {}).update(members)
    return Contract(document)


@pytest.mark.parametrize("requirement", NESTED, ids=lambda one: one.id)
def test_a_contract_without_examples_is_judged(
    orders: MockProcess, requirement: Requirement
) -> None:
    contract = without_examples()
    order = contract.operations["createOrder"]
    with Target(orders.base_url, [TOKEN]) as target:
        result = Run(contract, target, [], seed=1).check(requirement, order)

    assert result.outcome is Outcome.PASSED, (result.expected, result.actual)


@pytest.mark.parametrize("requirement", NESTED, ids=lambda one: one.id)
def test_members_that_exclude_each_other_are_left_out(
    orders: MockProcess, requirement: Requirement
) -> None:
    contract = without_examples(voucher={"type": "string"})
    order = contract.operations["createOrder"]

    def tamper(request: Request, forward: Forward) -> Answer:
        return Answer(422) if b"voucher" in request.body else forward(request)

    with Target(orders.base_url, [TOKEN], tamper=tamper) as target:
        result = Run(contract, target, [], seed=1).check(requirement, order)

    assert result.outcome is Outcome.PASSED, (result.expected, result.actual)
