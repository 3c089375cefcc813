"""Parents: the resource that another one is made in, as the path of its creation says."""

from conformance.probe.not_verified import NotServed
from conformance.probe.probe import Probe
from conformance.target.exchange import Request, with_value
from openapi.item_paths import above_id
from openapi.operation import PATH_PARAMETER
from openapi.resource import Resource


def parent_of(resource: Resource | None) -> Resource | None:
    """The resource whose items others are made in; None where nothing makes any."""
    contract = resource.create.contract if resource else None
    if resource is None or contract is None or not PATH_PARAMETER.search(resource.collection):
        return None
    above = above_id(resource.collection[: resource.collection.rindex("{")])
    return next((one for one in contract.resources if one.collection == above), None)


def in_another_parent(probe: Probe, resource: Resource, request: Request) -> Request:
    """The request for an item in another parent than its own, which is made for it and is empty.

    Nothing is verified where no other parent is made.
    """
    parent = parent_of(resource)
    if parent is None:
        raise NotServed(f"what {resource.create.id} makes is in nothing that is made")
    maker = probe.of(parent.create)
    other = maker.known_handle_of(maker.make())
    path, mark, query = request.path.partition("?")
    moved = with_value(probe.operation.path, path, parent.collection.count("{"), other)
    if moved == path:
        raise NotServed(f"{parent.create.id} makes one and the same again")
    return request.at(f"{moved}{mark}{query}")
