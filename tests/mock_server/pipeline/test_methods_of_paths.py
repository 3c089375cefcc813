"""The method of a request is looked for at all paths that match, the most concrete first."""

from typing import Any

import pytest

from tests.mock_server.kept.conftest import Start, start
from tests.mock_server.kept.contracts import answer, contract, obj, operation, text

__all__ = ["start"]


def at(name: str) -> dict[str, Any]:
    return operation({"200": answer(obj("at", at=text()), {"at": name})})


PATHS = {
    "/things/{id}": {"post": at("thing"), "put": at("changed")},
    "/{kind}/mine": {"get": at("mine of a kind"), "post": at("made of a kind")},
    "/things/count": {"get": at("count"), "put": at("counted")},
    "/jobs/{id}:cancel": {"post": at("cancelled")},
    "/jobs/{id}": {"get": at("job"), "delete": at("ended")},
}


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/things/mine", "mine of a kind"),
        ("POST", "/things/mine", "thing"),
        ("GET", "/things/count", "count"),
        ("PUT", "/things/count", "counted"),
        ("POST", "/things/count", "thing"),
        ("POST", "/jobs/7:cancel", "cancelled"),
        ("DELETE", "/jobs/7:cancel", "ended"),
        ("DELETE", "/things/mine", "GET, HEAD, POST, PUT"),
        ("DELETE", "/things/count", "GET, HEAD, POST, PUT"),
        ("PATCH", "/jobs/7:cancel", "DELETE, GET, HEAD, POST"),
        ("PATCH", "/jobs/7", "DELETE, GET, HEAD"),
        ("DELETE", "/others/mine", "GET, HEAD, POST"),
    ],
)
def test_it_is_found_or_all_are_named(start: Start, method: str, path: str, expected: str) -> None:
    found = start(contract(PATHS), stateless=True).request(method, f"/v1{path}")
    if found.status_code == 405:
        assert found.headers["allow"] == expected
    else:
        assert found.json() == {"at": expected}
