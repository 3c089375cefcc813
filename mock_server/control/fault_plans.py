"""``/_mock/partners/{partner_id}/faults``: the faults that are set for a partner."""

from collections.abc import Sequence

import orjson

from conformance.journal.redaction import Redactor
from mock_server.control.partner_state import known_partner
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import Problem, ProblemType, Response, invalid_fields
from mock_server.faults.plan import Fault, FaultPlans, UnusableFault
from mock_server.faults.presets import FaultText
from mock_server.store.interface import Store
from openapi.schema import FieldError


class FaultOperations:
    """The operations on a partner's faults."""

    def __init__(self, store: Store, plans: FaultPlans, redactor: Redactor) -> None:
        self.store = store
        self.plans = plans
        self.redactor = redactor

    def handlers(self) -> Handlers:
        """Handlers of the operations on faults."""
        path = "/partners/{partner_id}/faults"
        return {
            f"listFaults GET {path}": self.list,
            f"addFault POST {path}": self.add,
            f"removeFaults DELETE {path}": self.clear,
            f"removeFault DELETE {path}/{{fault_id}}": self.remove,
        }

    async def list(self, exchange: Exchange) -> Response:
        """List the faults."""
        partner = await known_partner(exchange, self.store)
        return self._shown(200, self.plans.of(partner.partner_id))

    async def add(self, exchange: Exchange) -> Response:
        """Add a fault, or all faults of a preset; raises a 422 for one that could never fire."""
        partner = await known_partner(exchange, self.store)
        text = exchange.value
        if "name" in text:
            text = {**text, "name": self.redactor.text(text["name"])}
        try:
            added = self.plans.add(partner.partner_id, text)
        except UnusableFault as error:
            field = FieldError(error.field, error.reason, "invalid_value")
            raise invalid_fields([field]) from None
        return self._shown(201, added)

    async def clear(self, exchange: Exchange) -> Response:
        """Remove all faults."""
        partner = await known_partner(exchange, self.store)
        self.plans.clear(partner.partner_id)
        return Response(204)

    async def remove(self, exchange: Exchange) -> Response:
        """Remove one fault; raises a 404 for an unknown id."""
        partner = await known_partner(exchange, self.store)
        if not self.plans.remove(partner.partner_id, exchange.parameters["fault_id"]):
            raise Problem(ProblemType.NOT_FOUND, "unknown_fault", "There is no such fault.")
        return Response(204)

    def _shown(self, status: int, faults: Sequence[Fault]) -> Response:
        data = [
            {**self._without_secrets(one), "id": one.id, "name": one.name, "fired": one.fired}
            for one in faults
        ]
        return Response(status, orjson.dumps({"data": data}), "application/json")

    def _without_secrets(self, fault: Fault) -> FaultText:
        """The JSON of a fault, redacted: its match may hold a token or a key of a client."""
        match = dict(fault.text.get("match", {}))
        if "headers" in match:
            match["headers"] = dict(self.redactor.headers(match["headers"].items()))
        if "body" in match:
            match["body"] = orjson.loads(self.redactor.body(orjson.dumps(match["body"])))
        return {**fault.text, "match": match}
