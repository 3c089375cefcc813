"""``/_mock/partners/{partner_id}/report``: the verdict on the partner's client."""

from conformance.client.judging import Level, judge
from conformance.report import FORMATS
from mock_server.control.partner_state import known_partner
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import Response, invalid_fields
from mock_server.observing.journals import Journals
from mock_server.store.interface import Store
from openapi.contract import Contract
from openapi.schema import FieldError


class Reports:
    """The operation that checks a client against the contract, by its journal."""

    def __init__(self, store: Store, journals: Journals, contract: Contract) -> None:
        self.store = store
        self.journals = journals
        self.contract = contract

    def handlers(self) -> Handlers:
        """Handler of the report."""
        return {"reportClient GET /partners/{partner_id}/report": self.report}

    async def report(self, exchange: Exchange) -> Response:
        """Report on one client; the header ``Exit-Code`` is that of ``dinie-mock report``."""
        partner = await known_partner(exchange, self.store)
        name = exchange.parameters.get("format", "json")
        if name not in FORMATS:
            detail = f"must be one of {', '.join(FORMATS)}"
            raise invalid_fields([FieldError("format", detail, "invalid_value")])
        level = Level(exchange.parameters.get("level", "must"))
        entries = list(self.journals.of(partner.partner_id).entries)
        verdict = judge(entries, self.contract, level, target=partner.partner_id)
        return Response(
            200,
            FORMATS[name](verdict).encode(),
            FORMATS[name].media_type,
            {"Exit-Code": str(verdict.exit_code)},
        )
