"""``/_mock/partners/{partner_id}/journal`` and ``/report``: exchanges, and the verdict by them."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

import orjson

from conformance.client.judging import Level
from conformance.journal.har import har_of
from conformance.journal.journal import JournalEntry
from conformance.report import FORMATS
from dinie_contract.spelling import hint
from mock_server.connection.delivery import OpenStreams, Streamed
from mock_server.control.client_verdicts import verdict_on_client
from mock_server.control.partner_state import handlers_for_partners
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import Response, invalid_fields, json_response
from mock_server.faults.plan import FaultPlans
from mock_server.faults.presets import PRESETS
from mock_server.observing.journals import CAPACITY, Journals
from mock_server.store.interface import PartnerLogin, Store
from openapi.contract import Contract
from openapi.field_errors import FieldError

MOST_FOLLOWERS = 100
"""Limit on those that follow journals at one time: each costs time with each exchange."""


@dataclass(frozen=True, slots=True)
class JournalReading:
    """The operations on journals: pages, HAR files, server-sent events and verdicts.

    ``contract`` is that of the API: reports check clients against it.
    """

    store: Store
    journals: Journals
    plans: FaultPlans
    contract: Contract
    followers: OpenStreams = field(default_factory=lambda: OpenStreams(MOST_FOLLOWERS))

    def handlers(self) -> Handlers:
        path = "/partners/{partner_id}/journal"
        for_partners = handlers_for_partners(
            self.store,
            {
                f"readJournal GET {path}": self.read,
                f"followJournal GET {path}/events": self.follow,
                f"exportJournal GET {path}.har": self.export,
                "reportClient GET /partners/{partner_id}/report": self.report,
            },
        )
        return {**for_partners, "readNobodysJournal GET /journal": self.read_unattributed}

    async def read(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        return self._page(exchange, partner.partner_id)

    async def read_unattributed(self, exchange: Exchange) -> Response:
        """Read a page of the exchanges that no partner is known for."""
        return self._page(exchange, None)

    async def export(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """Export a partner's exchanges as HAR 1.2."""
        found, _ = self.found(exchange.parameters, partner.partner_id)
        disposition = f'attachment; filename="{partner.partner_id}.har"'
        return json_response(200, har_of(found), Content_Disposition=disposition)

    async def follow(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """Stream a partner's exchanges as server-sent events (HTML, section 9.2).

        Raises a 503 where there are too many followers.
        """
        after = exchange.parameters.get("Last-Event-ID", exchange.parameters.get("after", 0))
        # The answer to HEAD has no body to wait for (RFC 9110 section 9.3.2).
        if exchange.scope["method"] != "HEAD":
            self.followers.admit()
            exchange.delivery = Streamed(self._events(partner.partner_id, after), self.followers)
        return Response(200, b"", "text/event-stream", {"Cache-Control": "no-store"})

    async def _events(self, partner_id: str, after: int) -> AsyncGenerator[bytes]:
        async with aclosing(self.journals.follow(partner_id, after)) as entries:
            async for entry in entries:
                data = orjson.dumps(entry)
                yield b"event: exchange\nid: %d\ndata: %b\n\n" % (entry.number, data)

    async def report(self, exchange: Exchange, partner: PartnerLogin) -> Response:
        """Report on one client; the header ``Exit-Code`` is that of ``dinie-mock report``."""
        name = exchange.parameters.get("format", "json")
        if name not in FORMATS:
            detail = f"is no format of a report: {hint(name, FORMATS)}"
            raise invalid_fields([FieldError("format", detail, "invalid_value")])
        level = Level(exchange.parameters.get("level", "must"))
        entries = list(self.journals.of(partner.partner_id).entries)
        verdict = verdict_on_client(entries, self.contract, level, partner=partner)
        form, headers = FORMATS[name], {"Exit-Code": str(verdict.exit_code)}
        if policy := form.policy():
            headers["Content-Security-Policy"] = f"{policy}; frame-ancestors 'none'"
        return Response(200, form(verdict).encode(), form.media_type, headers)

    def _page(self, exchange: Exchange, partner_id: str | None) -> Response:
        found, has_more = self.found(exchange.parameters, partner_id)
        dropped = self.journals.of(partner_id).dropped
        data = [asdict(one) for one in found]
        return json_response(200, {"data": data, "dropped": dropped, "has_more": has_more})

    def found(
        self, query: Mapping[str, Any], partner_id: str | None
    ) -> tuple[list[JournalEntry], bool]:
        """The exchanges that the parameters of a query select, and whether there are more.

        Raises a 422 for an operation or a fault that there is not.
        """
        limit, after = query.get("limit", CAPACITY), query.get("after", 0)
        self._check(query, partner_id)
        filters = [(_FILTERS[name], value) for name, value in query.items() if name in _FILTERS]
        matching = (
            one
            for one in self.journals.of(partner_id).entries
            if one.number > after and all(read(one) == value for read, value in filters)
        )
        found = list(islice(matching, limit + 1))
        return found[:limit], len(found) > limit

    def fault_names(self, partner_id: str | None) -> set[str]:
        """The faults that a partner has, and those that its journal names: one may be removed."""
        planned = self.plans.of(partner_id) if partner_id else ()
        entries = self.journals.of(partner_id).entries
        return {one.name for one in planned} | {one.fault for one in entries if one.fault}

    def _check(self, query: Mapping[str, Any], partner_id: str | None) -> None:
        operation, fault = query.get("operation"), query.get("fault")
        if operation is not None and operation not in self.contract.operations:
            detail = f"is no operation of the contract: {hint(operation, self.contract.operations)}"
            raise invalid_fields([FieldError("operation", detail, "invalid_value")])
        if fault is not None:
            known = sorted({*PRESETS, *self.fault_names(partner_id)})
            if fault not in known:
                detail = f"is no fault of the journal, and no preset: {hint(fault, known)}"
                raise invalid_fields([FieldError("fault", detail, "invalid_value")])


_FILTERS: Mapping[str, Callable[[JournalEntry], object]] = {
    "operation": lambda entry: entry.operation,
    "status": lambda entry: entry.status or 0,
    "fault": lambda entry: entry.fault,
    "refused": lambda entry: bool(entry.refusals),
    "replayed": lambda entry: entry.replayed,
}
"""The values that the filters of a query select entries by."""
