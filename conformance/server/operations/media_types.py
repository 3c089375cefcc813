"""Requirements on the media types of bodies: a contract with a 415 has it for any other."""

from http import HTTPStatus

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.changes import changed_type, changing
from conformance.probe.not_verified import NotServed
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.server.operations.sabotage import ANY_MEDIA_TYPE
from conformance.server.operations.usual import make_changed, served
from conformance.target.exchange import Request
from openapi.operation import Operation
from openapi.reads import updated_by
from openapi.resource import creates

_OTHERS = ("text/plain", "application/xml", "application/x-www-form-urlencoded")
"""Media types that few contracts have."""


def _refuses_types(operation: Operation) -> bool:
    """A creation, PUT or PATCH whose contract has a 415, and another media type to send."""
    contract = operation.contract
    is_other = contract is not None and not contract.is_bundled
    is_changed = updated_by(operation) is not None and changed_type(operation) is not None
    is_made = creates(operation) and operation.object_body is not None
    documents = operation.documents(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    return is_other and documents and (is_changed or is_made) and bool(_others(operation))


def _others(operation: Operation) -> list[str]:
    body = operation.request_body
    return [one for one in _OTHERS if body and body.accepts(one) is None]


@requirement(
    "operations.other-media-type-is-refused",
    Level.MUST,
    "the contract: 415 and the media types of the request body; RFC 9110 section 15.5.16",
    _refuses_types,
    mend="Compare the Content-Type with the documented media types, and answer 415 to any other.",
)
@catches(ANY_MEDIA_TYPE)
def other_media_type_is_refused(probe: Probe) -> None:
    """A body with a media type that is not documented is refused, where the contract has a 415."""
    request = _valid(probe)
    for name in _others(probe.operation):
        answer = answer_to(probe, probe.anew(request).with_header("Content-Type", name))
        refused = not answer.is_success
        probe.expect(refused, f"415 to a body with the Content-Type {name}", f"{answer.status}")


def _valid(probe: Probe) -> Request:
    """A request that is taken with its own media type."""
    if creates(probe.operation):
        probe.make()
        return probe.request()
    request = changing(probe, make_changed(probe))
    if not served(probe, request).is_success:
        raise NotServed("a plain change does not succeed")
    return request
