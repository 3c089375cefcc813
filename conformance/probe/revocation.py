"""Revocation of keys that a check has created, and their status afterwards."""

from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.probe.rate_limits import answer_to
from conformance.probe.token_exchange import item_of
from conformance.target.exchange import Answer, Request, path_to
from conformance.target.members import text_in
from openapi.operation import PATH_PARAMETER, Operation

VENDOR = "vendor facts: DELETE /auth/credentials/{client_id} revokes at once and for good, 204"


def revokes(operation: Operation) -> bool:
    """The operation revokes one resource by its id."""
    return operation.method == "DELETE" and operation.path.endswith("}")


def revocation_by_text(probe: Probe, text: str, partner: int = 0) -> Request:
    """The request that revokes the resource with this text as its handle in the path."""
    path = PATH_PARAMETER.sub(lambda _: text, probe.operation.path)
    return Request("DELETE", path, partner=partner)


def revocation_of(probe: Probe, made: Answer, partner: int = 0) -> Request:
    """The request that revokes a key."""
    identifier = made.identifier(probe.resource.handle) or probe.known_id_of(made)
    return Request("DELETE", path_to(probe.operation.path, identifier), partner=partner)


def revoke(probe: Probe, made: Answer) -> Answer:
    """Revoke a key; nothing is verified where that fails."""
    answer = answer_to(probe, revocation_of(probe, made))
    if not answer.is_success:
        raise NotVerified(f"the target answered {answer.status} to the revocation of a new key")
    return answer


def is_listed_as_active(probe: Probe, made: Answer) -> bool:
    """Whether the list shows a new key as active, which may take it a moment."""
    return any(listed_status(probe, made) == "active" for _ in probe.looks())


def listed_status(probe: Probe, made: Answer) -> str | None:
    """The status of a key in the list; None where the list does not have it."""
    item = item_of(probe, made)
    return None if item is None else text_in(item, "status") or "none"
