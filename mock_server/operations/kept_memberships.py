"""Memberships that are kept: a PUT adds what is there, and a DELETE takes it away again."""

from typing import Any

from mock_server.exchange.exact_json import write_json
from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Response, no_item
from mock_server.operations.item_answers import ItemAnswers
from mock_server.operations.item_pages import ItemPages
from mock_server.operations.item_places import find_item
from mock_server.store.interface import ItemChange, Items
from openapi.item_members import id_text
from openapi.item_paths import shape_of
from openapi.memberships import Membership
from openapi.operation import PATH_PARAMETER, Operation
from openapi.reads import refuses_unknown
from openapi.recognition import Collections


class KeptMemberships:
    """Answers the operations on members: the PUT, the DELETE and GET of its path, and the list.

    The path of the members has the name of the place where a member lies as an item.
    """

    def __init__(
        self, items: Items, collections: Collections, pages: ItemPages, answers: ItemAnswers
    ) -> None:
        self._items = items
        self._collections = collections
        self._pages = pages
        self._answers = answers

    async def response(
        self, exchange: Exchange, operation: Operation, membership: Membership, partner_id: str
    ) -> Response | None:
        """The answer of an operation on members; None for the documented one.

        Raises a 404 for what is no member, and for a new one that is not there.
        """
        own = self._collections.of(membership.member.create)
        names = PATH_PARAMETER.findall(operation.path)
        values = [id_text(exchange.parameters.get(name)) for name in names]
        path = shape_of(membership.add.path).removesuffix("/{}")
        for value in values[: path.count("{}")]:
            path = path.replace("{}", value, 1)
        if operation is membership.list:
            page = await self._pages.page(exchange, own, partner_id, path) if own else None
            return page or await self._as_many(operation, partner_id, path)
        found = await self._items.find(partner_id, path, values[-1])
        before = found.value if found else None
        if operation is membership.add:
            kept = own and await find_item(self._items, partner_id, own.base, values[-1])
            if kept is None and own is not None and refuses_unknown(operation):
                raise no_item(names[-1])
            added = kept.path if kept else {own.id if own else membership.parameter: values[-1]}
            change = ItemChange(partner_id, path, values[-1], before, write_json(added))
            exchange.writes = (change,)
        # Who is not there any more is no member of anything.
        elif refuses_unknown(operation) and not await find_item(
            self._items, partner_id, path, values[-1]
        ):
            raise no_item(names[-1])
        elif operation is membership.remove and before is not None:
            exchange.writes = (ItemChange(partner_id, path, values[-1], before, None),)
        return None

    async def _as_many(self, operation: Operation, partner_id: str, path: str) -> Response | None:
        """A list that does not show which items are members: the documented one, as many times."""
        documented = self._answers.documented(operation, operation.success_status)
        count, body = await self._items.count(partner_id, path), documented.body
        if isinstance(body, dict):
            filled: Any = {
                name: one[:1] * count if isinstance(one, list) else one
                for name, one in body.items()
            }
        else:
            filled = body[:1] * count if isinstance(body, list) else body
        return documented.with_body(filled, {}) if documented.accepts(filled) else None
