"""``/_mock/partners/{partner_id}/faults``: the faults that are set for a partner."""

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.journal.redaction import Redactor
from mock_server.control.partner_state import handlers_for_partners
from mock_server.exchange.exact_json import read_json, write_json
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import (
    Problem,
    ProblemType,
    Response,
    invalid_fields,
    json_response,
)
from mock_server.faults.plan import Fault, FaultPlans, UnusableFault
from mock_server.faults.presets import FaultText
from mock_server.store.interface import PartnerLogin, Store
from openapi.field_errors import FieldError


@dataclass(frozen=True, slots=True)
class FaultOperations:
    """The operations on a partner's faults."""

    store: Store
    plans: FaultPlans
    redactor: Redactor

    def handlers(self) -> Handlers:
        path = "/partners/{partner_id}/faults"
        return handlers_for_partners(
            self.store,
            {
                f"listFaults GET {path}": self.list,
                f"addFault POST {path}": self.add,
                f"removeFaults DELETE {path}": self.clear,
                f"switchFault PATCH {path}/{{fault_id}}": self.switch,
                f"removeFault DELETE {path}/{{fault_id}}": self.remove,
            },
        )

    async def list(self, _: Exchange, partner: PartnerLogin) -> Response:
        return self._response(200, self.plans.of(partner.partner_id))

    async def add(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """Add a fault, or all faults of a preset; raises a 422 for one that could never fire."""
        text = exchange.value
        if "name" in text:
            text = {**text, "name": self.redactor.repetitions(self.redactor.text(text["name"]))}
        try:
            added = self.plans.add(partner.partner_id, text)
        except UnusableFault as error:
            field = FieldError(error.field, error.reason, "invalid_value")
            raise invalid_fields([field]) from None
        return self._response(201, added)

    async def clear(self, _: Exchange, partner: PartnerLogin) -> Response:
        self.plans.clear(partner.partner_id)
        return Response(204)

    async def remove(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """Remove one fault; raises a 404 for an unknown id."""
        if not self.plans.remove(partner.partner_id, exchange.parameters["fault_id"]):
            raise _unknown()
        return Response(204)

    async def switch(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """Switch one fault off or on; raises a 404 for an unknown id."""
        fault_id, enabled = exchange.parameters["fault_id"], exchange.value["enabled"]
        fault = self.plans.switch(partner.partner_id, fault_id, enabled=enabled)
        if fault is None:
            raise _unknown()
        return json_response(200, self._json(fault))

    def _response(self, status: int, faults: Sequence[Fault]) -> Response:
        return json_response(status, {"data": [self._json(one) for one in faults]})

    def _json(self, fault: Fault) -> FaultText:
        preset = {"preset": fault.preset} if fault.preset else {}
        return {
            **self._without_secrets(fault),
            "id": fault.id,
            "name": fault.name,
            **preset,
            "enabled": fault.enabled,
            "fired": fault.fired,
        }

    def _without_secrets(self, fault: Fault) -> FaultText:
        """The members of a fault, redacted: its match may hold a token or a key of a client."""
        match = dict(fault.text.get("match", {}))
        if "headers" in match:
            match["headers"] = dict(self.redactor.headers(match["headers"].items()))
        if "body" in match:
            match["body"] = read_json(self.redactor.body(write_json(match["body"])).encode())
        return {**fault.text, "match": match}


def _unknown() -> Problem:
    return Problem(ProblemType.NOT_FOUND, "unknown_fault", "There is no such fault.")
