"""Bodies that are kept as they were sent: files, texts, numbers and lists that a PUT writes."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from http import HTTPStatus

from mock_server.documented.answers import SANDBOX, DocumentedAnswers
from mock_server.documented.headers import merged
from mock_server.exchange.exact_json import read_json, write_json
from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Response, no_item
from mock_server.operations.entity_tags import check_version, entity_tag, is_known
from mock_server.operations.item_answers import status_of_change
from mock_server.operations.new_items import ONLY_ITEM
from mock_server.store.interface import ItemChange, Items
from openapi.item_members import id_text
from openapi.item_paths import shape_of
from openapi.media_types import essence, is_json
from openapi.operation import PATH_PARAMETER, Operation, media_type_of
from openapi.reads import refuses_unknown

ENDED = b"null"
"""The value of what was there without having been made, and was deleted."""


class KeptBodies:
    """Answers a PUT, GET and DELETE on one path by the body that the PUT wrote."""

    def __init__(self, items: Items, answers: DocumentedAnswers) -> None:
        self._items = items
        self._answers = answers

    async def response(
        self, exchange: Exchange, operation: Operation, read: Operation, partner_id: str
    ) -> Response | None:
        """The answer of an operation on the path of a GET; None for the documented one.

        Raises a 404 for what is not there.
        """
        path = shape_of(operation.path)
        names = PATH_PARAMETER.findall(operation.path)
        for name in names:
            path = path.replace("{}", id_text(exchange.parameters.get(name)), 1)
        found = await self._items.find(partner_id, path, ONLY_ITEM)
        before = found.value if found else None
        # What a PUT alone makes by its name is not there before it.
        is_made = read.resource is not None and read.resource.is_chosen_in_path
        is_gone = (before == ENDED or (before is None and is_made)) and refuses_unknown(read)
        if operation.method != "PUT" and is_gone:
            raise no_item(names[-1] if names else "path")
        kept = read_json(before) if before is not None else None
        if operation.method == "GET":
            status = operation.success_status
            if kept is not None and is_known(exchange, operation, kept):
                unchanged = self._answers.response(operation, int(HTTPStatus.NOT_MODIFIED))
                unchanged.headers.update(entity_tag(operation, status, kept))
                return unchanged
            return self._showing(operation, status, kept)
        if kept is not None:
            check_version(exchange, operation, read, kept)
        if operation.method == "DELETE":
            exchange.writes = (ItemChange(partner_id, path, ONLY_ITEM, before, ENDED),)
            return None
        sent = exchange.header(b"content-type") or ""
        after = {"media_type": sent, "body": b64encode(exchange.body).decode()}
        if not _takes(read, read.success_status, sent, exchange.body):
            return None
        exchange.writes = (ItemChange(partner_id, path, ONLY_ITEM, before, write_json(after)),)
        is_new = is_gone and "201" in operation.responses
        status = HTTPStatus.CREATED if is_new else status_of_change(operation)
        return self._showing(operation, int(status), after)

    def _showing(
        self, operation: Operation, status: int, kept: Mapping[str, str] | None
    ) -> Response | None:
        """The documented answer with a kept body, where it may have that."""
        if kept is None:
            return None
        documented = self._answers.response(operation, status)
        body, media_type = b64decode(kept["body"]), kept["media_type"]
        if not _takes(operation, status, media_type, body):
            return documented
        headers = merged(documented.headers, entity_tag(operation, status, kept))
        headers.pop("Content-Security-Policy", None)
        if not is_json(essence(media_type)):
            headers |= SANDBOX
        return Response(status, body, media_type, headers)


def _takes(operation: Operation, status: int, sent: str, body: bytes) -> bool:
    """Whether the contract allows a body in an answer, by its media type and schema."""
    answer = operation.response(status)
    documented = media_type_of(answer.content, sent) if answer and sent else None
    if documented is None:
        return False
    schema = documented.schema
    if schema is None or not is_json(essence(sent)):
        return True
    return schema.is_valid(read_json(body))
