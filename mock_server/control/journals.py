"""``/_mock/partners/{partner_id}/journal``: the recorded exchanges of a partner."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from itertools import islice

import orjson

from conformance.journal.har import har_of
from conformance.journal.journal import JournalEntry
from mock_server.connection.delivery import Streamed
from mock_server.control.partner_state import known_partner
from mock_server.exchange.exchange import Exchange, Handlers
from mock_server.exchange.problems import Response
from mock_server.observing.journals import CAPACITY, Journals
from mock_server.store.interface import Store

_JSON = "application/json"


class JournalReading:
    """The operations on journals: pages, HAR files and server-sent events."""

    def __init__(self, store: Store, journals: Journals) -> None:
        self.store = store
        self.journals = journals

    def handlers(self) -> Handlers:
        """Handlers of the operations on journals."""
        path = "/partners/{partner_id}/journal"
        return {
            f"readJournal GET {path}": self.read,
            f"followJournal GET {path}/events": self.follow,
            f"exportJournal GET {path}.har": self.export,
            "readNobodysJournal GET /journal": self.read_unattributed,
        }

    async def read(self, exchange: Exchange) -> Response:
        """Read a page of a partner's exchanges."""
        partner = await known_partner(exchange, self.store)
        return self._page(exchange, partner.partner_id)

    async def read_unattributed(self, exchange: Exchange) -> Response:
        """Read a page of the exchanges that no partner is known for."""
        return self._page(exchange, None)

    async def export(self, exchange: Exchange) -> Response:
        """Export a partner's exchanges as HAR 1.2."""
        partner = await known_partner(exchange, self.store)
        found, _ = self._found(exchange, partner.partner_id)
        name = f"{partner.partner_id}.har"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(200, orjson.dumps(har_of(found)), _JSON, headers)

    async def follow(self, exchange: Exchange) -> Response:
        """Stream a partner's exchanges as server-sent events (HTML, section 9.2)."""
        partner = await known_partner(exchange, self.store)
        after = exchange.parameters.get("Last-Event-ID", 0)
        # The answer to HEAD has no body to wait for (RFC 9110 section 9.3.2).
        if exchange.scope["method"] != "HEAD":
            exchange.delivery = Streamed(self._events(partner.partner_id, after))
        return Response(200, b"", "text/event-stream", {"Cache-Control": "no-store"})

    async def _events(self, partner_id: str, after: int) -> AsyncGenerator[bytes]:
        async with aclosing(self.journals.follow(partner_id, after)) as entries:
            async for entry in entries:
                data = orjson.dumps(asdict(entry))
                yield b"event: exchange\nid: %d\ndata: %b\n\n" % (entry.number, data)

    def _page(self, exchange: Exchange, partner_id: str | None) -> Response:
        found, has_more = self._found(exchange, partner_id)
        page = {
            "data": [asdict(one) for one in found],
            "dropped": self.journals.of(partner_id).dropped,
            "has_more": has_more,
        }
        return Response(200, orjson.dumps(page), _JSON)

    def _found(self, exchange: Exchange, partner_id: str | None) -> tuple[list[JournalEntry], bool]:
        wanted = exchange.parameters
        limit = wanted.get("limit", CAPACITY)
        after = wanted.get("after", 0)
        matching = (
            one
            for one in self.journals.of(partner_id).entries
            if one.number > after and all(_is(one, name, wanted[name]) for name in wanted)
        )
        found = list(islice(matching, limit + 1))
        return found[:limit], len(found) > limit


def _is(entry: JournalEntry, name: str, wanted: object) -> bool:
    """Whether an entry passes one filter of the query."""
    match name:
        case "operation":
            return entry.operation == wanted
        case "status":
            return (entry.status or 0) == wanted
        case "fault":
            return entry.fault == wanted
        case "refused":
            return bool(entry.refusals) is wanted
        case "replayed":
            return entry.replayed is wanted
        case _:
            return True
