"""An API key in the header ``Authorization``, as contracts describe a bearer token too."""

import pytest

from tests.mock_server.kept.conftest import Start, start
from tests.mock_server.kept.contracts import answer, contract, operation

__all__ = ["start"]


@pytest.mark.parametrize("name", ["authorization", "Authorization", "X-Key"])
@pytest.mark.parametrize(
    ("value", "is_taken"),
    [
        ("token-a", True),
        ("Bearer token-a", True),
        ("bearer  token-a", True),
        ("Bearer other", False),
        ("Bearer ", False),
        ("Basic token-a", False),
    ],
)
def test_it_may_stand_behind_bearer(start: Start, name: str, value: str, *, is_taken: bool) -> None:
    document = contract({"/pods": {"get": operation({"200": answer()}, security=[{"key": []}])}})
    scheme = {"type": "apiKey", "in": "header", "name": name}
    document["components"]["securitySchemes"] = {"key": scheme}
    client = start(document)
    found = client.get("/v1/pods", headers={name: value})
    is_whole = name == "X-Key" and value != "token-a"
    assert found.status_code == (200 if is_taken and not is_whole else 401)
    if found.status_code == 401 and value.removeprefix("Bearer").strip():
        assert found.json()["detail"] == "The API key is not valid."
