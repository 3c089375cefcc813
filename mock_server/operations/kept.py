"""The items of other contracts: kept for each partner, where the contract has a collection."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson

from mock_server.documented.answers import DocumentedAnswers
from mock_server.documented.made_values import is_created_time, new_ids, timestamps
from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, ProblemType, Response, invalid_fields
from mock_server.operations.item_answers import (
    Documented,
    Item,
    ItemAnswers,
    fitting_members,
    merged,
)
from mock_server.operations.item_pages import ItemPages
from mock_server.operations.patching import PatchError, json_patch, merge_patch
from mock_server.store.interface import Item as StoredItem
from mock_server.store.interface import ItemChange, Store
from openapi.collection import Collection, Collections, ItemPlace, Members, id_text, spelt
from openapi.contract import Contract
from openapi.field_errors import FieldError
from openapi.operation import PATH_PARAMETER, Operation, essence

_NO_CONTENT = HTTPStatus.NO_CONTENT


@dataclass(frozen=True, slots=True)
class _Call:
    """A request to an operation of a collection."""

    exchange: Exchange
    operation: Operation
    collection: Collection
    partner_id: str
    path: str

    @property
    def item_id(self) -> str:
        return id_text(self.exchange.parameters[self.collection.id_parameters[self.operation]])

    def propose(self, item_id: str, before: bytes | None, after: Item | None) -> None:
        """Propose a change of an item with the answer."""
        value = None if after is None else orjson.dumps(after)
        self.exchange.writes = (ItemChange(self.partner_id, self.path, item_id, before, value),)

    def not_found(self) -> Problem:
        """The problem (404) for an item that is not there."""
        return _not_found(self.collection.id_parameters.get(self.operation, self.collection.id))


class KeptItems:
    """Answers the operations of collections from the items that the store keeps.

    ``apart`` names the operations that have handlers of their own. Requests without a partner are
    those of ``anonymous``.
    """

    def __init__(
        self,
        contract: Contract,
        store: Store,
        answers: DocumentedAnswers,
        apart: frozenset[str],
        anonymous: str,
    ) -> None:
        self.collections = Collections(contract, apart)
        self._store = store
        self._answers = ItemAnswers(answers, Members(contract.resolve_schema))
        self._pages = ItemPages(store, self._answers, contract.base_path)
        self._base_path = contract.base_path
        self._anonymous = anonymous

    async def response(self, exchange: Exchange) -> Response | None:
        """The answer of an operation on kept items; None for any other operation.

        Raises a 404 for an item that is not there, and for what lies below it.
        """
        operation = exchange.operation
        assert operation is not None, "routing comes first"  # noqa: S101 - the pipeline's order
        partner_id = exchange.partner_id or self._anonymous
        collection = self.collections.of(operation)
        await self._check_above(exchange, operation, partner_id)
        if collection is None:
            return None
        path = collection.path(operation, exchange.parameters)
        call = _Call(exchange, operation, collection, partner_id, path)
        if operation is collection.list:
            return await self._pages.page(exchange, collection, partner_id, path)
        for own, handle in (
            (collection.create, self._create),
            (collection.read, self._read),
            (collection.delete, self._delete),
        ):
            if operation is own:
                return await handle(call)
        is_by_id = operation in collection.updates
        return await (self._update(call) if is_by_id else self._update_in_body(call))

    async def _check_above(self, exchange: Exchange, operation: Operation, partner_id: str) -> None:
        """Raise a 404 where the operation lies below an item that is not there."""
        above = self.collections.above(operation)
        if above is None:
            return
        collection, shape = above
        names = PATH_PARAMETER.findall(operation.path)[: shape.count("{}")]
        *parents, last = (id_text(exchange.parameters.get(name)) for name in names)
        path = collection.base
        for one in parents:
            path = path.replace("{}", one, 1)
        if await self._store.items.find(partner_id, path, last) is None:
            raise _not_found(names[-1])

    async def _read(self, call: _Call) -> Response | None:
        item = _item(await self._stored(call, call.item_id))
        return self._showing(call, call.operation.success_status, item)

    async def _stored(self, call: _Call, item_id: str) -> StoredItem:
        found = await self._store.items.find(call.partner_id, call.path, item_id)
        if found is None:
            raise call.not_found()
        return found

    async def _create(self, call: _Call) -> Response | None:
        sent = self._sent(call)
        status = call.operation.success_status
        if call.collection.id in call.collection.request_members(call.operation):
            given = sent.get(call.collection.id)
        else:
            given = sent.pop(call.collection.id, None)
        if not call.collection.takes_id(given):
            given = None
        before = None
        if given is not None:
            before = await self._store.items.find(call.partner_id, call.path, id_text(given))
            if before and call.operation.response(HTTPStatus.CONFLICT):
                raise Problem(
                    ProblemType.CONFLICT, "already_exists", "There is such an item already."
                )
        item = await self._new(call, sent, given)
        if item is None:
            return None
        item_id = id_text(item[call.collection.id])
        call.propose(item_id, before.value if before else None, item)
        return self._showing(call, status, item, self._location(call, item_id, status))

    async def _new(self, call: _Call, sent: Item, given: object) -> Item | None:
        """A new item of what was sent; None where no answer could show one."""
        shapes = self._shapes(call.collection)
        template: Item = {}
        for documented, place in shapes:
            template |= place.item(documented.body) or {}
        if not shapes:
            return None

        def is_shown(item: Item) -> bool:
            return all(self._answers.exact(*shape, item) is not None for shape in shapes)

        collection, now = call.collection, call.exchange.now
        ids = await self._ids(call, template) if given is None else iter((given,))
        named = ({collection.id: one} for one in ids if collection.takes_id(one))
        made = next((one for one in named if is_shown({**template, **one})), None)
        if made is None:
            return None
        template = self._naming(collection, template, made[collection.id])
        times = timestamps(collection.members, template, now, new=True)
        others = {
            name: value
            for name, value in {**times, **self._of_parents(call)}.items()
            if name not in sent
        }
        others |= self._secrets(call, template)
        made |= fitting_members(others, lambda members: is_shown({**template, **made, **members}))
        for item in self._forms(call, template, sent):
            if is_shown({**item, **made}):
                return {**item, **made}
        start = {**template, **made}
        return {**start, **fitting_members(sent, lambda members: is_shown({**start, **members}))}

    def _naming(self, collection: Collection, template: Item, new: object) -> Item:
        """The documented item whose URLs name the new item: ``https://…/pets/7``."""
        old = template.get(collection.id)
        if old is None:
            return template
        noun = re.escape(collection.base.rpartition("/")[2])
        url = re.compile(rf"(/{noun}/){re.escape(id_text(old))}(?=[/?#]|$)")
        return {name: _with_urls(one, url, id_text(new)) for name, one in template.items()}

    def _forms(self, call: _Call, template: Item, sent: Item) -> Iterator[Item]:
        """The documented items with what was sent in them, the likeliest first."""
        create = call.operation
        place = call.collection.shown.get(create)
        kind = self._kind(call.collection)
        if kind is None or kind not in sent or sent[kind] == template.get(kind):
            invented = self._answers.invented(call.collection)
            unset = invented & call.collection.request_members(create)
            yield {**{name: one for name, one in template.items() if name not in unset}, **sent}
            yield {**template, **sent}
        if place:
            for body in self._answers.examples(create, create.success_status):
                item = place.item(body) or {}
                if kind is None or sent.get(kind) == item.get(kind):
                    yield {**item, **sent}
        yield sent
        yield merged(template, sent)

    def _kind(self, collection: Collection) -> str | None:
        """The member that says of which kind an item is; None where there is one kind."""
        for operation, place in collection.shown.items():
            documented = self._answers.documented(operation, operation.success_status)
            if documented.schema:
                definition: Any = documented.schema.definition
                for name in place.path:
                    definition = self._answers.reader.of(definition).get(name, {})
                return self._answers.reader.discriminator(definition)
        return None

    async def _ids(self, call: _Call, template: Item) -> Iterator[Any]:
        name = call.collection.id
        number = await self._store.items.next_number(call.partner_id, call.path)
        example = None if name in self._answers.invented(call.collection) else template.get(name)
        return new_ids(call.collection.members[name], example, number)

    def _of_parents(self, call: _Call) -> Item:
        """The members that name the items above, by the parameters of the path."""
        parts = call.operation.path.split("/")
        found: Item = {}
        members = {spelt(name): name for name in call.collection.members}
        for at, part in enumerate(parts):
            for name in PATH_PARAMETER.findall(part):
                noun = spelt(parts[at - 1]).removesuffix("s")
                for wanted in (spelt(name), f"{noun}id", noun):
                    member = members.get(wanted)
                    if member and member != call.collection.id:
                        found.setdefault(member, call.exchange.parameters.get(name))
                        break
        return found

    def _secrets(self, call: _Call, template: Item) -> Item:
        """Other values for the secrets of a new item than documented."""
        members = call.collection.members.items()
        secrets = [(name, one) for name, one in members if "secret" in name.lower()]
        return {
            name: next(iter(new_ids(one, template[name], 0)))
            for name, one in secrets
            if isinstance(template.get(name), str)
        }

    def _shapes(self, collection: Collection) -> list[tuple[Documented, ItemPlace]]:
        """The documented answers of read and create that show an item, and where."""
        found = []
        for operation in (collection.read, collection.create):
            if operation and (place := collection.shown.get(operation)):
                documented = self._answers.documented(operation, operation.success_status)
                if documented.body is not None:
                    found.append((documented, place))
        return found

    def _location(self, call: _Call, item_id: str, status: int) -> Mapping[str, str]:
        """The header that names a new item, where the contract documents it."""
        answer = call.operation.response(status)
        if not answer or all(one.name.lower() != "location" for one in answer.headers):
            return {}
        return {"Location": f"{self._base_path}{call.path}/{item_id}"}

    def _sent(self, call: _Call) -> Item:
        body = call.exchange.value
        if call.operation.request_body is None:
            own = {one.name for one in call.operation.parameters if one.location == "query"}
            body = {
                name: value
                for name, value in call.exchange.parameters.items()
                if name in own and name in call.collection.members
            }
        return call.collection.sent(body)

    async def _update(self, call: _Call) -> Response:
        """Change an item, or add it where a PUT documents that."""
        item_id = call.item_id
        stored = await self._store.items.find(call.partner_id, call.path, item_id)
        if stored is not None:
            return self._changed(call, item_id, stored)
        if call.operation.method != "PUT" or "201" not in call.operation.responses:
            raise call.not_found()
        parameter = call.collection.id_parameters[call.operation]
        sent = self._sent(call)
        given = sent.pop(call.collection.id, call.exchange.parameters[parameter])
        item = None
        for one in (given, str(given)):
            if id_text(one) == item_id:
                item = item or await self._new(call, sent, one)
        if item is None:
            raise call.not_found()
        call.propose(item_id, None, item)
        created = int(HTTPStatus.CREATED)
        return self._showing(call, created, item, self._location(call, item_id, created))

    async def _update_in_body(self, call: _Call) -> Response | None:
        given = self._sent(call).get(call.collection.id)
        if not isinstance(given, str | int | float):
            return None
        item_id = id_text(given)
        return self._changed(call, item_id, await self._stored(call, item_id))

    def _changed(self, call: _Call, item_id: str, stored: StoredItem) -> Response:
        collection, known = call.collection, _item(stored)
        shapes = self._shapes(collection)

        def is_shown(item: Item) -> bool:
            return all(self._answers.exact(*shape, item) is not None for shape in shapes)

        wanted = list(self._wanted(call, known))
        times = timestamps(collection.members, known, call.exchange.now, new=False)
        fixed = {collection.id: known[collection.id]}
        sent = wanted[0]
        fixed |= fitting_members(
            {name: value for name, value in times.items() if sent.get(name) == known.get(name)},
            lambda members: is_shown({**known, **members}),
        )
        item = next(
            ({**one, **fixed} for one in wanted if is_shown({**one, **fixed})),
            None,
        )
        if item is None:
            start = {**known, **fixed}
            item = start | fitting_members(sent, lambda members: is_shown({**start, **members}))
            item |= fixed
        call.propose(item_id, stored.value, item)
        return self._showing(call, _status_of_change(call.operation), item)

    def _wanted(self, call: _Call, known: Item) -> Iterator[Item]:
        """What the item shall be, in the forms to try."""
        exchange = call.exchange
        if isinstance(exchange.value, list):
            try:
                patched = json_patch(known, exchange.value)
                if not isinstance(patched, dict):
                    raise PatchError("leaves no object")  # noqa: TRY301 - as other failures
                yield patched
            except PatchError as error:
                raise invalid_fields([FieldError("body", str(error), "invalid_value")]) from None
            return
        sent = self._sent(call)
        if call.operation.method == "PUT":
            settable = call.collection.request_members(call.operation)
            kept = {
                name: value
                for name, value in known.items()
                if name not in settable or is_created_time(name)
            }
            yield {**kept, **sent}
            return
        if essence(exchange.header(b"content-type") or "") != "application/merge-patch+json":
            yield merged(known, sent)
        yield merge_patch(known, sent)

    async def _delete(self, call: _Call) -> Response | None:
        stored = await self._stored(call, call.item_id)
        call.propose(call.item_id, stored.value, None)
        documented = self._answers.documented(call.operation, call.operation.success_status)
        place = call.collection.shown.get(call.operation)
        gone = place.item(documented.body) if place else None
        # What the answer says of the deletion itself (``deleted: true``) is the documented value.
        return self._showing(call, call.operation.success_status, {**(gone or {}), **_item(stored)})

    def _showing(
        self, call: _Call, status: int, item: Item, headers: Mapping[str, str] | None = None
    ) -> Response:
        documented = self._answers.documented(call.operation, status)
        place = call.collection.shown.get(call.operation)
        body = None
        if place and documented.body is not None and status != _NO_CONTENT:
            body = self._answers.showing(documented, place, item)
        return documented.with_body(body, headers or {})


def _with_urls(value: Any, url: re.Pattern[str], item_id: str) -> Any:
    if isinstance(value, dict):
        return {name: _with_urls(one, url, item_id) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_urls(one, url, item_id) for one in value]
    return url.sub(lambda found: found[1] + item_id, value) if isinstance(value, str) else value


def _item(stored: StoredItem) -> Item:
    item: Item = orjson.loads(stored.value)
    return item


def _not_found(parameter: str) -> Problem:
    detail = f"No item has this {parameter}."
    return Problem(ProblemType.NOT_FOUND, "not_found", detail)


def _status_of_change(operation: Operation) -> int:
    """The status of a change: the lowest documented success that does not say "created"."""
    others = sorted(
        int(one) for one in operation.responses if one.isdigit() and one[0] == "2" and one != "201"
    )
    return others[0] if others else operation.success_status
