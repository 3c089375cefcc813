"""The items of other contracts: kept for each partner, where the contract has a collection."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NamedTuple

from mock_server.documented.answers import DocumentedAnswers
from mock_server.documented.made_values import is_of_server, new_ids, timestamps
from mock_server.exchange.exact_json import read_json, write_json
from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, ProblemType, Response, no_item
from mock_server.operations.entity_tags import check_version, entity_tag, is_known
from mock_server.operations.item_actions import ItemAction, is_action
from mock_server.operations.item_answers import (
    Item,
    ItemAnswers,
    fitting_members,
    status_of_change,
)
from mock_server.operations.item_changes import changed_forms
from mock_server.operations.item_pages import ItemPages
from mock_server.operations.item_places import DELETED, FoundItem, find_item
from mock_server.operations.kept_bodies import ENDED, KeptBodies
from mock_server.operations.kept_memberships import KeptMemberships
from mock_server.operations.new_items import ItemCall, NewItem
from mock_server.store.interface import Item as StoredItem
from mock_server.store.interface import ItemChange, Store
from openapi.contract import Contract
from openapi.item_members import Members, body_of, id_text, value_at
from openapi.item_paths import as_written, shape_of
from openapi.memberships import membership_of
from openapi.operation import PATH_PARAMETER, Operation
from openapi.opposites import is_undone, undone_by
from openapi.paths import as_sent
from openapi.reads import refuses_unknown
from openapi.recognition import collections_of
from openapi.resource import success_members

_NO_CONTENT = HTTPStatus.NO_CONTENT


class _Below(NamedTuple):
    """The item that a request is on or below, and the shape of its path."""

    call: ItemCall
    shape: str
    item_id: str
    stored: StoredItem


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
        self.collections = collections_of(contract, apart)
        self._store = store
        self._answers = ItemAnswers(answers, Members(contract.resolve_schema))
        self._bodies = KeptBodies(store.items, answers)
        self._pages = ItemPages(store, self._answers, contract)
        self._memberships = KeptMemberships(
            store.items, self.collections, self._pages, self._answers
        )
        self._base_path = contract.base_path
        self._contract = contract
        self._anonymous = anonymous
        self._actions: dict[Operation, ItemAction | None] = {}

    async def response(self, exchange: Exchange) -> Response | None:
        """The answer of an operation on kept items; None for any other operation.

        Raises a 404 for an item that is not there, and for what lies below it.
        """
        operation = exchange.operation
        assert operation is not None, "routing comes first"  # noqa: S101 - the pipeline's order
        partner_id = exchange.partner_id or self._anonymous
        collection = self.collections.of(operation)
        below = await self._item_above(exchange, operation, partner_id)
        if collection is None:
            return await self._beside_items(exchange, operation, below, partner_id)
        path = collection.path(operation, exchange.parameters)
        flat = collection.flat_path(operation, exchange.parameters)
        call = ItemCall(exchange, operation, collection, partner_id, path, flat)
        if operation in collection.lists:
            return await self._pages.page(exchange, collection, partner_id, path)
        if operation in collection.clears:
            gone = await self._pages.asked_for(exchange, collection, partner_id, path)
            exchange.writes = tuple(
                ItemChange(partner_id, path, one.item_id, one.value, None) for one in gone
            )
            return None
        for own, handle in (
            (collection.updates, self._update),
            (collection.makers, self._create),
            (collection.reads, self._read),
            (collection.deletes, self._delete),
        ):
            if operation in own:
                return await handle(call)
        return await self._update_in_body(call)

    async def _beside_items(
        self, exchange: Exchange, operation: Operation, below: _Below | None, partner_id: str
    ) -> Response | None:
        """The answer of an operation that is on no items: on a body, a membership, or an action."""
        shown, membership = self.collections.body_shown(operation), membership_of(operation)
        if shown is not None:
            return await self._bodies.response(exchange, operation, shown, partner_id)
        if membership is not None:
            return await self._memberships.response(exchange, operation, membership, partner_id)
        return self._acted(below) if below else await self._unread(operation, partner_id)

    async def _unread(self, operation: Operation, partner_id: str) -> Response | None:
        """The answer of a creation that nothing reads, with an id that no other has.

        It is None for any other operation, and where an example says what is answered.
        """
        resource = self._contract.resource_of(operation)
        if resource is None or resource.create is not operation:
            return None
        status = operation.success_status
        documented, media_type = (
            self._answers.documented(operation, status),
            body_of(operation, status),
        )
        body = documented.body
        if media_type is None or media_type.examples or not isinstance(body, dict):
            return None
        definition = success_members(operation).get(resource.id)
        if definition is None or resource.id not in body:
            return None
        number = await self._store.items.next_number(partner_id, operation.path)
        made = ({**body, resource.id: one} for one in new_ids(definition, None, number))
        fits = next(filter(documented.accepts, made), None)
        return None if fits is None else documented.with_body(fits, {})

    async def _item_above(
        self, exchange: Exchange, operation: Operation, partner_id: str
    ) -> _Below | None:
        """The item that an operation is on or below.

        None where there is no collection above. Raises a 404 where the item is not there.
        """
        above = self.collections.above(operation)
        if above is None:
            return None
        collection, shape = above
        names = PATH_PARAMETER.findall(operation.path)[: shape.count("{}")]
        values = [id_text(exchange.parameters.get(name)) for name in names]
        count = len(collection.key)
        parents, last = values[:-count], "/".join(values[-count:])
        path, flat = (
            _filled(one, parents) for one in collection.bases(collection.base_of_item(shape))
        )
        found = await find_item(self._store.items, partner_id, path, last)
        undone = undone_by(operation)
        if found is None and undone and undone.method == "DELETE":
            path, flat = f"{path}{DELETED}", f"{flat}{DELETED}"
            found = await find_item(self._store.items, partner_id, path, last)
        if found is None:
            raise no_item(names[-1])
        call = ItemCall(exchange, operation, collection, partner_id, found.path, flat)
        return _Below(call, shape, last, found.stored)

    def _acted(self, below: _Below) -> Response | None:
        """The answer of an action on an item, which may change it; None for any other operation."""
        action = self._action(below)
        call, before = below.call, _item(below.stored)
        is_deleted = call.path.endswith(DELETED)
        if action is None or not (action.is_of_item or is_deleted):
            return None
        self._check_version(call, before)
        if action.is_refused(before):
            raise Problem(
                ProblemType.CONFLICT, "already_done", "The item is in this state already."
            )
        item = action.changed(before, call.exchange.now)
        if is_deleted:
            path, flat = (one.removesuffix(DELETED) for one in (call.path, call.flat_path))
            back = replace(call, path=path, flat_path=flat)
            _move(call, back, below.item_id, below.stored.value, None, item)
        elif item != before:
            call.propose(below.item_id, below.stored.value, item)
        if not action.is_of_item:
            return None
        documented, body = action.documented, None
        tag = entity_tag(call.operation, documented.response.status, item)
        if action.place and documented.body is not None:
            body = self._answers.showing(documented, action.place, item)
        return documented.with_body(body, tag)

    def _action(self, below: _Below) -> ItemAction | None:
        operation, collection = below.call.operation, below.call.collection
        if operation not in self._actions:
            shape = shape_of(operation.path)
            word = shape.rpartition("/")[2]
            is_own = is_action(operation, shape, below.shape)
            self._actions[operation] = (
                ItemAction(operation, collection, self._answers, word) if is_own else None
            )
        return self._actions[operation]

    async def _read(self, call: ItemCall) -> Response | None:
        status = call.operation.success_status
        if call.collection.is_there and await self._found(call, call.item_id) is None:
            item, is_kept = self._there(call), False
        else:
            item, is_kept = _item((await self._stored(call, call.item_id))[1]), True
        tag = entity_tag(call.operation, status, item)
        if is_known(call.exchange, call.operation, item):
            unchanged = self._answers.documented(call.operation, int(HTTPStatus.NOT_MODIFIED))
            return unchanged.with_body(None, tag)
        if is_kept:
            return self._showing(call, status, item)
        documented = self._answers.documented(call.operation, status) if tag else None
        return documented.with_body(None, tag) if documented else None  # as documented

    async def _found(self, call: ItemCall, item_id: str) -> FoundItem | None:
        return await find_item(self._store.items, call.partner_id, call.path, item_id)

    async def _stored(self, call: ItemCall, item_id: str) -> tuple[ItemCall, StoredItem]:
        """An item, and the call to the path that it lies below."""
        found = await self._found(call, item_id)
        if found is None or found.stored.value == ENDED:
            raise call.not_found()
        return replace(call, path=found.path), found.stored

    async def _create(self, call: ItemCall) -> Response | None:
        if isinstance(call.exchange.value, list):
            return None  # several at once
        sent = self._sent(call)
        status = call.operation.success_status
        given = value_at(sent, call.collection.id)
        if not call.collection.takes_id(given):
            given = None
        number = await self._store.items.next_number(call.partner_id, call.flat_path)
        item = NewItem(call, self._answers, sent, number, replaces=False).with_id(given)
        if item is None:
            return None
        collection = call.collection
        if collection.id:
            item_id = collection.text_of_key(item)
        else:
            item_id = await self._unshown(call, number)
        if item_id is None:
            return None
        before = await self._found(call, item_id) if given is not None else None
        if before and call.operation.response(HTTPStatus.CONFLICT):
            raise Problem(ProblemType.CONFLICT, "already_exists", "There is such an item already.")
        call = replace(call, path=before.path) if before else call
        call.propose(item_id, before.stored.value if before else None, item)
        return self._showing(call, status, item, self._location(call, item_id, status))

    async def _unshown(self, call: ItemCall, number: int) -> str | None:
        """A new id that the item does not show, as its path takes it, or else its number."""
        collection, reader = call.collection, self._answers.reader
        own = next(iter(collection.ids_in_paths), None)
        if own is None:
            return f"{number}"
        example = next(iter(own.examples), None)
        for one in reader.alternatives(reader.merged(own.schema.definition)):
            for made in filter(collection.takes_id, new_ids(one, example, number)):
                # Other parents have items of the same path too.
                at = replace(call, path=call.flat_path)
                if await self._found(at, id_text(made)) is None:
                    return id_text(made)
        return None

    def _location(self, call: ItemCall, item_id: str, status: int) -> Mapping[str, str]:
        """The header that names a new item, where the contract documents it."""
        answer = call.operation.response(status)
        if not answer or all(one.name.lower() != "location" for one in answer.headers):
            return {}
        shape, flat = call.collection.bases(shape_of(call.operation.path))
        by_id = {shape_of(one.path): one.path for one in call.collection.id_parameters}
        item = "/{}" * len(call.collection.key)
        own = by_id.get(f"{shape}{item}")
        path = f"{call.path if own else call.flat_path}/{item_id}"
        written = as_written(path, own or by_id.get(f"{flat}{item}", ""))
        return {"Location": as_sent(f"{self._base_path}{written}")}

    def _sent(self, call: ItemCall) -> Item:
        collection, operation = call.collection, call.operation
        body, defaults = self._asked(call)
        # What the contract has in answers alone is not the client's to choose.
        settable = collection.request_members(operation)
        own = collection.members.keys() - settable if settable else {collection.id}
        sent = collection.sent(operation, body)
        if operation in collection.makers or operation.method == "PUT":
            usual = collection.sent(operation, defaults)
            usual = {name: one for name, one in usual.items() if name in collection.members}
            sent = {**sent, **usual}
        chosen = {name: one for name, one in sent.items() if name not in own and _is_json(one)}
        return collection.visible(chosen)

    def _asked(self, call: ItemCall) -> tuple[Any, Any]:
        """What a request asks for, and the same with the defaults of what it leaves out."""
        exchange, body = call.exchange, call.operation.request_body
        if body is None:
            members = call.collection.members
            own = [one for one in call.operation.parameters if one.location == "query"]
            known = {one.name: one.schema.definition for one in own if one.name in members}
            given = exchange.parameters
            asked = {name: given[name] for name in known if name in given}
            return asked, self._answers.reader.with_defaults({"properties": known}, asked)
        media_type = body.accepts(exchange.header(b"content-type") or "")
        definition = media_type.schema.definition if media_type and media_type.schema else {}
        return exchange.value, self._answers.reader.with_defaults(definition, exchange.value)

    async def _update(self, call: ItemCall) -> Response:
        """Change an item, or add it where a PUT documents that."""
        item_id = call.item_id
        found = await self._found(call, item_id)
        if found is not None and found.stored.value != ENDED:
            call = replace(call, path=found.path)
            return self._changed(call, item_id, _item(found.stored), found.stored.value)
        before = found.stored.value if found else None
        is_put, collection = call.operation.method == "PUT", call.collection
        if collection.is_there and (is_put or before is None):
            return self._changed(call, item_id, self._there(call), before)
        if not is_put or (
            "201" not in call.operation.responses and call.operation not in collection.makers
        ):
            raise call.not_found()
        self._check_version(call, None)
        item = await self._put(call)
        if item is None:
            raise call.not_found()
        call.propose(item_id, before, item)
        has_created = "201" in call.operation.responses
        status = HTTPStatus.CREATED if has_created else status_of_change(call.operation)
        headers = self._location(call, item_id, status) if has_created else {}
        return self._showing(call, int(status), item, headers)

    def _there(self, call: ItemCall) -> Item:
        """What is there before anybody writes it."""
        ids = (self._id_in_path(call), call.item_id) if call.collection.id else ()
        return self._answers.there(call.collection, ids)

    def _check_version(self, call: ItemCall, item: Item | None) -> None:
        check_version(call.exchange, call.operation, call.collection.read, item)

    async def _put(self, call: ItemCall) -> Item | None:
        """The new item with the id in the path; None where no answer shows one."""
        number = await self._store.items.next_number(call.partner_id, call.flat_path)
        sent, own = self._sent(call), call.collection.id
        new = NewItem(call, self._answers, sent, number, replaces=True)
        if not own:
            return new.with_id()
        known, given = value_at(sent, own), self._id_in_path(call)
        sent.pop(own, None)
        # The path says which item it is, whatever the body has; that may spell it otherwise.
        ways = (known, given, str(given))
        named = (new.with_id(one) for one in ways if id_text(one) == call.item_id)
        return next((one for one in named if one is not None), None)

    def _id_in_path(self, call: ItemCall) -> Any:
        return call.exchange.parameters[call.collection.id_parameters[call.operation]]

    async def _update_in_body(self, call: ItemCall) -> Response | None:
        given = value_at(self._sent(call), call.collection.id)
        if not isinstance(given, str | int | float):
            return None
        item_id = id_text(given)
        call, stored = await self._stored(call, item_id)
        return self._changed(call, item_id, _item(stored), stored.value)

    def _changed(self, call: ItemCall, item_id: str, known: Item, before: bytes | None) -> Response:
        collection, own = call.collection, call.collection.id
        self._check_version(call, known)

        def is_shown(item: Item) -> bool:
            return self._answers.is_shown(collection, item)

        asked = self._sent(call)
        wanted = list(changed_forms(self._answers, call, known, asked))
        times = timestamps(collection.members, known, call.exchange.now, new=False)
        fixed = {name: known[name] for name in collection.key if name in known}
        holder, _, name = own.partition("/")
        held = known.get(holder) if name and not fixed else None
        sent = wanted[0]
        fixed |= fitting_members(
            {name: value for name, value in times.items() if sent.get(name) == known.get(name)},
            lambda members: is_shown({**known, **members}),
        )
        if isinstance(held, dict):
            # What a server says of the item in a member that clients write.
            own_names = {one.rpartition("/")[2] for one in collection.key}
            own_ = {one: it for one, it in held.items() if one in own_names or is_of_server(one)}
            sent_ = sent.get(holder)
            fixed[holder] = {**sent_, **own_} if isinstance(sent_, dict) else held
        item = next(
            ({**one, **fixed} for one in wanted if is_shown({**one, **fixed})),
            None,
        )
        if item is None:
            is_put = call.operation.method == "PUT"
            names = wanted[-1].keys() - asked.keys() if is_put else known.keys()
            start = {name: one for name, one in known.items() if name in names} | fixed
            item = start | fitting_members(sent, lambda members: is_shown({**start, **members}))
            item |= fixed
        call.propose(item_id, before, item)
        return self._showing(call, status_of_change(call.operation), item)

    async def _delete(self, call: ItemCall) -> Response | None:
        if call.collection.is_there:
            await self._end(call)
            return None
        call, stored = await self._stored(call, call.item_id)
        item = _item(stored)
        self._check_version(call, item)
        ended = self._deletion(call).changed(item, call.exchange.now)
        if is_undone(call.operation):
            flat = f"{call.flat_path}{DELETED}"
            beside = replace(call, path=f"{call.path}{DELETED}", flat_path=flat)
            known = await self._found(beside, call.item_id)
            before = known.stored.value if known else None
            _move(call, beside, call.item_id, stored.value, before, ended)
        else:
            call.propose(call.item_id, stored.value, None)
        documented = self._answers.documented(call.operation, call.operation.success_status)
        place = call.collection.shown.get(call.operation)
        gone = place.item(documented.body) if place else None
        # What the answer says of the deletion itself (``deleted: true``) is the documented value.
        return self._showing(call, call.operation.success_status, {**(gone or {}), **ended})

    def _deletion(self, call: ItemCall) -> ItemAction:
        """What a DELETE says of an item."""
        if (found := self._actions.get(call.operation)) is None:
            found = ItemAction(call.operation, call.collection, self._answers, "delete")
            self._actions[call.operation] = found
        return found

    async def _end(self, call: ItemCall) -> None:
        """Take away what was there from the beginning, if its read has an answer for that."""
        found = await self._found(call, call.item_id)
        if found is not None and found.stored.value == ENDED:
            raise call.not_found()
        read, before = call.collection.read, found.stored.value if found else None
        if read and refuses_unknown(read):
            call.propose(call.item_id, before, ENDED)
        elif before is not None:
            call.propose(call.item_id, before, None)

    def _showing(
        self,
        call: ItemCall,
        status: int,
        item: Item,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Response:
        documented = self._answers.documented(call.operation, status)
        place = call.collection.shown.get(call.operation)
        body = None
        if place and documented.body is not None and status != _NO_CONTENT:
            body = self._answers.showing(documented, place, item)
        tag = entity_tag(call.operation, status, item)
        return documented.with_body(body, {**headers, **tag})


def _move(
    call: ItemCall, to: ItemCall, item_id: str, value: bytes, before: bytes | None, after: Item
) -> None:
    """Propose that an item lies elsewhere, in place of the one ``before``, where there is any."""
    call.propose(item_id, value, None)
    gone = call.exchange.writes
    to.propose(item_id, before, after)
    call.exchange.writes = (*gone, *call.exchange.writes)


def _filled(shape: str, values: Sequence[str]) -> str:
    for one in values:
        shape = shape.replace("{}", one, 1)
    return shape


def _item(stored: StoredItem) -> Item:
    item: Item = read_json(stored.value)
    return item


def _is_json(value: Any) -> bool:
    """Whether a value can be kept: a part of a form may be a file."""
    try:
        write_json(value)
    except (TypeError, ValueError):
        return False
    return True
