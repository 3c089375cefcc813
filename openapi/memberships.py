"""Memberships: what a PUT without an answer adds to something that is there, by the id of another.

``PUT /teams/{team_id}/members/{user_id}`` makes nothing new: a user, which ``POST /users`` makes,
is a member of a team after it, and is none after the DELETE of the same path.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from openapi.contract import Contract
from openapi.item_members import singular
from openapi.item_paths import is_of_one, shape_of
from openapi.names import spelt
from openapi.operation import PATH_PARAMETER, Operation, is_greedy
from openapi.resource import Resource

_ID = "id"


class Membership(NamedTuple):
    """The operations on what is a member of something, and the resource that it is one of."""

    member: Resource
    add: Operation
    remove: Operation | None
    read: Operation | None
    list: Operation | None

    @property
    def parameter(self) -> str:
        """The parameter that names the member in the path of the PUT."""
        found: list[str] = PATH_PARAMETER.findall(self.add.path)
        return found[-1]


def membership_of(operation: Operation) -> Membership | None:
    """The membership that an operation makes, ends, or shows; None for any other operation."""
    contract = operation.contract
    return _memberships(contract).get(operation) if contract else None


@cache
def _memberships(contract: Contract) -> Mapping[Operation, Membership]:
    found: dict[Operation, Membership] = {}
    for operation in contract.operations.values():
        made = _added_by(operation, contract)
        for one in (made.add, made.remove, made.read, made.list) if made else ():
            if made and one:
                found.setdefault(one, made)
    return found


def _added_by(operation: Operation, contract: Contract) -> Membership | None:
    path, answer = operation.path, operation.response(operation.success_status)
    is_by_id = is_of_one(path) and not is_greedy(path) and path.endswith("}")
    if operation.method != "PUT" or not is_by_id or operation.resource is not None:
        return None
    if answer is None or answer.content:
        return None
    shape = shape_of(path)
    above = shape.rpartition("/")[0]
    name = PATH_PARAMETER.findall(path)[-1]
    is_made = any(above in map(shape_of, (one.collection, *one.bases))
                  for one in contract.resources)  # fmt: skip
    member = next((one for one in contract.resources if _is_named(one, name)), None)
    if is_made or member is None:
        return None
    beside = [one for one in contract.operations.values() if shape_of(one.path) == shape]
    lists = (one for one in contract.operations.values()
             if one.method == "GET" and shape_of(one.path) == above)  # fmt: skip

    def by(method: str) -> Operation | None:
        return next((one for one in beside if one.method == method), None)

    return Membership(member, operation, by("DELETE"), by("GET"), next(lists, None))


def _is_named(resource: Resource, parameter: str) -> bool:
    """Whether a parameter of a path has the id of a resource."""
    on_one = resource.read or resource.revoke
    own = PATH_PARAMETER.findall(on_one.path)[-1:] if on_one else []
    noun = singular(resource.collection.rpartition("/")[2])
    is_own = spelt(parameter) in map(spelt, own) and spelt(parameter) != _ID
    return is_own or spelt(parameter) == spelt(f"{noun}_{_ID}")
