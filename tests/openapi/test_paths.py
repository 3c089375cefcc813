"""A path may be written encoded or not; what no request can be for is left out."""

import pytest

from openapi.contract import Contract
from openapi.paths import ENCODED_SLASH, as_sent, decoded
from tests.mock_server.kept.contracts import answer, contract, operation


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("/things/{id}", "/things/{id}"),
        ("/my things/{my id}", "/my%20things/{my id}"),
        ("/my%20things/{id}", "/my%20things/{id}"),
        ("/ação", "/a%C3%A7%C3%A3o"),
        ("/a%c3%a7%c3%a3o", "/a%C3%A7%C3%A3o"),
        ("/%7e{user}", "/~{user}"),
        ("/a%2fb", "/a%2Fb"),
        ("/50%", "/50%25"),
        ("/50%25", "/50%25"),
        ("/a#b?c", "/a%23b%3Fc"),
        ("/x;v=1/Users('{id}')", "/x;v=1/Users('{id}')"),
        ("/{id", "/%7Bid"),
    ],
)
def test_a_path_is_sent_in_one_form(written: str, sent: str) -> None:
    assert as_sent(written) == sent
    assert as_sent(sent) == sent
    assert decoded(sent) == decoded(written)


def test_an_encoded_slash_divides_nothing() -> None:
    assert decoded("/a%2Fb/{id}") == f"/a{ENCODED_SLASH}b/{{id}}"


CALLED = {"get": operation({"200": answer()})}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        *((f"/a{one}b", "a control character") for one in "\x00\x01\n\x1f\x7f"),
        *((f"/a{one}b", "a control character") for one in ("%00", "%0a", "%1F", "%7f")),
        ("/%7Bid%7D", "encoded braces"),
    ],
)
def test_a_path_that_no_request_is_for_is_a_flaw(path: str, reason: str) -> None:
    found = Contract(contract({path: CALLED, "/other": CALLED}))
    assert [*found.operations] == ["GET /other"]
    [flaw] = found.flaws
    assert reason in flaw.reason
    assert [one.path for one in found.unserved] == [path]


def test_two_spellings_of_one_path_are_one() -> None:
    found = Contract(contract({"/my things": CALLED, "/my%20things": CALLED}))
    assert [one.path for one in found.operations.values()] == ["/my%20things"]
    assert "has the method and path of" in found.flaws[0].reason
