"""The path of a server's URL, which a contract may write in many ways."""

import pytest

from openapi.contract import Contract
from tests.mock_server.kept.contracts import answer, contract, operation


def read(url: str) -> Contract:
    called = {"get": operation({"200": answer()})}
    return Contract(contract({"/things": called}) | {"servers": [{"url": url}]})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", ""),
        ("/", ""),
        ("api/v2", "/api/v2"),
        ("./v3/", "/v3"),
        ("../x", "/x"),
        ("https://example.com/a/../b", "/b"),
        ("https://example.com//v1", "/v1"),
        ("//example.com/v9", "/v9"),
        ("https://example.com/v1?x=1#f", "/v1"),
        ("https://example.com/a%20b", "/a b"),
        ("https://example.com/ação", "/ação"),
    ],
)
def test_it_is_the_base_path(url: str, expected: str) -> None:
    assert read(url).base_path == expected


@pytest.mark.parametrize("url", ["https://example.com/a\x01b", "https://example.com/a%00b"])
def test_one_with_a_control_character_is_a_flaw(url: str) -> None:
    found = read(url)
    assert found.base_path == ""
    assert "control character" in found.flaws[0].reason
