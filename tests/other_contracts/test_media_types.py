"""A body in a media type that the contract does not have, where it has a 415."""

import pytest

from conformance.results.result import Outcome, Result
from conformance.target.exchange import Answer, Request
from tests.other_contracts.crates import Crates, answered, judged_crates

OPERATIONS = ("POST /crates", "PUT /crates/{id}")


class Lenient(Crates):
    """Crates that are read from JSON in any media type, or from text as well."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names

    def takes(self, request: Request) -> bool:
        given = dict(request.headers)["Content-Type"]
        return super().takes(request) or not self.names or given in self.names


class Unreadable(Crates):
    """Crates whose body in another media type cannot be read: 400."""

    def written(self, request: Request, own: str) -> Answer:
        return super().written(request, own) if self.takes(request) else answered(400, {})


def judged(server: Crates, operation: str) -> Result:
    return judged_crates("operations.other-media-type-is-refused", server, operation)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("names", [(), ("text/plain",), ("application/xml",)])
def test_a_body_that_is_taken_all_the_same_is_found(operation: str, names: tuple[str, ...]) -> None:
    assert judged(Lenient(*names), operation).outcome is Outcome.FAILED


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("server", [Crates(), Unreadable()], ids=["415", "400"])
def test_a_body_that_is_refused_conforms(operation: str, server: Crates) -> None:
    result = judged(server, operation)
    assert (result.outcome, result.actual) == (Outcome.PASSED, "")
