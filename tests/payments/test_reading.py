"""What the payments contract is read as."""

from openapi.contract import Contract
from tests.other_contracts.styles import STYLES
from tests.payments.serving import FILE

CONTRACT = Contract.named(FILE)


def test_a_parameter_has_its_example() -> None:
    hooks = Contract(STYLES["hooks"]()).operations["GET /projects/{projectId}/hooks"]

    assert hooks.parameters[0].examples == ("prj_1",)


def test_resources_are_found_whatever_they_are_called() -> None:
    merchants, payments = CONTRACT.resources

    assert [one.id for one in merchants.operations] == [
        *("openMerchant", "listMerchants", "readMerchant"),
    ]
    assert [one.id for one in payments.operations] == [
        *("takePayment", "listPayments", "readPayment", "cancelPayment"),
    ]
    assert (merchants.id, merchants.name, merchants.secret) == ("merchantRef", "legalName", None)
    assert (payments.id, payments.name) == ("paymentRef", "note")
    assert (payments.secret, payments.state) == ("confirmationSecret", "state")
