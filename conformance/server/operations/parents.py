"""Requirements on creations in another item: there is one, as the path says."""

from http import HTTPStatus

from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.probe.not_verified import NotVerified
from conformance.probe.parameter_values import unknown_value
from conformance.probe.parents import parent_of
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.reads import BY_ID
from conformance.server.operations.sabotage import CHANGE_SOMETHING
from conformance.target.exchange import Request, with_value
from openapi.operation import PATH_PARAMETER, Operation
from openapi.resource import creates

_AT_ONCE = {HTTPStatus.OK, HTTPStatus.CREATED}
"""The answers of a creation after which the item is there: 202 only says that it may come."""


def _refuses_parent(operation: Operation) -> bool:
    """A creation in what is made, whose contract has a 404."""
    contract, resource = operation.contract, operation.resource
    if contract is None or contract.is_bundled or not creates(operation):
        return False
    is_certain = operation.success_status in _AT_ONCE and bool(parent_of(resource))
    return is_certain and operation.documents(HTTPStatus.NOT_FOUND)


@requirement(
    "operations.parent-must-be-there",
    Level.MUST,
    BY_ID,
    _refuses_parent,
    mend="Look a parent up before anything is made in it, and answer 404 where there is none.",
)
@catches(CHANGE_SOMETHING)
def parent_must_be_there(probe: Probe) -> None:
    """A creation under the id of a parent that names nothing is refused."""
    probe.make()
    answer = answer_to(probe, _in_nothing(probe))
    refused = answer.status not in _AT_ONCE
    probe.expect(refused, "404 to a creation in a parent that is not there", f"{answer.status}")


def _in_nothing(probe: Probe) -> Request:
    """A valid creation in a parent that is not there, with an id of the form of one that is."""
    parent = parent_of(probe.resource)
    if parent is None:
        raise NotVerified(f"what {probe.operation.id} makes is in nothing that is made")
    maker, request = probe.of(parent.create), probe.request()
    known = maker.known_handle_of(maker.make())
    place = parent.collection.count("{")
    named = PATH_PARAMETER.findall(probe.operation.path)[place]
    [parameter] = [one for one in probe.operation.parameters
                   if (one.location, one.name) == ("path", named)]  # fmt: skip
    text = probe.new_name().replace(" ", "-")
    unknown = unknown_value(parameter, text, [known])
    if unknown is None:
        raise NotVerified(f"no valid {named} is known that names nothing: give it an example")
    path, mark, query = request.path.partition("?")
    moved = with_value(probe.operation.path, path, place, unknown)
    return request.at(f"{moved}{mark}{query}")
