"""The ``If-Match`` of a plain request: the entity tag of what it changes (RFC 9110, 13.1.1)."""

from collections.abc import Callable
from http import HTTPStatus

from conformance.target.exchange import Answer, Request
from openapi.contract import Contract
from openapi.operation import Operation, Parameter
from openapi.sample import sample_of

IF_MATCH = "If-Match"

NO_MATCH = {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED}
"""Refusals of an ``If-Match`` alone: they say nothing of anything else that was sent."""

_ANY = "*"
"""What matches each tag of something that is there."""


def documented_tag(operation: Operation) -> Parameter | None:
    """The ``If-Match`` of an operation; None where the contract has none."""
    found = (one for one in operation.parameters
             if (one.location, one.name.lower()) == ("header", IF_MATCH.lower()))  # fmt: skip
    return next(found, None)


def tag_parameter(operation: Operation) -> Parameter | None:
    """The ``If-Match`` that a request must have: it is required, or the contract has 428."""
    found = documented_tag(operation)
    is_asked = operation.documents(HTTPStatus.PRECONDITION_REQUIRED)
    return found if found and (found.required or is_asked) else None


def tagging_read(contract: Contract, operation: Operation) -> Operation | None:
    """The GET that shows the tag: at the path of the operation, or of what an action is on.

    None where the GETs above are of lists or of parents, whose tags are others.
    """
    below = f"{operation.path}/"
    above = (one for one in contract.operations.values()
             if one.method == "GET" and below.startswith(f"{one.path}/")
             and one.path.count("{") == operation.path.count("{"))  # fmt: skip
    return max(above, key=lambda one: len(one.path), default=None)


def shown_tag(
    contract: Contract, operation: Operation, path: str, read: Callable[[Operation, str], Answer]
) -> str | None:
    """The tag of what a request with this path is on; None where no GET shows any.

    ``read`` sends the GET to the path of the item.
    """
    found = tagging_read(contract, operation)
    if found is None:
        return None
    own = "/".join(path.partition("?")[0].split("/")[: found.path.count("/") + 1])
    answer = read(found, own)
    return answer.header("etag") if answer.is_success else None


def with_tag(
    request: Request, parameter: Parameter, shown: Callable[[], str | None], *, is_own: bool = True
) -> Request:
    """The same request with an ``If-Match`` that holds; ``shown`` reads the tag of the item.

    What is not the sender's own may have another tag by then, and a weak tag matches none.
    """
    takes_any = parameter.schema.is_valid(_ANY)
    is_read = is_own or not takes_any
    tag = shown() if is_read else None
    if tag is None and is_read and request.method == "PUT" and not parameter.required:
        return request  # it may make what is not there, and no tag matches that
    if tag is None or (tag.startswith("W/") and takes_any):
        tag = _ANY if takes_any else str(sample_of(parameter.schema))
    return request.with_header(parameter.name, tag)
