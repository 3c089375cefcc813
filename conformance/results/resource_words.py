"""What reports call the resources of a contract, and the end of one."""

from typing import NamedTuple

from openapi.contract import Contract


class ResourceWords(NamedTuple):
    """``things`` is what reports call the resources that a run made; ``ended`` what is done to one.

    Resources that have a secret are keys, which are revoked. Others are removed where a DELETE is
    what ends them, and ended where another operation does so, such as a cancellation.
    """

    things: str = "resources"
    ended: str = "removed"

    @classmethod
    def of(cls, contract: Contract) -> "ResourceWords":
        """The words for the resources of a contract."""
        found = contract.resources
        if found and all(one.secret for one in found):
            return cls("keys", "revoked")
        is_removed = all(one.revoke is None or one.revoke.method == "DELETE" for one in found)
        return cls() if is_removed else cls(ended="ended")
