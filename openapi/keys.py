"""Keys: the members that stand for one item in its path, where these are several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from openapi.item_members import Members, objects_in
from openapi.item_paths import shape_of
from openapi.names import spelt
from openapi.operation import PATH_PARAMETER, Operation
from openapi.same_items import SameItems

LONGEST_KEY = 3
"""How many members may stand for one item in its path."""


@dataclass(frozen=True)
class SeveralMembers:
    """The keys of several members in a contract, whose operations are given by shape and method.

    Those whose names are ``apart`` are of no item.
    """

    reader: Members
    by_shape: Mapping[str, Mapping[str, Operation]]
    same: SameItems
    apart: frozenset[str]

    def of(self, create: Operation) -> Sequence[str]:
        """The members that stand in the path of an item that a POST makes; none for one alone.

        The parameters at the end of the path of its GET are called as members of both answers.
        """
        shape, noun = shape_of(create.path), create.path.rpartition("/")[2]
        for count in range(2, LONGEST_KEY + 1):
            read = self.by_shape.get(shape + "/{}" * count, {}).get("GET")
            if read and read.name not in self.apart:
                parameters = PATH_PARAMETER.findall(read.path)[-count:]
                made, shown = (
                    [_members_called(self.reader, one, parameters) for one in objects]
                    for objects in map(partial(self.same.objects, noun=noun), (create, read))
                )
                return next((key for key in made if key and key in shown), ())
        return ()

    def made_by_server(self, key: Sequence[str], create: Operation) -> str:
        """The member of a key that the server makes: one that the POST does not ask for."""
        content = create.request_body.content.values() if create.request_body else ()
        asked = {
            name
            for one in content
            if one.schema
            for _, members in objects_in(self.reader, one.schema.definition, "")
            for name in members
        }
        names = {name.rpartition("/")[2]: name for name in reversed(key)}
        return next((one for name, one in names.items() if name not in asked), key[-1])


def _members_called(
    reader: Members, members: Mapping[str, Any], parameters: Sequence[str]
) -> Sequence[str]:
    """The members of an object that are called as these parameters; none where one has none.

    They may all be in one member of it: ``attributes/series`` and ``attributes/number``.
    """
    places = {"": members} | {f"{name}/": reader.of(one) for name, one in members.items()}
    for holder, own in places.items():
        names = {spelt(name): f"{holder}{name}" for name in own}
        found = [names[spelt(one)] for one in parameters if spelt(one) in names]
        if len(found) == len(parameters):
            return found
    return ()
