"""A value in a path that its schema does not take is no item, where a 404 is all there is."""

from typing import Any

import pytest

from tests.mock_server.kept.conftest import Start, start
from tests.mock_server.kept.contracts import answer, contract, number, obj, operation, text

__all__ = ["start"]

ERROR = answer(obj("message", message=text()))


def document(*statuses: str) -> dict[str, Any]:
    responses = {"200": answer(obj(name=text())), **dict.fromkeys(statuses, ERROR)}
    by_id = operation(responses, query={"size": number()})
    return contract({"/rooms/{room}": {"get": by_id}}, ids=text(pattern="^R[0-9]+$"))


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["404"], 404),
        (["410"], 410),
        (["404", "422"], 422),
        (["404", "400"], 400),
        (["404", "4XX"], 422),
        (["404", "default"], 422),
        (["401"], 422),
    ],
)
def test_it_is_a_404_where_no_other_refusal_is_documented(
    start: Start, statuses: list[str], expected: int
) -> None:
    client = start(document(*statuses))
    assert client.get("/v1/rooms/R1").status_code == 200
    refused = client.get("/v1/rooms/foo")
    assert refused.status_code == expected
    if expected in {404, 410}:
        assert refused.json() == {"message": "No item has this room."}
    # Of a query alone it says nothing.
    others = client.get("/v1/rooms/R1", params={"size": "x"})
    assert others.status_code == (expected if expected in {400, 422} else 422)
