"""What reports call the resources of a contract, and the end of one."""

import re
from collections.abc import Collection
from typing import NamedTuple

from openapi.paging import snake
from openapi.resource import Resource

_KEYS = re.compile(r"(^|_)(key|credential|token)s?$")


class ResourceWords(NamedTuple):
    """What reports call resources, one of them, what is done to end it, and that end.

    Resources that have a secret, and are called keys, credentials or tokens, are keys, which are
    revoked. Others are removed where a DELETE is what ends them, and ended where another operation
    does so, such as a cancellation.
    """

    things: str = "resources"
    thing: str = "resource"
    ended: str = "removed"
    end: str = "removal"

    def made(self, count: int) -> str:
        """So many resources that were made, as the beginning of a sentence."""
        return f"1 {self.thing} was made" if count == 1 else f"{count} {self.things} were made"

    @classmethod
    def of(cls, resources: Collection[Resource]) -> "ResourceWords":
        """The words for all of these resources."""
        if resources and all(map(_is_key, resources)):
            return cls("keys", "key", "revoked", "revocation")
        is_removed = all(one.revoke is None or one.revoke.method == "DELETE" for one in resources)
        return cls() if is_removed else cls(ended="ended", end="end")


def _is_key(resource: Resource) -> bool:
    noun = snake(resource.collection.rpartition("/")[2])
    return resource.secret is not None and bool(_KEYS.search(noun))
