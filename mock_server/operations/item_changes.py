"""What an item shall be after a PUT, a PATCH, or a POST that changes it."""

from collections.abc import Iterator, Sequence
from typing import Any

from mock_server.documented.made_values import is_created_time
from mock_server.exchange.problems import invalid_fields
from mock_server.operations.item_answers import Item, ItemAnswers, merged
from mock_server.operations.new_items import ItemCall
from mock_server.operations.patching import PatchError, json_patch, merge_patch
from openapi.field_errors import FieldError
from openapi.media_types import essence


def changed_forms(answers: ItemAnswers, call: ItemCall, known: Item, sent: Item) -> Iterator[Item]:
    """The forms of a changed item, the likeliest first; ``sent`` is what the request says of it.

    Raises a 422 for a JSON Patch that the item cannot take.
    """
    exchange, collection = call.exchange, call.collection
    if isinstance(exchange.value, list):
        try:
            yield _patched(answers, call, known, exchange.value)
        except PatchError as error:
            raise invalid_fields([FieldError("body", str(error), "invalid_value")]) from None
        return
    if call.operation.method == "PUT":
        settable = collection.request_members(call.operation)
        kept = {
            name: value
            for name, value in known.items()
            if name not in settable or is_created_time(name)
        }
        unset = answers.invented(collection) & settable - sent.keys()
        empty = answers.empty(collection, unset, unset)
        yield answers.completed(collection, {**kept, **sent}, empty)
        yield {**kept, **sent}
        return
    if essence(exchange.header(b"content-type") or "") != "application/merge-patch+json":
        yield merged(known, sent)
    patched = answers.with_nulls(collection, known, merge_patch(known, sent))
    # What is neither taken away nor null by the contract stays.
    taken = {name: one for name, one in known.items() if name not in patched}
    yield answers.completed(collection, patched, taken)
    yield patched


def _patched(answers: ItemAnswers, call: ItemCall, known: Item, steps: Sequence[Any]) -> Item:
    patched = json_patch(known, steps)
    if not isinstance(patched, dict):
        raise PatchError("leaves no object")
    item = answers.with_nulls(call.collection, known, call.collection.visible(patched))
    if answers.is_whole(call.collection, known) and not answers.is_whole(call.collection, item):
        raise PatchError("leaves no valid item")
    return item
