"""Entity tags of kept items, and the requests that name them (RFC 9110, sections 8.8.3 and 13)."""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus

from werkzeug.http import parse_etags

from mock_server.exchange.exact_json import write_json
from mock_server.exchange.exchange import Exchange
from mock_server.exchange.problems import Problem, ProblemType
from openapi.operation import Operation

_BYTES = 8


def entity_tag(operation: Operation, status: int, kept: object) -> Mapping[str, str]:
    """The header with the tag of what is kept, where the contract documents it."""
    answer = operation.response(status)
    for header in answer.headers if answer else ():
        if header.name.lower() == "etag":
            tag = _tag(kept)
            forms = (f'"{tag}"', f'W/"{tag}"', tag)
            fitting = (one for one in forms if header.schema is None or header.schema.is_valid(one))
            text = next(fitting, None)
            return {header.name: text} if text else {}
    return {}


def check_version(
    exchange: Exchange, operation: Operation, read: Operation | None, kept: object | None
) -> None:
    """Raise a 412 for a change of another version of an item than its request names.

    ``kept`` is what is there, None where nothing is. Nothing is raised where the contract does not
    document 412, or no tag in the answer of ``read``.
    """
    is_tagged = read is not None and entity_tag(read, read.success_status, None)
    if not is_tagged or not operation.documents(HTTPStatus.PRECONDITION_FAILED):
        return
    wanted, unwanted = exchange.header(b"if-match"), exchange.header(b"if-none-match")
    if (wanted is not None and not _names(wanted, kept)) or (
        unwanted is not None and _names(unwanted, kept)
    ):
        detail = "The item has another version than the request is for."
        raise Problem(ProblemType.PRECONDITION_FAILED, "precondition_failed", detail)


def is_known(exchange: Exchange, operation: Operation, kept: object) -> bool:
    """Whether a client has what is kept already, and the contract documents the answer to that."""
    known = exchange.header(b"if-none-match")
    is_documented = operation.documents(HTTPStatus.NOT_MODIFIED)
    return is_documented and known is not None and _names(known, kept)


def _names(header: str, kept: object | None) -> bool:
    return kept is not None and parse_etags(header).contains_weak(_tag(kept))


def _tag(kept: object) -> str:
    return hashlib.blake2b(write_json(kept), digest_size=_BYTES).hexdigest()
