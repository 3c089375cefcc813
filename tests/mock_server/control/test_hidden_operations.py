"""An operation where the mock has paths of its own is told at the start, with what to do."""

import pytest

from openapi.errors import ContractError
from tests.mock_server.kept.conftest import Start, start
from tests.mock_server.kept.contracts import answer, contract, obj, operation, text

__all__ = ["start"]

CALLED = {"get": operation({"200": answer(obj("own", own=text()))})}
MENDED_BY_OPTION = "serve with --no-control, or give the server's URL another path"


@pytest.mark.parametrize(
    "path", ["/_mock/things", "/_mock/ui", "/_mock/partners/{id}", "/%5Fmock/x", "/_mock/{a}"]
)
def test_the_control_plane_hides_what_is_under_it(
    start: Start, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    document = contract({path: CALLED, "/other": CALLED}) | {"servers": [{"url": "/"}]}
    client = start(document)
    [record] = caplog.records
    assert record.getMessage().startswith("#/paths/~1")
    assert "/get is not served: is at /_mock/" in record.getMessage()
    assert record.getMessage().endswith(MENDED_BY_OPTION)
    assert client.get("/other").json() == {"own": "text"}
    with pytest.raises(ContractError, match="--no-control"):
        start(document, strict_contract=True)
    caplog.clear()
    served = start(document, control=False).get(path.replace("{id}", "1").replace("{a}", "1"))
    assert served.json() == {"own": "text"}
    assert not caplog.records


def test_the_path_of_the_server_counts(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    start(contract({"/things": CALLED}) | {"servers": [{"url": "https://example.com/_mock"}]})
    assert "is at /_mock/things" in caplog.text


@pytest.mark.parametrize("path", ["/_mock/health", "/_mock/ready", "/_mock/metrics"])
def test_a_probe_hides_its_path_without_a_control_plane_too(
    start: Start, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    document = contract({path: CALLED, "/other": CALLED}) | {"servers": [{"url": "/"}]}
    client = start(document, control=False)
    assert "give the server's URL another path" in caplog.text
    assert "--no-control" not in caplog.text
    assert "own" not in client.get(path).text


@pytest.mark.parametrize("path", ["/_mock", "/_mocks/x", "/{any}/health", "/x/_mock/health"])
def test_other_paths_are_served(start: Start, caplog: pytest.LogCaptureFixture, path: str) -> None:
    client = start(contract({path: CALLED}) | {"servers": [{"url": "/"}]})
    assert client.get(path.replace("{any}", "a")).json() == {"own": "text"}
    assert not caplog.records
