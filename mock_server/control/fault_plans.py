"""``/_mock/partners/{partner_id}/faults``: what is to go wrong."""

from collections.abc import Sequence

import orjson

from mock_server.control.known_partners import known_partner
from mock_server.exchange import Exchange
from mock_server.faults.plan import Fault, FaultPlans, NothingToDo
from mock_server.operations.handling import Handlers
from mock_server.problems import Problem, ProblemType, invalid_fields
from mock_server.response import Response
from mock_server.store.interface import Store
from openapi.schema import FieldError


class Faults:
    """Lists, adds and removes a partner's faults."""

    def __init__(self, store: Store, plans: FaultPlans) -> None:
        self.store = store
        self.plans = plans

    def handlers(self) -> Handlers:
        """The operations of this resource."""
        path = "/partners/{partner_id}/faults"
        return {
            f"listFaults GET {path}": self.list,
            f"addFault POST {path}": self.add,
            f"removeFaults DELETE {path}": self.clear,
            f"removeFault DELETE {path}/{{fault_id}}": self.remove,
        }

    async def list(self, exchange: Exchange) -> Response:
        """What is set."""
        partner = await known_partner(exchange, self.store)
        return _shown(200, self.plans.of(partner.partner_id))

    async def add(self, exchange: Exchange) -> Response:
        """Set one more, or a preset."""
        partner = await known_partner(exchange, self.store)
        try:
            return _shown(201, self.plans.add(partner.partner_id, exchange.value))
        except NothingToDo as error:
            raise invalid_fields([FieldError("action", str(error), "invalid_value")]) from None

    async def clear(self, exchange: Exchange) -> Response:
        """Let nothing go wrong any more."""
        partner = await known_partner(exchange, self.store)
        self.plans.clear(partner.partner_id)
        return Response(204)

    async def remove(self, exchange: Exchange) -> Response:
        """Take one away."""
        partner = await known_partner(exchange, self.store)
        if not self.plans.remove(partner.partner_id, exchange.parameters["fault_id"]):
            raise Problem(ProblemType.NOT_FOUND, "unknown_fault", "There is no such fault.")
        return Response(204)


def _shown(status: int, faults: Sequence[Fault]) -> Response:
    data = [
        {**fault.text, "id": fault.id, "name": fault.name, "fired": fault.fired} for fault in faults
    ]
    return Response(status, orjson.dumps({"data": data}), "application/json")
