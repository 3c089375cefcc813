"""What the payments contract is read as."""

from openapi.contract import Contract
from openapi.reads import read_of
from tests.other_contracts.styles import STYLES
from tests.payments.serving import FILE

CONTRACT = Contract.named(FILE)


def test_a_parameter_has_its_example() -> None:
    hooks = Contract(STYLES["hooks"]()).operations["GET /projects/{projectId}/hooks"]

    assert hooks.parameters[0].examples == ("prj_1",)


def test_resources_are_found_whatever_they_are_called() -> None:
    merchants, terminals, payments = CONTRACT.resources

    assert [one.id for one in merchants.operations] == [
        *("openMerchant", "listMerchants", "readMerchant"),
    ]
    assert [one.id for one in terminals.operations] == [
        *("pairTerminal", "readTerminal", "removeTerminal"),
    ]
    assert [one.id for one in payments.operations] == [
        *("takePayment", "listPayments", "readPayment", "cancelPayment"),
    ]
    assert (merchants.id, merchants.name, merchants.secret) == ("merchantRef", "legalName", None)
    assert (payments.id, payments.name) == ("paymentRef", "note")
    assert (payments.secret, payments.state) == ("confirmationSecret", "state")


def test_reads_keep_what_clients_have_sent() -> None:
    payment, terminal = (
        read_of(CONTRACT.operations[one]) for one in ("readPayment", "readTerminal")
    )

    assert payment is not None
    assert payment.id == "paymentRef"
    assert {*payment.kept} == {"merchantRef", "amount", "currency", "note", "dueAt"}
    assert payment.delete is None
    assert terminal is not None
    assert terminal.delete is CONTRACT.operations["removeTerminal"]
    assert not any(map(read_of, Contract.bundled().operations.values()))
