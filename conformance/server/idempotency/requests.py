"""Requests with fresh keys: of a creation plain ones, of an action each on a new item."""

from conformance.probe.changes import changing, read_behind
from conformance.probe.not_verified import NotServed
from conformance.probe.probe import Probe
from conformance.server.operations.usual import make_changed, served
from conformance.target.exchange import Request
from openapi.resource import creates


def keyed(probe: Probe) -> Request:
    """A valid request with a fresh key, on a new item of the run's own where it changes one.

    What it changes need not be as it was: a second request on that item may be refused. Nothing is
    verified where a new item is refused too, for it may have to be in another state.
    """
    operation = probe.operation
    if creates(operation) or "{" not in operation.path:
        return probe.request().with_key(probe.new_key())
    if read_behind(operation) is None:
        raise NotServed(f"no item of the run's own is known that {operation.id} changes")
    answer = served(probe, probe.anew(changing(probe, make_changed(probe))))
    if not answer.is_success:
        raise NotServed(f"{operation.id} answers {answer.status} on a new item")
    return changing(probe, make_changed(probe)).with_key(probe.new_key())


def expect_makes(probe: Probe) -> None:
    """Nothing is verified by ids of what two calls made where they are on what is there already."""
    if not creates(probe.operation):
        raise NotServed(f"{probe.operation.id} makes nothing that tells one call from another")
