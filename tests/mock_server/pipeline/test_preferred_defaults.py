"""``Prefer: code=NNN`` where an operation documents its errors by ``default``."""

import pytest

from tests.mock_server.kept.conftest import Start, start
from tests.mock_server.kept.contracts import answer, contract, obj, operation, text

__all__ = ["start"]

ERROR = answer(obj("message", message=text()))
FILE = {"description": "A file.", "content": {"application/pdf": {"schema": {}}}}


@pytest.mark.parametrize(
    ("documented", "code", "media_type"),
    [
        (["202", "302", "default"], 200, None),
        (["302", "default"], 201, None),
        (["202", "default"], 302, None),
        (["202", "default"], 418, "application/json"),
        (["200", "default"], 200, "application/pdf"),
        (["2XX", "default"], 206, "application/pdf"),
        (["default"], 200, "application/json"),
    ],
)
def test_it_is_no_success_beside_another(
    start: Start, documented: list[str], code: int, media_type: str | None
) -> None:
    responses = {one: ERROR if one == "default" else FILE for one in documented}
    client = start(contract({"/file": {"get": operation(responses)}}))
    found = client.get("/v1/file", headers={"Prefer": f"code={code}"})
    assert found.status_code == code
    assert found.headers.get("content-type") == media_type
    assert bool(found.content) == (media_type is not None)
    assert found.headers["preference-applied"] == f"code={code}"
